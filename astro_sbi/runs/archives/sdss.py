"""Optical spectra of the Sloan Digital Sky Survey, data release 17: SDSS, SEGUE, BOSS and eBOSS."""

from __future__ import annotations

import re
from urllib.parse import quote

from astro_sbi.runs.addresses import checked_place
from astro_sbi.runs.archives import answers
from astro_sbi.runs.archives.answers import Asking, Row
from astro_sbi.runs.archives.product import Position, Product

HOST = "skyserver.sdss.org"
RELEASE = 17
SEARCH = f"https://{HOST}/dr{RELEASE}/SkyServerWS/SearchTools/SqlSearch?format=json&cmd="
FILES = f"https://data.sdss.org/sas/dr{RELEASE}"
MOST_SPECTRA = 100

_FIELDS = ("plate", "mjd", "fiberID", "run2d", "z", "class", "subClass", "zWarning")
_SDSS_REDUCTION = re.compile(r"\d{2,3}")
_BOSS_REDUCTION = re.compile(r"v5_\d{1,2}_\d{1,2}")


def search(position: Position, radius_arcsec: float, asking: Asking) -> tuple[Product, ...]:
    """Spectra near a position, the nearest first; of several spectra of one object, SDSS names the best.

    Raises:
        ObservationError: if SDSS cannot be asked.
    """
    answer = asking.json(SEARCH + quote(_query(position, radius_arcsec), safe=""))
    tables = answer if isinstance(answer, list) else [answer]
    first = tables[0] if tables and isinstance(tables[0], dict) else {}
    products = [_product(row, position, asking) for row in answers.rows(first.get("Rows"), HOST)]
    return tuple(product for product in products if product)


def _query(position: Position, radius_arcsec: float) -> str:
    """The search in SQL; nothing but numbers is put into it."""
    fields = ", ".join(f"s.{name}" for name in _FIELDS)
    place = f"{float(position.ra):.7f}, {float(position.dec):.7f}, {float(radius_arcsec) / 60:.5f}"
    near = f"dbo.fGetNearbySpecObjEq({place}) AS n"
    return f"SELECT TOP {MOST_SPECTRA} {fields} FROM SpecObj AS s JOIN {near} ON n.specObjID = s.specObjID ORDER BY n.distance"


def _product(row: Row, position: Position, asking: Asking) -> Product | None:
    """A spectrum, or None if the row does not name its file."""
    numbers = [answers.whole(row, name) for name in ("plate", "mjd", "fiberID")]
    folder = _folder(answers.text(row, "run2d"))
    if None in numbers or not folder:
        return None
    plate, mjd, fibre = (number or 0 for number in numbers)
    name = f"spec-{plate:04d}-{mjd}-{fibre:04d}.fits"
    return Product(
        archive="sdss",
        title=position.name,
        meaning=f"plate {plate}, MJD {mjd}, fibre {fibre}{_class(row)}",
        kind="spectrum",
        url=checked_place(f"{FILES}/{folder}/spectra/lite/{plate:04d}/{name}", asking.network.hosts).url,
        name=name,
    )


def _folder(reduction: str) -> str:
    """Where SDSS keeps a reduction: one folder for its first spectrograph, another for BOSS; empty for any other."""
    if _SDSS_REDUCTION.fullmatch(reduction):
        return f"sdss/spectro/redux/{reduction}"
    return f"eboss/spectro/redux/{reduction}" if _BOSS_REDUCTION.fullmatch(reduction) else ""


def _class(row: Row) -> str:
    kind = " ".join(filter(None, (answers.text(row, "class").lower(), answers.text(row, "subClass").lower())))
    redshift, warning = answers.number(row, "z"), answers.whole(row, "zWarning")
    words = f", {kind}" if kind else ""
    words += f", redshift {redshift:.4f}" if redshift is not None else ""
    return words + (" (doubtful)" if warning else "")
