"""The step that takes the mass of the star from the user."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from astropy import units as u

from astro_sbi.observations.observation import Kind
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known

_KNOWN = "stellar_mass"


@dataclass(frozen=True)
class StellarMass(Step):
    """Take the mass of the star, without which velocities tell no mass of a planet."""

    kinds: ClassVar[tuple[Kind, ...]] = ("velocities", "light_curve")
    title: ClassVar[str] = "Mass of the star"

    stellar_mass: float | None = setting(
        None, "mass of the star; the file's if not given, 1 if the file has none", "Msun", low=0.01, high=100.0
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """Leave ``stellar_mass`` in what is known."""
        observation = prepared.observation
        given = observation.points.known.get(_KNOWN)
        mass = self.stellar_mass or (1.0 if given is None else float(given.to_value(u.Msun)))
        source = "given" if self.stellar_mass else "the file's" if given is not None else "assumed: none was given"
        sentence = f"{mass:.4g} solar masses ({source})"
        if source.startswith("assumed"):
            sentence += "; the planet's mass grows as its power 2/3, the orbit as its power 1/3: set prepare.stellar_mass"
        after = with_known(observation, {_KNOWN: mass * u.Msun})
        return finished(prepared, after, (self.title, sentence), {}, {_KNOWN: mass, f"{_KNOWN}_source": source})
