import os
import signal
import subprocess
import sys
import time

import pytest

from astro_sbi.runs.bundle import MANIFEST
from astro_sbi.runs.keys import key_of, sha256_of
from astro_sbi.runs.store import Store, StoreError, default_store

KEY = key_of("a bundle")
FILES = {"summary.json": b'{"a":1}', "arrays.safetensors": bytes(range(256)) * 40}

WRITE = """
import sys
from pathlib import Path
from astro_sbi.runs.keys import key_of
from astro_sbi.runs.store import Store
store, start, sizes = Store(Path(sys.argv[1])), int(sys.argv[2]), [7, 300_000, 2_000_000]
print("ready", flush=True)
sys.stdin.readline()
for number in range(start, start + 400):
    won = store.commit("result", key_of(number), {f"part{k}": bytes([number % 256]) * size for k, size in enumerate(sizes)})
    print(number, won, flush=True)
"""


def check(store: Store) -> int:
    """Every bundle in a store is whole, and nothing else is there."""
    keys = store.keys("result")
    for key in keys:
        store.load("result", key)
    return len(keys)


def writer(root, start):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, str(root), str(start)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_a_bundle_comes_back_and_is_written_once(tmp_path):
    store = Store(tmp_path / "store")
    assert not store.has("result", KEY)
    assert store.commit("result", KEY, FILES)
    assert not store.commit("result", KEY, {"summary.json": b"another"})
    assert store.load("result", KEY) == FILES
    assert store.keys("result") == [KEY]
    store.delete("result", KEY)
    store.delete("result", KEY)
    assert store.keys("result") == []
    with pytest.raises(StoreError, match="there is no result"):
        store.load("result", KEY)


@pytest.mark.parametrize("key", ["../secrets", "", "a" * 63, "A" * 64, KEY + "/..", "\0" * 64])
def test_a_key_is_never_a_path(tmp_path, key):
    store = Store(tmp_path)
    assert not store.has("result", key)
    assert store.answer(key) is None
    with pytest.raises(StoreError, match="not a key"):
        store.load("result", key)
    with pytest.raises(StoreError, match="not a key"):
        store.commit("result", key, FILES)


@pytest.mark.parametrize("name", ["../x", "a/b", MANIFEST, "", ".hidden"])
def test_a_files_name_is_a_name(tmp_path, name):
    with pytest.raises(StoreError, match="cannot be the name of a file"):
        Store(tmp_path).commit("result", KEY, {name: b""})


@pytest.mark.slow
def test_a_killed_writer_leaves_nothing_half(tmp_path):
    committed = 0
    for kill in range(4):
        process = writer(tmp_path, 1000 * kill)
        process.stdin.write("\n")
        process.stdin.flush()
        process.stdout.readline()
        time.sleep(0.013 * kill)
        process.send_signal(signal.SIGKILL)
        told = process.communicate()[0].splitlines()
        store = Store(tmp_path)
        now = check(store)
        assert now >= committed + len(told)
        committed = now


def test_stray_folders_are_swept_after_an_hour(tmp_path):
    store = Store(tmp_path)
    store.commit("result", KEY, FILES)
    young, old = tmp_path / "results" / ".tmp-young", tmp_path / "results" / ".tmp-old"
    for stray in (young, old):
        stray.mkdir()
    os.utime(old, (time.time() - 4000, time.time() - 4000))
    store.commit("result", key_of("another"), FILES)
    assert young.exists()
    assert not old.exists()


@pytest.mark.slow
def test_of_two_processes_with_one_key_one_wins(tmp_path):
    writers = [writer(tmp_path, 0), writer(tmp_path, 0)]
    for process in writers:
        process.stdin.write("\n")
        process.stdin.flush()
    wins = [[line.split()[1] for line in (process.stdout.readline() for _ in range(25))] for process in writers]
    for process in writers:
        process.kill()
        process.communicate()
    assert all(sorted(pair) == ["False", "True"] for pair in zip(*wins, strict=True))
    check(Store(tmp_path))


def test_every_flipped_byte_is_found_and_quarantined(tmp_path):
    store = Store(tmp_path)
    small = {"summary.json": b'{"a":1}', "arrays.safetensors": b"\0\1\2"}
    for name in ("summary.json", "arrays.safetensors", MANIFEST):
        store.commit("result", KEY, small)
        size = (tmp_path / "results" / KEY / name).stat().st_size
        store.delete("result", KEY)
        for place in range(0, size, 1 + size // 12):
            store.commit("result", KEY, small)
            path = tmp_path / "results" / KEY / name
            content = bytearray(path.read_bytes())
            content[place] ^= 0x04
            path.write_bytes(content)
            with pytest.raises(StoreError, match="damaged"):
                store.load("result", KEY)
            assert not store.has("result", KEY)
    assert len(list((tmp_path / "quarantine").iterdir())) > 20


@pytest.mark.parametrize("damage", ["truncated", "missing", "swapped", "no manifest"])
def test_other_damage(tmp_path, damage):
    store, other = Store(tmp_path), key_of("other")
    store.commit("result", KEY, FILES)
    store.commit("result", other, FILES)
    path = tmp_path / "results" / KEY
    if damage == "truncated":
        (path / "arrays.safetensors").write_bytes(FILES["arrays.safetensors"][:-1])
    elif damage == "missing":
        (path / "arrays.safetensors").unlink()
    elif damage == "swapped":
        store.delete("result", KEY)
        (tmp_path / "results" / other).rename(path)
    else:
        (path / MANIFEST).unlink()
    with pytest.raises(StoreError, match=r"damaged .* moved to the quarantine"):
        store.load("result", KEY)
    assert store.commit("result", KEY, FILES)
    assert store.load("result", KEY) == FILES


def test_a_failing_write_leaves_the_store_sound(tmp_path, monkeypatch):
    """The n-th call that touches the disk fails, for every n until a commit goes through."""
    store = Store(tmp_path)
    store.commit("result", key_of("older"), FILES)
    for fail_at in range(1, 40):
        calls = {"left": fail_at}

        def failing(real, calls=calls):
            def call(*args, **kwargs):
                calls["left"] -= 1
                if calls["left"] == 0:
                    raise OSError(28, "No space left on device")
                return real(*args, **kwargs)

            return call

        with monkeypatch.context() as patch:
            for name in ("mkdir", "open", "fsync", "rename"):
                patch.setattr(os, name, failing(getattr(os, name)))
            patch.setattr("io.open", failing(open))
            said = ""
            try:
                store.commit("result", KEY, FILES)
            except StoreError as error:
                said = str(error)
        assert said == "" or "No space left on device" in said
        assert check(store) >= 1
        assert not list((tmp_path / "results").glob(".tmp-*"))
        if calls["left"] > 0:
            break
        store.delete("result", KEY)
    assert not said
    assert fail_at > 8


def test_uploads_are_kept_by_content_and_named_for_show(tmp_path):
    store = Store(tmp_path)
    key = store.put_upload("../../etc/<b>pass\x00wd" + "x" * 200, b"1,2,3")
    assert key == sha256_of(b"1,2,3")
    name, content = store.upload(key)
    assert content == b"1,2,3"
    assert name.startswith("<b>passwdx")
    assert len(name) == 100
    assert store.put_upload("again.csv", b"1,2,3") == key


def test_answers_end_with_their_result(tmp_path):
    store, request = Store(tmp_path), key_of("request")
    assert store.answer(request) is None
    store.commit("result", KEY, FILES)
    store.remember_answer(request, KEY)
    store.remember_answer(request, KEY)
    assert store.answer(request) == KEY
    store.delete("result", KEY)
    assert store.answer(request) is None


def test_viewing_writes_nothing(tmp_path):
    store = Store(tmp_path / "none")
    assert store.keys("result") == []
    assert not (tmp_path / "none").exists()


def test_a_store_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        Store(tmp_path / "file").commit("result", KEY, FILES)
    with pytest.raises(StoreError, match="cannot be written"):
        _ = Store(tmp_path / "file").catalogue


def test_the_stores_place(tmp_path, monkeypatch):
    monkeypatch.setenv("ASTRO_SBI_STORE", str(tmp_path / "mine"))
    assert default_store().root == tmp_path / "mine"
    monkeypatch.delenv("ASTRO_SBI_STORE")
    assert default_store().root.name == "astro_sbi"
