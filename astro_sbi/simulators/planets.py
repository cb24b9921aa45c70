"""Parameters, derived and known quantities of planets and instruments, whose names end in the planet's or the instrument's number."""

from __future__ import annotations

from astro_sbi.simulators.bands import short_name
from astro_sbi.simulators.base import KnownQuantity, Parameter
from astro_sbi.simulators.prior import Distribution, loguniform, normal, uniform

Described = list[tuple[Parameter, Distribution]]


def planet_parameters(suffix: str, count: int, *, circular: bool) -> Described:
    """Parameters of one planet and their priors."""
    number = (suffix[1:] or "1") if count > 1 else ""
    latex, html = (f"_{{{number}}}", f"<sub>{number}</sub>") if number else ("", "")
    after, of = (f",{number}", f" of planet {number}") if number else ("", "")
    guess, width, scale = f"period_guess{suffix}", f"period_tolerance{suffix}", "velocity_scale"
    found: Described = [
        (
            Parameter(
                f"period{suffix}", f"P{latex}", f"<i>P</i>{html}", "d", f"orbital period{of}: a wrong one falls out of step in time", 1e-3
            ),
            uniform(f"{guess}-{width}", f"{guess}+{width}"),
        ),
        (
            Parameter(
                f"semi_amplitude{suffix}",
                f"K{latex}",
                f"<i>K</i>{html}",
                "m / s",
                f"half the range of the velocity{of}, which grows with the mass of the planet and shrinks with its distance",
                0.0,
            ),
            loguniform(f"0.002*{scale}", f"4*{scale}"),
        ),
        (
            Parameter(
                f"phase{suffix}",
                rf"\Delta\phi{latex}",
                f"Δ<i>φ</i>{html}",
                "",
                f"orbits by which mean longitude 0{of} (on a circle, the highest velocity) comes after the epoch found, near the middle",
            ),
            uniform(-0.5, 0.5),
        ),
    ]
    what = f"component of the eccentricity vector{of} along periastron at {{}} degrees: makes the curve pointed; its length stands for e"
    return found + [
        (
            Parameter(
                f"eccentricity_{axis}{suffix}", rf"\xi_{{{axis}{after}}}", f"<i>ξ</i><sub>{axis}{after}</sub>", "", what.format(angle)
            ),
            normal(0.0, 1.0),
        )
        for axis, angle in (() if circular else (("x", 0), ("y", 90)))
    ]


def trend_parameter() -> Described:
    """A steady acceleration by something far out."""
    meaning = "steady change of the velocity, by a companion too slow to be seen to turn"
    return [(Parameter("trend", r"\dot\gamma", "<i>γ̇</i>", "m / (s yr)", meaning), normal(0.0, "velocity_trend"))]


def instrument_parameters(channels: tuple[str, ...]) -> Described:
    """Offset and jitter of each instrument."""
    found: Described = []
    for number, channel in enumerate(channels, 1):
        label = short_name(channel, number)
        one = len(channels) == 1
        latex, html, of = ("", "", "") if one else (rf"_\mathrm{{{label}}}", f"<sub>{label}</sub>", f" of {channel}")
        jit, jit_html = (r"_\mathrm{jit}", "<sub>jit</sub>") if one else (rf"_\mathrm{{jit,{label}}}", f"<sub>jit,{label}</sub>")
        offset = Parameter(
            f"offset_{number}", rf"\gamma{latex}", f"<i>γ</i>{html}", "m / s", f"velocity{of} without planets: moves the curve up and down"
        )
        jitter = Parameter(
            f"jitter_{number}",
            rf"\sigma{jit}",
            f"<i>σ</i>{jit_html}",
            "m / s",
            f"noise{of} beyond the quoted errors, by the star and the instrument: scatters the points",
            0.0,
        )
        found += [
            (offset, normal(f"velocity_centre_{number}", "velocity_scale")),
            (jitter, loguniform("0.05*velocity_error", "velocity_scale")),
        ]
    return found


def orbit_parameters(suffix: str, count: int, *, circular: bool) -> tuple[Parameter, ...]:
    """What is derived of one planet."""
    number = (suffix[1:] or "1") if count > 1 else ""
    latex, html = (f"_{{{number}}}", f"<sub>{number}</sub>") if number else ("", "")
    after, of = (f",{number}", f" of planet {number}") if number else ("", "")
    shape = (
        Parameter(f"eccentricity{suffix}", f"e{latex}", f"<i>e</i>{html}", "", f"eccentricity of the orbit{of}"),
        Parameter(
            f"periastron_angle{suffix}",
            rf"\omega{latex}",
            f"<i>ω</i>{html}",
            "deg",
            f"argument of periastron of the star's orbit{of}; means nothing where e may be 0",
        ),
        Parameter(
            f"time_of_periastron{suffix}",
            rf"t_{{\mathrm{{p}}{after}}}",
            f"<i>t</i><sub>p{after}</sub>",
            "d",
            f"closest approach{of} near the middle, in the time system of the observation",
        ),
    )
    return (
        *(() if circular else shape),
        Parameter(
            f"time_of_conjunction{suffix}",
            rf"t_{{\mathrm{{c}}{after}}}",
            f"<i>t</i><sub>c{after}</sub>",
            "d",
            f"inferior conjunction{of} near the middle, when it transits if it does, in the time system of the observation",
        ),
        Parameter(
            f"minimum_mass{suffix}",
            rf"M\sin i{latex}",
            f"<i>M</i> sin <i>i</i>{html}",
            "jupiterMass",
            f"mass{of} times sine of the inclination, for the stellar mass that was given and without its error",
        ),
        Parameter(
            f"semi_major_axis{suffix}",
            f"a{latex}",
            f"<i>a</i>{html}",
            "au",
            f"semi-major axis of the orbit{of}, for the stellar mass given",
        ),
    )


def known_of_planet(suffix: str) -> tuple[KnownQuantity, ...]:
    """What the preparation finds of one planet."""
    of = " of the second planet" if suffix else ""
    return (
        KnownQuantity(f"period_guess{suffix}", "d", f"period{of} found by the periodogram, or given", from_data=True),
        KnownQuantity(f"period_tolerance{suffix}", "d", f"how far from it the period{of} may lie", from_data=True),
        KnownQuantity(f"epoch_middle{suffix}", "d", f"highest velocity{of} nearest to the middle, from the reference time", from_data=True),
    )


def known_of_velocities(instruments: int, *, trend: bool) -> tuple[KnownQuantity, ...]:
    """What is known of the velocities and of the star."""
    slope = KnownQuantity("velocity_trend", "m / (s yr)", "velocity_scale over half the length of the observation", from_data=True)
    centres = (f"velocity_centre_{number + 1}" for number in range(instruments))
    return (
        KnownQuantity("reference_time", "d", "time from which times are counted, in the time system of the observation"),
        KnownQuantity("velocity_scale", "m / s", "half the largest range of the velocities of one instrument", from_data=True),
        KnownQuantity("velocity_error", "m / s", "median quoted error"),
        *((slope,) if trend else ()),
        *(KnownQuantity(name, "m / s", "median velocity of an instrument", from_data=True) for name in centres),
        KnownQuantity("stellar_mass", "Msun", "mass of the star; 1 if not given", 1.0),
        KnownQuantity("log_trials", "", "natural log of the number of independent periods tried", 0.0, from_data=True),
    )
