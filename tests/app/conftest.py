"""An app with a store of its own and no workers."""

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from astro_sbi.runs.store import Store

APP = Path(__file__).resolve().parents[2] / "app.py"
PATIENCE_S = 60


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
