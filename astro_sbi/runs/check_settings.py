"""What a user asks of a finished run: a check that takes a job of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from astro_sbi.runs.keys import RECIPE, is_key, key_of
from astro_sbi.runs.settings import SEED_RANGE, Settings, SettingsError, request_key

#: ``nuts`` and ``nested`` fit the observation again with that sampler; ``local`` tests the flow at the observation.
Method = Literal["nuts", "nested", "local"]
Kind = Literal["reference", "local", "card"]

CHECKS: tuple[Kind, ...] = ("reference", "local", "card")
SAMPLERS: tuple[Method, ...] = ("nuts", "nested")
METHODS: tuple[Method, ...] = (*SAMPLERS, "local")
TITLES: Mapping[str, str] = {"nuts": "NUTS", "nested": "nested sampling", "local": "L-C2ST"}
#: Draws of a sampler, simulations of the test.
USUAL: Mapping[str, int] = {"nuts": 4000, "nested": 4000, "local": 2000}
SIZE_RANGE = (1000, 100_000)
#: Fresh simulations that a card may be asked of.
CARD_SIZES = (2_000, 5_000, 20_000)


@dataclass(frozen=True)
class CheckSettings:
    """One request for a check of a finished run.

    Args:
        result: key of the run's result.
        simulator: its simulator.
        method: of the check.
        size: draws of the sampler or simulations of the test; 0 for the usual number.
        seed: of every random number.

    Raises:
        SettingsError: if something is of no use.
    """

    result: str
    simulator: str
    method: Method
    size: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        if not is_key(self.result) or self.method not in METHODS:
            raise SettingsError(f"'{self.method}' of '{self.result[:20]}' is no check of a run: there are {', '.join(METHODS)}")
        size = self.size or USUAL[self.method]
        for name, number, (low, high) in (("size", size, SIZE_RANGE), ("seed", self.seed, SEED_RANGE)):
            if not low <= number <= high:
                raise SettingsError(f"the {name} of a check is {number}; it must lie between {low:,} and {high:,}")
        object.__setattr__(self, "size", size)

    @property
    def task(self) -> Kind:
        """What a job of it is called, and what it makes."""
        return "local" if self.method == "local" else "reference"

    @property
    def key(self) -> str:
        """Of the request and of what answers it: the result's key knows the version that made it."""
        return key_of({"check": self.to_json(), "recipe": RECIPE})

    def to_json(self) -> dict[str, Any]:
        """A JSON object, from which `from_json` makes equal settings."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CheckSettings:
        """Settings from what `to_json` wrote."""
        return cls(**value)


@dataclass(frozen=True)
class CardSettings:
    """One request for the calibration card of a flow by fresh simulations.

    Args:
        name: the simulator whose flow ships, or the key of the result whose flow it is.
        simulator: its simulator.
        flow: checksum of the flow that ships, or the same key.
        simulations: one of `CARD_SIZES`.

    Raises:
        SettingsError: if the number is another.
    """

    #: What a job of it is called, and what it makes.
    task: ClassVar[Literal["card"]] = "card"

    name: str
    simulator: str
    flow: str
    simulations: int

    def __post_init__(self) -> None:
        if self.simulations not in CARD_SIZES:
            raise SettingsError(f"a card is made of {', '.join(f'{size:,}' for size in CARD_SIZES)} simulations, not {self.simulations}")

    @property
    def key(self) -> str:
        """Of the request and of what answers it."""
        return key_of({"card": self.to_json(), "recipe": RECIPE})

    def to_json(self) -> dict[str, Any]:
        """A JSON object, from which `from_json` makes equal settings."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> CardSettings:
        """Settings from what `to_json` wrote."""
        return cls(**value)


#: What a job may be asked for.
Asked = Settings | CheckSettings | CardSettings
_KINDS: Mapping[str, type[Settings] | type[CheckSettings] | type[CardSettings]] = {
    "infer": Settings,
    "reference": CheckSettings,
    "local": CheckSettings,
    "card": CardSettings,
}


def read_asked(task: str, value: Mapping[str, Any]) -> Asked:
    """What a job of a task was asked for."""
    return _KINDS[task].from_json(value)


def asked_key(asked: Asked, file_sha256: str) -> str:
    """Key of a request."""
    return request_key(asked, file_sha256) if isinstance(asked, Settings) else asked.key


def checks_by(asked: Asked) -> tuple[str, str]:
    """What a job checks by and what it checks: a result's key, or the simulator of a flow that ships; empty of an inference."""
    if isinstance(asked, Settings):
        return "", ""
    return (TITLES[asked.method], asked.result) if isinstance(asked, CheckSettings) else ("fresh simulations", asked.name)
