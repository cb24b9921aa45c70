"""An app with a store of its own and no workers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from astro_sbi.runs.store import Store

APP = Path(__file__).resolve().parents[2] / "app.py"
PATIENCE_S = 60


@pytest.fixture(autouse=True, scope="session")
def _components() -> Iterator[None]:
    """Streamlit looks through every installed package for components each time an app is made; once is enough."""
    found = manifest_scanner.scan_component_manifests()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", lambda: found)
        yield


@pytest.fixture
def store(tmp_path, monkeypatch) -> Store:
    monkeypatch.setenv("ASTRO_SBI_STORE", str(tmp_path))
    monkeypatch.setenv("ASTRO_SBI_SLOTS", "0")
    return Store(tmp_path)


@pytest.fixture
def opened(store) -> Callable[..., AppTest]:
    """Opens a page as a deep link does, with parameters in its address."""

    def opened(page: str, **parameters: str) -> AppTest:
        app = AppTest.from_file(str(APP), default_timeout=PATIENCE_S)
        app.run()
        for name, content in parameters.items():
            app.query_params[name] = content
        app.switch_page(f"pages/{page}.py").run()
        return app

    return opened


def words(app: AppTest) -> str:
    """Everything a page says."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "text", "error", "warning", "info", "success")
    return "\n".join(str(element.value) for kind in kinds for element in getattr(app, kind))
