"""The main road in a real browser: open, upload, infer, see the posterior, send the link."""

import re
from pathlib import Path

import numpy as np
import pytest

from astro_sbi.runs.store import Store
from tests.app.finished import kept
from tests.browser.serving import resident_megabytes, served

pytestmark = pytest.mark.browser

REAL = "observations/transit/hlsp_tess-data-alerts_tess_phot_00025155310-s01_tess_v1_lc.fits"
QUICK = "train.rounds=2\ntrain.simulations=8192\ntrain.steps=400\ntrain.later_steps=400\ntrain.draws=8192"
INFERENCE_MS = 900_000
LOOK_MS = 60_000


@pytest.fixture(scope="session")
def light_curve(tmp_path_factory) -> Path:
    """A real light curve where there is one, else one made here."""
    real = Path(__file__).resolve().parents[2].parent / "shared" / REAL
    if real.is_file():
        return real
    rng, time = np.random.default_rng(3), np.arange(0, 27, 2 / 1440)
    phase = (time - 1.3 + 1.6) % 3.2 - 1.6
    flux = 1 - 0.008 / (1 + np.exp((np.abs(phase) - 0.07) / 0.004)) + 8e-4 * rng.standard_normal(time.size)
    path = tmp_path_factory.mktemp("made") / "star.csv"
    rows = "\n".join(f"{t + 2458000:.6f},{f:.6f},0.0008" for t, f in zip(time, flux, strict=True))
    path.write_text(f"time,flux,flux_err\n{rows}\n")
    return path


def ask(page, address: str, light_curve: Path) -> None:
    """From the home page to a run under way."""
    page.goto(address)
    page.get_by_role("button", name="Infer from an observation").click(timeout=LOOK_MS)
    page.get_by_text("My own file").click(timeout=LOOK_MS)
    page.locator("input[type=file]").set_input_files(light_curve)
    page.get_by_text("What was read").wait_for(timeout=LOOK_MS)
    page.get_by_text("Further settings").click()
    further = page.get_by_role("textbox", name="One KEY=VALUE a line")
    further.fill(QUICK)
    further.blur()
    page.get_by_role("button", name="Infer", exact=True).click(timeout=LOOK_MS)
    page.get_by_role("button", name="Cancel").wait_for(timeout=LOOK_MS)


def corner_is_drawn(page) -> None:
    page.get_by_text("neural importance sampling").wait_for(timeout=INFERENCE_MS)
    page.locator(".js-plotly-plot .xaxislayer-above").first.wait_for(timeout=LOOK_MS, state="attached")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_upload_infer_and_share(browser, complaints, light_curve, tmp_path):
    """The server is killed in mid-run; a stranger opens the permalink on a third server."""
    store = tmp_path / "store"
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    complaints.listen(page)
    with served(store, ASTRO_SBI_SLOTS="1") as (address, server):
        ask(page, address, light_curve)
        job = re.search(r"job=([0-9a-f]{64})", page.url)[1]
        page.reload()
        page.get_by_role("button", name="Cancel").wait_for(timeout=LOOK_MS)
        page.goto("about:blank")
        server.kill()
    with served(store, ASTRO_SBI_SLOTS="1") as (address, server):
        page.goto(f"{address}/infer?job={job}")
        corner_is_drawn(page)
        link = page.get_by_text(re.compile(r"/result\?run=[0-9a-f]{64}")).first.inner_text()
        page.close()
        print(f"server after the journey: {resident_megabytes(server.pid):.0f} MB resident")
    with served(store, ASTRO_SBI_SLOTS="0") as (address, server):
        stranger = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
        complaints.listen(stranger)
        stranger.goto(f"{address}/result?run={link.strip().rsplit('=', 1)[1]}")
        corner_is_drawn(stranger)
        assert stranger.evaluate("document.documentElement.scrollWidth") <= 390
        print(f"server that showed a stored result: {resident_megabytes(server.pid):.0f} MB resident")


def test_first_request_is_a_deep_link(browser, complaints, tmp_path):
    """Beside a folder called pages a fresh server runs a deep link without the router, unless the guard mends it."""
    with served(tmp_path / "store", ASTRO_SBI_SLOTS="0") as (address, _):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        complaints.listen(page)
        page.goto(f"{address}/result?run={'f' * 64}")
        page.get_by_role("heading", name="This result is not here").wait_for(timeout=LOOK_MS)
        assert page.get_by_role("link", name="Library").first.is_visible()
        assert page.locator('[data-testid="stSidebarNav"]').count() == 0
        assert f"run={'f' * 64}" in page.url
        page.close()


def test_explore_keeps_its_state_in_the_address(browser, complaints, tmp_path):
    with served(tmp_path / "store", ASTRO_SBI_SLOTS="0") as (address, _):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        complaints.listen(page)
        page.goto(f"{address}/explore?simulator=Exoplanet+transit&noise_seed=7")
        page.locator(".js-plotly-plot").first.wait_for(timeout=LOOK_MS)
        assert page.get_by_role("spinbutton", name="Seed of the noise").input_value() == "7"
        page.get_by_role("slider").first.focus()
        page.keyboard.press("ArrowRight")
        page.wait_for_url(re.compile("radius_ratio="), timeout=LOOK_MS)
        page.close()


def test_downloads_are_made_when_asked_for(browser, complaints, tmp_path):
    store = tmp_path / "store"
    key = kept(Store(store))
    with served(store, ASTRO_SBI_SLOTS="0") as (address, _):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        complaints.listen(page)
        page.goto(f"{address}/result?run={key}")
        page.get_by_role("button", name="Download").first.click(timeout=LOOK_MS)
        for label, start in (("ECSV", b"# %ECSV"), ("NetCDF", b"\x89HDF"), ("Model curve", b"# %ECSV"), ("Settings", b"{")):
            with page.expect_download(timeout=LOOK_MS) as waiting:
                page.get_by_role("button", name=label).first.click()
            assert Path(waiting.value.path()).read_bytes().startswith(start), label
            assert key[:12] in waiting.value.suggested_filename
        page.keyboard.press("Escape")
        with page.expect_download(timeout=LOOK_MS) as waiting:
            page.get_by_role("button", name="PDF").first.click()
        assert Path(waiting.value.path()).read_bytes().startswith(b"%PDF-")
        assert waiting.value.suggested_filename == "corner.pdf"
        page.close()
