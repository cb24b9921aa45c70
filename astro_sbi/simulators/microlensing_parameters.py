"""Names, symbols and meanings of what a microlensing event is described by."""

from __future__ import annotations

from astro_sbi.simulators.bands import short_name
from astro_sbi.simulators.base import Parameter

SHARED = (
    Parameter(
        "epoch_offset",
        r"\Delta t_0",
        "Δ<i>t</i><sub>0</sub>",
        "d",
        "time of closest approach after the peak that the search found: moves the peak in time",
    ),
    Parameter(
        "width",
        r"t_\mathrm{FWHM}",
        "<i>t</i><sub>FWHM</sub>",
        "d",
        "full width of the light curve at half of its rise: how long the event lasts",
        1e-6,
    ),
    Parameter(
        "u0",
        "u_0",
        "<i>u</i><sub>0</sub>",
        "",
        "closest approach of source and lens in Einstein radii: small ones make a sharp peak on broad wings; the sign is the side",
        -10.0,
        10.0,
    ),
)
PARALLAX = (
    Parameter(
        "pi_e_north",
        r"\pi_{\mathrm{E},N}",
        "π<sub>E,N</sub>",
        "",
        "microlens parallax towards north: the Earth's motion skews the curve and makes it wavy",
        -10.0,
        10.0,
    ),
    Parameter(
        "pi_e_east",
        r"\pi_{\mathrm{E},E}",
        "π<sub>E,E</sub>",
        "",
        "microlens parallax towards east: the Earth's motion skews the curve and makes it wavy",
        -10.0,
        10.0,
    ),
)
SOURCE = (
    Parameter(
        "rho", r"\rho", "<i>ρ</i>", "", "radius of the source in Einstein radii: a large one flattens the top of the peak", 1e-5, 0.5
    ),
)

DERIVED = (
    Parameter("t0", "t_0", "<i>t</i><sub>0</sub>", "d", "time of closest approach, in the time system of the observation"),
    Parameter("t_e", r"t_\mathrm{E}", "<i>t</i><sub>E</sub>", "d", "Einstein-radius crossing time"),
    Parameter("t_effective", r"t_\mathrm{eff}", "<i>t</i><sub>eff</sub>", "d", "effective timescale |u0| tE"),
    Parameter("peak_magnification", r"A_\mathrm{max}", "<i>A</i><sub>max</sub>", "", "magnification at closest approach"),
)
DERIVED_PARALLAX = (
    Parameter(
        "pi_e", r"\pi_\mathrm{E}", "π<sub>E</sub>", "", "microlens parallax, 1 au over the Einstein radius projected to the observer"
    ),
    Parameter("pi_e_angle", r"\Phi_\pi", "Φ<sub>π</sub>", "deg", "direction of the lens's motion against the source, north through east"),
)
DERIVED_SOURCE = (
    Parameter("t_star", r"t_\star", "<i>t</i><sub>★</sub>", "d", "time in which the lens crosses the radius of the source, rho tE"),
)


def _suffixes(number: int, channel: str, *, several: bool) -> tuple[str, str, str]:
    """What tells the symbols and meanings of several data sets apart; nothing where there is one."""
    letters = short_name(channel, number)
    return (rf",\mathrm{{{letters}}}", f",{letters}", f" of {letters}") if several else ("", "", "")


def channel_parameters(number: int, channel: str, *, several: bool) -> tuple[Parameter, ...]:
    """Baseline, rise and error scale of one data set."""
    latex, html, of = _suffixes(number, channel, several=several)
    return (
        Parameter(
            f"baseline_{number}",
            f"F_{{0{latex}}}",
            f"<i>F</i><sub>0{html}</sub>",
            "",
            f"flux{of} without lensing, in the file's unit: moves the curve up and down",
        ),
        Parameter(
            f"rise_{number}",
            rf"\Delta F_{{\mathrm{{max}}{latex}}}",
            f"Δ<i>F</i><sub>max{html}</sub>",
            "",
            f"flux{of} at closest approach above the baseline, in the file's unit: the height of the peak",
            0.0,
        ),
        Parameter(
            f"noise_scale_{number}",
            f"s_{{{latex[1:]}}}" if several else "s",
            f"<i>s</i><sub>{html[1:]}</sub>" if several else "<i>s</i>",
            "",
            f"noise{of} over quoted errors: scatters the points",
            1e-3,
        ),
    )


def channel_derived(number: int, channel: str, *, several: bool) -> tuple[Parameter, ...]:
    """Fluxes and magnitudes of one data set."""
    latex, html, of = _suffixes(number, channel, several=several)
    named = "where the file's zero point is known, else relative"
    return (
        Parameter(f"source_flux_{number}", rf"f_{{s{latex}}}", f"<i>f</i><sub>s{html}</sub>", "", f"unlensed flux of the source{of}"),
        Parameter(
            f"blend_share_{number}",
            rf"f_{{b{latex}}}/F_0",
            f"<i>f</i><sub>b{html}</sub>/<i>F</i><sub>0</sub>",
            "",
            f"share of other stars in the baseline{of}; negative where the sky was taken as too bright",
        ),
        Parameter(
            f"source_magnitude_{number}", rf"m_{{s{latex}}}", f"<i>m</i><sub>s{html}</sub>", "mag", f"source{of} without lensing, {named}"
        ),
        Parameter(f"baseline_magnitude_{number}", rf"m_{{0{latex}}}", f"<i>m</i><sub>0{html}</sub>", "mag", f"baseline{of}, {named}"),
    )
