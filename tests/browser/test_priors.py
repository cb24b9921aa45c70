"""A prior changed in a real browser, and what it predicts."""

import re

import pytest

from tests.browser.serving import served

pytestmark = pytest.mark.browser

LOOK_MS = 60_000
ROWS = "".join(f"{2454000 + 3.1 * n:.2f},{40 * (-1) ** (n // 2):.2f},2.0\n" for n in range(30))


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    with served(tmp_path_factory.mktemp("priors") / "store", ASTRO_SBI_SLOTS="0") as (address, _):
        yield address


@pytest.mark.parametrize("width", [1440, 390])
def test_a_prior_is_changed_and_what_it_predicts_is_seen(browser, complaints, address, tmp_path, width):
    file = tmp_path / "star.csv"
    file.write_text(f"bjd,mnvel,errvel\n{ROWS}")
    page = browser.new_page(viewport={"width": width, "height": 1400})
    complaints.listen(page)
    page.goto(f"{address}/infer")
    page.get_by_text("My own file").click(timeout=LOOK_MS)
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_text("Priors", exact=True).click(timeout=LOOK_MS)
    # A list that is open while the page is still being drawn closes again.
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=LOOK_MS)
    page.get_by_role("combobox", name="Change the priors of").click(timeout=LOOK_MS)
    page.get_by_role("option", name="semi amplitude").click(timeout=LOOK_MS)
    page.keyboard.press("Escape")
    card = page.locator(".st-key-prior_card_semi_amplitude")
    for number, text in enumerate(("900", "950")):
        field = card.locator("[data-testid=stTextInput] input").nth(number)
        field.fill(text, timeout=LOOK_MS)
        field.press("Enter")
    page.get_by_text("loguniform(900").wait_for(timeout=LOOK_MS)
    page.get_by_text("Show what the priors predict").click()
    page.get_by_text(re.compile("under your prior and .* under the default prior")).first.wait_for(timeout=LOOK_MS)
    page.get_by_text("The data vary less than nearly all that this prior makes").wait_for(timeout=LOOK_MS)
    page.locator(".st-key-prior_predictive .js-plotly-plot .xaxislayer-above").first.wait_for(timeout=LOOK_MS, state="attached")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
