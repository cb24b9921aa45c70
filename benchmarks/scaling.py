"""What a training step costs, as simulations, length of the observation, ensemble and batch grow, and how much of it is the flow's.

python benchmarks/scaling.py [--axes simulations,data,ensemble,batch] [--network frugal|generous] [--quick] [--output MARKDOWN]

One axis is varied at a time around 10,000 simulations of 5 parameters and 8 numbers, one member, batch 64. A step is one of the compiled
chunk that trains; "not the flow" is the share that its time exceeds a scan of nothing but value and gradient of the flow's log
density at a fixed, embedded batch: batches, embedding, optimiser, averaging and the loop itself. Runs on whatever jax finds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

DIMENSION = 5
REPEATS = 5
AXES = {
    "simulations": (1_000, 10_000, 100_000, 1_000_000),
    "data": (8, 100, 1_000),
    "ensemble": (1, 2, 5, 10),
    "batch": (64, 200, 1_000, 4_096),
}


@dataclass(frozen=True)
class Case:
    """One point of the table."""

    simulations: int = 10_000
    data_length: int = 8
    ensemble: int = 1
    batch: int = 64

    def at(self, axis: str, value: int) -> Case:
        """The same with one thing changed."""
        return replace(self, **{"data_length" if axis == "data" else axis: value})


@dataclass(frozen=True)
class Cost:
    """Warm seconds of one step, and of the flow's value and gradient in it.

    Args:
        step: of the chunk that trains.
        flow: of value and gradient of the flow's log density alone.
        compilation: seconds of the chunk's first call.
    """

    step: float
    flow: float
    compilation: float

    @property
    def other(self) -> float:
        """Share of the step that is not the flow's own arithmetic."""
        return 1 - self.flow / self.step


def per_step(run: Callable[[], Any], steps: int) -> tuple[float, float]:
    """Median seconds of one step of a program of so many, warm, and the seconds of its first call."""
    import jax

    times = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) / steps, times[0]


def cost(case: Case, network_name: str, steps: int) -> Cost:
    """Measure one point on simulations of a linear model."""
    import jax

    from astro_sbi.inference.network import build_network
    from astro_sbi.inference.npe import NPESettings
    from astro_sbi.inference.recipes import FRUGAL, GENEROUS
    from astro_sbi.inference.scaling import fit_scaled_values
    from astro_sbi.inference.simulations import Table
    from astro_sbi.inference.training import build_trainer

    rng = np.random.default_rng(1)
    latent = rng.standard_normal((case.simulations, DIMENSION), np.float32)
    x = latent @ rng.standard_normal((DIMENSION, case.data_length), np.float32)
    x += rng.standard_normal(x.shape, np.float32)
    settings = {"frugal": FRUGAL, "generous": GENEROUS}[network_name]
    network, parameters = build_network(DIMENSION, x.shape[1:], settings, jax.random.key(1), case.ensemble)
    training = replace(NPESettings().training, batch=case.batch, chunk=steps)
    trainer, standard = build_trainer(network, training), fit_scaled_values(x, settings.embedding)
    state = trainer.start(parameters, jax.random.split(jax.random.key(2), case.ensemble))
    rates = jax.numpy.full((case.ensemble, steps), 1e-4)
    index = jax.numpy.asarray(rng.integers(case.simulations, size=(case.ensemble, steps, case.batch)))
    table = jax.device_put(Table(latent, x))
    step, first = per_step(lambda: trainer.run_chunk(state, rates, index, table, standard), steps)
    alone = flow_alone(network, steps)
    r, context = embedded(network, parameters, standard, table, index[0, 0])
    flow, _ = per_step(lambda: alone(parameters["flow"], parameters["embedding"], r, context), steps)
    return Cost(step, flow, first)


def embedded(network: Any, parameters: Any, standard: Any, table: Any, index: Any) -> tuple[Any, Any]:
    """What the flow is given of one batch: residuals [B, d] and each member's context [M, B, c]."""
    import jax

    latent, x = table.batch(index, jax.random.key(3))
    seen, guess = standard.see(x)
    context = jax.vmap(lambda p: jax.vmap(lambda one: network.context(p, one))(seen))(parameters)
    return standard.residual(latent, guess)[0], context


def flow_alone(network: Any, steps: int) -> Callable[..., Any]:
    """A scan of value and gradient of the flow's log density alone, for all members.

    The gradient moves the parameters by next to nothing, or the compiler would take the work out of the loop.
    """
    import jax
    import jax.numpy as jnp

    def of_member(flow: Any, embedding: Any, r: Any, context: Any) -> Any:
        def loss(flow: Any) -> Any:
            return -jnp.mean(network.log_prob_given({"flow": flow, "embedding": embedding}, r, context))

        def step(flow: Any, _: None) -> tuple[Any, Any]:
            value, gradient = jax.value_and_grad(loss)(flow)
            return jax.tree.map(lambda p, g: p - 1e-9 * g, flow, gradient), value

        return jax.lax.scan(step, flow, None, length=steps)

    return jax.jit(jax.vmap(of_member, in_axes=(0, 0, None, 0)))


def rows(options: argparse.Namespace) -> Iterator[tuple[str, int, Case, Cost]]:
    """Every point that is asked for, as it is measured."""
    for axis in options.axes:
        for value in AXES[axis][: 2 if options.quick else None]:
            case = Case().at(axis, value)
            yield axis, value, case, cost(case, options.network, options.steps)


def line(axis: str, value: int, case: Case, found: Cost) -> str:
    """One row of the markdown table; a simulation of an ensemble counts once for each member."""
    each = 1e6 * found.step / (case.batch * case.ensemble)
    return f"| {axis} | {value:,} | {1e3 * found.step:.3f} | {each:.2f} | {found.other:.0%} | {found.compilation:.1f} |"


def heading(options: argparse.Namespace) -> list[str]:
    """Date, machine and versions, and the table's head."""
    import importlib.metadata
    import os

    import jax

    device = jax.devices()[0]
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("astro_sbi", "jax", "flowjax"))
    where = f"{device.device_kind} ({device.platform}), {os.cpu_count()} cores"
    return [
        f"{time.strftime('%Y-%m-%d', time.gmtime())}, {where}, {versions}; {options.network} network, chunks of {options.steps} steps.",
        "",
        "| axis | value | step [ms] | per simulation and member [µs] | not the flow | first call [s] |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]


def parsed(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Cost of a training step along four axes.")
    parser.add_argument("--axes", default=",".join(AXES), type=lambda text: text.split(","), metavar="AXIS,..")
    parser.add_argument("--network", choices=("frugal", "generous"), default="generous")
    parser.add_argument("--steps", type=int, default=100, help="of a chunk")
    parser.add_argument("--quick", action="store_true", help="the first two values of each axis")
    parser.add_argument("--output", type=Path, metavar="MARKDOWN")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.axes if name not in AXES]
    if unknown:
        parser.error(f"there is no axis {', '.join(unknown)}; there are {', '.join(AXES)}")
    return options


def main(arguments: list[str] | None = None) -> int:
    """Measure and print the table line by line; keep it where asked."""
    options = parsed(arguments)
    lines = heading(options)
    print("\n".join(lines), flush=True)
    for row in rows(options):
        lines.append(line(*row))
        print(lines[-1], flush=True)
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
