"""The browser, where there is one."""

import os

import pytest

from tests.browser.serving import Complaints, chromium


@pytest.fixture(scope="session")
def browser():
    path = chromium()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("Chromium is not installed; continuous integration needs it (apt install chromium)")
        pytest.skip("Chromium is not installed (apt install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def complaints():
    """Fails the test when the browser complained."""
    found = Complaints()
    yield found
    assert not found, "the browser complained:\n" + "\n".join(found)
