"""Small files, small functions, few arguments, the field's names."""

import ast
import re

from tests.house.tree import Source, sources

LINES = {"pages": 120, "app": 60}
FUNCTION_LINES = 50
ARGUMENTS = 6
UNWANTED = {"utils", "util", "helpers", "helper", "common", "manager", "handler"}


def too_long(source: Source) -> bool:
    return len(source.text.splitlines()) >= LINES.get(source.room, 300)


def test_files_are_short():
    long = [f"{s.path}: {len(s.text.splitlines())} lines" for s in (*sources(), *sources("tests")) if too_long(s)]
    assert not long, "files grow beyond 300 lines, pages beyond 120 or app.py beyond 60:\n" + "\n".join(long)


def test_functions_are_short():
    long = [
        f"{source.path}:{function.lineno} {function.name}: {lines} lines"
        for source in sources()
        for function in source.functions()
        if (lines := function.end_lineno - function.lineno + 1) >= FUNCTION_LINES
    ]
    assert not long, f"functions of {FUNCTION_LINES} lines or more:\n" + "\n".join(long)


def test_few_positional_arguments():
    many = [
        f"{source.path}:{function.lineno} {function.name}: {count} positional arguments"
        for source in sources()
        for function in source.functions()
        if (count := len(function.args.posonlyargs) + len(function.args.args)) > ARGUMENTS
    ]
    assert not many, "\n".join(many)


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", name)}


def defined_names(source: Source) -> list[tuple[int, str]]:
    nodes = [node for node in source.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.arg)]
    names = [(node.lineno, node.arg if isinstance(node, ast.arg) else node.name) for node in nodes]
    return [(0, source.path.rsplit("/", 1)[-1].removesuffix(".py")), *names]


def test_names_are_the_fields():
    vague = [
        f"{source.path}:{line} {name}"
        for source in sources()
        for line, name in defined_names(source)
        if words(name) & UNWANTED or name == "data"
    ]
    assert not vague, "names that say nothing:\n" + "\n".join(vague)
