"""The project's source files and their syntax trees, for the tests of the house rules."""

import ast
import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """One source file: its path from the root, its room, its text and its syntax tree."""

    path: str
    text: str

    @functools.cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text)

    @property
    def room(self) -> str:
        """Name of the package's room ("" for the package itself), else of the top folder or file."""
        parts = Path(self.path).parts
        if parts[0] == "astro_sbi":
            return parts[1] if len(parts) > 2 else Path(parts[-1]).stem.replace("__init__", "")
        return Path(parts[0]).stem

    @property
    def touches_streamlit(self) -> bool:
        """Whether this is one of the places that may import streamlit."""
        return self.room in ("ui", "pages", "app")

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the syntax tree."""
        return tuple(ast.walk(self.tree))

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in self.nodes if isinstance(node, Function))

    def imports(self) -> Iterator[tuple[int, str]]:
        """Line and full name of every imported module, absolute imports only."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node.lineno, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)

    @functools.cached_property
    def calls(self) -> tuple[tuple[ast.Call, str], ...]:
        """Every call and the dotted name that is called ("" where that is no name)."""
        return tuple((node, dotted(node.func)) for node in self.nodes if isinstance(node, ast.Call))


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an attribute chain that starts at a name, else the chain's known end, else an empty text."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return ""


@functools.cache
def sources(*folders: str) -> tuple[Source, ...]:
    """The source files under some folders or files of the project; without a name, all that is not a test."""
    paths: list[Path] = []
    for name in folders or ("astro_sbi", "pages", "app.py", "benchmarks"):
        path = ROOT / name
        paths += sorted(path.rglob("*.py")) if path.is_dir() else [path] * path.exists()
    return tuple(map(source_at, paths))


@functools.cache
def source_at(path: Path) -> Source:
    """One source file; the same object each time, so that its nodes are listed once."""
    return Source(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))


def statements_at_import(tree: ast.Module) -> Iterator[ast.stmt]:
    """Statements that run when a module is imported: its own and its classes', without functions."""
    pending: list[ast.stmt] = list(tree.body)
    while pending:
        statement = pending.pop(0)
        yield statement
        for field in () if isinstance(statement, Function) else ("body", "orelse", "finalbody", "handlers"):
            pending += [child for child in getattr(statement, field, []) if isinstance(child, ast.stmt)]
