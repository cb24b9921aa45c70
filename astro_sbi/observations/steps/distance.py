"""The step that settles redshift, distance and the dust of the Milky Way in front of a source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from astropy import units as u

from astro_sbi.observations.kind import Kind
from astro_sbi.observations.observation import ObservationError
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known

#: Below this, motions of galaxies of 300 km/s spoil a distance by a tenth.
_NEAR = 0.01


@dataclass(frozen=True)
class Distance(Step):
    """Settle ``source_redshift``, ``luminosity_distance`` and ``milky_way_e_bv``.

    ``d_L = (1 + z_helio) d_C(z_cmb)`` in the cosmology of Planck Collaboration 2020, A&A 641, A6, table 2 (astropy's Planck18).
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Distance"

    redshift: float | None = setting(None, "heliocentric redshift; the file's if not given", low=-0.01, high=10.0)
    distance: float | None = setting(None, "luminosity distance; that of the redshift if not given", "Mpc", low=1e-4, high=1e6)
    e_bv: float | None = setting(
        None, "reddening E(B-V) by the dust of the Milky Way; the file's, else 0, if not given", "mag", low=0.0, high=10.0
    )

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """The three become known; the observation stays as it is."""
        known = prepared.observation.points.known
        own, cosmic = known.get("heliocentric_redshift", known.get("redshift")), known.get("redshift")
        redshift = self.redshift if self.redshift is not None else None if own is None else float(own.value)
        if redshift is None:
            raise ObservationError("it has no redshift: give it (prepare.redshift), and the distance (prepare.distance) where it is near")
        distance = self.distance or self._of_redshift(
            redshift, redshift if cosmic is None or self.redshift is not None else float(cosmic.value)
        )
        told = known.get("milky_way_e_bv", 0.0 * u.mag).to_value(u.mag)
        e_bv = self.e_bv if self.e_bv is not None else float(told)
        quantities = {"source_redshift": redshift * u.one, "luminosity_distance": distance * u.Mpc, "milky_way_e_bv": e_bv * u.mag}
        sentence = f"redshift {redshift:.5g}, {distance:.4g} Mpc, E(B-V) of the Milky Way {e_bv:.3g}"
        if self.distance is None and redshift < _NEAR:
            sentence += ": so near, galaxies move as they like: give the distance if it is known (prepare.distance)"
        resolved = {"redshift": redshift, "distance": distance, "e_bv": e_bv}
        return finished(prepared, with_known(prepared.observation, quantities), (self.title, sentence), {}, resolved)

    def _of_redshift(self, redshift: float, cosmic: float) -> float:
        """Luminosity distance [Mpc]."""
        from astropy.cosmology import Planck18

        if cosmic <= 0:
            raise ObservationError(f"a redshift of {cosmic:.4g} tells no distance: give it (prepare.distance)")
        return float((1 + redshift) * Planck18.comoving_distance(cosmic).to_value(u.Mpc))
