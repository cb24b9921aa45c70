"""Observations looked for in archives: a target in, products out, one of them fetched."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.archives import mast, sdss
from astro_sbi.runs.archives.answers import Asking, never
from astro_sbi.runs.archives.positions import position
from astro_sbi.runs.archives.product import ArchiveName, Position, Product
from astro_sbi.runs.connection import Network
from astro_sbi.runs.download import OnBytes, download
from astro_sbi.runs.download_cache import Downloaded

__all__ = ["ARCHIVES", "Downloaded", "Position", "Product", "fetch", "search"]

ARCHIVES: Mapping[ArchiveName, str] = {"mast": "Light curves: Kepler, K2, TESS (MAST)", "sdss": "Spectra: SDSS"}
RADIUS_ARCSEC = 10.0
LARGEST_RADIUS_ARCSEC = 600.0


def search(
    target: str,
    archive: ArchiveName = "mast",
    *,
    radius_arcsec: float = RADIUS_ARCSEC,
    should_stop: Callable[[], bool] = never,
    network: Network | None = None,
) -> tuple[Product, ...]:
    """What an archive has of a target; nothing if it has nothing.

    Args:
        target: a name, or coordinates (see `position`).
        archive: to look in.
        radius_arcsec: how far from the target, in arcseconds, up to 600.
        should_stop: asked several times a second, in this thread.
        network: how archives are reached.

    Raises:
        ObservationError: if the target is not known or the archive cannot be asked.
        Cancelled: if asked to stop.
    """
    if archive not in ARCHIVES:
        raise ObservationError(f"there is no archive '{archive}' here: choose one of {', '.join(ARCHIVES)}")
    if not 0 < radius_arcsec <= LARGEST_RADIUS_ARCSEC:
        raise ObservationError(f"the radius must lie between 0 and {LARGEST_RADIUS_ARCSEC:.0f} arcseconds, not {radius_arcsec:g}")
    asking = Asking(network or Network(), should_stop)
    look = mast.search if archive == "mast" else sdss.search
    return look(position(target, asking), radius_arcsec, asking)


def fetch(
    product: Product,
    *,
    on_progress: OnBytes = lambda _done, _total: None,
    should_stop: Callable[[], bool] = never,
    cache: Path | None = None,
    network: Network | None = None,
) -> Downloaded:
    """A product's file, from the cache or from its archive.

    Raises:
        ObservationError: if it cannot be had.
        Cancelled: if asked to stop.
    """
    return download(product.url, on_progress=on_progress, should_stop=should_stop, cache=cache, name=product.name, network=network)
