"""Observations of any kind and any number of channels made for tests of the preparation."""

import numpy as np
from astropy import units as u

from astro_sbi.observations.observation import Axis, Kind, Noise, Observation, Origin, Points
from astro_sbi.observations.steps.step import selected

AXES = {
    "light_curve": (Axis("time", "d", "BJD - 2457000"), Axis("flux", "electron / s")),
    "velocities": (Axis("time", "d", "BJD - 2450000"), Axis("radial velocity", "m / s")),
    "hubble_diagram": (Axis("redshift", ""), Axis("distance modulus", "mag")),
    "spectrum": (Axis("vacuum wavelength", "Angstrom"), Axis("flux density", "1e-17 erg / (Angstrom s cm2)")),
}


def observed(
    kind: Kind, coordinate: np.ndarray, value: np.ndarray, sigma: np.ndarray | float, channels: dict[str, np.ndarray] | None = None, **known
) -> Observation:
    """Points in order of their coordinate; ``channels`` are masks by name."""
    size = len(coordinate)
    channel = np.zeros(size, np.int32)
    for index, mask in enumerate((channels or {}).values()):
        channel[mask] = index
    noise = Noise(np.broadcast_to(np.asarray(sigma, float), size).copy())
    quantities = {name: quantity if isinstance(quantity, u.Quantity) else quantity * u.one for name, quantity in known.items()}
    points = Points(np.asarray(coordinate, float), channel, np.ones(size, bool), noise, quantities)
    made = Observation(kind, "made", points, value, *AXES[kind], tuple(channels or ("one",)), Origin("made.csv", "0", "made"))
    return selected(made, np.argsort(coordinate, kind="stable"))


def shuffled(observation: Observation, seed: int) -> Observation:
    """The same with its rows in another order."""
    return selected(observation, np.random.default_rng(seed).permutation(len(observation)))
