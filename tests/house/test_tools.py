"""The checkers that also run by themselves in `make check`."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT

COMMANDS = {
    "format": ("ruff", "format", "--check", "--quiet", "--diff"),
    "lint": ("ruff", "check", "--quiet", "--output-format", "concise"),
    "imports": ("lint-imports", "--no-logo"),
    "types": ("pyright",),
}

pytestmark = pytest.mark.tool


@pytest.mark.parametrize("name", COMMANDS)
def test_tool_is_content(name: str):
    program, *arguments = COMMANDS[name]
    path = shutil.which(program, path=str(Path(sys.executable).parent))
    if path is None:
        pytest.skip(f"{program} is not installed beside this Python")
    done = subprocess.run([path, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
