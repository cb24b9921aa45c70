"""The pins, the ranges and the imports agree."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT, sources


def lines(name: str) -> list[str]:
    texts = (line.split("#")[0].strip() for line in (ROOT / name).read_text("utf-8").splitlines())
    return [text for text in texts if text]


def pins(name: str) -> dict[str, Requirement]:
    requirements = [Requirement(line) for line in lines(name) if not line.startswith("-r ")]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def ranges(kind: str) -> list[Requirement]:
    table = project()
    return [Requirement(text) for text in (table["project"]["dependencies"] if kind == "app" else table["dependency-groups"]["dev"])]


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_version_is_exact(name: str):
    loose = [str(requirement) for requirement in pins(name).values() if not re.fullmatch(r"==[0-9][0-9a-z.]*", str(requirement.specifier))]
    assert not loose
    assert all("://" not in line and (not line.startswith("-") or line == "-r requirements.txt") for line in lines(name))


@pytest.mark.parametrize(("kind", "name"), [("app", "requirements.txt"), ("dev", "requirements-dev.txt")])
def test_pins_lie_in_the_ranges(kind: str, name: str):
    pinned = pins(name)
    for requirement in ranges(kind):
        pin = pinned[canonicalize_name(requirement.name)]
        version = str(pin.specifier).removeprefix("==")
        assert requirement.specifier.contains(version), f"{name} pins {pin}, pyproject.toml wants {requirement}: make lock"


def test_both_files_pin_the_same():
    app, dev = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: str(dev[name]) for name in app.keys() & dev.keys()} == {name: str(app[name]) for name in app.keys() & dev.keys()}


def of_folder(path: object, allowed: dict[str, set[str]]) -> set[str]:
    """What files of this folder and of those above it may import beside the app's dependencies."""
    return set().union(*(names for folder, names in allowed.items() if f"{path}".startswith(f"{folder}/")))


def test_every_import_is_a_dependency():
    declared = {canonicalize_name(requirement.name) for requirement in ranges("app")}
    owners = packages_distributions()
    allowed = {
        "benchmarks": {canonicalize_name(requirement.name) for requirement in ranges("dev")},
        "benchmarks/rivals": set(pins("benchmarks/requirements-peers.txt")),
    }
    own = {"astro_sbi", "pages", "benchmarks"}
    missing = {
        f"{source.path}: {name}"
        for source in sources()
        for _, module in source.imports()
        if (name := module.split(".")[0]) not in sys.stdlib_module_names | own
        and not (declared | of_folder(source.path, allowed)) & {canonicalize_name(owner) for owner in owners.get(name, [name])}
    }
    assert not missing, "imported, but not among the dependencies of pyproject.toml:\n" + "\n".join(sorted(missing))


def test_every_dependency_is_imported():
    owners = packages_distributions()
    names = {module.split(".")[0] for source in sources() for _, module in source.imports()}
    used = {canonicalize_name(owner) for name in names for owner in owners.get(name, [])}
    engines = {"h5netcdf", "h5py"}  # xarray writes NetCDF through them
    files = {"kcorrect"}  # its templates are read
    idle = {canonicalize_name(requirement.name) for requirement in ranges("app")} - used - engines - files
    assert not idle, f"dependencies that nothing imports: {', '.join(sorted(idle))}"
