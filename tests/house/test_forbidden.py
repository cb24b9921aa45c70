"""What no source file does: unsafe HTML, pickles, evaluated text, swallowed exceptions, state at import."""

import ast
import re

from tests.house.tree import ROOT, Source, dotted, sources, statements_at_import

CALLS = {"eval", "exec", "compile", "__import__", "st.html", "streamlit.html", "os.system", "joblib.load"}
MODULES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
ARRAYS = re.compile(
    r"^(np|numpy|jnp|jax\.numpy)\.(random\.)?(array|asarray|zeros|ones|full|empty|eye|arange|linspace|logspace|geomspace|load|loadtxt|default_rng)$"
    r"|^(jax\.)?random\.(key|PRNGKey)$|^jr\.(key|PRNGKey)$"
)
CONTAINERS = {"list", "dict", "set", "defaultdict", "collections.defaultdict", "deque", "Lock", "threading.Lock"}
WRITES = {
    "write_text",
    "write_bytes",
    "mkdir",
    "makedirs",
    "unlink",
    "rmtree",
    "touch",
    "savez",
    "savez_compressed",
    "savetxt",
    "to_netcdf",
    "save_file",
}


def report(found: list[str], rule: str) -> None:
    assert not found, f"{rule}:\n" + "\n".join(found)


def test_no_forbidden_call():
    found = [
        f"{source.path}:{call.lineno} {name or 'a call'}"
        for source in sources()
        for call, name in source.calls
        if name in CALLS
        or name.endswith(("components.v1.html", "components.html"))
        or any(k.arg == "unsafe_allow_html" or (k.arg == "allow_pickle" and not is_false(k.value)) for k in call.keywords)
    ]
    report(found, "unsafe HTML, pickled arrays or evaluated text")


def is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_no_pickles():
    found = [f"{s.path}:{line} {name}" for s in sources() for line, name in s.imports() if name.split(".")[0] in MODULES]
    report(found, "modules that run what they load")


def test_no_print_in_the_core():
    core = [source for source in sources("astro_sbi") if source.room != "__main__"]
    report([f"{s.path}:{call.lineno}" for s in core for call, name in s.calls if name == "print"], "print in the core")


def swallows(handler: ast.ExceptHandler) -> bool:
    broad = handler.type is None or dotted(handler.type) in ("Exception", "BaseException")
    return handler.type is None or (broad and all(isinstance(statement, ast.Pass | ast.Continue) for statement in handler.body))


def test_no_swallowed_exception():
    handlers = [(s, node) for s in sources() for node in s.nodes if isinstance(node, ast.ExceptHandler)]
    report([f"{s.path}:{node.lineno}" for s, node in handlers if swallows(node)], "bare except, or one that passes over everything")


def test_no_star_import_and_no_global():
    found = [
        f"{source.path}:{node.lineno}"
        for source in sources()
        for node in source.nodes
        if isinstance(node, ast.Global) or (isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names))
    ]
    report(found, "star imports and global statements")


def built_at_import(source: Source) -> list[str]:
    """Arrays, random keys and mutable containers that a module or class body binds."""
    found = []
    for statement in statements_at_import(source.tree):
        if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
            continue
        value = statement.value
        calls = [dotted(node.func) for node in ast.walk(value) if isinstance(node, ast.Call)]
        empty = isinstance(value, ast.List | ast.Set) or (isinstance(value, ast.Dict) and not value.keys)
        state = empty or (isinstance(value, ast.Call) and dotted(value.func) in CONTAINERS)
        names = {dotted(target) for target in getattr(statement, "targets", [getattr(statement, "target", None)])}
        if (state and names != {"__all__"}) or any(ARRAYS.match(name) for name in calls):
            found.append(f"{source.path}:{statement.lineno}")
    return found


def test_nothing_is_built_at_import():
    found = [line for source in sources("astro_sbi", "pages", "app.py") if source.room != "pages" for line in built_at_import(source)]
    report(found, "arrays, random keys or mutable state bound at import")


def test_only_runs_writes():
    """The command line may write the file its user asked for."""
    found = [
        f"{source.path}:{call.lineno} {name}"
        for source in sources("astro_sbi", "pages", "app.py")
        if source.room not in ("runs", "__main__")
        for call, name in source.calls
        if name.rsplit(".", 1)[-1] in WRITES or opens_for_writing(call, name)
    ]
    report(found, "writes outside runs")


def opens_for_writing(call: ast.Call, name: str) -> bool:
    mode = call.args[1] if name == "open" and len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "mode"), None)
    return name.rsplit(".", 1)[-1] == "open" and isinstance(mode, ast.Constant) and bool(set(str(mode.value)) & set("wax+"))


def test_no_path_of_a_machine():
    """Committed text names no folder outside the repository and no registry."""
    hidden = re.compile(r"/(home|Users|root|work|opt)/[a-z]")
    files = [
        ROOT / name for name in ("requirements.txt", "requirements-dev.txt", "pyproject.toml", "Makefile", "README.md", "CONTRIBUTING.md")
    ]
    texts = {source.path: source.text for source in (*sources(), *sources("tests"))} | {f.name: f.read_text() for f in files if f.exists()}
    report([path for path, text in texts.items() if hidden.search(text)], "paths of one machine")
