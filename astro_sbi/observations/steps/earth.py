"""The step that tells where the Earth was, as a microlensing event sees it: annual parallax."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from astropy import units as u
from jaxtyping import Float64

from astro_sbi.observations.observation import Kind, Observation, ObservationError
from astro_sbi.observations.steps.ephemeris import zero_of
from astro_sbi.observations.steps.step import Prepared, Report, Step, finished, setting, with_known

_EXAMPLE = "prepare.right_ascension=18:04:45.71 and prepare.declination=-26:59:15.2, or in degrees"
_FIRST_DAY, _LAST_DAY = 2415000.0, 2488000.0


def angle(text: str, name: str) -> float:
    """Degrees of ``18:04:45.71`` (hours where it is a right ascension), ``18h04m45.7s``, ``-26d59m15s`` or a plain number of degrees.

    Raises:
        ObservationError: if it is none of these or no place in the sky.
    """
    from astropy.coordinates import Angle

    largest = 360.0 if name == "right_ascension" else 90.0
    unit = u.hourangle if name == "right_ascension" and (":" in text or " " in text.strip()) else u.deg
    try:
        degrees = float(Angle(text.strip(), unit).deg)
    except (ValueError, u.UnitsError):
        raise ObservationError(f"prepare.{name} is '{text[:40]}', which is no angle: write {_EXAMPLE}") from None
    least = 0.0 if name == "right_ascension" else -90.0
    if not least <= degrees <= largest:
        raise ObservationError(f"prepare.{name} is '{text[:40]}', which is no place in the sky: write {_EXAMPLE}")
    return degrees


def sun_offsets(
    julian_date: Float64[np.ndarray, " n"], place: tuple[float, float], reference: float
) -> tuple[Float64[np.ndarray, " n"], Float64[np.ndarray, " n"]]:
    r"""Offsets of the Sun that parallax adds, towards north and east in the plane of the sky [au].

    .. math:: \Delta s(t) = s(t) - v_p (t - t_p) - s(t_p)

    where s is the projected position of the Sun (here of the barycentre) seen from the Earth and v_p its velocity at the reference time:
    Gould 2004, ApJ 606, 319, section 2. No table is downloaded: the ephemeris is the one inside ERFA.

    Args:
        julian_date: [d], dynamical or heliocentric (a minute does not count).
        place: right ascension and declination [deg].
        reference: the time t_p [d] at which position and velocity of the Earth define the frame.
    """
    from astropy.coordinates import get_body_barycentric_posvel, solar_system_ephemeris
    from astropy.time import Time

    right_ascension, declination = np.radians(place)
    east = np.array([-np.sin(right_ascension), np.cos(right_ascension), 0.0])
    north = np.array(
        [
            -np.sin(declination) * np.cos(right_ascension),
            -np.sin(declination) * np.sin(right_ascension),
            np.cos(declination),
        ]
    )
    with solar_system_ephemeris.set("builtin"):
        position, _ = get_body_barycentric_posvel("earth", Time(julian_date, format="jd", scale="tdb"))
        origin, velocity = get_body_barycentric_posvel("earth", Time(reference, format="jd", scale="tdb"))
    drift = np.outer(julian_date - reference, velocity.xyz.to_value(u.au / u.d))
    earth = position.xyz.to_value(u.au).T - origin.xyz.to_value(u.au) - drift
    return -earth @ north, -earth @ east


def julian_dates(observation: Observation) -> Float64[np.ndarray, " n"]:
    """Julian dates of the points.

    Raises:
        ObservationError: if the file does not say what its times count from.
    """
    system = observation.coordinate_axis.zero_point
    days = observation.points.coordinate + zero_of(observation) + (2400000.5 if "MJD" in system else 0.0)
    if not system or days.min() < _FIRST_DAY or days.max() > _LAST_DAY:
        raise ObservationError("parallax needs to know what the times count from: give it, such as read.zero_point='HJD - 2450000'")
    return days


@dataclass(frozen=True)
class EarthOffsets(Step):
    """Project the Earth's way around the Sun onto the sky at the event."""

    kinds: ClassVar[tuple[Kind, ...]] = ("light_curve",)
    title: ClassVar[str] = "Earth's motion"

    right_ascension: str = setting("", "of the event, such as 18:04:45.71 (hours) or 271.19 (degrees); the file's if empty", text=True)
    declination: str = setting("", "of the event, such as -26:59:15.2 or -26.99 (degrees); the file's if empty", text=True)
    parallax_epoch: float | None = setting(
        None, "time at which the Earth's velocity defines the frame; the day nearest to the peak if not given", "d"
    )

    def __post_init__(self) -> None:
        """Check the angles."""
        for name in ("right_ascension", "declination"):
            if getattr(self, name):
                angle(getattr(self, name), name)

    def apply(self, prepared: Prepared, report: Report) -> Prepared:
        """``earth_north`` and ``earth_east`` of each point become known; nothing does where no place is given or known."""
        observation = prepared.observation
        place = self._place(observation.points.known)
        if place is None:
            return prepared
        days, zero = julian_dates(observation), zero_of(observation)
        epoch = self._epoch(observation, zero)
        north, east = sun_offsets(days, place, epoch + (days - observation.points.coordinate)[0])
        after = with_known(observation, {"earth_north": north * u.au, "earth_east": east * u.au})
        resolved = {"right_ascension": place[0], "declination": place[1], "parallax_epoch": epoch + zero}
        sentence = f"parallax is counted from the Earth's place and velocity at {epoch + zero:.10g}, for {place[0]:.5f} {place[1]:+.5f} deg"
        return finished(prepared, after, (self.title, sentence), {}, resolved)

    def _epoch(self, observation: Observation, zero: float) -> float:
        """The reference time in the frame of the light curve [d]."""
        if self.parallax_epoch is not None:
            return self.parallax_epoch - zero if 0 < zero < self.parallax_epoch else self.parallax_epoch
        guess = observation.points.known.get("epoch_guess")
        middle = float(np.mean(observation.points.coordinate)) + zero
        return float(np.rint(middle if guess is None else guess.to_value(u.d))) - zero

    def _place(self, known: Mapping[str, u.Quantity]) -> tuple[float, float] | None:
        """Right ascension and declination [deg], as given or from the file."""
        names = ("right_ascension", "declination")
        if bool(self.right_ascension) != bool(self.declination):
            raise ObservationError(f"a place in the sky takes both: {_EXAMPLE}")
        if self.right_ascension:
            return angle(self.right_ascension, names[0]), angle(self.declination, names[1])
        if all(name in known for name in names):
            return float(known[names[0]].to_value(u.deg)), float(known[names[1]].to_value(u.deg))
        return None
