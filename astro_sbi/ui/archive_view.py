"""An observation from an archive: looked for by target or named by its web address, then fetched."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pandas as pd
import streamlit as st

from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.runs import archives
from astro_sbi.runs.addresses import LONGEST_URL
from astro_sbi.runs.archives import ARCHIVES, Downloaded, Product
from astro_sbi.runs.archives.positions import LONGEST_TARGET
from astro_sbi.runs.download import download
from astro_sbi.ui import cached, state
from astro_sbi.ui.spoken import said
from astro_sbi.ui.words import count, escaped

FOUND = "archive_found"
BY_ADDRESS = "address"
PLACES: Mapping[str, str] = {**ARCHIVES, BY_ADDRESS: "A web address"}
SECONDS_BETWEEN_LOOKS = 0.2
MEGABYTE = 1 << 20


def choose_from_archive() -> Downloaded | None:
    """Look for an observation and fetch it; the file is given back once, in the run that fetched it."""
    place = st.segmented_control(
        "Archive",
        list(PLACES),
        default="mast",
        format_func=PLACES.__getitem__,
        required=True,
        key="archive_place",
        label_visibility="collapsed",
        persist_state="session",
    )
    with said():
        return _by_address() if place == BY_ADDRESS else _by_target(place)
    return None


def _by_address() -> Downloaded | None:
    url = st.text_input(
        "Web address of the file",
        key="archive_url",
        max_chars=LONGEST_URL,
        placeholder="https://archive.stsci.edu/.../file.fits",
        persist_state="session",
        help=f"From archives that are known here only, by https, up to {MAX_BYTES // MEGABYTE} MB: MAST, SDSS, ESO, CDS, IRSA, "
        "the NASA Exoplanet Archive and OGLE. Files from elsewhere: download and upload them.",
    )
    if not st.button("Fetch", icon=":material/download:", key="archive_fetch_address", disabled=not url.strip()):
        return None
    with _waiting("Fetching the file") as (told, going_on):
        return download(url, on_progress=told, should_stop=going_on, cache=cached.store().folder("downloads"))


def _by_target(place: archives.ArchiveName) -> Downloaded | None:
    _search(place)
    where, target, products = state.value(FOUND) or ("", "", ())
    if where != place:
        return None
    if not products:
        st.info(
            f"Nothing of this kind was found at {escaped(target)}: try a wider radius, or another archive.", icon=":material/search_off:"
        )
        return None
    product = _pick(target, products)
    if product is None or not st.button("Fetch", type="primary", icon=":material/download:", key="archive_fetch"):
        return None
    with _waiting(f"Fetching {product.name}") as (told, going_on):
        return archives.fetch(product, on_progress=told, should_stop=going_on, cache=cached.store().folder("downloads"))


def _search(place: archives.ArchiveName) -> None:
    """Ask for a target; what is found is remembered until the next search."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        target = st.text_input(
            "Target",
            key="archive_target",
            max_chars=LONGEST_TARGET,
            placeholder="WASP-18, TIC 25155310 or 10.68 +41.27",
            persist_state="session",
            help="A name that SIMBAD, NED, VizieR or MAST know, or right ascension and declination (ICRS): two numbers in degrees, "
            "or hours and degrees as in 00:42:44 +41:16:09.",
        )
        radius = st.number_input(
            "Radius [arcsec]",
            min_value=1.0,
            max_value=archives.LARGEST_RADIUS_ARCSEC,
            value=archives.RADIUS_ARCSEC,
            format="%g",
            width=150,
            key="archive_radius",
            persist_state="session",
        )
        asked = st.button("Search", icon=":material/search:", key="archive_search", disabled=not target.strip())
    if asked:
        state.forget(FOUND)
        with _waiting("Asking the archive") as (_, going_on):
            found = archives.search(target, place, radius_arcsec=radius, should_stop=going_on)
        state.put(FOUND, (place, target.strip(), found))


def _pick(target: str, products: Sequence[Product]) -> Product | None:
    """Show what was found, and ask which of it is wanted."""
    st.caption(f"{count(len(products), 'file')} found for {escaped(target)}, the nearest first.")
    table = pd.DataFrame(
        {
            "Target": [product.title for product in products],
            "What it is": [product.meaning for product in products],
            "Size [MB]": [product.bytes / MEGABYTE if product.bytes else None for product in products],
            "File": [product.name for product in products],
        }
    )
    st.dataframe(
        table,
        hide_index=True,
        height="content" if len(products) <= 8 else 320,
        column_config={"Size [MB]": st.column_config.NumberColumn(format="%.2f")},
        key="archive_table",
    )
    chosen = st.selectbox(
        "File to fetch",
        range(len(products)),
        format_func=lambda row: f"{products[row].meaning} ({products[row].name})",
        key="archive_product",
    )
    return None if chosen is None else products[chosen]


@contextmanager
def _waiting(what: str) -> Iterator[tuple[Callable[[int, int | None], None], Callable[[], bool]]]:
    """A progress bar with Cancel: ``on_progress`` and ``should_stop`` for the work within.

    Whatever the user clicks meanwhile, Cancel or anything else, ends this run of the page at the bar's next movement, and the work with it.
    """
    bar, cancel = st.empty(), st.empty()
    cancel.button("Cancel", icon=":material/cancel:", key="archive_cancel")
    last, bytes_so_far = 0.0, (0, None)

    def told(done: int, total: int | None) -> None:
        nonlocal bytes_so_far
        bytes_so_far = (done, total)
        going_on()

    def going_on() -> bool:
        nonlocal last
        if time.monotonic() - last >= SECONDS_BETWEEN_LOOKS:
            last = time.monotonic()
            bar.progress(*_drawn(what, *bytes_so_far))
        return False

    try:
        yield told, going_on
    finally:
        bar.empty()
        cancel.empty()


def _drawn(what: str, done: int, total: int | None) -> tuple[float, str]:
    """How full the bar is, and its words."""
    size = f": {done / MEGABYTE:.1f} MB" + (f" of {total / MEGABYTE:.1f} MB" if total else "") if done else ""
    return (min(1.0, done / total) if total else 0.0), f"{escaped(what)}{escaped(size)}"
