"""One real file of each kind through the upload of a real browser, and a made one that needs answers."""

import pytest

from tests.browser.serving import served

pytestmark = pytest.mark.browser

LOOK_MS = 60_000
#: File, number of points and words that the page must show.
ONE_OF_EACH = {
    "rrlyrae/1013184.csv": ("291", "flux relative to magnitude 17"),
    "galaxy_spectrum/spec-0266-51602-0107.fits": ("3,775", "SDSS 0266-51602-0107"),
    "rv/corot7.txt": ("177", "JD - 2400000 was assumed"),
    "photoz/hdfn_fs99_eazy.cat": ("7", "One of 1,067 objects"),
    "hubble/Pantheon+SH0ES.dat": ("1,701", "covariance matrix"),
}


def uploaded(page, address, file):
    page.goto(f"{address}/infer")
    page.get_by_text("My own file").click(timeout=LOOK_MS)
    page.locator("input[type=file]").set_input_files(file)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with served(tmp_path_factory.mktemp("reading") / "store", ASTRO_SBI_SLOTS="0") as (address, _):
        yield address


@pytest.mark.parametrize("file", ONE_OF_EACH)
def test_one_of_each_kind(browser, complaints, address, shared, file):
    points, words = ONE_OF_EACH[file]
    page = browser.new_page(viewport={"width": 1440, "height": 1000})
    complaints.listen(page)
    uploaded(page, address, shared / "observations" / file)
    page.get_by_text("What was read").wait_for(timeout=LOOK_MS)
    metric = page.get_by_test_id("stMetric").filter(has_text="Points").first
    metric.wait_for(timeout=LOOK_MS)
    assert metric.inner_text().split("\n")[-1].strip() == points
    page.get_by_text(words).first.wait_for(state="attached", timeout=LOOK_MS)
    page.close()


def test_a_refused_table_is_mended_by_answers(browser, complaints, address, tmp_path):
    file = tmp_path / "odd.csv"
    file.write_text("when,bright\n" + "".join(f"{0.02 * number:.2f},{1 + (number % 7) * 1e-3}\n" for number in range(80)))
    page = browser.new_page(viewport={"width": 1440, "height": 1400})
    complaints.listen(page)
    uploaded(page, address, file)
    page.get_by_text("no column is called time or wavelength").wait_for(timeout=LOOK_MS)
    for label, answer in (
        ("Column of times, wavelengths or redshifts", "when"),
        ("Column of values", "bright"),
        ("What it holds", "Light curve"),
    ):
        page.get_by_role("combobox", name=label).click()
        page.get_by_role("option", name=answer, exact=True).click()
    page.get_by_text("What was read").wait_for(timeout=LOOK_MS)
    assert page.get_by_test_id("stMetric").filter(has_text="Points").first.inner_text().split("\n")[-1].strip() == "80"
    page.close()
