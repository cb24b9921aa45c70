"""Real sample observations: found by URL and checksum, fetched when asked for, kept in the store."""

from __future__ import annotations

import os
from pathlib import Path

from astro_sbi.runs.bundle import StoreError
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.sample_list import RAW_HOST, SAMPLES, Sample
from astro_sbi.runs.store import Store
from astro_sbi.simulators import simulator_names

__all__ = ["RAW_HOST", "SAMPLES", "Sample", "fetch", "offered", "simulator_for"]

TIMEOUT_S = 30


def offered(wanted: str = "") -> tuple[Sample, ...]:
    """The samples that a simulator of the registry explains.

    Args:
        wanted: a simulator whose samples come first.
    """
    names = set(simulator_names())
    found = [sample for sample in SAMPLES if names & set(sample.simulators)]
    return tuple(sorted(found, key=lambda sample: wanted not in sample.simulators))


def simulator_for(sha256: str, wanted: str = "") -> str:
    """The simulator to begin with for a file: the wanted one, unless the file is a sample that others explain.

    Args:
        sha256: checksum of the file.
        wanted: what the user came for, if anything.
    """
    known = next((sample for sample in SAMPLES if sample.sha256 == sha256), None)
    if known is None or wanted in known.simulators:
        return wanted
    names = simulator_names()
    return next((name for name in known.simulators if name in names), wanted)


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
