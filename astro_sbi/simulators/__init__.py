"""What might have made an observation: one problem per file, and their registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astro_sbi.simulators import registry

if TYPE_CHECKING:
    from astro_sbi.simulators.base import Simulator


def simulator_names() -> tuple[str, ...]:
    """Names of all simulators, in the order in which they are shown: the package's own, then those that users bring."""
    return (*registry.built_in_names(), *registry.brought().brought)


def simulator(name: str) -> Simulator:
    """The simulator of this name; no jax is imported before it predicts.

    Raises:
        SimulatorError: if there is none of this name.
    """
    if name in registry.built_in_names():
        return registry.built_in(name)
    found = registry.brought()
    if name not in found.brought:
        why = "".join(f" ({sentence})" for sentence in found.problems)
        raise registry.SimulatorError(f"there is no simulator '{name}'; there are {', '.join(simulator_names())}{why}")
    return found.brought[name].simulator


def simulators() -> tuple[Simulator, ...]:
    """All simulators, in the order in which they are shown."""
    own = (registry.built_in(name) for name in registry.built_in_names())
    return (*own, *(one.simulator for one in registry.brought().brought.values()))
