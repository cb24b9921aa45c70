"""The way to an inference: a file chosen, shown, prepared, asked for."""

from functools import partial

import numpy as np
import pytest

from astro_sbi import simulators
from astro_sbi.runs import api
from astro_sbi.runs.settings import Settings
from tests.app.conftest import words
from tests.app.test_pages import LIGHT_CURVE

WITHOUT_ERRORS = b"\n".join(line.rsplit(b",", 1)[0] for line in LIGHT_CURVE.splitlines()) + b"\n"

LINES = {4862.7: 9, 4960.3: 8, 5008.2: 25, 6549.9: 9, 6564.6: 30, 6585.3: 27, 6718.3: 9, 6732.7: 7}


def spectrum(redshift: float = 0.1) -> bytes:
    """A table of an emission-line galaxy."""
    wavelength = np.arange(4000.0, 9000.0, 1.5)
    flux = 10 + sum(height * np.exp(-0.5 * ((wavelength - rest * (1 + redshift)) / 4) ** 2) for rest, height in LINES.items())
    noisy = flux + np.random.default_rng(2).standard_normal(wavelength.size)
    return b"wavelength,flux,flux_err\n" + "".join(f"{w:.2f},{f:.4f},1\n" for w, f in zip(wavelength, noisy, strict=True)).encode()


def upload(opened, name: str, content: bytes):
    """The infer page after a file was uploaded."""
    app = opened("infer")
    app.get_by_key("source").set_value("My own file").run()
    app.file_uploader[0].upload(name, content).run()
    assert not app.exception
    return app


@pytest.fixture
def uploaded(opened, read_here):
    """Uploads a file, which is parsed in this process."""
    return partial(upload, opened)


@pytest.mark.slow
def test_upload_is_shown_and_kept(opened, store):
    app = upload(opened, "star_*1*.csv", LIGHT_CURVE)
    assert "What was read" in words(app)
    assert any("star_*1*.csv" in text.value for text in app.text)
    assert app.metric[0].value == "2,000"
    assert store.keys("upload") == [app.query_params["observation"]]


@pytest.mark.slow
def test_observation_is_found_again_after_a_reload(opened, store):
    key = store.put_upload("star.csv", LIGHT_CURVE)
    assert "What was read" in words(opened("infer", observation=key))


@pytest.mark.slow
def test_a_hubble_diagram_takes_its_covariance_matrix_as_a_second_file(uploaded, store):
    app = uploaded("sn.csv", b"z,mu,mu_err\n0.1,38.3,0.1\n0.3,40.9,0.1\n0.5,42.2,0.1\n")
    assert "without their covariance matrix" in words(app)
    entries = [0.01, 0.002, 0.002, 0.002, 0.01, 0.002, 0.002, 0.002, 0.01]
    app.file_uploader[1].upload("sn.cov", "\n".join(map(str, [3, *entries])).encode()).run()
    assert not app.exception
    assert any("covariance from sn" in caption.value for caption in app.caption)
    assert "without their covariance matrix" not in words(app)
    assert len(app.file_uploader) == 1
    assert store.upload(app.query_params["observation"])[0] == "sn.zip"


def test_file_without_errors_says_so(uploaded):
    app = uploaded("star.csv", WITHOUT_ERRORS)
    assert "estimated" in words(app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content"), [("empty.csv", b""), ("picture.fits", b"\x89PNG\r\n\x1a\n" + bytes(100)), ("words.csv", b"a,b\nx,y\n")]
)
def test_bad_file_is_refused_in_a_sentence(uploaded, name, content):
    app = uploaded(name, content)
    assert app.error
    assert name.split(".")[0] in app.error[0].value
    assert not any(button.key == "infer_button" for button in app.button)


@pytest.mark.slow
def test_ask_for_an_inference(uploaded, store):
    app = uploaded("star.csv", LIGHT_CURVE)
    app.number_input(key="infer_seed").set_value(5)
    app.text_input(key="prepare_period").set_value("2.5")
    app.text_area(key="infer_further").set_value("train.rounds=2").run()
    app.button(key="infer_button").click().run()
    assert not app.exception
    (job,) = api.jobs(store)
    wanted = Settings("transit", seed=5, changes=(("prepare.period", "2.5"), ("train.rounds", "2")))
    assert job.settings == wanted
    assert app.query_params["job"] == job.key
    assert "before this one" in str(app.progress[0].text) or "Starting" in str(app.progress[0].text)


@pytest.mark.slow
def test_same_request_is_joined(uploaded, store):
    for _ in range(2):
        uploaded("star.csv", LIGHT_CURVE).button(key="infer_button").click().run()
    assert len(api.jobs(store)) == 1


def change_priors(app, simulator: str, *names: str) -> None:
    app.multiselect(key=f"prior_chosen_{simulator}").set_value(list(names)).run()


@pytest.mark.slow
def test_changed_and_fixed_priors(uploaded, store):
    app = uploaded("star.csv", LIGHT_CURVE)
    change_priors(app, "transit", "radius_ratio", "impact_parameter", "duration", "q1")
    app.text_input(key="prior_transit_radius_ratio_0").set_value("0.05")
    app.text_input(key="prior_transit_radius_ratio_1").set_value("0.12").run()
    app.selectbox(key="prior_transit_impact_parameter_kind").set_value("fixed").run()
    app.text_input(key="prior_transit_impact_parameter_0").set_value("0.5").run()
    app.selectbox(key="prior_transit_duration_unit").set_value("h").run()
    app.text_input(key="prior_transit_duration_0").set_value("1.2").run()
    assert not app.exception
    app.button(key="infer_button").click().run()
    (job,) = api.jobs(store)
    kind, bounds = (dict(simulators.simulator("transit").prior.distributions)["duration"].kind, "(0.05,")
    changes = dict(job.settings.changes)
    assert changes.pop("prior.duration").startswith(kind + bounds)
    assert changes == {"prior.radius_ratio": "loguniform(0.05,0.12)", "prior.impact_parameter": "fixed(0.5)"}


@pytest.mark.slow
def test_another_unit_or_kind_keeps_the_prior_in_its_place(uploaded):
    app = uploaded("star.csv", LIGHT_CURVE)
    change_priors(app, "transit", "duration")
    low, high = (float(app.text_input(key=f"prior_transit_duration_{number}").value) for number in (0, 1))
    app.selectbox(key="prior_transit_duration_unit").set_value("h").run()
    assert [float(app.text_input(key=f"prior_transit_duration_{number}").value) for number in (0, 1)] == pytest.approx(
        [24 * low, 24 * high]
    )
    assert not any("instead of" in cell for cell in app.table[0].value["Prior"])
    app.selectbox(key="prior_transit_duration_kind").set_value("normal").run()
    assert float(app.text_input(key="prior_transit_duration_0").value) == pytest.approx(12 * (low + high), rel=1e-3)
    assert sum("instead of" in cell for cell in app.table[0].value["Prior"]) == 1


@pytest.mark.slow
def test_bad_prior_is_said(uploaded):
    app = uploaded("star.csv", LIGHT_CURVE)
    change_priors(app, "transit", "radius_ratio")
    app.text_input(key="prior_transit_radius_ratio_0").set_value("9").run()
    assert "lower bound" in app.error[0].value
    assert not any(button.key == "infer_button" for button in app.button)


@pytest.mark.slow
def test_what_priors_predict_is_shown(uploaded):
    app = uploaded("star.csv", VELOCITIES)
    app.toggle(key="priors_shown").set_value(True).run()
    assert "under the default prior" in words(app)
    change_priors(app, "radial_velocity", "semi_amplitude", "eccentricity_x")
    for number, text in enumerate(("2000", "2100")):
        app.text_input(key=f"prior_radial_velocity_semi_amplitude_{number}").set_value(text)
    app.selectbox(key="prior_radial_velocity_eccentricity_x_kind").set_value("fixed").run()
    assert not app.exception
    assert not app.error
    assert "under your prior" in words(app)
    assert "vary less than nearly all" in words(app)


@pytest.mark.slow
def test_preparation_is_shown_step_by_step(uploaded):
    app = uploaded("star.csv", LIGHT_CURVE)
    app.toggle(key="prepare_shown").set_value(True).run()
    assert not app.exception
    assert "remain to be fitted" in words(app) or app.error


@pytest.mark.slow
def test_spectrum_is_offered_its_own_simulator(uploaded):
    app = uploaded("galaxy.csv", spectrum())
    assert not app.error
    assert app.selectbox(key="infer_simulator").value == "galaxy_lines"
    titles = {simulator.title for simulator in simulators.simulators() if simulator.kind == "spectrum"}
    assert set(app.selectbox(key="infer_simulator").options) == titles
    app.toggle(key="prepare_shown").set_value(True).run()
    assert not app.exception
    assert "remain to be fitted" in words(app)
    assert any(button.key == "infer_button" for button in app.button)


HUBBLE = b"zHD,MU,MUERR\n" + b"".join(b"%.4f,%.3f,0.15\n" % (z, 43.2 + 5 * np.log10(z)) for z in np.geomspace(0.01, 1.2, 60))
VELOCITIES = b"bjd,mnvel,errvel,tel\n" + b"".join(
    b"%.4f,%.2f,2.0,%s\n" % (2454000 + 3.1 * i, 50 * np.cos(i), (b"HIRES", b"HARPS")[i % 2]) for i in range(40)
)


@pytest.mark.slow
def test_choices_of_the_model_are_settings(uploaded, store):
    app = uploaded("supernovae.csv", HUBBLE)
    assert app.selectbox(key="infer_simulator").value == "hubble_diagram"
    app.selectbox(key="model_dark_energy").set_value("w").run()
    assert not app.error
    assert "w" in app.multiselect(key="prior_chosen_hubble_diagram").options
    app.button(key="infer_button").click().run()
    (job,) = api.jobs(store)
    assert dict(job.settings.changes) == {"model.dark_energy": "w"}


@pytest.mark.slow
def test_priors_are_those_of_the_channels(uploaded):
    app = uploaded("star.csv", VELOCITIES)
    assert not app.error
    assert {"offset 1", "offset 2"} <= set(app.multiselect(key="prior_chosen_radial_velocity").options)


@pytest.mark.slow
def test_address_asks_for_a_simulator_and_a_new_file_begins_anew(opened, store, read_here):
    key = store.put_upload("star.csv", LIGHT_CURVE)
    app = opened("infer", simulator="flare_activity", observation=key)
    assert "bring a light curve" in words(app)
    assert app.selectbox(key="infer_simulator").value == "flare_activity"
    app.selectbox(key="infer_simulator").set_value("stellar_rotation").run()
    assert app.selectbox(key="infer_simulator").value == "stellar_rotation"
    app.get_by_key("source").set_value("My own file").run()
    app.file_uploader[0].upload("another.csv", LIGHT_CURVE + b"2454971,1,0.0005\n").run()
    assert app.selectbox(key="infer_simulator").value == "flare_activity"


def test_address_with_no_simulator_of_that_name_is_passed_over(opened):
    app = opened("infer", simulator="<b>no</b>")
    assert not app.exception
    assert "bring" not in words(app)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "points"),
    [
        ("rrlyrae/1013184.csv", "291"),
        ("rv/K2-24_epic203771098.csv", "32"),
        ("hubble/Pantheon+SH0ES.dat", "1,701"),
        ("photoz/hdfn_fs99_eazy.cat", "7"),
        ("supernova/LOSS_2011fe.dat", "236"),
        ("microlensing/phot_ob08092_O4.dat", "383"),
        ("galaxy_spectrum/sdss_dr18_0358-51818-0504.fits", "3,747"),
        ("transit/kplr010666592-2009131110544_slc.fits", "14,211"),
    ],
)
def test_real_files_of_every_kind(uploaded, shared, file, points):
    path = shared / "observations" / file
    app = uploaded(path.name, path.read_bytes())
    assert app.metric[0].value == points


ODD = b"when,bright\n" + b"".join(b"%.2f,%.4f\n" % (0.02 * number, 1 + (number % 7) * 1e-3) for number in range(200))


@pytest.mark.slow
def test_answers_mend_a_table_and_are_part_of_the_settings(uploaded, store):
    app = uploaded("odd.csv", ODD)
    assert "no column is called time" in app.error[0].value
    for name, answer in (("coordinate", "when"), ("value", "bright"), ("kind", "light_curve")):
        app.selectbox(key=f"read_{name}").set_value(answer)
    app.number_input(key="read_error").set_value(0.002).run()
    assert not app.error
    assert app.metric[0].value == "200"
    app.button(key="infer_button").click().run()
    (job,) = api.jobs(store)
    assert job.settings.section("read") == {"coordinate": "when", "error": "0.002", "kind": "light_curve", "value": "bright"}


@pytest.mark.slow
def test_another_file_forgets_the_answers(uploaded):
    app = uploaded("odd.csv", ODD)
    app.selectbox(key="read_coordinate").set_value("when").run()
    app.file_uploader[0].upload("star.csv", LIGHT_CURVE).run()
    assert app.metric[0].value == "2,000"
