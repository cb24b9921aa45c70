"""Numbers, times and other people's text."""

import math

import pytest

from astro_sbi.ui.words import age, aligned, breakable, duration, escaped, journal, number, unit_text


@pytest.mark.parametrize(
    ("numbers", "printed"),
    [
        ((0.07770, 0.07720, 0.07830), r"$0.07770^{+0.00060}_{-0.00050}$"),
        ((573.2, 560.2, 586.2), r"$573 \pm 13$"),
        ((1.2e-5, 1.0e-5, 1.5e-5), r"$(1.20^{+0.30}_{-0.20}) \times 10^{-5}$"),
        ((2454954.3570, 2454954.3568, 2454954.3572), r"$2454954.35700 \pm 0.00020$"),
        ((5.0, 5.0, 5.0), "$5$"),
        ((None, None, None), "–"),
        ((math.nan, 0.0, 1.0), "–"),
    ],
)
def test_journal(numbers, printed):
    assert journal(*numbers) == printed


def test_number():
    assert number(-3e-7) == "−3×10⁻⁷"
    assert number(None) == "–"


def test_outside_text_is_no_markup():
    assert escaped("a_b*c `x` $y$ :smile: [z](http://q)\n# t") == r"a\_b\*c \`x\` \$y\$ \:smile\: \[z\]\(http\://q\) \# t"


def test_unit_text():
    assert unit_text("1e-17 erg / (s cm2)") == "10⁻¹⁷ erg s⁻¹ cm⁻²"
    assert unit_text("") == ""
    assert unit_text("bananas") == "bananas"


def test_times():
    assert duration(4.2) == "4.2 s"
    assert duration(125) == "2 min 05 s"
    assert age(None) == "–"
    assert age("2001-01-01T00:00:00Z").endswith("days ago")


def test_code_breaks_after_commas_and_operators():
    assert breakable("uniform(0,1+2*b)").split("\u200b") == ["uniform(", "0,", "1+", "2*", "b)"]
    assert breakable("fixed").isascii()


def test_a_number_that_rounds_to_nothing_has_no_sign():
    assert journal(-0.00001, -0.0012, 0.0012) == r"$0.0000 \pm 0.0012$"
    assert aligned(-0.00001, -0.0012, 0.0012) == "$0.0000$"
