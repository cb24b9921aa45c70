import pytest
from hypothesis import given
from hypothesis import strategies as st

from astro_sbi.runs.keys import canonical_json, is_key, key_of
from astro_sbi.runs.settings import Settings, SettingsError, parse_change, request_key

FILE = "a" * 64


def test_equal_requests_have_equal_keys():
    one = Settings("transit", changes=(("fix.impact_parameter", "0.50"), ("prepare.period", "2.20470")))
    two = Settings("transit", changes=(("prepare.period", "2.2047"), ("prior.impact_parameter", "fixed( .5 )")))
    assert one == two
    assert request_key(one, FILE) == request_key(two, FILE)
    assert request_key(one, FILE) != request_key(one, "b" * 64)


@pytest.mark.parametrize("other", [{"seed": 2}, {"samples": 60_000}, {"ensemble": 2}, {"changes": (("prepare.bins", "100"),)}])
def test_different_requests_have_different_keys(other):
    assert request_key(Settings("transit"), FILE) != request_key(Settings("transit", **other), FILE)


@pytest.mark.parametrize(("simulator", "changes"), [("galaxy_photometry", True), ("supernova", True), ("transit", False)])
def test_another_filter_file_is_another_request_of_what_reads_filters(simulator, changes, tmp_path, monkeypatch):
    monkeypatch.setenv("ASTRO_SBI_FILTERS", str(tmp_path))
    before = request_key(Settings(simulator), FILE)
    (tmp_path / "narrow.txt").write_text("5000 0\n5010 1\n5020 0\n")
    assert (request_key(Settings(simulator), FILE) != before) == changes


def test_names_in_priors_are_not_numbers():
    settings = Settings("transit", changes=(("prior.q2", "uniform(0.10, 1.0 + 0.50*q1)"), ("prior.x", "normal(-1E-03,2e5)")))
    assert dict(settings.changes) == {"prior.q2": "uniform(0.1,1+0.5*q1)", "prior.x": "normal(-0.001,200000)"}


def test_a_prior_may_come_with_a_unit():
    settings = Settings("transit", changes=(("prior.duration", " uniform( 1 , 5.0 )  h "), ("fix.epoch", "3.0  1 /  d")))
    assert dict(settings.changes) == {"prior.duration": "uniform(1,5) h", "prior.epoch": "fixed(3) 1 / d"}
    assert settings == Settings("transit", changes=(("prior.duration", "uniform(1,5) h"), ("prior.epoch", "fixed(3) 1 / d")))


@given(
    st.builds(
        Settings, st.sampled_from(["transit", "galaxy_lines"]), st.integers(0, 2**31 - 1), st.integers(1000, 1_000_000), st.integers(1, 10)
    )
)
def test_json_round_trip(settings):
    assert Settings.from_json(settings.to_json()) == settings


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ((("prior.x", "flat(0,1)"),), "write uniform"),
        ((("prior.x", "uniform(1)"),), "takes 2 values"),
        ((("prior.x", "uniform(0,1e999)"),), "finite"),
        ((("fix.x", "small"),), "a number is needed"),
        ((("fix.x", "nan"),), "a number is needed"),
        ((("fix.x", "three h"),), "a number is needed"),
        ((("fix.x", "3 4"),), "a number is needed"),
        ((("prior.x", "uniform(0,1)(2)"),), "write uniform"),
        ((("fix.x", "1"), ("prior.x", "uniform(0,1)")), "set twice"),
        ((("period", "2"),), "cannot be set"),
        ((("prepare.../x", "2"),), "cannot be set"),
        ((("prepare.period", "2" * 300),), "too long"),
    ],
)
def test_bad_changes_are_refused_in_words(changes, says):
    with pytest.raises(SettingsError, match=says):
        Settings("transit", changes=changes)


@pytest.mark.parametrize(
    "wrong", [{"seed": -1}, {"seed": 2**31}, {"samples": 999}, {"samples": 1_000_001}, {"ensemble": 11}, {"seed": True}, {"seed": 1.5}]
)
def test_numbers_out_of_range(wrong):
    with pytest.raises(SettingsError, match="must be a whole number between"):
        Settings("transit", **wrong)


@pytest.mark.parametrize("name", ["", "../etc", "Transit", "a b", "x" * 3 + "\n"])
def test_a_simulators_name_is_a_name(name):
    with pytest.raises(SettingsError, match="not the name of a simulator"):
        Settings(name)


@pytest.mark.parametrize("text", ["prepare.period", "=2", "prepare.period="])
def test_parse_change(text):
    assert parse_change(" prepare.period = 2.2 ") == ("prepare.period", "2.2")
    with pytest.raises(SettingsError, match="KEY=VALUE"):
        parse_change(text)


def test_keys():
    assert key_of({"b": 1, "a": [1.5, "é"]}) == key_of({"a": [1.5, "é"], "b": 1})
    assert is_key(key_of(1))
    assert not any(is_key(text) for text in ("", "A" * 64, "../" + "a" * 61, "a" * 63, "a" * 64 + "\n"))
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json(float("nan"))
