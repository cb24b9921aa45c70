"""The pages of documentation are programs that run, here with small budgets."""

import re
import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
#: Numbers of simulations as the pages write them, and as the tests run them.
BUDGETS = {"10_000": "3_000", "20_000": "4_000"}


def program(page: Path) -> str:
    """All python blocks of a page, one after the other, with small budgets."""
    text = "\n\n".join(re.findall(r"^```python\n(.*?)^```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE))
    for written, run in BUDGETS.items():
        text = text.replace(written, run)
    return text


@pytest.fixture
def small_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """Default settings that train in seconds."""
    from astro_sbi.inference import npe, rounds
    from astro_sbi.inference.settings import NetworkSettings, TrainingSettings

    network = NetworkSettings(
        flow="affine_coupling", conditioner="mlp", layers=3, width=32, embedding="mlp", embedding_width=48, context=12
    )
    training = TrainingSettings(batch=32, rate=4e-3, held_out=256, patience=4, schedule="plateau", least_gain=1e-3, average=0.97)
    settings = npe.NPESettings(recipes=(npe.Recipe(network, 0.0),), ensemble=1, epochs=15, training=training)
    in_rounds = replace(rounds.SequentialNPESettings(), rounds=2, npe=settings)
    monkeypatch.setattr(npe, "NPESettings", lambda **given: replace(settings, **given))
    monkeypatch.setattr(rounds, "SequentialNPESettings", lambda **given: replace(in_rounds, **given))


def test_there_are_pages():
    assert ROOT / "docs" / "python_api.md" in PAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_places_exist(page: Path):
    places = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert all((page.parent / place).exists() for place in places), places


@pytest.mark.slow
def test_inference_in_python(small_defaults: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "python_api.py"
    script.write_text(program(ROOT / "docs" / "python_api.md"), "utf-8")
    names = runpy.run_path(str(script))
    truth = np.asarray(names["truth"])
    for draws in (names["draws"], names["equal"], names["sequential"].sample(2000)):
        assert np.all(np.abs(draws.mean(axis=0) - truth) < [0.5, 15, 15])
        assert np.all(draws.std(axis=0) < [0.7, 20, 20])
    assert np.allclose(names["ranks"].mean(axis=0), 0.5, atol=0.12)
    assert names["exact"].importance.ess > 100
    assert str(names["from_table"].dropped) == "20 of 3000 simulations are not finite and were left out"
    assert np.array_equal(names["loaded"].posterior(names["x_observed"]).sample(2000, seed=2), names["draws"])
    assert [path.name for path in (tmp_path / "training").iterdir()] == ["training-0.safetensors"]
    assert names["again"].held_out == pytest.approx(names["smaller"].held_out)
