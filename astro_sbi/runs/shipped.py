"""What ships with the package, made anew: ``python -m astro_sbi.runs.shipped`` (``make shipped``)."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from astropy.table import Table

import astro_sbi
from astro_sbi.inference.posterior import OnProgress
from astro_sbi.runs.bundle import write_bundle, write_durably
from astro_sbi.runs.cards import CARD, TESTS, shipped_card_file
from astro_sbi.runs.finished import examples_folder
from astro_sbi.runs.result import to_files
from astro_sbi.runs.settings import Settings
from astro_sbi.runs.task import run_inference
from astro_sbi.simulators import simulator as simulator_named
from astro_sbi.simulators.base import pattern_of

_SAMPLES = 4000
_SIMULATIONS, _STEPS = 262_144, 16_000


def simulated_light_curve(seed: int = 7) -> tuple[str, bytes]:
    """A star of 24 days at 8 minutes' cadence with a planet of 3.5 days, as a CSV file."""
    simulator, rng = simulator_named("transit"), np.random.default_rng(seed)
    time = np.arange(0.0, 24.0, 8.0 / 1440) + 1500.0
    time = time[(time < 1511.2) | (time > 1512.4)]
    theta = {"radius_ratio": 0.105, "impact_parameter": 0.35, "duration": 0.128, "epoch_offset": 0.0}
    theta |= {"q1": 0.32, "q2": 0.36, "baseline": 1.0, "jitter": 1e-5}
    points = simulator.default_points()
    phase = (time - 1501.3 + 1.75) % 3.5 - 1.75
    pattern = pattern_of(simulator, points)
    shape = np.ones(len(time), np.float32)
    known = pattern.known | {"count": shape, "bin_width": np.float32(0), "exposure_time": np.float32(8 / 1440)}
    curve = simulator.predict(theta, pattern._replace(coordinate=phase.astype(np.float32), known=known))
    drift = 1 + 8e-4 * np.sin(2 * np.pi * time / 9.0)
    sigma = 6e-4
    flux = np.asarray(curve) * drift + sigma * rng.standard_normal(len(time))
    table = Table({"time": np.round(time, 6), "flux": np.round(flux, 7), "flux_err": np.full(len(time), sigma)})
    return "Simulated planet.csv", _written(table, "ascii.csv")


def simulated_spectrum(seed: int = 7) -> tuple[str, bytes]:
    """A star-forming galaxy at redshift 0.05 on the default pattern, as an ECSV file."""
    simulator, rng = simulator_named("galaxy_lines"), np.random.default_rng(seed)
    points = simulator.default_points()
    known = {name: float(np.median(quantity.value)) for name, quantity in points.known.items()}
    middle = simulator.prior.physical(np.zeros((1, len(simulator.prior.free))), known)
    theta = {name: float(value[0]) for name, value in middle.items()}
    line = known["flux_scale"]
    theta |= {"velocity_offset": 30.0, "line_width": 110.0, "flux_h_alpha": 0.8 * line, "flux_oiii_5008": 0.35 * line}
    theta |= {"flux_nii_6585": 0.25 * line, "flux_sii_sum": 0.3 * line, "sii_ratio": 1.25, "dust_av": 0.9, "absorption_h_beta": 3.0}
    theta |= {"continuum_blue": 9.0, "continuum_red": 10.0, "noise_scale": 1.0}
    pattern = pattern_of(simulator, points)
    sigma = 0.2 * points.noise.sigma
    flux = np.asarray(simulator.predict(theta, pattern))[: len(points)] + sigma * rng.standard_normal(len(points))
    table = Table(
        {"wavelength": points.coordinate, "flux": flux, "error": sigma, "resolution": points.known["resolution"].to_value("km/s")}
    )
    for column, unit in (("wavelength", "Angstrom"), ("flux", "1e-17 erg / (Angstrom s cm2)"), ("error", "1e-17 erg / (Angstrom s cm2)")):
        table[column].unit = unit
    table["resolution"].unit = "km / s"
    table.meta["redshift"] = known["redshift_guess"]
    return "Simulated galaxy.ecsv", _written(table, "ascii.ecsv")


EXAMPLES: dict[str, Callable[[], tuple[str, bytes]]] = {"transit": simulated_light_curve, "galaxy_lines": simulated_spectrum}


def make_examples(on_progress: OnProgress) -> None:
    """Replace the shipped examples."""
    folder = examples_folder()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, made in EXAMPLES.items():
        file_name, content = made()
        result = run_inference(file_name, content, Settings(name, samples=_SAMPLES), on_progress=on_progress, should_stop=lambda: False)
        write_bundle(folder / result.key, "result", result.key, to_files(result))


def make_flows(on_progress: OnProgress) -> None:
    """Replace the shipped flows."""
    from astro_sbi.inference.amortised import train_amortised

    for folder in _flow_folders():
        files = train_amortised(folder.name, simulations=_SIMULATIONS, steps=_STEPS, seed=1, on_progress=on_progress)
        shutil.rmtree(folder)
        folder.mkdir()
        for file_name, content in files.items():
            write_durably(folder / file_name, content)
    make_cards(on_progress)


def make_cards(on_progress: OnProgress) -> None:
    """Replace the calibration cards of the shipped flows."""
    from astro_sbi.inference.amortised import shipped_flow
    from astro_sbi.runs.implicit import fresh_card

    for folder in _flow_folders():
        flow = shipped_flow(folder.name)
        card = fresh_card(flow.problem, flow.estimator, TESTS, on_progress=on_progress, should_stop=lambda: False)
        (folder / CARD).unlink(missing_ok=True)
        write_durably(folder / CARD, shipped_card_file((folder / "estimator.safetensors").read_bytes(), card))


def _flow_folders() -> list[Path]:
    """Those of the simulators whose flow ships, by name."""
    return sorted((Path(astro_sbi.__file__).parent / "pretrained" / "flows").iterdir())


def _written(table: Table, form: str) -> bytes:
    stream = io.StringIO()
    table.write(stream, format=form)
    return stream.getvalue().encode()


def main(arguments: list[str]) -> int:
    """Make ``examples`` and ``flows`` with their cards, or the ``cards`` alone."""
    made = {"examples": make_examples, "flows": make_flows, "cards": make_cards}

    def tell(phase: str, done: float, total: float, loss: tuple[float, float] | None) -> None:
        if loss is None or done % 500 == 0:
            sys.stderr.write(f"{phase} {done:g}/{total:g} {loss or ''}\n")

    for name in arguments or ("examples", "flows"):
        made[name](tell)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
