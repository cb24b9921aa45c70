"""What the README says is so."""

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from astro_sbi.observations.options import ReadOptions
from tests.house import simulator_table
from tests.house.tree import ROOT, sources

README = (ROOT / "README.md").read_text("utf-8")
DEPTH = 0.01


def code_blocks(language: str) -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    return [text for name, text in blocks if name == language]


def python_example(containing: str) -> str:
    """The block of Python in which something stands."""
    (found,) = (block for block in code_blocks("python") if containing in block)
    return found


def write_light_curve(path: Path) -> None:
    """27 days of a star with a planet of a tenth of its radius every three days: trapezoids and white noise."""
    random = np.random.default_rng(1)
    time = np.arange(0.0, 27.0, 10.0 / 1440.0)
    from_centre = np.abs((time - 1.3 + 1.5) % 3.0 - 1.5)
    flux = 1.0 - DEPTH * np.clip((0.075 - from_centre) / 0.015, 0.0, 1.0) + 4e-4 * random.standard_normal(len(time))
    np.savetxt(path, np.column_stack([time, flux, np.full_like(time, 4e-4)]), delimiter=",", header="time,flux,flux_err", comments="")


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_python_example_runs(tmp_path: Path, session_store: Path):
    example = python_example("astro_sbi.infer(")
    write_light_curve(tmp_path / "my_light_curve.csv")
    environment = {**os.environ, "ASTRO_SBI_STORE": str(session_store), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", example]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    radius_ratio = float(re.search(r"^radius_ratio = ([0-9.]+)", done.stdout, re.MULTILINE)[1])
    assert radius_ratio == pytest.approx(np.sqrt(DEPTH), rel=0.1), done.stdout


@pytest.mark.slow
def test_example_of_simulations_runs(tmp_path: Path, session_store: Path):
    shown = "print(result.summary['parameters']['mass']['median'], result.summary['parameters']['slope']['median'])"
    example = python_example("infer_from_simulations") + shown
    environment = {**os.environ, "ASTRO_SBI_STORE": str(session_store), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", example]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.startswith("caution")
    mass, slope = map(float, done.stdout.splitlines()[-1].split())
    # Mean of the posterior on a grid of both parameters: 6.093 +- 0.194 and 0.994 +- 0.055.
    assert mass == pytest.approx(6.093, abs=0.1)
    assert slope == pytest.approx(0.994, abs=0.03)


def test_examples_are_short():
    examples = [python_example("astro_sbi.infer("), python_example("infer_from_simulations")]
    assert all(len(example.strip().splitlines()) <= 10 for example in examples)


def test_table_of_simulators_is_the_registry():
    assert simulator_table.written() == simulator_table.table(), "python -m tests.house.simulator_table"


def test_limits_are_those_of_the_verdict():
    from astro_sbi.diagnostics.thresholds import threshold

    named = ["ess", "khat", "peak_outside", "noise_ratio", "misfit", "red_noise", "calibration", "coverage", "correlations", "distance"]
    named += ["prior_range", "ensemble"]
    rows = re.findall(r"^\| [^|]+ \| (?:at least|up to|below) (\S+) \| (?:below|above) (\S+) \|$", README, re.MULTILINE)
    limits = [tuple(float(number.replace(",", "")) for number in row) for row in rows]
    assert limits == [(threshold(name).good, threshold(name).bad) for name in named]


def test_make_has_every_command():
    commands = set(re.findall(r"^make (\w+)", "".join(code_blocks("")), re.MULTILINE))
    assert commands >= {"app", "test", "check", "bench"}
    assert commands <= set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


@pytest.mark.slow
def test_commands_are_those_of_the_program():
    subcommands = list(dict.fromkeys(re.findall(r"^python -m astro_sbi (\w+)", "".join(code_blocks("")), re.MULTILINE)))
    assert subcommands == ["list", "read", "fetch", "infer", "simulations", "check", "compare", "runs"]
    for subcommand in subcommands:
        command = [sys.executable, "-m", "astro_sbi", subcommand, "--help"]
        assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False).returncode == 0, subcommand


def test_answers_to_a_reader_are_those_of_the_program():
    section = README.partition("| `read.X` |")[2].partition("\n\n")[0]
    named = {name for cell in re.findall(r"^\| (.+?) \|", section, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)}
    assert named == {field.name for field in fields(ReadOptions)}


def test_variables_are_read_somewhere():
    code = "".join(source.text for source in sources("astro_sbi"))
    named = set(re.findall(r"`(ASTRO_SBI_\w+)`", README))
    assert named
    assert all(name in code for name in named)


def test_links_and_pictures_exist():
    places = re.findall(r"\]\(([^)#:]+)\)", README)
    assert all((ROOT / place).exists() for place in places), places


def test_layout_is_the_tree():
    block = next(block for block in code_blocks("") if block.startswith("app.py"))
    assert all((ROOT / path).exists() for path in re.findall(r"^(\S+/)", block, re.MULTILINE))
