"""A server on the loopback that stands for every archive and replays what a test wrote down."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from astro_sbi.runs.connection import Limits, Network

PUBLIC = "130.167.0.1"
QUICK = Limits(connect_s=5.0, silence_s=5.0, total_s=20.0, tries=3, pause_s=0.01, redirects=5)


@dataclass(frozen=True)
class Answer:
    """What is answered: a status, headers and a body, or bytes that are sent as they are."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    raw: Callable[[socket.socket], None] | None = None


class Loopback:
    """Every archive at once: answers by host and path, what was asked, and which connections were made."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.answers: dict[str, list[Answer]] = {}
        self.asked: list[str] = []
        self.connections: list[tuple[str, tuple[str, ...]]] = []
        self.looked_up: list[str] = []
        self.addresses: dict[str, list[tuple[str, ...]]] = {}

    def says(self, beginning: str, *answers: Answer | bytes) -> None:
        """Answer URLs that begin so, one answer after the other and then the last one again and again."""
        self.answers[beginning] = [Answer(answer) if isinstance(answer, bytes) else answer for answer in answers]

    def answer(self, asked: str) -> Answer:
        self.asked.append(asked)
        beginning = max((b for b in self.answers if asked.startswith(b)), key=len, default=None)
        if beginning is None:
            return Answer(b"nothing here", status=404)
        waiting = self.answers[beginning]
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def resolve(self, host: str, _port: int) -> tuple[str, ...]:
        self.looked_up.append(host)
        waiting = self.addresses.get(host, [(PUBLIC,)])
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    def connect(self, host: str, addresses: tuple[str, ...], seconds: float) -> socket.socket:
        self.connections.append((host, tuple(addresses)))
        return socket.create_connection(("127.0.0.1", self.port), timeout=seconds)

    def network(self, limits: Limits = QUICK, **other: object) -> Network:
        return Network(resolve=self.resolve, connect=self.connect, limits=limits, **other)


@contextmanager
def loopback(secured: ssl.SSLContext | None = None) -> Iterator[Loopback]:
    """Serve until the test is over, in TLS if a certificate is given."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = self.server.archives.answer(f"{self.headers['Host']}{self.path}")
            with suppress(OSError):
                send(self, answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    server.daemon_threads = True
    server.block_on_close = False
    if secured is not None:
        server.socket = secured.wrap_socket(server.socket, server_side=True)
    server.archives = Loopback(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.archives
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    if answer.raw is not None:
        answer.raw(handler.connection)
        handler.close_connection = True
        return
    handler.send_response(answer.status)
    for name, content in answer.headers.items():
        handler.send_header(name, content)
    if "Transfer-Encoding" not in answer.headers:
        handler.send_header("Content-Length", str(len(answer.body) if answer.length is None else answer.length))
    handler.end_headers()
    handler.wfile.write(answer.body)


def to(location: str, status: int = 302) -> Answer:
    """Send on to another address."""
    return Answer(status=status, headers={"Location": location})
