"""Which simulators there are: the package's own, those of installed packages, and those in files that the owner of this machine names.

Light to import: nothing is loaded before it is asked for.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astro_sbi.simulators.base import Simulator

#: Group of entry points by which installed packages add simulators.
GROUP = "astro_sbi.simulators"
#: Environment variable with paths of files that hold simulators, joined as in ``PATH``.
FILES = "ASTRO_SBI_SIMULATORS"
#: Environment variables with a library of stellar populations, the one that DSPS itself looks at, and with a folder of filter files.
SSP_LIBRARY, FILTERS = "DSPS_DRN", "ASTRO_SBI_FILTERS"

#: Name in settings of a user's own table of simulations, which is no simulator of this registry.
SIMULATIONS = "simulations"

_BUILT_IN = {
    "transit": ("astro_sbi.simulators.transit", "TransitSimulator"),
    "flare_activity": ("astro_sbi.simulators.flare_activity", "FlareActivitySimulator"),
    "microlensing": ("astro_sbi.simulators.microlensing", "MicrolensingSimulator"),
    "radial_velocity": ("astro_sbi.simulators.radial_velocity", "RadialVelocitySimulator"),
    "galaxy_lines": ("astro_sbi.simulators.galaxy_lines", "GalaxyLinesSimulator"),
    "galaxy_spectrum": ("astro_sbi.simulators.galaxy_spectrum", "GalaxySpectrumSimulator"),
    "galaxy_photometry": ("astro_sbi.simulators.galaxy_photometry", "GalaxyPhotometrySimulator"),
    "hubble_diagram": ("astro_sbi.simulators.hubble_diagram", "HubbleDiagramSimulator"),
    "rr_lyrae": ("astro_sbi.simulators.rr_lyrae", "RRLyraeSimulator"),
    "stellar_rotation": ("astro_sbi.simulators.stellar_rotation", "StellarRotationSimulator"),
    "supernova": ("astro_sbi.simulators.supernova", "SupernovaSimulator"),
    "quasar_variability": ("astro_sbi.simulators.quasar_variability", "QuasarVariabilitySimulator"),
}
#: Files of this computer that the package's own simulators read: the variable that names one, or a folder and what counts in it.
_READ_BY = {
    "galaxy_spectrum": (SSP_LIBRARY, "*.h5"),
    "galaxy_photometry": (FILTERS, "*.*"),
    "supernova": (FILTERS, "*.*"),
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


class SimulatorError(ValueError):
    """A simulator that does not exist or cannot be used; the message is the sentence a user reads."""


@dataclass(frozen=True)
class Brought:
    """A simulator from outside the package.

    Args:
        simulator: itself.
        identity: checksum of what it is made of, so that results of an earlier version are not taken for its own.
        source: where it is from, in words.
    """

    simulator: Simulator
    identity: str
    source: str


@dataclass(frozen=True)
class Collection:
    """Simulators from outside the package by name, and a sentence on each that cannot be used."""

    brought: Mapping[str, Brought]
    problems: tuple[str, ...]


def built_in_names() -> tuple[str, ...]:
    """Names of the package's own simulators, in the order in which they are shown."""
    return tuple(_BUILT_IN)


def built_in(name: str) -> Simulator:
    """One of the package's own simulators."""
    module, class_name = _BUILT_IN[name]
    return getattr(importlib.import_module(module), class_name)()


def brought() -> Collection:
    """Everything from outside, loaded once for each version of its files; nothing that fails stops the others."""
    found: dict[str, Brought] = {}
    problems: list[str] = []
    sources = [_of_package(point) for point in _installed()]
    sources += [_of_file(path, _sha256(path)) for path in _named_files()]
    for simulators, sentence in sources:
        problems += [sentence] * bool(sentence)
        for one in simulators:
            name = one.simulator.name
            other = "the package itself" if name in (*_BUILT_IN, SIMULATIONS) else found[name].source if name in found else ""
            if other:
                problems.append(f"the simulator {name} of {one.source} has the name of one of {other}: give it another")
            else:
                found[name] = one
    return Collection(found, tuple(problems))


def identity_of(name: str) -> str:
    """Checksum of what a simulator from outside is made of; empty for one of the package's own."""
    one = None if name in _BUILT_IN else brought().brought.get(name)
    return one.identity if one else ""


def state_of_sources(name: str) -> str:
    """Checksum of what a simulator may be made of or read outside the package, found without loading any; empty where there is nothing."""
    if name in (*_BUILT_IN, SIMULATIONS):
        parts = [f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in _files_read_by(name)]
    else:
        parts = [f"{point.name}={point.value} {_identity_of_package(point)}" for point in _installed()]
        parts += map(_sha256, _named_files())
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest() if parts else ""


def _files_read_by(name: str) -> list[Path]:
    variable, pattern = _READ_BY.get(name, ("", ""))
    told = os.environ.get(variable, "").strip()
    found = list(Path(told).glob(pattern)) if told and Path(told).is_dir() else [Path(told)] if told else []
    return [path for path in found if path.is_file()]


@cache
def _installed() -> tuple[EntryPoint, ...]:
    """Entry points of the packages that were there when this process first looked."""
    return tuple(entry_points(group=GROUP))


def _named_files() -> tuple[Path, ...]:
    return tuple(Path(text) for text in os.environ.get(FILES, "").split(os.pathsep) if text)


def _sha256(path: Path) -> str:
    """Checksum of a file; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _identity_of_package(point: EntryPoint) -> str:
    """Version of the package and checksum of the module, which may change without it while it is being written."""
    version = point.dist.version if point.dist else ""
    try:
        module = importlib.util.find_spec(point.module)
    except Exception:  # it is looked for in a package, which is imported for that
        module = None
    return f"{version} {_sha256(Path(module.origin)) if module and module.origin else ''}"


def _of_package(point: EntryPoint) -> tuple[tuple[Brought, ...], str]:
    name, version = (point.dist.name, point.dist.version) if point.dist else ("unknown", "")
    return _loaded_from_package(point, f"the package {name} {version}".rstrip(), _identity_of_package(point))


@cache
def _loaded_from_package(point: EntryPoint, source: str, identity: str) -> tuple[tuple[Brought, ...], str]:
    try:
        found = point.load()
    except Exception as error:  # a stranger's package may raise anything when it is imported
        return (), f"the simulator {point.name} of {source} cannot be loaded: {_words(error)}"
    return _usable([found], identity, source)


@cache
def _of_file(path: Path, sha256: str) -> tuple[tuple[Brought, ...], str]:
    source = f"the file {path.name}"
    if not sha256:
        return (), f"there is no file {path} with a simulator: check --simulator or {FILES}"
    try:
        module = _executed(path, sha256)
    except Exception as error:  # so may a file of the user's
        return (), f"{source} cannot be loaded as Python: {_words(error)}"
    found = [value for value in vars(module).values() if _is_own(value, module)]
    if not found:
        return (), f"{source} has no simulator: make one with OwnSimulator(...) at its top level"
    return _usable(found, sha256, source)


class _FromSource(SourceFileLoader):
    """Compiles a file each time: bytecode kept beside it is told from newer by its time and size alone, and an edit may change neither."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Refuse what bytecode is kept by."""
        raise OSError(f"no bytecode is kept of {path}")


def _executed(path: Path, sha256: str) -> ModuleType:
    """The module in a file, under a name of its own, so that a changed file is another module."""
    name = f"_astro_sbi_{path.stem}_{sha256[:16]}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_FromSource(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError("it is no file of Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _is_own(value: object, module: ModuleType) -> bool:
    """Whether a module holds a simulator in this name: one that is made, or a class of one that the module itself defines."""
    from astro_sbi.simulators.base import Simulator

    if isinstance(value, type):
        return issubclass(value, Simulator) and value.__module__ == module.__name__
    return isinstance(value, Simulator)


def _usable(found: list[object], identity: str, source: str) -> tuple[tuple[Brought, ...], str]:
    """Simulators, made where a class or a function was given, or the sentence on the first that is none."""
    from astro_sbi.simulators.base import Simulator

    made = []
    for value in found:
        try:
            simulator = value if isinstance(value, Simulator) else value() if callable(value) else None
            if not isinstance(simulator, Simulator):
                raise SimulatorError(f"it is a {type(value).__name__} and no simulator: make one with OwnSimulator(...)")
            _check(simulator)
        except Exception as error:  # classes of strangers may raise anything when they are made
            return (), f"a simulator of {source} cannot be used: {_words(error)}"
        made.append(Brought(simulator, identity, source))
    return tuple(made), ""


def _check(simulator: Simulator) -> None:
    """Refuse what the pages and the engine could not work with.

    Raises:
        SimulatorError: saying what is wrong.
    """
    from typing import get_args

    from astropy import units as u

    from astro_sbi.observations.kind import Kind

    if not _NAME.fullmatch(str(simulator.name)):
        raise SimulatorError(f"its name is '{str(simulator.name)[:60]}'; use small letters, digits and underscores")
    if simulator.kind not in get_args(Kind):
        raise SimulatorError(f"its kind is '{simulator.kind}'; it must be {', '.join(get_args(Kind)[:-1])} or {get_args(Kind)[-1]}")
    names = tuple(parameter.name for parameter in simulator.parameters)
    if names != simulator.prior.names:
        priors = ", ".join(simulator.prior.names)
        raise SimulatorError(f"its parameters are {', '.join(names)} and its priors are of {priors}: both must agree")
    if not simulator.prior.free:
        raise SimulatorError("every parameter of its prior is fixed: leave at least one to infer")
    units = [(one.name, one.unit) for one in (*simulator.parameters, *simulator.derived_parameters, *simulator.known)]
    for name, unit in (*units, ("x", simulator.coordinate_unit), ("y", simulator.value_unit)):
        try:
            u.Unit(unit)
        except (ValueError, TypeError):
            raise SimulatorError(f"'{unit}', the unit of {name}, is not understood; write it as astropy does, such as km / s") from None


def _words(error: Exception) -> str:
    """An error in one line."""
    text = " ".join(str(error).split())[:300]
    return text if isinstance(error, SimulatorError) else f"{type(error).__name__}: {text}".rstrip(": ")
