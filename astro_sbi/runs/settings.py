"""What a user asks for: checked and written in one canonical way, so that equal requests have equal keys."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from astro_sbi import __version__
from astro_sbi.observations.options import NUMBERS
from astro_sbi.runs.keys import RECIPE, key_of
from astro_sbi.simulators.registry import state_of_sources

SECTIONS = ("model", "prepare", "prior", "fix", "train", "read", "table")
SAMPLES_RANGE = (1_000, 1_000_000)
ENSEMBLE_RANGE = (1, 10)
SEED_RANGE = (0, 2**31 - 1)
#: Characters of a list of a table's columns.
LONGEST_LIST = 20_000

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_UNIT = r"(?=.*[A-Za-z%])[A-Za-z0-9%].*"
_CALL = re.compile(rf"([a-z]+)\s*\(([^()]*)\)\s*({_UNIT})?")
_QUANTITY = re.compile(rf"(\S+)\s+({_UNIT})")
_NUMBER = re.compile(r"(?<![A-Za-z_0-9.])(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z_0-9.])")
_ARGUMENTS = {"uniform": 2, "loguniform": 2, "normal": 2, "lognormal": 2, "fixed": 1}


class SettingsError(ValueError):
    """A request that cannot be understood; the message is the sentence a user reads."""


@dataclass(frozen=True)
class Settings:
    """One request for an inference.

    Args:
        simulator: name of the simulator.
        seed: seed of every random number.
        samples: number of posterior draws.
        ensemble: number of flows trained side by side.
        changes: dotted settings, such as ``("prior.radius_ratio", "uniform(0.05,0.12)")``; brought into canonical order.

    Raises:
        SettingsError: if a number is out of range or a change has no meaning.
    """

    #: What a job of it is called.
    task: ClassVar[str] = "infer"

    simulator: str
    seed: int = 1
    samples: int = 20_000
    ensemble: int = 1
    changes: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.simulator):
            raise SettingsError(f"'{self.simulator[:60]}' is not the name of a simulator: list them with 'python -m astro_sbi list'")
        for name, (low, high) in (("seed", SEED_RANGE), ("samples", SAMPLES_RANGE), ("ensemble", ENSEMBLE_RANGE)):
            object.__setattr__(self, name, _whole_number(name, getattr(self, name), low, high))
        object.__setattr__(self, "changes", canonical_changes(self.changes))

    def section(self, prefix: str) -> dict[str, str]:
        """The changes of one section, such as ``prepare``, without the prefix."""
        return {key.partition(".")[2]: value for key, value in self.changes if key.startswith(f"{prefix}.")}

    def with_changes(self, changes: Iterable[tuple[str, str]]) -> Settings:
        """These settings with other changes in place of their own."""
        return replace(self, changes=tuple(changes))

    def to_json(self) -> dict[str, Any]:
        """A JSON object, from which `from_json` makes equal settings."""
        return {**asdict(self), "changes": [list(change) for change in self.changes]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Settings:
        """Settings from what `to_json` wrote.

        Raises:
            SettingsError: if something is missing or of no use.
        """
        try:
            changes = tuple((str(key), str(text)) for key, text in value["changes"])
            return cls(str(value["simulator"]), value["seed"], value["samples"], value["ensemble"], changes)
        except (KeyError, TypeError) as error:
            raise SettingsError(f"these settings were not written by this program: {error} is missing or wrong") from None


def _whole_number(name: str, value: Any, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise SettingsError(f"{name} is {value}; it must be a whole number between {low} and {high}")
    return int(value)


def parse_change(text: str) -> tuple[str, str]:
    """Read ``KEY=VALUE`` as given to ``--set``.

    Raises:
        SettingsError: if it is not of that form.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip() or not value.strip():
        raise SettingsError(f"--set {text}: write KEY=VALUE, such as prepare.period=2.2047 or prior.radius_ratio=uniform(0.05,0.12)")
    return key.strip(), value.strip()


def canonical_changes(changes: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Changes checked, sorted and written in one way: ``fix.x=0.50`` becomes ``prior.x=fixed(0.5)``.

    Raises:
        SettingsError: if a key or a value has no meaning, or one key has two values.
    """
    canonical: dict[str, str] = {}
    for key, value in changes:
        name, text = _canonical_change(key, value)
        if canonical.setdefault(name, text) != text:
            raise SettingsError(f"{name} is set twice, to {canonical[name]} and to {text}: keep one")
    return tuple(sorted(canonical.items()))


def _canonical_change(key: str, value: str) -> tuple[str, str]:
    section, _, name = key.partition(".")
    if section not in SECTIONS or not _NAME.fullmatch(name):
        starts = ", ".join(f"{section}." for section in SECTIONS)
        raise SettingsError(f"'{key[:60]}' cannot be set: a key starts with {starts} and goes on with a name, such as prepare.period")
    if len(value) > (LONGEST_LIST if section == "table" else 200) or not value.isprintable():
        raise SettingsError(f"the value of {key} is too long or has unprintable characters")
    if section == "fix":
        quantity = _QUANTITY.fullmatch(value.strip())
        number, unit = (quantity[1], quantity[2]) if quantity else (value, "")
        return f"prior.{name}", f"fixed({_canonical_number(key, number)}){_canonical_unit(unit)}"
    if section == "prior":
        return key, _canonical_prior(key, value)
    if section == "table":
        return key, ",".join(" ".join(part.split()) for part in value.split(","))
    if section == "read" and name not in NUMBERS:
        # Names of columns and identifiers of objects stay as they stand in the file: 007 is not 7.
        return key, value.strip()
    return key, _canonical_text(value)


def _canonical_number(key: str, value: str) -> str:
    try:
        return _short(float(value))
    except (ValueError, OverflowError):
        raise SettingsError(f"{key}={value}: a number is needed, such as {key}=0.5") from None


def _canonical_unit(unit: str) -> str:
    """The unit behind a prior, as it was written: what it is in the parameter's own is settled with the simulator at hand."""
    return f" {' '.join(unit.split())}" if unit.strip() else ""


def _canonical_prior(key: str, value: str) -> str:
    match = _CALL.fullmatch(value.strip())
    if not match or match[1] not in _ARGUMENTS:
        forms = "uniform(low,high), loguniform(low,high), normal(mean,sigma), lognormal(mean,sigma) or fixed(value)"
        raise SettingsError(f"{key}={value}: write {forms}")
    inside = re.sub(r"\s+", "", match[2])
    arguments = inside.split(",")
    if len(arguments) != _ARGUMENTS[match[1]] or not all(arguments):
        raise SettingsError(f"{key}={value}: {match[1]} takes {_ARGUMENTS[match[1]]} value{'s' if _ARGUMENTS[match[1]] > 1 else ''}")
    try:
        numbers = _NUMBER.sub(lambda found: _short(float(found[0])), inside)
    except ValueError as error:
        raise SettingsError(f"{key}={value}: {error}") from None
    return f"{match[1]}({numbers}){_canonical_unit(match[3] or '')}"


def _canonical_text(value: str) -> str:
    text = " ".join(value.split())
    try:
        return _short(float(text))
    except (ValueError, OverflowError):
        return text


def _short(number: float) -> str:
    if number != number or abs(number) == float("inf"):
        raise ValueError("a number must be finite")
    return str(int(number)) if number == int(number) and abs(number) < 1e15 else repr(number)


def request_key(settings: Settings, file_sha256: str) -> str:
    """Key of a request: these settings for this file, with this version of the package, of its users and of a named library."""
    asked = {"settings": settings.to_json(), "file": file_sha256, "recipe": RECIPE, "version": __version__}
    brought = state_of_sources(settings.simulator)
    if brought:
        asked["sources"] = brought
    if ("model.templates", "dsps") in settings.changes:
        from astro_sbi.simulators.ssp_library import fingerprint

        asked["library"] = fingerprint()
    return key_of(asked)
