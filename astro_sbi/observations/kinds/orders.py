"""Which rows of an image make the spectrum: one of several objects, or all orders of an echelle end to end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from astro_sbi.observations.kinds.grids import Order
from astro_sbi.observations.kinds.wavelengths import are_parts
from astro_sbi.observations.observation import ObservationError


@dataclass(frozen=True, eq=False)
class Taken:
    """Rows of an image that make a spectrum.

    Args:
        rows: their indices.
        wavelength: of their pixels, end to end.
        objects: how many spectra the image holds.
        warnings: sentences on which was taken, or how they were joined.
    """

    rows: tuple[int, ...]
    wavelength: Float64[np.ndarray, " n"]
    objects: int = 1
    warnings: tuple[str, ...] = ()


def one_of(count: int, grid: Float64[np.ndarray, " n"], row: str | None) -> Taken:
    """One of several spectra on the same grid, by its number from 1; the first where nothing was said.

    Raises:
        ObservationError: if there is no such spectrum.
    """
    if row is None:
        many = f"the image has {count} spectra: the first was taken; choose another by its number"
        return Taken((0,), grid, count, (many,) if count > 1 else ())
    wanted = row.strip()
    if not wanted.isdigit() or not 1 <= int(wanted) <= count:
        raise ObservationError(f"there is no spectrum '{wanted[:30]}' in the image of {count}; give a number from 1 to {count}")
    return Taken((int(wanted) - 1,), grid, count)


def joined(orders: tuple[Order, ...], row: str | None) -> Taken:
    """All orders end to end where they cover different wavelengths, else one of the spectra, by the number of its aperture.

    Raises:
        ObservationError: if there is no such aperture.
    """
    numbers = [str(order.number) for order in orders]
    if row is not None:
        if row.strip() not in numbers:
            raise ObservationError(f"there is no aperture '{row[:30]}' (there are: {', '.join(numbers[:12])}); choose one of these")
        place = numbers.index(row.strip())
        return Taken((place,), orders[place].wavelength, len(orders))
    first, *others = orders
    if others and are_parts([order.wavelength for order in orders]):
        sentence = f"its {len(orders)} orders were joined; where they overlap both are kept"
        return Taken(tuple(range(len(orders))), np.concatenate([order.wavelength for order in orders]), 1, (sentence,))
    many = f"the image has {len(orders)} spectra: the first was taken; choose another by the number of its aperture"
    return Taken((0,), first.wavelength, len(orders), (many,) if others else ())
