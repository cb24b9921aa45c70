"""An observation as ECSV: units, errors, channels and where it came from, readable by astropy and by this package."""

from __future__ import annotations

from io import StringIO

import numpy as np
from astropy.table import Column, Table

from astro_sbi import __version__
from astro_sbi.observations.observation import Kind, Observation

#: Names of coordinate and value by kind, such as the readers know.
_NAMES: dict[Kind, tuple[str, str]] = {
    "light_curve": ("time", "flux"),
    "spectrum": ("wavelength_vacuum", "flux"),
    "velocities": ("time", "velocity"),
    "photometry": ("wavelength", "flux_density"),
    "hubble_diagram": ("redshift", "distance_modulus"),
    "curve": ("x", "y"),
}


def to_ecsv(observation: Observation) -> str:
    """The table of an observation, one row a point, its provenance in the header.

    Args:
        observation: as read or as prepared.
    """
    points, (coordinate, value) = observation.points, _NAMES[observation.kind]
    unit = observation.value_axis.unit or None
    table = Table()
    table[coordinate] = Column(
        points.coordinate, unit=observation.coordinate_axis.unit or None, description=observation.coordinate_axis.label
    )
    table[value] = Column(observation.value, unit=unit, description=observation.value_axis.label)
    table[f"{value}_err"] = Column(points.noise.sigma, unit=unit, description=f"standard deviation, {points.noise.source}")
    if points.noise.covariance is not None:
        table["covariance"] = Column(points.noise.covariance, unit=f"({unit})2" if unit else None, description="with each row of the table")
    if len(observation.channels) > 1:
        table["channel"] = Column(np.array(observation.channels)[points.channel], description="band or instrument")
    if not points.used.all():
        table["flag"] = Column((~points.used).astype(np.int64), description="1 where the point is not used")
    for name, quantity in points.known.items():
        if not quantity.isscalar and len(quantity) == len(observation):
            table[name] = Column(np.asarray(quantity.value, dtype=np.float64), unit=quantity.unit.to_string() or None)
    table.meta.update(_provenance(observation))
    text = StringIO()
    table.write(text, format="ascii.ecsv", delimiter=",")
    return text.getvalue()


def _provenance(observation: Observation) -> dict[str, object]:
    origin = observation.origin
    known = {
        name: f"{quantity.value:.12g} {quantity.unit}".strip() for name, quantity in observation.points.known.items() if quantity.isscalar
    }
    return {
        "object": observation.name,
        "kind": observation.kind,
        "time_zero": observation.coordinate_axis.zero_point,
        "known": known,
        "file": origin.file,
        "sha256": origin.sha256,
        "reader": origin.reader,
        "columns": dict(origin.columns),
        "dropped": {reason: int(count) for reason, count in origin.dropped.items()},
        "warnings": list(origin.warnings),
        "guesses": list(origin.guesses),
        "written_by": f"astro_sbi {__version__}",
    }
