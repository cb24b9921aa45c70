"""Fixtures that every room's tests share."""

import gc
import importlib
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from astro_sbi.simulators import registry
from tests.own_file import FILE

TESTS = Path(__file__).resolve().parent
SHARED = TESTS.parents[1] / "shared"


def pytest_configure() -> None:
    """Keep tests away from the user's store and compile each jax program once for all sessions."""
    os.environ["ASTRO_SBI_STORE"] = tempfile.mkdtemp(prefix="astro_sbi-store-")
    caches = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(caches / "astro_sbi-tests" / "jax"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")


def pytest_unconfigure() -> None:
    """Remove the session's store."""
    shutil.rmtree(os.environ["ASTRO_SBI_STORE"], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the browser's tests by their folder; the longest files go first, so that no process waits for another at the end.

    Those are files with slow tests of real observations, whose inferences take a minute each, then others with slow tests.
    """
    for item in items:
        if item.path.is_relative_to(TESTS / "browser"):
            item.add_marker("browser")
    slow = [item for item in items if item.get_closest_marker("slow") or item.get_closest_marker("browser")]
    real = Counter(item.path for item in slow if "shared" in getattr(item, "fixturenames", ()))
    others = {item.path for item in slow}
    items.sort(key=lambda item: (-real[item.path], item.path not in others))


def pytest_collection_finish() -> None:
    """What was imported stays; the garbage collector need not go through it again and again."""
    gc.freeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real observations and reference posteriors, which lies beside the checkout where there is one."""
    if not (SHARED / "observations").is_dir():
        pytest.skip("the folder 'shared' with real observations is not beside this checkout")
    return SHARED


@pytest.fixture(scope="session")
def session_store() -> Path:
    """The store of this test session, which ``ASTRO_SBI_STORE`` names."""
    return Path(os.environ["ASTRO_SBI_STORE"])


@pytest.fixture
def empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store of the test's own, which ``ASTRO_SBI_STORE`` names."""
    root = tmp_path / "store"
    monkeypatch.setenv("ASTRO_SBI_STORE", str(root))
    return root


@pytest.fixture
def read_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are parsed in this process, for tests of what follows; a child takes half a second to start, and gives the same."""

    def answer_of(module: str, request: bytes) -> bytes:
        return importlib.import_module(module).answer(request)

    monkeypatch.setattr("astro_sbi.observations.reading.answer_of", answer_of)


@pytest.fixture
def brought(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a simulator called disc_of_file, named in the environment."""
    path = tmp_path / "my_disc.py"
    path.write_text(FILE.format(name="disc_of_file"))
    monkeypatch.setenv(registry.FILES, str(path))
    return path
