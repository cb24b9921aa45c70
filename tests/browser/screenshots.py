"""Pictures of every page at two widths and in both themes: ``python -m tests.browser.screenshots [--store FOLDER] [--only home,result]``.

They go to ``.screenshots/``, which git ignores. Without a store, or with an empty one, a made-up finished run is shown.
"""

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from astro_sbi.runs.store import Store
from tests.app.finished import kept
from tests.browser.serving import ROOT, chromium, served

WIDTHS = {1440: 1000, 390: 844}
THEMES = ("light", "dark")
PHONE = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36"
TABS = ("Data and model", "Explore draws", "Training", "Checks", "Preparation", "Priors", "Provenance")


def pages(store: Store, key: str) -> dict[str, str]:
    """Address of each page by the name of its picture."""
    uploads = store.keys("upload")
    infer = f"/infer?observation={uploads[0]}" if uploads else "/infer"
    return {
        "home": "/",
        "explore": "/explore",
        "infer": infer,
        "library": "/library",
        "result": f"/result?run={key}",
        "trust": "/trust",
        "trust-run": f"/trust?run={key}",
        "compare": f"/compare?runs={','.join(one[:12] for one in store.keys('result')[:3])}",
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


def shoot(store: Store, folder: Path, key: str, wanted: argparse.Namespace) -> None:
    """Take every picture that is wanted."""
    folder.mkdir(exist_ok=True)
    addresses = {name: path for name, path in pages(store, key).items() if name in (wanted.only or pages(store, key))}
    with served(store.root, ASTRO_SBI_SLOTS="0") as (address, _), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for width in wanted.widths:
            for theme in wanted.themes:
                context = browser.new_context(
                    viewport={"width": width, "height": WIDTHS[width]}, color_scheme=theme, user_agent=PHONE if width < 700 else None
                )
                page = context.new_page()
                for name, path in addresses.items():
                    page.goto(address + path)
                    settle(page)
                    whole(page, folder / f"{name}-{width}-{theme}.png")
                    print(f"{name} {width} {theme}: {overflow(page)} px too wide")
                    for tab in TABS if name == "result" else ():
                        page.get_by_role("tab", name=tab).click()
                        settle(page)
                        whole(page, folder / f"{name}-{tab.split()[0].lower()}-{width}-{theme}.png")
                        print(f"{name} {tab} {width} {theme}: {overflow(page)} px too wide")
                context.close()
        browser.close()


def arguments() -> argparse.Namespace:
    """What the command was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--only", type=lambda text: text.split(","))
    parser.add_argument("--widths", type=lambda text: [int(width) for width in text.split(",")], default=list(WIDTHS))
    parser.add_argument("--themes", type=lambda text: text.split(","), default=list(THEMES))
    return parser.parse_args()


if __name__ == "__main__":
    asked = arguments()
    with tempfile.TemporaryDirectory() as temporary:
        place = Store(asked.store or Path(temporary) / "store")
        found = place.keys("result")
        shoot(place, ROOT / ".screenshots", found[0] if found else kept(place), asked)
