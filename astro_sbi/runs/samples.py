"""Real sample observations: found by URL and checksum, fetched when asked for, kept in the store."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.store import Store

RAW_HOST = "https://raw.githubusercontent.com"
TIMEOUT_S = 30

_NASA = "NASA, public domain; file from github.com/{}"


@dataclass(frozen=True)
class Sample:
    """A real observation that can be fetched.

    Args:
        file: name of the file.
        kind: of the observation.
        title: what it is.
        simulator: that explains it.
        repository: on GitHub that holds the file.
        commit: of the repository.
        path: in the repository.
        sha256: of the content.
        folder: where it lies under ``ASTRO_SBI_SAMPLES``.
        citation: whom to cite.
    """

    file: str
    kind: Literal["light_curve", "spectrum"]
    title: str
    simulator: str
    repository: str
    commit: str
    path: str
    sha256: str
    folder: str
    citation: str

    def url(self, host: str = RAW_HOST) -> str:
        """Where the file is fetched from."""
        return f"{host}/{self.repository}/{self.commit}/{quote(self.path)}"


SAMPLES: tuple[Sample, ...] = (
    Sample(
        file="kplr010666592-2009131110544_slc.fits",
        kind="light_curve",
        title="HAT-P-7 b, Kepler short cadence, quarter 0",
        simulator="transit",
        repository="astropy/astropy-data",
        commit="1ec3f59aeb914092f48f32eea4d75ea92c707fe3",
        path="timeseries/kplr010666592-2009131110544_slc.fits",
        sha256="b648bf31893ab3eca26260d6c3077ac0e650b712823ae1134381d356fdf64cba",
        folder="transit",
        citation=f"Kepler mission (Borucki et al. 2010, Science 327, 977); {_NASA.format('astropy/astropy-data')}",
    ),
    Sample(
        file="hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits",
        kind="light_curve",
        title="WASP-126 b (TIC 25155310), TESS sector 1",
        simulator="transit",
        repository="astropy/astropy-data",
        commit="1ec3f59aeb914092f48f32eea4d75ea92c707fe3",
        path="timeseries/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits",
        sha256="d52c23f0f2c944c9ae585369ecb42a9c48c650b875b9f87814a325079e23bf2f",
        folder="transit",
        citation=f"TESS mission (Ricker et al. 2015, JATIS 1, 014003); {_NASA.format('astropy/astropy-data')}",
    ),
    Sample(
        file="K2-3_EPIC201367065.csv",
        kind="light_curve",
        title="K2-3 (EPIC 201367065), three planets, K2",
        simulator="transit",
        repository="hippke/tls",
        commit="7b8c4f0f7133f50cc70e53624057c6ab9b1b4fc1",
        path="transitleastsquares/tests/EPIC201367065.csv",
        sha256="5d4ca48676d274399e88af5a29bb14b6b630795301e89ba20bc4a7f6c9379302",
        folder="transit",
        citation=f"K2 mission (Howell et al. 2014, PASP 126, 398); {_NASA.format('hippke/tls')}",
    ),
    Sample(
        file="K2-3_EPIC201367065_detrended.csv",
        kind="light_curve",
        title="K2-3 (EPIC 201367065), trends removed, K2",
        simulator="transit",
        repository="hippke/tls",
        commit="7b8c4f0f7133f50cc70e53624057c6ab9b1b4fc1",
        path="transitleastsquares/tests/EPIC201367065_detrended.csv",
        sha256="8e62714d61d0cf22d5a1d4e8842bffef74f4307fa3a2e51310c2001c15107889",
        folder="transit",
        citation=f"K2 mission (Howell et al. 2014, PASP 126, 398); {_NASA.format('hippke/tls')}",
    ),
    Sample(
        file="spec-0266-51602-0107.fits",
        kind="spectrum",
        title="Star-forming galaxy at redshift 0.123, SDSS 266-51602-107",
        simulator="galaxy_lines",
        repository="legolason/PyQSOFit",
        commit="084df5a7d2af76b38719af5851b114ad9ecf4d60",
        path="example/data/spec-0266-51602-0107.fits",
        sha256="a2a6915a0547ce129bae5191c2b085ee4fc11c21dfcfd60c28ea7b6fe17f8111",
        folder="galaxy_spectrum",
        citation="Sloan Digital Sky Survey (York et al. 2000, AJ 120, 1579); file from github.com/legolason/PyQSOFit",
    ),
    Sample(
        file="sdss_dr18_0358-51818-0504.fits",
        kind="spectrum",
        title="SHOC 579, a starburst at redshift 0.047, SDSS 358-51818-504",
        simulator="galaxy_lines",
        repository="Vital-Fernandez/lime",
        commit="c37a82e0e6a54dbd90aafd86e86f67936c57b31d",
        path="docs/source/0_resources/spectra/SHOC579_SDSS_dr18.fits",
        sha256="20aa0280fe55317d3012bbf05f9d45a9106822b8a4d99406417ea8b52559de6d",
        folder="galaxy_spectrum",
        citation="Sloan Digital Sky Survey (York et al. 2000, AJ 120, 1579); file from github.com/Vital-Fernandez/lime",
    ),
)


def fetch(sample: Sample, store: Store, *, host: str = RAW_HOST) -> bytes:
    """Content of a sample: from the folder ``ASTRO_SBI_SAMPLES``, the store, or the network; its checksum is verified.

    Raises:
        StoreError: if it cannot be had, or is not the file it should be.
    """
    given = os.environ.get("ASTRO_SBI_SAMPLES", "")
    if given:
        return _from_folder(sample, Path(given))
    kept = store.folder("samples") / f"{sample.sha256[:16]}-{sample.file}"
    if not kept.is_file() or sha256_of(kept.read_bytes()) != sample.sha256:
        _download(sample, kept, host)
    return kept.read_bytes()


def _from_folder(sample: Sample, folder: Path) -> bytes:
    path = folder / sample.folder / sample.file
    try:
        content = path.read_bytes()
    except OSError:
        raise StoreError(
            f"{sample.folder}/{sample.file} is not in the folder that ASTRO_SBI_SAMPLES names: put it there, or unset it"
        ) from None
    if sha256_of(content) != sample.sha256:
        raise StoreError(f"{sample.folder}/{sample.file} in the folder that ASTRO_SBI_SAMPLES names is another file (wrong checksum)")
    return content


def _download(sample: Sample, kept: Path, host: str) -> None:
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            sample.url(host),
            known_hash=f"sha256:{sample.sha256}",
            fname=kept.name,
            path=kept.parent,
            downloader=pooch.HTTPDownloader(timeout=TIMEOUT_S),
        )
    except requests.RequestException:
        raise StoreError(f"{sample.file} could not be fetched from {host}: is there a network? Upload a file of your own instead") from None
    except ValueError:
        raise StoreError(f"{sample.file} from {host} is not the file it should be (wrong checksum): it was not kept") from None
    except OSError as error:
        raise StoreError(f"{sample.file} could not be kept ({error.strerror or error}): look at ASTRO_SBI_STORE") from None
