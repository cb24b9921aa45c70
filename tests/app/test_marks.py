"""Known values: read as they are written, drawn, compared, and kept in the address."""

import json

import pytest

from astro_sbi.diagnostics.agreement import Published
from astro_sbi.figures.theme import NEUTRAL
from astro_sbi.runs.settings import SettingsError
from astro_sbi.ui.marks import marks_of
from tests.app.conftest import words
from tests.app.finished import finished, kept


def test_values_errors_and_units_are_read():
    text = "radius_ratio = 0.078 (Author, 2016), duration=3.84 +0.12 -0.24 h; depth = 6.5e-3\nt0=2454954.36 d"
    found = marks_of(text, finished())
    assert found["radius_ratio"] == Published(0.078)
    duration = found["duration"]
    assert (duration.value, duration.plus, duration.minus) == (pytest.approx(0.16), pytest.approx(0.005), pytest.approx(0.01))
    assert found["depth"].value == 0.0065
    assert found["t0"].value == 2454954.36
    assert marks_of(" , ", finished()) == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("radius = 0.1", "radius is no quantity of this result: mark one of radius_ratio, duration"),
        ("radius_ratio 0.1", "write name = value ± error"),
        ("duration = 3 km", "duration is given in km; it must be in d or a unit that converts to it"),
        ("radius_ratio = 3 km", "it must be a pure number"),
        ("duration = 3 <b>", "is no published value"),
        ("duration < 3 h", "only a value can be marked"),
    ],
)
def test_what_is_not_understood_is_said(text, said):
    with pytest.raises(SettingsError) as error:
        marks_of(text, finished())
    assert said in str(error.value)


def legend(app) -> dict[str, str]:
    (chart,) = app.get("plotly_chart")
    return {trace["name"]: trace["line"]["color"] for trace in json.loads(chart.proto.spec)["data"] if trace.get("showlegend")}


@pytest.mark.slow
def test_a_link_with_marks_shows_them(opened, store):
    app = opened("result", run=kept(store), mark="radius_ratio=0.0787")
    assert not app.exception
    assert legend(app)["marked"] == NEUTRAL.published
    (parameters,) = (table.value for table in app.table if "Marked" in table.value)
    assert parameters["Off by"].tolist() == ["−2.0 σ", "–", "–", "–"]
    assert any("mark=radius_ratio%3D0.0787" in code.value for code in app.code)


@pytest.mark.slow
def test_marks_are_typed_on_the_page(opened, store):
    app = opened("result", run=kept(store))
    assert "marked" not in legend(app)
    app.text_input(key="mark").set_value("duration = 3.9 h, depth = 0.0064").run()
    assert "marked" in legend(app)
    assert sum("Off by" in table.value for table in app.table) == 2
    app.text_input(key="mark").set_value("nonsense").run()
    assert not app.exception
    assert "is no published value" in app.error[0].value
    assert "marked" not in legend(app)


@pytest.mark.slow
def test_parameters_stand_in_the_order_they_were_chosen(opened, store):
    app = opened("result", run=kept(store))
    app.multiselect(key="corner_names").set_value(["t0", "depth", "radius_ratio"]).run()
    (chart,) = app.get("plotly_chart")
    layout = json.loads(chart.proto.spec)["layout"]
    titles = [layout[name]["title"]["text"] for name in ("xaxis", "xaxis2", "xaxis3")]
    assert titles[0].startswith("T<sub>0</sub>")
    assert titles[1].startswith("δ")
    assert titles[2].startswith("R<sub>p</sub>")
    assert "Contours hold" in words(app)


@pytest.mark.slow
def test_every_figure_has_its_sentence_and_a_pdf(opened, store):
    app = opened("result", run=kept(store))
    (chart,) = app.get("plotly_chart")
    assert chart.proto.alt.startswith("Corner plot of 4 parameters")
    assert "Rp/R★ = 0.07769" in chart.proto.alt
    assert "10⁻⁶" in chart.proto.alt
    assert any(button.label == "PDF" for button in app.get("download_button"))
