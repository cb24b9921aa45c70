"""astro_sbi beside sbi, FlowJAX's `fit_to_data`, BayesFlow and GenSBI: the same simulations, held-out set, cores and run.

python benchmarks/peers.py --peers-python ENVIRONMENT/bin/python [--task slcp] [--simulations 10000] [--threads 2] [--output JSON]
python benchmarks/peers.py --epochs-only

Every rival is a process of its own that starts cold, so imports and compilation count. The level of a rival is the held-out
log q(theta | x) that its default training ends at; astro_sbi's time to that level is that of the first whole training, with 2, 4, 8, ...
epochs at most, that ends above it. `--epochs-only` compares the seconds of one epoch with FlowJAX's loop, compilation kept out.
benchmarks/README.md says how the environment is made and what is not compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.rivals import protocol

RIVALS_FOLDER = Path(__file__).resolve().parent / "rivals"
LADDER = (2, 4, 8, 16, 32, 64)
HELD_OUT = 10_000
TARGETS = ("sbi_maf", "sbi_nsf")
_SIDES = (("first", -1), ("second", 1))

Figures = dict[str, Any]


class RivalError(RuntimeError):
    """A rival ended without figures."""


@dataclass(frozen=True)
class Rival:
    """A script of `benchmarks/rivals` and what it is called with; ``own`` ones run under this Python."""

    script: Path
    arguments: tuple[str, ...] = ()
    own: bool = False


RIVALS: Mapping[str, Rival] = {
    "sbi_maf": Rival(RIVALS_FOLDER / "sbi_npe.py", ("--estimator", "maf")),
    "sbi_nsf": Rival(RIVALS_FOLDER / "sbi_npe.py", ("--estimator", "nsf")),
    "flowjax": Rival(RIVALS_FOLDER / "flowjax_fit.py"),
    "bayesflow": Rival(RIVALS_FOLDER / "bayesflow_workflow.py"),
    "gensbi": Rival(RIVALS_FOLDER / "gensbi_flow.py"),
    "astro_sbi": Rival(RIVALS_FOLDER / "ours.py", own=True),
    "astro_sbi_1": Rival(RIVALS_FOLDER / "ours.py", ("--ensemble", "1"), own=True),
}


def environment(threads: int) -> dict[str, str]:
    """This process's variables with the number of threads (XLA counts its cores), no cache of compiled programs, and the time."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JAX_COMPILATION_CACHE")}
    numbers = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(threads))
    return kept | numbers | {protocol.BEGAN: repr(time.time())}


def measured(name: str, rival: Rival, simulations: Path, options: argparse.Namespace, extra: Sequence[str] = ()) -> Figures:
    """Run a rival and read the figures off its last line.

    Raises:
        RivalError: if it fails or says something else.
    """
    python = sys.executable if rival.own else str(options.peers_python.absolute())
    given = ["--simulations", str(simulations), "--task", options.task, "--seed", str(options.seed), "--threads", str(options.threads)]
    command = [python, str(rival.script), *given, *rival.arguments, *extra]
    # sbi writes logs where it runs.
    ended = subprocess.run(command, env=environment(options.threads), cwd=simulations.parent, capture_output=True, text=True, check=False)
    lines = ended.stdout.strip().splitlines()
    if ended.returncode or not lines:
        raise RivalError(f"{name} ended with status {ended.returncode} and no figures: {ended.stderr.strip()[-800:]}")
    try:
        figures = json.loads(lines[-1])
    except json.JSONDecodeError as error:
        raise RivalError(f"the last line of {name} should be its figures in JSON; it is '{lines[-1][:200]}'") from error
    return figures | {"name": name}


def simulated(task_name: str, simulations: int, seed: int) -> protocol.Simulated:
    """Simulations to train on and as many again, of another seed, held out from everybody."""
    from astro_sbi.inference.npe import simulate_all
    from benchmarks.tasks import TASKS

    task = TASKS[task_name]()
    theta, held_out = task.prior.sample(simulations, seed=seed), task.prior.sample(HELD_OUT, seed=seed + 1000)
    ends = [dict(task.prior.distributions)[name] for name in task.prior.free]
    low, high = ([getattr(end, side).constant if end.bounded else sign * np.inf for end in ends] for side, sign in _SIDES)
    x, held_out_x = simulate_all(task.simulate, theta, seed=seed), simulate_all(task.simulate, held_out, seed=seed + 1000)
    return protocol.Simulated(theta, x, held_out, held_out_x, np.asarray(low), np.asarray(high))


def ladder(measure: Callable[[int], Figures], level: float, last: Figures) -> list[Figures]:
    """Whole trainings of growing budget until one ends above a level, ``last`` being the full one."""
    steps: list[Figures] = []
    for epochs in (budget for budget in LADDER if budget < (last["epochs"] or np.inf)):
        if steps and steps[-1]["log_prob"] > level:
            return steps
        steps.append(measure(epochs) | {"epochs": epochs})
    return steps if steps and steps[-1]["log_prob"] > level else [*steps, last]


def crossing(steps: Sequence[Figures], level: float) -> Figures | None:
    """The first training that ends above a level."""
    return next((step for step in steps if step["log_prob"] > level), None)


def table(found: Sequence[Figures]) -> list[str]:
    """One line for each rival."""
    head = f"{'':14s}{'parameters':>11s}{'epochs':>7s}{'CPU s':>8s}{'wall s':>8s}{'compile s':>10s}{'log q':>8s}{'inside':>8s}"
    lines = [head + f"{'outside':>9s}{'10,000 draws':>14s}{'1,000 draws x':>18s}"]
    for one in found:
        compiling = "-" if one["compile_seconds"] is None else f"{one['compile_seconds']:.1f}"
        spent = f"{one['cpu_seconds']:8.1f}{one['wall_seconds']:8.1f}{compiling:>10s}"
        quality = f"{one['log_prob']:8.3f}{one['log_prob_inside']:8.3f}{one['outside']:9.2%}"
        many = f"{one['many_observations']:,}: {one['many_seconds']:.2f} s"
        draws = f"{one['draw_ms']:11.0f} ms{many:>18s}"
        lines.append(f"{one['name']:14s}{one['parameters']:11,d}{one['epochs'] or '-':>7}{spent}{quality}{draws}")
    return lines


def ratios(found: Mapping[str, Figures], steps: Sequence[Figures]) -> Iterator[str]:
    """How many times the CPU seconds of sbi's training ours to its level are, against each of its estimators."""
    for name in (name for name in TARGETS if name in found):
        rival = found[name]
        for told, level in (("", rival["log_prob"]), (", cut off at the prior", rival["log_prob_inside"])):
            ours = crossing(steps, level)
            start = f"to the level of {name}{told} ({level:.3f}): "
            if ours is None:
                yield start + "not reached"
                continue
            ratio = f"{rival['cpu_seconds'] / ours['cpu_seconds']:.1f} (wall {rival['wall_seconds'] / ours['wall_seconds']:.1f})"
            seconds = f"{rival['cpu_seconds']:.1f} / {ours['cpu_seconds']:.1f} CPU seconds"
            yield f"{start}{seconds} = {ratio}; at most {ours['epochs']} epochs, ending at {ours['log_prob']:.3f}"


def compared(options: argparse.Namespace, rivals: Mapping[str, Rival]) -> dict[str, Any]:
    """Run every rival that is asked for, then ours to the levels of sbi."""
    found: dict[str, Figures] = {}
    steps: list[Figures] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "simulations.npz"
        protocol.write(path, simulated(options.task, options.simulations, options.seed))
        for name in options.only:
            print(f"{name} ...", file=sys.stderr, flush=True)
            try:
                found[name] = measured(name, rivals[name], path, options)
            except RivalError as error:
                print(error, file=sys.stderr, flush=True)
        levels = [found[name]["log_prob_inside"] for name in TARGETS if name in found]
        if levels and "astro_sbi_1" in found:

            def short(epochs: int) -> Figures:
                return measured("astro_sbi_1", rivals["astro_sbi_1"], path, options, ("--epochs", str(epochs), "--train-only"))

            steps = ladder(short, max(levels), found["astro_sbi_1"])
    described = {name: getattr(options, name) for name in ("task", "simulations", "seed", "threads")}
    return {**described, "rivals": list(found.values()), "ladder": steps}


def epochs_compared(options: argparse.Namespace) -> list[str]:
    """Milliseconds of an epoch for each batch size."""
    from benchmarks.rivals.epochs import epoch_seconds

    protocol.confine(options.threads)
    sets = simulated(options.task, options.simulations, options.seed)
    lines = [f"{'batch':>6s}{'fit_to_data':>14s}{'its flow, our loop':>20s}{'our flow, our loop':>20s}{'ratios':>14s}"]
    for batch in (64, 200, 1000):
        theirs, same, ours = epoch_seconds(sets, batch, options.seed)
        lines.append(f"{batch:6d}{1e3 * theirs:11.1f} ms{1e3 * same:17.1f} ms{1e3 * ours:17.1f} ms{theirs / same:7.1f}{theirs / ours:7.1f}")
        print(lines[-1], file=sys.stderr, flush=True)
    return lines


def parsed(arguments: list[str] | None, rivals: Mapping[str, Rival]) -> argparse.Namespace:
    """The command line; a Python that is not there is refused with exit status 2."""
    parser = argparse.ArgumentParser(description="astro_sbi beside the libraries that a user would choose instead.")
    parser.add_argument("--task", default="slcp")
    parser.add_argument("--simulations", type=int, default=10_000)
    parser.add_argument("--peers-python", type=Path, metavar="PYTHON", help="of the environment that benchmarks/README.md describes")
    parser.add_argument("--only", default=",".join(rivals), type=lambda text: text.split(","), metavar="NAME,..")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--output", type=Path, metavar="JSON")
    parser.add_argument("--epochs-only", action="store_true", help="compare the seconds of one epoch with FlowJAX's loop")
    options = parser.parse_args(arguments)
    unknown = [name for name in options.only if name not in rivals]
    if unknown:
        parser.error(f"there is no rival {', '.join(unknown)}; there are {', '.join(rivals)}")
    foreign = [name for name in options.only if not rivals[name].own]
    if foreign and not options.epochs_only and not (options.peers_python and os.access(options.peers_python, os.X_OK)):
        parser.error(f"{', '.join(foreign)} need --peers-python, the Python of the peers' environment; got {options.peers_python}")
    return options


def main(arguments: list[str] | None = None, rivals: Mapping[str, Rival] = RIVALS) -> int:
    """Run, print the table, keep the figures."""
    options = parsed(arguments, rivals)
    if options.epochs_only:
        print("\n".join(epochs_compared(options)))
        return 0
    result = compared(options, rivals)
    found = {one["name"]: one for one in result["rivals"]}
    print(f"{options.task}, {options.simulations:,} simulations, {options.threads} threads, seed {options.seed}\n")
    print("\n".join([*table(result["rivals"]), "", *ratios(found, result["ladder"])]))
    if options.output:
        options.output.parent.mkdir(parents=True, exist_ok=True)
        options.output.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0 if len(found) == len(options.only) else 1


if __name__ == "__main__":
    sys.exit(main())
