"""Data frames of pandas in HDF5, as its ``to_hdf`` lays them out in the format ``fixed``; its pickles are never opened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Shaped

from astro_sbi.observations.containers import cf
from astro_sbi.observations.containers.arrays import MJD_MEANING, NotPlain, as_mjd, plain
from astro_sbi.observations.containers.astropy_layout import Found
from astro_sbi.observations.containers.table import Column, Fact
from astro_sbi.observations.observation import ObservationError


def pandas_frame(datasets: Mapping[str, Any], path: str, attributes: Mapping[str, Fact]) -> cf.Contents | None:
    """A data frame; None where the group is a series, which reads as any two arrays do.

    Args:
        datasets: arrays of the group by name.
        path: of the group.
        attributes: of the group.

    Raises:
        ObservationError: if the frame is in the format ``table``, which keeps the names of its columns in pickles.
    """
    layout = str(attributes["pandas_type"])
    if layout.startswith("series"):
        return None
    if layout != "frame" or "axis1" not in datasets:
        raise ObservationError(
            f"its group {path[:60] or '/'} is a table of pandas in the layout '{layout[:20]}', which is not read; save it with to_parquet"
        )
    columns, left_out = [(Column("index"), datasets["axis1"])], []
    number = 0
    while f"block{number}_items" in datasets and f"block{number}_values" in datasets:
        names = np.atleast_1d(plain(datasets[f"block{number}_items"][()])).tolist()
        block = datasets[f"block{number}_values"]
        columns.extend((Column(str(name)), (block, index)) for index, name in enumerate(names))
        number += 1
    found: list[Found] = []
    for column, place in columns:
        try:
            found.append(_column(column, place))
        except NotPlain:
            left_out.append(f"{path}/{column.name}")
    return cf.Contents((cf.table_of(found, path, {}),) if found else (), left_out=tuple(left_out))


def _column(column: Column, place: Any) -> Found:
    """A column, dates as MJD; the index has an array of its own, other columns share one."""
    dataset, index = place if isinstance(place, tuple) else (place, None)
    kind = next((_word(dataset.attrs[key]) for key in ("value_type", "kind") if key in dataset.attrs), "")
    if dataset.dtype.kind == "O":
        raise NotPlain("it holds pickled objects")
    values: Shaped[np.ndarray, "n ..."] = dataset[()] if index is None else dataset[:, index]
    if kind.startswith("datetime64") and values.dtype.kind == "i":
        unit = kind.partition("[")[2].rstrip("]") or "ns"
        if unit not in ("s", "ms", "us", "ns"):
            raise NotPlain("its dates have an unknown unit")
        return Column(column.name, "d", MJD_MEANING), as_mjd(values.astype("int64").view(f"datetime64[{unit}]"))
    return column, plain(values)


def _word(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
