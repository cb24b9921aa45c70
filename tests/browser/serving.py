"""A real server in a process of its own, and the browser that looks at it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STARTING_S = 60
#: Streamlit looks for its own server below a deep link's folder first, and shrugs when it is not there.
SHRUGGED = ("/_stcore/health", "/_stcore/host-config")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(store: Path, **environment: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """A freshly started server on a store: its address and its process."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    log = store.parent / f"server-{port}.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [*command, "--server.address=127.0.0.1", "--server.fileWatcherType=none"],
            cwd=ROOT,
            env={**os.environ, "ASTRO_SBI_STORE": str(store), **environment},
            stdout=stream,
            stderr=stream,
        )
        try:
            wait_until_healthy(f"http://127.0.0.1:{port}", process, log)
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_until_healthy(address: str, process: subprocess.Popen, log: Path) -> None:
    """Wait for the server's own word that it is up."""
    end = time.monotonic() + STARTING_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{address}/_stcore/health", timeout=2) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process on Linux, not a number elsewhere."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), float("nan"))


def chromium() -> str | None:
    """Debian's Chromium, where it is installed."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


class Complaints(list):
    """Everything that the browser complained about."""

    def listen(self, page) -> None:
        """Note what a page's console and scripts say."""
        page.on("console", lambda message: message.type == "error" and not self._is_shrugged(message) and self.append(message.text))
        page.on("pageerror", lambda error: self.append(str(error)))

    @staticmethod
    def _is_shrugged(message) -> bool:
        return str((message.location or {}).get("url", "")).endswith(SHRUGGED)
