"""One question to one archive over a connection that is watched: pinned to a checked address, bounded in time, stopped when asked."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, cast

from astro_sbi.inference.posterior import Cancelled
from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.addresses import HOSTS, HTTPS_PORT, INSTEAD, Place, public_addresses, resolved

TICK_S = 0.2
ADDRESSES_TRIED = 3


class PassingError(ObservationError):
    """A failure that may be gone at the next try."""


@dataclass(frozen=True)
class Limits:
    """How long is waited and how often something is tried.

    Args:
        connect_s: seconds for one address to answer, and again for its certificate.
        silence_s: seconds without a byte.
        total_s: seconds for everything, tries and redirects included.
        tries: times that a failure that may pass is met.
        pause_s: seconds before the second try; doubled before each further one.
        redirects: times that an archive may send on.
    """

    connect_s: float = 10.0
    silence_s: float = 30.0
    total_s: float = 600.0
    tries: int = 3
    pause_s: float = 1.0
    redirects: int = 5


def connected(host: str, addresses: Sequence[str], seconds: float) -> socket.socket:
    """A connection to one of some addresses; the certificate must be the host's.

    Raises:
        OSError: if none of them answers, or the certificate is not accepted.
    """
    from requests.utils import DEFAULT_CA_BUNDLE_PATH

    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.load_default_certs()
    return secured(context, host, _first_answer(addresses, HTTPS_PORT, seconds))


def _first_answer(addresses: Sequence[str], port: int, seconds: float) -> socket.socket:
    failure = OSError("no address")
    for address in addresses[:ADDRESSES_TRIED]:
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            failure = error
    raise failure


def secured(context: ssl.SSLContext, host: str, plain: socket.socket) -> socket.socket:
    """TLS on a connection that stands, with the certificate checked against the host's name, whatever address it leads to."""
    try:
        return context.wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


@dataclass(frozen=True)
class Network:
    """How archives are reached. Tests put their own resolver and connections here; no URL or setting can.

    Proxies named in the environment are not used: a proxy looks names up itself, and the address could not be checked.

    Args:
        hosts: that may be asked.
        resolve: addresses of a host at a port.
        connect: a connection to one of some checked addresses, for a host, within seconds.
        limits: of time and number.
    """

    hosts: tuple[str, ...] = HOSTS
    resolve: Callable[[str, int], Sequence[str]] = resolved
    connect: Callable[[str, Sequence[str], float], socket.socket] = connected
    limits: Limits = Limits()


class Watch:
    """The time that is left, and whether to go on.

    Args:
        limits: of time.
        should_stop: asked several times a second while something is waited for.
    """

    def __init__(self, limits: Limits, should_stop: Callable[[], bool]) -> None:
        self.limits, self._should_stop = limits, should_stop
        self._end = time.monotonic() + limits.total_s

    def look(self) -> float:
        """Seconds that are left.

        Raises:
            Cancelled: if asked to stop.
            ObservationError: if no time is left.
        """
        if self._should_stop():
            raise Cancelled
        left = self._end - time.monotonic()
        if left <= 0:
            raise ObservationError(f"the archive was not done after {self.limits.total_s:.0f} s: try again later, or {INSTEAD}")
        return left

    def wait(self, seconds: float) -> None:
        """Pause, looking out meanwhile."""
        end = time.monotonic() + seconds
        while (rest := end - time.monotonic()) > 0:
            time.sleep(min(rest, TICK_S, self.look()))


class _Stream(io.RawIOBase):
    """What arrives at a connection; no read outlasts the watch, so that an archive that sends a byte a minute holds nobody up."""

    def __init__(self, source: socket.socket, watch: Watch) -> None:
        self._source, self._watch = source, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        silent_since = time.monotonic()
        while True:
            self._source.settimeout(max(0.01, min(TICK_S, self._watch.look())))
            try:
                return self._source.recv_into(buffer)
            except TimeoutError:
                if time.monotonic() - silent_since > self._watch.limits.silence_s:
                    raise

    def makefile(self, _mode: str) -> IO[bytes]:
        """What ``http.client`` asks a socket for."""
        return io.BufferedReader(self)


@contextmanager
def answered(place: Place, network: Network, watch: Watch) -> Iterator[http.client.HTTPResponse]:
    """The answer to one question, its body not yet read.

    Raises:
        PassingError: if the archive was slow or broke off; reading the body raises it too.
        ObservationError: if it cannot be reached, or must not be.
    """
    addresses = public_addresses(place.host, network.resolve)
    try:
        connection = network.connect(place.host, addresses, min(network.limits.connect_s, watch.look()))
    except ssl.SSLCertVerificationError as error:
        raise ObservationError(f"the certificate of {place.host} was not accepted ({error.verify_message}): {INSTEAD}") from None
    except TimeoutError:
        raise PassingError(f"{place.host} did not answer in time: is there a network? Try again later, or {INSTEAD}") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ObservationError(f"{place.host} could not be reached ({reason}): is there a network? Try again later, or {INSTEAD}") from None
    with closing(connection):
        try:
            yield _asked(place, connection, watch)
        except TimeoutError:
            raise PassingError(f"{place.host} fell silent: try again later, or {INSTEAD}") from None
        except (OSError, http.client.HTTPException):
            raise PassingError(f"{place.host} broke off or gave no proper answer: try again later, or {INSTEAD}") from None


def _asked(place: Place, connection: socket.socket, watch: Watch) -> http.client.HTTPResponse:
    lines = (f"GET {place.target} HTTP/1.1", f"Host: {place.host}", "User-Agent: astro_sbi", "Accept: */*", "Accept-Encoding: identity")
    connection.settimeout(min(watch.limits.silence_s, watch.look()))
    connection.sendall("\r\n".join((*lines, "Connection: close", "", "")).encode("ascii"))
    response = http.client.HTTPResponse(cast(socket.socket, _Stream(connection, watch)), method="GET")
    response.begin()
    return response
