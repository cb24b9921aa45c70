"""Names, symbols and meanings of what emission lines of a galaxy are described by."""

from __future__ import annotations

from astro_sbi.simulators.base import Parameter

FLUX = "1e-17 erg / (s cm2)"
FLUX_DENSITY = "1e-17 erg / (s cm2 Angstrom)"

PARAMETERS = (
    Parameter("velocity_offset", r"\Delta v", "Δ<i>v</i>", "km / s", "velocity of the gas against the guessed redshift: moves all lines"),
    Parameter(
        "line_width",
        r"\sigma_v",
        "σ<sub><i>v</i></sub>",
        "km / s",
        "standard deviation of the lines before the instrument broadens them: broad lines are low",
        0.0,
    ),
    Parameter("flux_h_alpha", r"F(\mathrm{H\alpha})", "F(Hα)", FLUX, "flux of H alpha emission, and by dust that of H beta"),
    Parameter("flux_oiii_5008", r"F([\mathrm{O\,III}]\,5008)", "F([O III] 5008)", FLUX, "flux of [O III] 5008; 4960 has 1/2.98 of it"),
    Parameter("flux_nii_6585", r"F([\mathrm{N\,II}]\,6585)", "F([N II] 6585)", FLUX, "flux of [N II] 6585; 6550 has 1/3.05 of it"),
    Parameter("flux_sii_sum", r"F([\mathrm{S\,II}])", "F([S II])", FLUX, "flux of [S II] 6718 and 6733 together"),
    Parameter(
        "sii_ratio",
        r"[\mathrm{S\,II}]\,6718/6733",
        "[S II] 6718/6733",
        "",
        "ratio of the [S II] lines: falls as the gas gets denser",
        0.0,
    ),
    Parameter("dust_av", "A_V", "<i>A<sub>V</sub></i>", "mag", "extinction of the lines in V: dust weakens H beta against H alpha"),
    Parameter(
        "absorption_h_beta",
        r"W_\star(\mathrm{H\beta})",
        "W<sub>★</sub>(Hβ)",
        "Angstrom",
        "equivalent width of stellar H beta absorption: a trough under the line, half as strong at H alpha",
    ),
    Parameter(
        "continuum_blue", r"C_\mathrm{b}", "C<sub>b</sub>", FLUX_DENSITY, "continuum at 4930 A (rest): level of the window of H beta"
    ),
    Parameter(
        "slope_blue",
        r"C'_\mathrm{b}",
        "C′<sub>b</sub>",
        "1e-19 erg / (s cm2 Angstrom2)",
        "slope of the continuum around H beta: tilts its window",
    ),
    Parameter(
        "continuum_red", r"C_\mathrm{r}", "C<sub>r</sub>", FLUX_DENSITY, "continuum at 6640 A (rest): level of the window of H alpha"
    ),
    Parameter(
        "slope_red",
        r"C'_\mathrm{r}",
        "C′<sub>r</sub>",
        "1e-19 erg / (s cm2 Angstrom2)",
        "slope of the continuum around H alpha: tilts its window",
    ),
    Parameter("noise_scale", "s", "<i>s</i>", "", "noise over quoted errors: scatters the points", 1e-3),
)
DERIVED = (
    Parameter("redshift", "z", "<i>z</i>", "", "redshift of the gas"),
    Parameter("flux_h_beta", r"F(\mathrm{H\beta})", "F(Hβ)", FLUX, "flux of H beta emission, from H alpha and dust"),
    Parameter(
        "log_nii_ha",
        r"\log\,[\mathrm{N\,II}]/\mathrm{H\alpha}",
        "log [N II]/Hα",
        "dex",
        "log10 of the flux ratio 6585 to H alpha, within -3 and 3",
    ),
    Parameter(
        "log_oiii_hb",
        r"\log\,[\mathrm{O\,III}]/\mathrm{H\beta}",
        "log [O III]/Hβ",
        "dex",
        "log10 of the flux ratio 5008 to H beta, within -3 and 3",
    ),
    Parameter(
        "ew_h_alpha",
        r"W(\mathrm{H\alpha})",
        "W(Hα)",
        "Angstrom",
        "rest-frame equivalent width of H alpha emission (emission is positive)",
    ),
    Parameter("ew_oiii_5008", r"W([\mathrm{O\,III}]\,5008)", "W([O III] 5008)", "Angstrom", "rest-frame equivalent width of [O III] 5008"),
    Parameter(
        "bpt_kauffmann",
        r"d_\mathrm{Ka03}",
        "d<sub>Ka03</sub>",
        "dex",
        "distance in the BPT diagram beyond Kauffmann's line; negative: stars light the gas",
    ),
    Parameter(
        "bpt_kewley",
        r"d_\mathrm{Ke01}",
        "d<sub>Ke01</sub>",
        "dex",
        "distance in the BPT diagram beyond Kewley's line; positive: an active nucleus",
    ),
)
