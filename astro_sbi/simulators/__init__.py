"""What might have made an observation: one problem per file, and their registry."""

from __future__ import annotations

import importlib

from astro_sbi.observations.observation import ObservationError
from astro_sbi.simulators.base import Simulator

_CLASSES = {
    "transit": ("astro_sbi.simulators.transit", "TransitSimulator"),
    "flare_activity": ("astro_sbi.simulators.flare_activity", "FlareActivitySimulator"),
    "microlensing": ("astro_sbi.simulators.microlensing", "MicrolensingSimulator"),
    "radial_velocity": ("astro_sbi.simulators.radial_velocity", "RadialVelocitySimulator"),
    "galaxy_lines": ("astro_sbi.simulators.galaxy_lines", "GalaxyLinesSimulator"),
    "galaxy_spectrum": ("astro_sbi.simulators.galaxy_spectrum", "GalaxySpectrumSimulator"),
    "galaxy_photometry": ("astro_sbi.simulators.galaxy_photometry", "GalaxyPhotometrySimulator"),
    "hubble_diagram": ("astro_sbi.simulators.hubble_diagram", "HubbleDiagramSimulator"),
    "supernova": ("astro_sbi.simulators.supernova", "SupernovaSimulator"),
    "rr_lyrae": ("astro_sbi.simulators.rr_lyrae", "RRLyraeSimulator"),
    "stellar_rotation": ("astro_sbi.simulators.stellar_rotation", "StellarRotationSimulator"),
    "quasar_variability": ("astro_sbi.simulators.quasar_variability", "QuasarVariabilitySimulator"),
}


def simulator_names() -> tuple[str, ...]:
    """Names of all simulators, in the order in which they are shown."""
    return tuple(_CLASSES)


def simulator(name: str) -> Simulator:
    """The simulator of this name; no jax is imported before it predicts.

    Raises:
        ObservationError: if there is none of this name.
    """
    if name not in _CLASSES:
        raise ObservationError(f"there is no simulator '{name}'; there are {', '.join(_CLASSES)}")
    module, class_name = _CLASSES[name]
    return getattr(importlib.import_module(module), class_name)()


def simulators() -> tuple[Simulator, ...]:
    """All simulators, in the order in which they are shown."""
    return tuple(simulator(name) for name in _CLASSES)
