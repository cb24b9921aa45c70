"""A stranger's simulator, from an empty folder or an installed package to a checked posterior."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from astropy.modeling.models import BlackBody

from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.request import resolve
from astro_sbi.runs.settings import Settings, SettingsError, request_key
from astro_sbi.simulators import registry, simulator
from tests.house.test_readme import code_blocks, python_example
from tests.house.tree import ROOT

EXAMPLE = ROOT / "examples" / "dust_emission"
SMALL = ["train.simulations=4096", "train.steps=400", "train.later_steps=300", "train.rounds=2"]


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True, timeout=540, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def curve(folder: Path, x: np.ndarray, y: np.ndarray, error: np.ndarray) -> Path:
    path = folder / "curve.csv"
    np.savetxt(path, np.column_stack([x, y, error]), delimiter=",", header="x,y,y_err", comments="")
    return path


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_readme_leads_from_an_empty_folder_to_a_checked_posterior(tmp_path: Path, session_store: Path):
    file, commands = python_example("OwnSimulator("), next(block for block in code_blocks("") if "--simulator rotation_curve.py" in block)
    (tmp_path / "rotation_curve.py").write_text(file, "utf-8")
    for line in commands.strip().splitlines():
        words = line.split("#")[0].split()
        assert words[0] == "python"
        told = [word for change in SMALL for word in ("--set", change)] if "infer" in words else []
        done = run([sys.executable, *words[1:], *told], tmp_path, ASTRO_SBI_STORE=str(session_store), PYTHONPATH=str(ROOT))
    assert "verdict: good" in done.stdout, done.stdout
    far = next(line.split() for line in done.stdout.splitlines() if line.startswith("far "))
    assert float(far[1]) == pytest.approx(220, abs=4 * float(far[3].strip("+")))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_example_is_installed_and_used_in_a_fresh_environment(tmp_path: Path, session_store: Path):
    shutil.copytree(EXAMPLE, tmp_path / "package")
    venv.create(tmp_path / "fresh", with_pip=False)
    python = tmp_path / "fresh" / "bin" / "python"
    (folder,) = (tmp_path / "fresh").glob("lib/*/site-packages")
    # What astro_sbi needs is not downloaded again: the new environment looks for it where these tests have it.
    (folder / "dependencies.pth").write_text("\n".join([str(ROOT), *site.getsitepackages()]))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(python)]
    run([*pip, "install", "--quiet", "--no-deps", "--no-build-isolation", str(tmp_path / "package")], tmp_path)
    x = np.array([70, 100, 160, 250, 350, 500, 850.0])
    truth = dust(x * u.um, 1e7 * u.solMass, 22 * u.K, 1.8, 3.6 * u.Mpc)
    observed = curve(tmp_path, x, truth * (1 + 0.05 * np.random.default_rng(1).standard_normal(7)), 0.05 * truth)
    told = [word for change in (*SMALL, "fix.distance=3.6") for word in ("--set", change)]
    command = [str(python), "-m", "astro_sbi", "infer", "dust_emission", str(observed), "--json", *told]
    summary = json.loads(run(command, tmp_path, ASTRO_SBI_STORE=str(session_store), PYTHONPATH="").stdout)
    for name, value in (("log_mass", 7.0), ("temperature", 22.0), ("beta", 1.8)):
        found = summary["parameters"][name]
        assert found["lower"] - 2 * (found["upper"] - found["lower"]) < value < found["upper"] + 2 * (found["upper"] - found["lower"])
    assert summary["verdict"] in ("good", "caution")
    listed = run([str(python), "-m", "astro_sbi", "list"], tmp_path, ASTRO_SBI_STORE=str(session_store), PYTHONPATH="").stdout
    assert "Cold dust of a galaxy" in listed


def dust(wavelength: u.Quantity, mass: u.Quantity, temperature: u.Quantity, beta: float, distance: u.Quantity) -> np.ndarray:
    """Flux density [Jy] with astropy's black body and constants."""
    opacity = 0.077 * u.m**2 / u.kg * ((850 * u.um / wavelength) ** beta).to(u.one)
    intensity = BlackBody(temperature)(constants.c / wavelength)
    return (mass * opacity * intensity / distance**2 * u.sr).to_value(u.Jy)


def test_the_example_is_hildebrand_s_equation(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(registry.FILES, str(EXAMPLE / "dust_emission.py"))
    one = simulator("dust_emission")
    x = np.asarray(one.example_x)
    ours = one.model(x, 8.2, 35.0, 1.5, 25.0)
    assert np.allclose(ours, dust(x * u.um, 10**8.2 * u.solMass, 35 * u.K, 1.5, 25 * u.Mpc), rtol=1e-3)


@pytest.mark.slow
def test_a_changed_file_is_another_request_and_another_training(brought: Path):
    content = b"radius,speed,speed_err\n" + b"".join(b"%d,%d,5\n" % (x, 100 + x) for x in range(1, 30))
    settings = Settings("disc_of_file")
    key, request = request_key(settings, sha256_of(content)), resolve("disc.csv", content, settings)
    assert request.prepared.observation.kind == "curve"
    assert request.prepared.observation.coordinate_axis.label == "Radius [kpc]"
    brought.write_text(brought.read_text().replace("np.arctan", "1.0 * np.arctan"))
    assert request_key(settings, sha256_of(content)) != key
    assert resolve("disc.csv", content, settings).training_key != request.training_key


@pytest.mark.slow
def test_a_model_that_fails_is_refused_before_anything_is_trained(brought: Path):
    brought.write_text(brought.read_text().replace("return far", "raise OverflowError('too fast')\n    return far"))
    with pytest.raises(registry.SimulatorError, match=r"the model of disc_of_file fails at far=225, core=1\.414: OverflowError: too fast"):
        resolve("disc.csv", b"radius,speed,speed_err\n1,120,4\n2,160,6\n3,181,5\n", Settings("disc_of_file"))


@pytest.mark.slow
def test_a_file_in_another_unit_is_converted_and_one_of_another_kind_refused(brought: Path):
    content = b"radius,speed,speed_err\n1000,120,4\n2000,160,6\n3000,181,5\n"
    settings = Settings("disc_of_file", changes=(("read.coordinate_unit", "pc"), ("read.value_unit", "km/s")))
    assert resolve("disc.csv", content, settings).prepared.observation.points.coordinate.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="does not convert to kpc"):
        resolve("disc.csv", content, Settings("disc_of_file", changes=(("read.coordinate_unit", "d"),)))
    with pytest.raises(SettingsError, match=r"read\.kind is light_curve or"):
        resolve("disc.csv", content, Settings("disc_of_file", changes=(("read.kind", "disc"),)))
