"""Home, library, stored results and calibration cards are shown by a process that never imports jax."""

import os
import subprocess
import sys

import pytest

from tests.app.conftest import APP

OPEN_A_RESULT = """
import sys
from streamlit.testing.v1 import AppTest
from astro_sbi.runs import api
from tests.app.finished import kept

app = AppTest.from_file("app.py", default_timeout=60).run()
assert not app.exception, app.exception
app.switch_page("pages/library.py").run()
assert not app.exception, app.exception
keys = [kept(api.open_store(), verdict=verdict) for verdict in ("good", "caution")]
app.query_params["run"] = keys[0]
app.switch_page("pages/result.py").run()
assert not app.exception and app.success, app.exception
for tab in ("Data and model", "Explore draws", "Training", "Checks", "Preparation", "Priors", "Provenance"):
    app.session_state["result_tab"] = tab
    app.run()
    assert not app.exception, app.exception
app.query_params["run"] = keys[1]
app.switch_page("pages/result.py").run()
assert not app.exception, app.exception
app.query_params["runs"] = ",".join(key[:12] for key in keys)
app.switch_page("pages/compare.py").run()
for tab in ("Posteriors", "Which model", "Residuals"):
    app.session_state["compare_tab"] = tab
    app.run()
    assert not app.exception and app.get("tab"), app.exception
app.switch_page("pages/trust.py").run()
assert not app.exception and app.metric, app.exception
del app.query_params["run"]
app.query_params["flow"] = "transit"
app.switch_page("pages/trust.py").run()
assert not app.exception and len(app.get("plotly_chart")) == 4, app.exception
print(sorted({"jax", "jaxlib", "flax", "flowjax", "equinox"} & set(sys.modules)))
"""


@pytest.mark.slow
def test_viewing_needs_no_jax(tmp_path):
    root = APP.parent
    environment = {**os.environ, "ASTRO_SBI_STORE": str(tmp_path), "PYTHONPATH": str(root)}
    done = subprocess.run([sys.executable, "-c", OPEN_A_RESULT], cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "[]"
