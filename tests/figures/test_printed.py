"""A figure on paper says what it says on the screen."""

import re

import numpy as np
import pytest
from plotly.graph_objects import Bar, Figure, Heatmap, Scatter

from astro_sbi.diagnostics.card import JOINTLY
from astro_sbi.figures import light_curve
from astro_sbi.figures.calibration import pictures
from astro_sbi.figures.corner import Label, Layer, corner, one_dimensional
from astro_sbi.figures.printed import can_be_printed, mathtext, printed
from astro_sbi.figures.series import Shown, phased, series
from astro_sbi.figures.spectrum import spectrum
from astro_sbi.figures.theme import NEUTRAL
from tests.diagnostics.estimators import card
from tests.figures.made import ALL, velocities, whole_spectrum

LABELS = {"radius": Label("R<sub>p</sub>/R<sub>★</sub>"), "flux": Label("F(Hα) 50 %_$", "1e-17 erg / (s cm2)")}


def posterior():
    rng = np.random.default_rng(1)
    draws = {"radius": rng.normal(0.1, 0.002, 3000), "flux": np.abs(rng.normal(0, 40, 3000))}
    layers = [Layer("posterior", draws, None, NEUTRAL.posterior), Layer("prior $x$ <b>", draws, None, NEUTRAL.prior, dashed=True)]
    return corner(layers, LABELS, names=["radius", "flux"], limits={"flux": (0.0, None)}, markers={"radius": 0.101})


def letters(svg: bytes) -> str:
    """What an SVG writes: matplotlib notes each text as a comment before its outlines."""
    return "\n".join(re.findall(r"<!-- (.*?) -->", svg.decode(), re.DOTALL))


@pytest.mark.slow
@pytest.mark.parametrize(("form", "start"), [("pdf", b"%PDF-"), ("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_forms(form, start):
    assert printed(posterior(), form).startswith(start)


@pytest.mark.slow
def test_pdf_holds_letters_and_its_sentence():
    content = printed(posterior())
    assert b"/FontFile2" in content, "letters are TrueType, not pictures"
    assert b"/Subtype /Image" not in content
    assert "Corner plot of 2".encode("utf-16-be") in content


@pytest.mark.slow
def test_axes_headings_and_legend_are_written():
    found = letters(printed(posterior(), "svg"))
    assert "posterior" in found
    assert "prior $x$ &lt;b&gt;" in found
    assert "68 % and 95 % of mass" in found
    assert r"\mathrm{\ erg\ s}^{\mathrm{−1}}" in found
    assert r"0.1000" in found
    assert "transparent" not in found


@pytest.mark.slow
def test_contours_are_those_of_the_screen():
    drawn = printed(posterior(), "svg").decode()
    opacities = re.findall(r"fill: #0072b2; (?:fill-)?opacity: ([\d.]+)", drawn)
    assert sorted(opacities) == ["0.22", "0.22", "0.22", "0.55"], "two rings and two densities"


@pytest.mark.slow
@pytest.mark.parametrize("name", ALL)
def test_every_kind_of_data_is_printed(name):
    made = ALL[name]()
    found = letters(printed(series(made.arrays, made.axes, Shown(made.kind, made.channels)), "svg"))
    assert "residual / σ" in found
    assert "−3" in found


@pytest.mark.slow
def test_phases_windows_and_single_densities_are_printed():
    made, spectral = velocities(), whole_spectrum()
    pictures = [
        phased(made.arrays, made.axes, Shown(made.kind, made.channels), 4.23),
        spectrum(spectral.arrays, spectral.axes, redshift=0.12),
        light_curve.folded(made.arrays, made.axes),
        one_dimensional(
            [Layer("posterior", {"flux": np.random.default_rng(2).normal(size=900)}, None, NEUTRAL.posterior)], LABELS, ["flux"]
        ),
    ]
    assert all(printed(picture).startswith(b"%PDF-") for picture in pictures)


@pytest.mark.slow
def test_error_bars_are_printed_along_either_axis():
    def lines(**errors: dict) -> int:
        return printed(Figure(Scatter(x=[1, 2], y=[1, 2], mode="markers", **errors)), "svg").decode().count("LineCollection")

    alone = lines()
    assert lines(error_x={"array": [0.1, 0.2]}) == alone + 1
    assert lines(error_x={"array": [0.1, 0.2]}, error_y={"array": [0.1, 0.2]}) == alone + 2


@pytest.mark.slow
def test_bars_are_printed_and_other_traces_refused_beforehand():
    bars = Figure(Bar(x=[1, 2, 3], y=[2, 5, 1], marker={"color": "#0072B2"}))
    assert can_be_printed(bars)
    assert printed(bars).startswith(b"%PDF-")
    assert not can_be_printed(Figure(Heatmap(z=[[1, 2], [3, 4]])))


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("time [d]", "time [d]"),
        ("a $ b", r"a \$ b"),
        ("<i>b</i>", r"$\mathit{b}$"),
        ("0.23<sup>+0.1</sup><sub>−0.2</sub>", r"$\mathrm{0.23}^{\mathrm{+0.1}}_{\mathrm{−0.2}}$"),
        ("50 %_<sub>x</sub>", r"$\mathrm{50\ \%\_}_{\mathrm{x}}$"),
    ],
)
def test_mathtext(html, text):
    assert mathtext(html) == text


@pytest.mark.slow
def test_pictures_of_a_calibration_card_are_printed():
    judged = card("20 % too narrow in one", parts=True, tests=1000)
    symbols = {"mass": "M<sub>p</sub>", "age": "τ"}
    drawn = {test: printed(figures[0], "svg") for test, figures in pictures(judged, symbols).items()}
    assert f"{100 * judged.coverage[JOINTLY][1]:.1f} of 68" in letters(drawn["coverage"]), "an arrow points at a place of the axes"
    assert r"\mathrm{M}_{\mathrm{p}}" in letters(drawn["ranks"]), "the legend is written as the axes are"
    for picture in drawn.values():
        width, height = (float(re.search(rf'{side}="([\d.]+)pt"', picture.decode())[1]) for side in ("width", "height"))
        assert 480 < width < 560
        assert height < width
