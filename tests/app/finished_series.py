"""Finished inferences of other kinds than transits, made of numbers."""

import numpy as np

from astro_sbi.runs.keys import key_of
from astro_sbi.runs.result import Result, to_files
from astro_sbi.runs.store import Store
from tests.app.finished import finished
from tests.figures.made import ALL, Made

#: Simulator, parameters with their values, and the one that is a period.
OF_KIND = {
    "velocities": ("radial_velocity", {"period": 4.23, "semi_amplitude": 56.0, "offset_1": 12.0, "offset_2": -40.0}, "period"),
    "seasons": ("quasar_variability", {"tau": 200.0, "sigma": 0.1}, ""),
    "rotation": ("stellar_rotation", {"period": 5.3, "amplitude": 0.01}, "period"),
    "supernovae": ("hubble_diagram", {"omega_m": 0.35}, ""),
    "bands": ("galaxy_photometry", {"redshift": 1.2}, ""),
    "whole_spectrum": ("galaxy_spectrum", {"redshift": 0.12}, ""),
}
RANDOM = ("quasar_variability", "stellar_rotation", "flare_activity")


def finished_series(name: str, *, likelihood: bool = True) -> Result:
    """A result of one of the kinds in `tests.figures.made`."""
    made: Made = ALL[name]()
    simulator, parameters, period = OF_KIND[name]
    like, rng = finished(), np.random.default_rng(5)
    labels = {key: {"latex": "x", "html": "x", "unit": "", "meaning": key} for key in parameters}
    numbers = {
        key: {"median": value, "lower": 0.99 * value, "upper": 1.01 * value, "unit": ""} for key, value in sorted(parameters.items())
    }
    changes = {
        "key": key_of([name, likelihood]),
        "simulator": simulator,
        "title": f"Made up: {simulator}",
        "simulator_title": simulator,
        "kind": made.kind,
        "axes": made.axes,
        "channels": list(made.channels),
        "parameters": numbers,
        "derived": {},
        "fixed": {},
        "labels": labels,
        "priors": dict.fromkeys(parameters, "uniform(-1000,1000)"),
        "least_squares": {},
        "order": list(parameters),
        "period_parameter": period,
        "random": simulator in RANDOM,
    }
    if not likelihood:
        changes |= {"importance": None, "predictive": None, "summaries_p": 0.4}
    draws = {key: value * (1 + 0.01 * rng.standard_normal(500)) for key, value in parameters.items()}
    arrays = made.arrays | {f"{kind}/{key}": value for kind in ("posterior", "flow", "prior") for key, value in draws.items()}
    return Result(like.summary | changes, like.settings | {"simulator": simulator}, arrays | {"weight": np.full(500, 1 / 500)})


def kept_series(store: Store, name: str, **changes: bool) -> str:
    """Keep such a result in a store; returns its key."""
    result = finished_series(name, **changes)
    store.commit("result", result.key, to_files(result))
    return result.key
