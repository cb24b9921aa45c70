"""The real sample observations: what each is, where its file is kept, and whom to cite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote

from astro_sbi.observations.kind import Kind

RAW_HOST = "https://raw.githubusercontent.com"


class Repository(NamedTuple):
    """A repository on GitHub at a commit."""

    name: str
    commit: str


@dataclass(frozen=True)
class Sample:
    """A real observation that can be fetched.

    Args:
        file: name of the file.
        kind: of the observation.
        title: what it is.
        simulators: that explain it, the best first; some may not be there yet.
        repository: that holds the file.
        path: in the repository.
        sha256: of the content.
        folder: where it lies under ``ASTRO_SBI_SAMPLES``.
        citation: whom to cite.
    """

    file: str
    kind: Kind
    title: str
    simulators: tuple[str, ...]
    repository: Repository
    path: str
    sha256: str
    folder: str
    citation: str

    def url(self, host: str = RAW_HOST) -> str:
        """Where the file is fetched from."""
        return f"{host}/{self.repository.name}/{self.repository.commit}/{quote(self.path)}"


_ASTROPY = Repository("astropy/astropy-data", "1ec3f59aeb914092f48f32eea4d75ea92c707fe3")
_TLS = Repository("hippke/tls", "7b8c4f0f7133f50cc70e53624057c6ab9b1b4fc1")
_ALTAIPONY = Repository("ekaterinailin/AltaiPony", "60b273327cea92c9bf3cef54d3002053a8990d9a")
_LIGHT_CURVE = Repository("light-curve/test-data", "3c8d9877643b881ec6fb6bb41fbe0fc8677b96db")
_MULENS = Repository("rpoleski/MulensModel", "790f357b5792f82751a0024ad4dc7348697ba5c0")
_MICA = Repository("LiyrAstroph/MICA2", "e5c622be10d07b36f93d4bed4d190083cf699fa9")
_PANTHEON = Repository("PantheonPlusSH0ES/DataRelease", "c447f0fea703fcd0fff57de5000947b5ca81286b")
_KIMA = Repository("kima-org/kima", "b03f74c088725a150c61c48894a2ec407a817ebc")
_RADVEL = Repository("California-Planet-Search/radvel", "23b05f1f2aa1c7d4131e3a49963819ca47a7dfcd")
_PYQSOFIT = Repository("legolason/PyQSOFit", "084df5a7d2af76b38719af5851b114ad9ecf4d60")
_LIME = Repository("Vital-Fernandez/lime", "c37a82e0e6a54dbd90aafd86e86f67936c57b31d")
_FILE = "file from github.com/{}"
_NASA = "NASA, public domain; file from github.com/{}"

SAMPLES: tuple[Sample, ...] = (
    Sample(
        file="kplr010666592-2009131110544_slc.fits",
        kind="light_curve",
        title="HAT-P-7 b, Kepler short cadence, quarter 0",
        simulators=("transit",),
        repository=_ASTROPY,
        path="timeseries/kplr010666592-2009131110544_slc.fits",
        sha256="b648bf31893ab3eca26260d6c3077ac0e650b712823ae1134381d356fdf64cba",
        folder="transit",
        citation=f"Kepler mission (Borucki et al. 2010, Science 327, 977); {_NASA.format(_ASTROPY.name)}",
    ),
    Sample(
        file="hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits",
        kind="light_curve",
        title="WASP-126 b (TIC 25155310), TESS sector 1",
        simulators=("transit",),
        repository=_ASTROPY,
        path="timeseries/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits",
        sha256="d52c23f0f2c944c9ae585369ecb42a9c48c650b875b9f87814a325079e23bf2f",
        folder="transit",
        citation=f"TESS mission (Ricker et al. 2015, JATIS 1, 014003); {_NASA.format(_ASTROPY.name)}",
    ),
    Sample(
        file="K2-3_EPIC201367065.csv",
        kind="light_curve",
        title="K2-3 (EPIC 201367065), three planets, K2",
        simulators=("transit",),
        repository=_TLS,
        path="transitleastsquares/tests/EPIC201367065.csv",
        sha256="5d4ca48676d274399e88af5a29bb14b6b630795301e89ba20bc4a7f6c9379302",
        folder="transit",
        citation=f"K2 mission (Howell et al. 2014, PASP 126, 398); {_NASA.format(_TLS.name)}",
    ),
    Sample(
        file="K2-3_EPIC201367065_detrended.csv",
        kind="light_curve",
        title="K2-3 (EPIC 201367065), trends removed, K2",
        simulators=("transit",),
        repository=_TLS,
        path="transitleastsquares/tests/EPIC201367065_detrended.csv",
        sha256="8e62714d61d0cf22d5a1d4e8842bffef74f4307fa3a2e51310c2001c15107889",
        folder="transit",
        citation=f"K2 mission (Howell et al. 2014, PASP 126, 398); {_NASA.format(_TLS.name)}",
    ),
    Sample(
        file="kplr010002792-2010174085026_llc.fits",
        kind="light_curve",
        title="KIC 10002792, a rotating star, Kepler long cadence",
        simulators=(
            "stellar_rotation",
            "flare_activity",
        ),
        repository=_ALTAIPONY,
        path="altaipony/examples/kplr010002792-2010174085026_llc.fits",
        sha256="a0bfd85d5403e761d7d761717f6476d802d3865b2c77196f804a7bfe38c37c36",
        folder="stellar_rotation",
        citation=f"Kepler mission (Borucki et al. 2010, Science 327, 977); {_NASA.format(_ALTAIPONY.name)}",
    ),
    Sample(
        file="1013184.csv",
        kind="light_curve",
        title="RR Lyrae star 1013184 in u, g, r, i and z, SDSS Stripe 82",
        simulators=("rr_lyrae",),
        repository=_LIGHT_CURVE,
        path="RRLyrae/light-curves/1013184.csv",
        sha256="2a404a7cad0a75fbe317d02c124cbab8dc41beaf23437cb0d7cf6cb7354169f6",
        folder="rrlyrae",
        citation=f"Sesar et al. 2010, VizieR; {_FILE.format(_LIGHT_CURVE.name)}",
    ),
    Sample(
        file="phot_ob08092_O4.dat",
        kind="light_curve",
        title="OGLE-2008-BLG-092, a microlensing event",
        simulators=("microlensing",),
        repository=_MULENS,
        path="data/photometry_files/OB08092/phot_ob08092_O4.dat",
        sha256="a228f1364273e7019ed08dc6b53b17e6a1ac0b53e720c1caf167e0698ad9b38c",
        folder="microlensing",
        citation=f"OGLE; Poleski et al. 2014, ApJ 795, 42; {_FILE.format(_MULENS.name)}",
    ),
    Sample(
        file="OB05086_starBLG234.6.I.218982.dat",
        kind="light_curve",
        title="OGLE-2005-BLG-086, microlensing with parallax",
        simulators=("microlensing",),
        repository=_MULENS,
        path="data/photometry_files/OB05086/starBLG234.6.I.218982.dat",
        sha256="a3c923d0157e1ef86aab310c9c354d868148f01fc7d6f54dd01c51743a84e11e",
        folder="microlensing",
        citation=f"OGLE; Wyrzykowski et al. 2016, ApJS 216, 12; {_FILE.format(_MULENS.name)}",
    ),
    Sample(
        file="mcg08_g.txt",
        kind="light_curve",
        title="MCG+08-11-011, an active nucleus, g band",
        simulators=("quasar_variability",),
        repository=_MICA,
        path="tests/pmap/mcg08_g.txt",
        sha256="900e676add533910f018c23d9e9d214f924c300e3a9b4c022e257eadc7a1bc41",
        folder="agn",
        citation=_FILE.format(_MICA.name),
    ),
    Sample(
        file="mcg08_r.txt",
        kind="light_curve",
        title="MCG+08-11-011, an active nucleus, r band",
        simulators=("quasar_variability",),
        repository=_MICA,
        path="tests/pmap/mcg08_r.txt",
        sha256="e8e3b6485098b6ccf02e1f1bb19aa294b7655c0e559346a5af17b40bd94d6ca9",
        folder="agn",
        citation=_FILE.format(_MICA.name),
    ),
    Sample(
        file="LOSS_2011fe.dat",
        kind="light_curve",
        title="SN 2011fe, type Ia, LOSS",
        simulators=("supernova",),
        repository=_PANTHEON,
        path="Pantheon+_Data/1_DATA/photometry/LOSS/2011fe.dat",
        sha256="4f4cba61a81d9d539f520786e970f42abeeac53092723a8699c616034c5d31d9",
        folder="supernova",
        citation=f"Pantheon+ (Scolnic et al. 2022); {_FILE.format(_PANTHEON.name)}",
    ),
    Sample(
        file="CFA3_KEPLERCAM_2005cf.DAT",
        kind="light_curve",
        title="SN 2005cf, type Ia, CfA3 KeplerCam",
        simulators=("supernova",),
        repository=_PANTHEON,
        path="Pantheon+_Data/1_DATA/photometry/CfA3_DJ20/CFA3_KEPLERCAM_2005cf.DAT",
        sha256="8040169562f03ef51851edb568f968391c5df60473cbbb5b8e08a27d0714df4b",
        folder="supernova",
        citation=f"Pantheon+ (Scolnic et al. 2022); {_FILE.format(_PANTHEON.name)}",
    ),
    Sample(
        file="51Peg.rv",
        kind="velocities",
        title="51 Peg, velocities from 1995 to 2001",
        simulators=("radial_velocity",),
        repository=_KIMA,
        path="src/kima/examples/_51Peg/51Peg.rv",
        sha256="516f40a32ba0db7714c3f985df4ad91445e123523a6ba50028cec979fdab69cb",
        folder="rv",
        citation=_FILE.format(_KIMA.name),
    ),
    Sample(
        file="corot7.txt",
        kind="velocities",
        title="CoRoT-7, HARPS velocities",
        simulators=("radial_velocity",),
        repository=_KIMA,
        path="src/kima/examples/CoRoT7/corot7.txt",
        sha256="7455cc278377a0e3d705bfba6e6530690766132dc68f4064b9db647b2c609f58",
        folder="rv",
        citation=_FILE.format(_KIMA.name),
    ),
    Sample(
        file="K2-24_epic203771098.csv",
        kind="velocities",
        title="K2-24 (EPIC 203771098), velocities",
        simulators=("radial_velocity",),
        repository=_RADVEL,
        path="example_data/epic203771098.csv",
        sha256="a4fe8d3eac9066630cf5c1e6f23336a5f8286c952941802ab6670ee480cb4390",
        folder="rv",
        citation=_FILE.format(_RADVEL.name),
    ),
    Sample(
        file="spec-0266-51602-0107.fits",
        kind="spectrum",
        title="Star-forming galaxy at redshift 0.123, SDSS 266-51602-107",
        simulators=(
            "galaxy_lines",
            "galaxy_spectrum",
        ),
        repository=_PYQSOFIT,
        path="example/data/spec-0266-51602-0107.fits",
        sha256="a2a6915a0547ce129bae5191c2b085ee4fc11c21dfcfd60c28ea7b6fe17f8111",
        folder="galaxy_spectrum",
        citation=f"Sloan Digital Sky Survey (York et al. 2000, AJ 120, 1579); {_FILE.format(_PYQSOFIT.name)}",
    ),
    Sample(
        file="sdss_dr18_0358-51818-0504.fits",
        kind="spectrum",
        title="SHOC 579, a starburst at redshift 0.047, SDSS 358-51818-504",
        simulators=(
            "galaxy_lines",
            "galaxy_spectrum",
        ),
        repository=_LIME,
        path="docs/source/0_resources/spectra/SHOC579_SDSS_dr18.fits",
        sha256="20aa0280fe55317d3012bbf05f9d45a9106822b8a4d99406417ea8b52559de6d",
        folder="galaxy_spectrum",
        citation=f"Sloan Digital Sky Survey (York et al. 2000, AJ 120, 1579); {_FILE.format(_LIME.name)}",
    ),
    Sample(
        file="Pantheon+SH0ES.dat",
        kind="hubble_diagram",
        title="Pantheon+, 1,701 distances of type Ia supernovae",
        simulators=("hubble_diagram",),
        repository=_PANTHEON,
        path="Pantheon+_Data/4_DISTANCES_AND_COVAR/Pantheon+SH0ES.dat",
        sha256="1cb0fc379ef066afdc2ffd1857681cc478024570d8a3eba284fb645775198cf8",
        folder="hubble",
        citation=f"Pantheon+, arXiv:2202.04077, and SH0ES, arXiv:2112.04510; {_FILE.format(_PANTHEON.name)}",
    ),
)
