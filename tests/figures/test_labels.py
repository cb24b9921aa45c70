"""Units, zero points and rounded numbers as they are printed."""

import pytest

from astro_sbi.figures.labels import Label, axis_title, escaped, journal, rounded, scale_of, symbol_html, unit_html, wrapped


@pytest.mark.parametrize(
    ("unit", "printed"),
    [
        ("", ""),
        ("d", "d"),
        ("km / s", "km s<sup>−1</sup>"),
        ("g / cm3", "g cm<sup>−3</sup>"),
        ("electron / s", "electron s<sup>−1</sup>"),
        ("1e-17 erg / (s cm2 Angstrom)", "10<sup>−17</sup> erg s<sup>−1</sup> cm<sup>−2</sup> Å<sup>−1</sup>"),
        ("1e-19 erg / (s cm2 Angstrom2)", "10<sup>−19</sup> erg s<sup>−1</sup> cm<sup>−2</sup> Å<sup>−2</sup>"),
        ("erg s-1 cm-2", "erg s<sup>−1</sup> cm<sup>−2</sup>"),
        ("deg", "°"),
        ("%", "%"),
        ("<b>", "&lt;b&gt;"),
    ],
)
def test_units(unit, printed):
    assert unit_html(unit) == printed


def test_axis_title_keeps_name_and_prints_unit():
    assert axis_title("observed wavelength [Angstrom]") == "observed wavelength [Å]"
    assert axis_title("relative flux") == "relative flux"
    assert axis_title("time BJD - 2454833 [d]") == "time BJD - 2454833 [d]"


def test_names_are_harmless():
    assert escaped("<a href='x'>HD $1$</a>") == "&lt;a href='x'&gt;HD &#36;1&#36;&lt;/a&gt;"
    assert symbol_html("R<sub>p</sub><script>") == "R<sub>p</sub>&lt;script&gt;"


def test_large_zero_point_is_taken_out():
    scale = scale_of(Label("T<sub>0</sub>", "d"), 2454954.352, 2454954.362)
    assert scale.symbol == "T<sub>0</sub> − 2454954.36"
    assert scale.title() == "T<sub>0</sub> − 2454954.36 [10<sup>−3</sup> d]"
    assert scale.shown(2454954.358) == pytest.approx(-2.0, abs=1e-4)


def test_flux_near_one_is_shown_about_one():
    scale = scale_of(Label("f<sub>0</sub>"), 1 - 1e-5, 1 + 1.2e-5)
    assert scale.title() == "f<sub>0</sub> − 1 [10<sup>−6</sup>]"
    assert scale.shown(1 + 5e-6) == pytest.approx(5.0)


def test_ordinary_numbers_stay():
    scale = scale_of(Label("R<sub>p</sub>/R<sub>★</sub>"), 0.075, 0.080)
    assert (scale.offset, scale.exponent, scale.title()) == (0.0, 0, "R<sub>p</sub>/R<sub>★</sub>")


def test_power_of_ten_joins_that_of_the_unit():
    assert scale_of(Label("F", "1e-17 erg / s"), 0.0, 3e-4).title() == "F [10<sup>−23</sup> erg s<sup>−1</sup>]"


def test_two_digits_of_the_error():
    assert rounded(0.077712, 0.0772, 0.0782) == ("0.07771", "0.00049", "0.00051")
    assert rounded(573.2, 565.1, 581.9) == ("573.2", "8.7", "8.1")
    assert rounded(-12.34, -16.3, -8.4) == ("−12.3", "3.9", "4.0")
    assert journal(0.5, 0.46, 0.54) == "0.500 ± 0.040"
    assert journal(12.3, 11.7, 12.7) == "12.30<sup>+0.40</sup><sub>−0.60</sub>"


def test_long_titles_are_wrapped_at_spaces():
    assert wrapped("F([O III] 5008)", 10) == "F([O III]<br>5008)"
    assert scale_of(Label("F(Hα)", "1e-17 erg / (s cm2)"), 550, 600).title(12).count("<br>") >= 1
