"""Tables whose rows hold whole spectra: of the ESO and LAMOST (one row), of Hubble (a row a segment or order), or of many objects."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from astro_sbi.observations.containers.table import Fact, Table
from astro_sbi.observations.kinds.aliases import IDENTIFIER, WAVELENGTH
from astro_sbi.observations.kinds.names import first, plain_names
from astro_sbi.observations.kinds.wavelengths import are_parts
from astro_sbi.observations.observation import ObservationError


@dataclass(frozen=True, eq=False)
class Unrolled:
    """A table whose rows are pixels.

    Args:
        table: of pixels.
        objects: how many spectra the file's table holds.
        warnings: sentences on which of them was taken, or how they were joined.
    """

    table: Table
    objects: int = 1
    warnings: tuple[str, ...] = ()


def unrolled(table: Table, row: str | None = None) -> Unrolled:
    """A table whose rows hold whole spectra, as one whose rows are pixels: segments are joined, of several objects one is taken.

    Args:
        table: as in the file.
        row: number or identifier of the spectrum that the user wants.

    Raises:
        ObservationError: if there is no such spectrum.
    """
    table = _with_grid(table)
    lengths = [values.shape[1] for values in table.values if values.ndim == 2 and values.shape[1] > 1]
    if not lengths or not len(table):
        return Unrolled(table)
    length = max(set(lengths), key=lambda each: (lengths.count(each), each))
    kept = [i for i, values in enumerate(table.values) if values.ndim == 2 and values.shape[1] == length]
    wave = first([name if place in kept else "" for place, name in enumerate(plain_names(table))], WAVELENGTH)
    if len(table) == 1:
        return Unrolled(_pixels(table, kept, slice(0, 1)))
    if wave is not None and row is None and are_parts(table.values[wave]):
        sentence = f"its {len(table)} segments or orders were joined; where they overlap both are kept"
        return Unrolled(_pixels(table, kept, slice(None)), 1, (sentence,))
    chosen, sentences = _chosen(table, row)
    return Unrolled(_pixels(table, kept, slice(chosen, chosen + 1)), len(table), sentences)


def _pixels(table: Table, kept: list[int], rows: slice) -> Table:
    """The vectors of some rows end to end, and the numbers beside them in the first as facts."""
    place = rows.start or 0
    scalars: dict[str, Fact] = {
        table.columns[i].name.lower(): values[place].ravel()[0].item()
        for i, values in enumerate(table.values)
        if i not in kept and values[place].size == 1
    }
    columns = tuple(table.columns[i] for i in kept)
    return replace(table, columns=columns, values=tuple(table.values[i][rows].ravel() for i in kept), facts={**scalars, **table.facts})


def _chosen(table: Table, row: str | None) -> tuple[int, tuple[str, ...]]:
    """Index of the spectrum that is wanted, by its identifier or its number from 1; the first where nothing was said."""
    names = plain_names(table)
    identifier = first([name if table.values[i].ndim == 1 else "" for i, name in enumerate(names)], IDENTIFIER)
    cells = [] if identifier is None else table.text(identifier)
    if row is None:
        return 0, (f"the table has {len(table):,} spectra: the first was taken; choose another by its number or identifier",)
    wanted = row.strip()
    if wanted in cells:
        return cells.index(wanted), ()
    if wanted.isdigit() and 1 <= int(wanted) <= len(table):
        return int(wanted) - 1, ()
    raise ObservationError(f"there is no spectrum '{row[:30]}' among its {len(table):,}; give a number from 1 to {len(table)}")


def _with_grid(table: Table) -> Table:
    """A table that gives the first wavelength and the step of its only row, as IUE's do, with all wavelengths."""
    names = plain_names(table)
    start, step = first(names, "wavelength wave w0"), first(names, "deltaw dw delta wpc")
    longest = max((values.shape[1] for values in table.values if values.ndim == 2), default=1)
    if len(table) != 1 or start is None or step is None or longest < 2 or table.values[start].ndim != 1 or table.values[step].ndim != 1:
        return table
    grid = table.numbers(start)[:, None] + table.numbers(step)[:, None] * np.arange(longest)
    return replace(table, values=(*table.values[:start], grid, *table.values[start + 1 :]))
