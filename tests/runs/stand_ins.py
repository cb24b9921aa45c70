"""Tasks that take the place of an inference, and a store's worker and command line that use them."""

import sys
import threading
import time
from pathlib import Path

import numpy as np

from astro_sbi.inference.posterior import Cancelled
from astro_sbi.runs.keys import key_of, sha256_of
from astro_sbi.runs.result import Result
from astro_sbi.runs.settings import SettingsError


def made_up(name="star.csv", content=b"1,2", settings=None, draws=200) -> Result:
    """A small result with everything that a result has."""
    random = np.random.default_rng(1)
    radius, weight = random.normal(0.08, 0.001, draws), random.random(draws)
    points = np.linspace(-0.1, 0.1, 24)
    flux = np.ones(24, np.float32)
    units = {"radius_ratio": "", "duration": "d"}
    medians = {key: {"median": 0.08, "lower": 0.079, "upper": 0.081, "unit": unit} for key, unit in units.items()}
    time_axis = {"name": "time", "unit": "d", "zero_point": "from mid-transit", "label": "time from mid-transit [d]"}
    summary = {
        "key": key_of([sha256_of(content), settings.to_json() if settings else None]),
        "title": f"{name}: Transit",
        "simulator": "transit",
        "observation": {"name": "WASP-126", "points": 24, "dropped": {"quality": 3}},
        "parameters": medians,
        "derived": {"depth": {"median": 0.0064, "lower": 0.0063, "upper": 0.0065, "unit": ""}},
        "importance": {"efficiency": 0.4, "ess": 80.0, "khat": 0.2, "log_evidence": 12.5},
        "verdict": "caution",
        "reasons": ["the residuals are correlated, as red noise makes them"],
        "seconds": {"simulate": 0.1, "train": 0.2, "total": 0.4},
        "cached": False,
        "seed": 1,
        "labels": {key: {"latex": key, "html": key, "unit": unit, "meaning": f"the {key}"} for key, unit in units.items()},
        "axes": {"coordinate": time_axis, "value": {"name": "relative flux", "unit": "", "zero_point": "", "label": "relative flux"}},
        "channels": ["flux"],
        "created": "2026-11-23T00:00:00Z",
        "versions": {"astro_sbi": "0"},
    }
    arrays = {
        "posterior/radius_ratio": radius,
        "posterior/duration": 0.1 + 0.001 * random.normal(size=draws),
        "weight": weight / weight.sum(),
    }
    arrays |= {name: random.normal(size=draws) for name in ("log_q", "log_likelihood", "log_prior")}
    arrays |= {"prior/radius_ratio": random.random(50), "prior/duration": random.random(50)}
    arrays |= {
        "observed/coordinate": points,
        "observed/value": flux,
        "observed/sigma": 0.001 * flux,
        "observed/channel": np.zeros(24, np.int32),
    }
    arrays |= {f"model/{band}": flux for band in ("median", "low68", "high68", "low95", "high95")}
    arrays |= {"model/draws": np.ones((10, 24), np.float32), "sigma/fitted": 0.0011 * flux}
    return Result(summary, settings.to_json() if settings else {}, arrays)


def quick(name, content, settings, *, on_progress, should_stop, store):
    for phase in ("reading", "simulating", "training"):
        on_progress(phase, 1, 2, (0.5, 0.6) if phase == "training" else None)
    on_progress.round({"efficiency": 0.4})
    if content.startswith(b"bad"):
        raise SettingsError(f"{name}: it is empty; give a file with measurements")
    if content.startswith(b"fault"):
        raise ZeroDivisionError("of the simulator")
    return made_up(name, content, settings)


def slow(name, content, settings, *, on_progress, should_stop, store):
    """Goes on until a file called ``go`` is in the store, or it is told to stop."""
    for step in range(2000):
        on_progress("training", step, 2000, (1.0 / (step + 1), 1.0))
        if should_stop():
            raise Cancelled
        if (store.root / "go").exists():
            return made_up(name, content, settings)
        time.sleep(0.02)
    raise TimeoutError("the test never said go")


TASKS = {"quick": quick, "slow": slow}


def work(task: str, root: str, idle_s: float) -> None:
    """What `astro_sbi.runs.worker.main` does, with another task."""
    import os

    from astro_sbi.runs import executor, worker
    from astro_sbi.runs.store import Store

    store, place = Store(Path(root)), executor.own_place(os.environ)
    if place:
        executor.fill_place(store.catalogue, place, os.getpid())
    try:
        worker.work(store, place, TASKS[task], threading.Event(), idle_s=idle_s)
    finally:
        if place:
            executor.leave_place(store.catalogue, place)


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(sys.argv[2], sys.argv[4], float(sys.argv[3]))
    else:
        from astro_sbi.__main__ import main

        sys.exit(main(sys.argv[3:], task=TASKS[sys.argv[2]]))
