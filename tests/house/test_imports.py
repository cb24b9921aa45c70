"""Who imports what: streamlit only where pages are made, jax only where something is computed."""

import ast
import subprocess
import sys

import pytest

from tests.house.tree import ROOT, Source, sources

COMPUTING = ("jax", "jaxlib", "flax", "equinox", "flowjax", "optax", "jaxoplanet", "blackjax")
#: What a page that shows a stored result touches. The worker and the task it runs do compute.
VIEWING_RUNS = {"api", "catalogue", "executor", "export", "jobs", "keys", "result", "settings", "store"}
TYPES = {
    "astro_sbi.observations.observation",
    "astro_sbi.observations.preparation",
    "astro_sbi.simulators.base",
    "astro_sbi.simulators.prior",
    "astro_sbi.inference.posterior",
}

BLOCK = """
import importlib, sys
blocked, modules = sys.argv[1].split(","), sys.argv[2].split(",")
for name in blocked:
    sys.modules[name] = None
for name in modules:
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(f"{name}: {error}")
"""


def module_name(source: Source) -> str:
    return source.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def import_with_blocked(blocked: tuple[str, ...], modules: list[str]) -> str:
    """What fails when some modules are imported in a fresh interpreter that has not the blocked ones."""
    command = [sys.executable, "-c", BLOCK, ",".join(blocked), ",".join(modules)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def views(source: Source) -> bool:
    name = module_name(source)
    return source.room in ("figures", "ui") or name in TYPES or (source.room == "runs" and name.rsplit(".", 1)[-1] in VIEWING_RUNS)


@pytest.mark.slow
def test_only_pages_import_streamlit():
    found = [
        f"{source.path}:{line}"
        for source in sources()
        if not source.touches_streamlit
        for line, name in source.imports()
        if name.split(".")[0] == "streamlit"
    ]
    assert not found, "streamlit imported outside ui, pages and app.py:\n" + "\n".join(found)


@pytest.mark.slow
def test_nothing_imports_pages():
    found = [f"{s.path}:{line}" for s in sources() for line, name in s.imports() if name.split(".")[0] in ("pages", "app", "tests")]
    assert not found, "\n".join(found)


@pytest.mark.slow
def test_core_imports_without_streamlit():
    modules = [module_name(s) for s in sources("astro_sbi") if not s.touches_streamlit]
    assert import_with_blocked(("streamlit",), modules) == ""


@pytest.mark.slow
def test_viewing_imports_without_jax():
    modules = [module_name(source) for source in sources("astro_sbi") if views(source)]
    assert import_with_blocked(COMPUTING, ["astro_sbi", *modules]) == ""


def streamlit_names(source: Source, *names: str) -> list[str]:
    lines = [(number, line.split("#")[0]) for number, line in enumerate(source.text.splitlines(), 1)]
    return [f"{source.path}:{number} {line.strip()}" for number, line in lines if any(name in line for name in names)]


def test_session_state_is_named_in_one_file():
    places = [line for s in sources() if s.path != "astro_sbi/ui/state.py" for line in streamlit_names(s, "session_state")]
    assert not places, "session_state outside ui/state.py:\n" + "\n".join(places)


CACHES = ("astro_sbi/ui/cached.py", "astro_sbi/ui/cached_models.py")


def test_caches_are_named_in_two_files():
    places = [line for s in sources() if s.path not in CACHES for line in streamlit_names(s, "cache_data", "cache_resource")]
    assert not places, f"streamlit's caches outside {' and '.join(CACHES)}:\n" + "\n".join(places)


@pytest.mark.parametrize("path", CACHES)
def test_caches_are_bounded(path):
    (source,) = sources(path)
    decorators = [(function, decorator) for function in source.functions() for decorator in function.decorator_list]
    bounded = {id(call.func) for call, _ in source.calls if any(k.arg == "max_entries" for k in call.keywords)}
    loose = [
        f"{path}:{function.lineno} {function.name}"
        for function, decorator in decorators
        if "cache_" in ast.unparse(decorator) and id(getattr(decorator, "func", decorator)) not in bounded
    ]
    assert not loose, "caches without max_entries:\n" + "\n".join(loose)
