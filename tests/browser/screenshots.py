"""Pictures of every page at two widths and in both themes: ``python -m tests.browser.screenshots [STORE]``.

They go to ``.screenshots/``, which git ignores. Without a store a made-up finished run is shown.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from astro_sbi.runs.store import Store
from tests.app.finished import kept
from tests.browser.serving import ROOT, chromium, served

WIDTHS = {1440: 1000, 390: 844}
THEMES = ("light", "dark")
PHONE = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
TABS = ("Data and model", "Training", "Checks", "Preparation", "Priors", "Provenance")


def pages(key: str) -> dict[str, str]:
    """Address of each page by the name of its picture."""
    return {
        "home": "/",
        "explore": "/explore",
        "infer": "/infer",
        "library": "/library",
        "result": f"/result?run={key}",
        "lost": "/result?run=1",
    }


def settle(page: Page) -> None:
    """Wait until the app stands still."""
    page.wait_for_selector("h1", timeout=60_000)
    page.wait_for_timeout(1_000)
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')", timeout=60_000)
    page.wait_for_timeout(1_500)


def whole(page: Page, path: Path) -> None:
    """A picture of the whole page: the window is made as tall as its content."""
    height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
    width = page.viewport_size["width"]
    page.set_viewport_size({"width": width, "height": min(max(height, 600), 6_000)})
    page.wait_for_timeout(700)
    page.screenshot(path=path)
    page.set_viewport_size({"width": width, "height": WIDTHS[width]})


def overflow(page: Page) -> int:
    """Pixels by which something sticks out of the page to the right."""
    return page.evaluate(
        "document.querySelector('[data-testid=stMain]').scrollWidth - document.querySelector('[data-testid=stMain]').clientWidth"
    )


def shoot(store: Path, folder: Path, key: str) -> None:
    """Take every picture."""
    folder.mkdir(exist_ok=True)
    with served(store, ASTRO_SBI_SLOTS="0") as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for width, height in WIDTHS.items():
            for theme in THEMES:
                context = browser.new_context(
                    viewport={"width": width, "height": height}, color_scheme=theme, user_agent=PHONE if width < 700 else None
                )
                page = context.new_page()
                for name, path in pages(key).items():
                    page.goto(address + path)
                    settle(page)
                    whole(page, folder / f"{name}-{width}-{theme}.png")
                    print(f"{name} {width} {theme}: {overflow(page)} px too wide")
                    for tab in TABS if name == "result" else ():
                        page.get_by_role("tab", name=tab).click()
                        settle(page)
                        whole(page, folder / f"{name}-{tab.split()[0].lower()}-{width}-{theme}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary) / "store"
        found = Store(place).keys("result")
        shoot(place, ROOT / ".screenshots", found[0] if found else kept(Store(place)))
