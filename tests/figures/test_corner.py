"""The corner plot: size, time, layers, walls, units, names."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from astro_sbi.figures.corner import Label, Layer, Markers, corner, one_dimensional
from astro_sbi.figures.theme import NEUTRAL

NAMES = ["radius_ratio", "impact_parameter", "duration", "q1", "jitter", "flux"]
LABELS = {
    "radius_ratio": Label("R<sub>p</sub>/R<sub>★</sub>"),
    "impact_parameter": Label("<i>b</i>"),
    "duration": Label("<i>T</i><sub>14</sub>", "d"),
    "q1": Label("<i>q</i><sub>1</sub>"),
    "jitter": Label("σ<sub>jit</sub>"),
    "flux": Label("F(Hα)", "1e-17 erg / (s cm2)"),
    "t0": Label("<i>t</i><sub>0</sub>", "d"),
    "fixed": Label("<i>e</i>"),
}
LIMITS = {"impact_parameter": (0.0, None), "q1": (0.0, 1.0), "jitter": (0.0, None)}


def draws(seed: int, size: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    impact = np.abs(rng.normal(0.3, 0.2, size))
    return {
        "radius_ratio": 0.0772 + 0.004 * impact**2 + 0.0004 * rng.normal(size=size),
        "impact_parameter": impact,
        "duration": 0.164 + 0.0005 * rng.normal(size=size),
        "q1": rng.beta(4, 8, size),
        "jitter": np.abs(6e-5 * rng.normal(size=size)),
        "flux": rng.normal(573, 8, size),
        "t0": 2454954.3575 + 1e-4 * rng.normal(size=size),
        "fixed": np.zeros(size),
    }


@pytest.fixture(scope="module")
def layers() -> list[Layer]:
    weight = np.random.default_rng(1).gamma(2.0, 1.0, 50_000)
    prior = {name: values for name, values in draws(4, 4_000).items() if name != "t0"}
    return [
        Layer("posterior", draws(2, 50_000), weight, NEUTRAL.posterior),
        Layer("flow", draws(3, 50_000), None, NEUTRAL.flow),
        Layer("prior", prior, None, NEUTRAL.prior, dashed=True),
    ]


def titles(figure) -> list[str]:
    return [value["title"]["text"] for name, value in figure.to_dict()["layout"].items() if "axis" in name and value.get("title")]


@pytest.mark.slow
def test_small_and_quick(layers):
    corner(layers[:2], LABELS, names=NAMES, limits=LIMITS)
    start = time.process_time()
    figure = corner(layers[:2], LABELS, names=NAMES, limits=LIMITS)
    seconds, size = time.process_time() - start, len(figure.to_json())
    print(f"corner of 6 parameters, 2 x 50,000 draws: {seconds:.2f} s of CPU, {size / 1e6:.3f} MB of JSON, {len(figure.data)} traces")
    assert size < 0.25e6
    assert seconds < 1.0


@pytest.mark.slow
def test_every_number_travels_as_float32(layers):
    figure = corner(layers, LABELS, names=NAMES, limits=LIMITS, markers={"q1": 0.3, "flux": 570.0})
    for trace in figure.data:
        assert isinstance(trace.x, np.ndarray)
        assert trace.x.dtype == trace.y.dtype == np.float32


@pytest.mark.slow
def test_pairs_have_two_contours_for_each_layer_but_the_prior(layers):
    figure = corner(layers, LABELS, names=NAMES[:4], limits=LIMITS)
    counts = {name: sum(trace.name == name for trace in figure.data) for name in ("posterior", "flow", "prior")}
    assert counts == {"posterior": 4 + 2 * 6, "flow": 4 + 2 * 6, "prior": 4}
    assert all(trace.line.dash == "dash" for trace in figure.data if trace.name == "prior")
    assert {trace.line.color for trace in figure.data if trace.name == "flow"} == {NEUTRAL.flow}


def test_legend_has_each_layer_once_and_switches_all_of_it(layers):
    figure = corner(layers, LABELS, names=NAMES[:3], limits=LIMITS, markers={"duration": 0.164})
    shown = [trace.name for trace in figure.data if trace.showlegend]
    assert sorted(shown) == ["flow", "least squares", "posterior", "prior"]
    assert all(trace.legendgroup == trace.name for trace in figure.data)
    assert "68 % and 95 % of mass" in figure.layout.legend.title.text


def test_panels_of_a_column_share_their_axis(layers):
    figure = corner(layers[:1], LABELS, names=NAMES[:3])
    assert {trace.xaxis for trace in figure.data} == {"x", "x2", "x3"}
    assert {trace.yaxis for trace in figure.data if trace.fill == "toself"} == {"y2", "y3"}
    assert [figure.layout[f"yaxis{row}"].matches for row in (2, 3)] == ["x2", "x3"]


@pytest.mark.slow
def test_units_and_symbols_stand_at_the_axes(layers):
    found = titles(corner(layers, LABELS, names=NAMES, limits=LIMITS))
    assert any("[d]" in title for title in found)
    assert any("erg s<sup>−1</sup> cm<sup>−2</sup>" in title for title in found)
    assert any("R<sub>p</sub>/R<sub>★</sub>" in title for title in found)
    assert any("σ<sub>jit</sub>" in title and "10<sup>−6</sup>" in title for title in found)


def test_medians_stand_above_the_diagonal(layers):
    figure = corner(layers, LABELS, names=["flux", "q1"])
    texts = " ".join(annotation.text for annotation in figure.layout.annotations)
    assert "573.0 ± 7.9" in texts
    assert texts.count("transparent") == 2
    assert "Corner plot of 2 parameters" in figure.layout.meta["alt"]
    assert "F(Hα) = 573.0" in figure.layout.meta["alt"]


def test_epoch_is_printed_against_a_stated_zero(layers):
    figure = corner(layers[:1], LABELS, names=["t0", "q1"])
    assert any("− 2454954.3" in title for title in titles(figure))
    values = np.concatenate([trace.x for trace in figure.data if trace.xaxis == "x"])
    assert np.nanmax(np.abs(values)) < 5000


def test_draws_stop_at_walls(layers):
    figure = corner(layers[:1], LABELS, names=["impact_parameter", "q1"], limits=LIMITS)
    for trace in figure.data:
        assert np.nanmin(trace.x if trace.xaxis == "x" else trace.y) >= -1e-3


def test_fixed_and_missing_parameters_are_left_out(layers):
    figure = corner(layers, LABELS, names=["q1", "fixed", "t0", "unknown"])
    assert len([name for name in figure.to_dict()["layout"] if name.startswith("xaxis")]) == 2


def test_markers_by_several_names(layers):
    groups = [Markers("truth", {"q1": 0.3, "flux": 573.0}), Markers("published", {"q1": np.nan, "flux": 1e9}, NEUTRAL.published)]
    figure = corner(layers[:1], LABELS, names=["q1", "flux"], markers=groups)
    assert sum(trace.name == "truth" for trace in figure.data) == 3
    assert not any(trace.name == "published" for trace in figure.data)


def test_one_marked_value_is_a_line_through_its_row_and_column(layers):
    figure = corner(layers[:1], LABELS, names=["q1", "flux", "duration"], markers=[Markers("truth", {"flux": 573.0})])
    drawn = {(trace.xaxis, trace.yaxis): trace for trace in figure.data if trace.name == "truth"}
    assert set(drawn) == {("x2", "y5"), ("x", "y2"), ("x2", "y3")}
    assert np.nanmax(drawn["x", "y2"].y) == np.nanmin(drawn["x", "y2"].y)
    assert np.nanmax(drawn["x2", "y3"].x) == np.nanmin(drawn["x2", "y3"].x)
    assert all(drawn[place].marker.size.max() == 0 for place in (("x", "y2"), ("x2", "y3")))


def test_names_of_layers_are_harmless():
    layer = Layer("<a href='x'>$y$</a>", draws(5, 500), None, NEUTRAL.posterior)
    text = corner([layer], LABELS, names=["q1", "flux"]).to_json()
    assert "<a " not in json.loads(text)["data"][0]["name"]
    assert "$y$" not in text


@pytest.mark.slow
def test_transparent_and_without_a_width(layers):
    for figure in (corner(layers, LABELS, names=NAMES), one_dimensional(layers, LABELS, NAMES)):
        assert figure.layout.paper_bgcolor == figure.layout.plot_bgcolor == "rgba(0,0,0,0)"
        assert figure.layout.width is None
        assert figure.layout.font.color is None
        assert not figure.layout.template.layout.to_plotly_json()


def test_one_parameter_and_none(layers):
    assert len(corner(layers[:1], LABELS, names=["q1"]).data) == 1
    assert len(corner(layers[:1], LABELS, names=[]).data) == 0
    assert len(one_dimensional(layers[:1], LABELS, []).data) == 0


def test_one_dimensional_panels(layers):
    figure = one_dimensional(layers, LABELS, NAMES, limits=LIMITS, markers={"q1": 0.3}, across=3)
    assert len([trace for trace in figure.data if trace.name == "posterior"]) == len(NAMES)
    assert any("[d]" in title for title in titles(figure))
    domains = {tuple(figure.layout[f"xaxis{i}" if i > 1 else "xaxis"].domain) for i in range(1, 7)}
    assert len(domains) == 3


def test_axes_make_room_for_layers_that_are_shown_whole():
    rng = np.random.default_rng(2)
    far = [
        Layer(name, {"a": centre + rng.standard_normal(4000)}, None, "#000000", whole=whole)
        for name, centre, whole in (("near", 0.0, False), ("far", 60.0, False))
    ]
    assert corner(far, {}, names=["a"]).layout.xaxis.range[1] < 20
    whole = [far[0], replace(far[1], whole=True)]
    assert corner(whole, {}, names=["a"]).layout.xaxis.range[1] > 61
