import subprocess
import sys
from pathlib import Path

import pytest

from astro_sbi.runs import finished
from astro_sbi.runs.bundle import write_bundle
from astro_sbi.runs.keys import key_of
from astro_sbi.runs.result import to_files
from astro_sbi.runs.store import Store, StoreError
from tests.runs.stand_ins import made_up


@pytest.fixture
def example(tmp_path, monkeypatch):
    """Key of an example in a folder of examples."""
    monkeypatch.setattr(finished, "examples_folder", lambda: tmp_path / "examples")
    result = made_up()
    write_bundle(tmp_path / "examples" / result.key, "result", result.key, to_files(result))
    (tmp_path / "examples" / "README.md").write_text("not an example")
    return result.key


def test_examples_are_listed_and_opened_without_a_store(example, tmp_path):
    (view,) = finished.examples()
    assert (view.key, view.simulator, view.title) == (example, "transit", "star.csv: Transit")
    assert finished.result(Store(tmp_path / "none"), example).summary == view.summary
    assert not (tmp_path / "none").exists()


def test_a_damaged_example_is_said_and_left_where_it_is(example, tmp_path):
    path = tmp_path / "examples" / example / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(StoreError, match="install the package again"):
        finished.result(Store(tmp_path / "none"), example)
    assert path.exists()


@pytest.mark.parametrize("key", [key_of("nothing"), "../../examples", ""])
def test_no_result(example, tmp_path, key):
    with pytest.raises(StoreError, match="there is no result"):
        finished.result(Store(tmp_path), key)


@pytest.mark.slow
def test_a_stored_result_opens_without_jax_astropy_or_a_database(tmp_path):
    result = made_up()
    Store(tmp_path).commit("result", result.key, to_files(result))
    look = (
        "import sys; from pathlib import Path; from astro_sbi.runs.finished import result; from astro_sbi.runs.store import Store\n"
        "print(result(Store(Path(sys.argv[1])), sys.argv[2]).summary['verdict'],"
        "[name for name in ('jax', 'astropy', 'sqlalchemy', 'streamlit') if name in sys.modules])"
    )
    start = [sys.executable, "-c", look, str(tmp_path), result.key]
    out = subprocess.run(start, capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[2]).stdout
    assert out == "caution []\n"
