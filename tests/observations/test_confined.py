"""What a confined process may still read, and what its audit hook refuses."""

import os
from pathlib import Path

import pytest

from astro_sbi.observations import confined


def test_readable_places_hold_nobodys_files():
    private = [Path(place) for place in ("/etc/passwd", "/tmp/x", "/proc/self/environ", "/var/lib/x", Path.home() / "x")]
    places = confined.readable_places()
    assert not [(path, place) for path in private for place in places if path.is_relative_to(place)]
    assert Path(confined.__file__).parents[1] in places


def test_guard_lets_python_import(tmp_path: Path):
    hook = confined.guard([tmp_path])
    for event, arguments in {"open": (tmp_path / "module.py", "rb", 0), "os.listdir": (str(tmp_path),), "import": ("x",)}.items():
        hook(event, arguments)
    hook("open", (0, "wb", os.O_WRONLY))


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("open", ("inside", "w", 0)),
        ("open", ("inside", None, os.O_RDWR)),
        ("open", ("link", "r", 0)),
        ("open", ("../outside", "r", 0)),
        ("os.scandir", ("..",)),
        ("os.remove", ("inside", -1)),
        ("socket.__new__", ()),
        ("urllib.Request", ()),
        ("subprocess.Popen", ()),
        ("pickle.find_class", ("os", "system")),
    ],
)
def test_guard_refuses(tmp_path: Path, event: str, arguments: tuple):
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)
    places = (str(folder / arguments[0]), *arguments[1:]) if event in ("open", "os.scandir") else arguments
    with pytest.raises(PermissionError, match="not allowed"):
        confined.guard([folder])(event, places)
