"""Files in the layouts of archives and pipelines, made for tests."""

from collections.abc import Mapping, Sequence
from io import BytesIO

import numpy as np
from astropy.io import fits

from astro_sbi.observations.observation import Observation
from astro_sbi.observations.options import ReadOptions
from astro_sbi.observations.parsing import observation_of

Header = Mapping[str, object]


def read(content: bytes | str, name: str = "a.csv", **options) -> Observation:
    """The observation in a file, with the user's answers."""
    plain = content.encode() if isinstance(content, str) else content
    return observation_of(name, plain, ReadOptions(**options))


def text(names: str, rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    """A table with a line of names, divided by the delimiter as the rows are."""
    return "\n".join([names, *(delimiter.join(str(cell) for cell in row) for row in rows)]) + "\n"


def scattered(rows: int, level: float = 1.0, size: float = 1e-3, seed: int = 1) -> np.ndarray:
    """Numbers with a scatter about a level."""
    return level + size * np.random.default_rng(seed).normal(size=rows)


def hdu(columns: Mapping[str, np.ndarray], units: Mapping[str, str] | None = None, header: Header | None = None) -> fits.BinTableHDU:
    """A FITS table; whole numbers, doubles, text and vectors keep their type."""
    made = []
    for name, array in columns.items():
        values = np.asarray(array)
        width = "" if values.ndim == 1 else str(values.shape[1])
        form = f"{values.dtype.itemsize // 4}A" if values.dtype.kind == "U" else width + {"f": "D", "i": "J", "b": "L"}[values.dtype.kind]
        made.append(fits.Column(name, form, unit=(units or {}).get(name), array=values))
    table = fits.BinTableHDU.from_columns(made)
    table.header.update(dict(header or {}))
    return table


def image(values: np.ndarray, name: str = "", header: Header | None = None) -> fits.ImageHDU:
    """A FITS image."""
    made = fits.ImageHDU(np.asarray(values), name=name or None)
    made.header.update(dict(header or {}))
    return made


def file(*units: fits.hdu.base.ExtensionHDU, primary: np.ndarray | None = None, header: Header | None = None) -> bytes:
    """A FITS file of a primary image or header and extensions."""
    first = fits.PrimaryHDU(primary)
    first.header.update(dict(header or {}))
    buffer = BytesIO()
    fits.HDUList([first, *units]).writeto(buffer, output_verify="fix")
    return buffer.getvalue()


def spectrum_csv(columns: Mapping[str, np.ndarray]) -> str:
    """A table of a spectrum divided by commas."""
    rows = zip(*columns.values(), strict=True)
    return "\n".join([",".join(columns), *(",".join(f"{value:.10g}" for value in row) for row in rows)]) + "\n"
