"""A file from an archive, fetched with care: from a list of hosts, from public addresses only, bounded in size and time."""

from __future__ import annotations

import http.client
import re
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from astro_sbi.observations.limits import MAX_BYTES
from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.addresses import INSTEAD, Place, checked_place
from astro_sbi.runs.connection import Network, PassingError, Watch, answered
from astro_sbi.runs.download_cache import Downloaded, keep_download, kept_download
from astro_sbi.runs.keys import sha256_of
from astro_sbi.runs.store import shown_name

#: ``on_progress(done, total)`` in bytes; the total is None where the archive does not say it.
OnBytes = Callable[[int, int | None], None]

PIECE_BYTES = 1 << 16

_OK = 200
_REDIRECTS = (301, 302, 303, 307, 308)
_BUSY = (408, 425, 429, 500, 502, 503, 504)
_SUFFIX = re.compile(r".\.[A-Za-z0-9]{1,8}$")


def download(
    url: str,
    *,
    on_progress: OnBytes = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
    most_bytes: int = MAX_BYTES,
    cache: Path | None = None,
    name: str = "",
    network: Network | None = None,
) -> Downloaded:
    """Fetch a file, or take it from the cache.

    Args:
        url: https, at a host on the list.
        on_progress: told the bytes that have come and their number in all.
        should_stop: asked several times a second, in this thread.
        most_bytes: size of the largest file that is taken, after unpacking what the archive packed for the way.
        cache: folder of files fetched before; None to keep nothing.
        name: of the file; without it, the URL's own.
        network: how archives are reached.

    Raises:
        ObservationError: if it cannot be had, or must not be fetched.
        Cancelled: if asked to stop.
    """
    network = network or Network()
    place = checked_place(url, network.hosts)
    kept = kept_download(cache, place.url, most_bytes) if cache else None
    if kept:
        on_progress(len(kept.content), len(kept.content))
        return kept
    content = _tried(place, network, Watch(network.limits, should_stop), (most_bytes, on_progress))
    fetched = Downloaded(shown_name(name or name_in(place)), content, place.url, sha256_of(content))
    if cache:
        keep_download(cache, fetched)
    return fetched


def name_in(place: Place) -> str:
    """The file's name that a URL ends with, in its path or in what follows."""
    parts = urlsplit(place.url)
    candidates = [unquote(parts.path), *(content for _, content in parse_qsl(parts.query))]
    names = [PurePosixPath(candidate).name for candidate in candidates]
    return next((name for name in names if _SUFFIX.search(name)), names[0] or place.host)


def _tried(place: Place, network: Network, watch: Watch, reading: tuple[int, OnBytes]) -> bytes:
    """The content; failures that may pass are met again after a pause."""
    for number in range(network.limits.tries - 1):
        try:
            return _followed(place, network, watch, reading)
        except PassingError:
            watch.wait(network.limits.pause_s * 2**number)
    return _followed(place, network, watch, reading)


def _followed(place: Place, network: Network, watch: Watch, reading: tuple[int, OnBytes]) -> bytes:
    """The content behind at most a few redirects, each checked as the first address was."""
    for _ in range(network.limits.redirects + 1):
        with answered(place, network, watch) as response:
            if response.status not in _REDIRECTS:
                _refuse(place.host, response.status)
                return _body(place.host, response, *reading)
            location = response.getheader("Location") or ""
        place = _next(place, location, network)
    raise ObservationError(f"{place.host} sends on from address to address without end: {INSTEAD}")


def _next(place: Place, location: str, network: Network) -> Place:
    try:
        return checked_place(urljoin(place.url, location), network.hosts)
    except ValueError as error:  # ObservationError too: urljoin raises the plain one
        reason = error if isinstance(error, ObservationError) else f"what it names is no web address: {INSTEAD}"
        raise ObservationError(f"{place.host} sends on to another address, which was not followed; {reason}") from None


def _refuse(host: str, status: int) -> None:
    """Say what a status other than 200 means."""
    if status == _OK:
        return
    if status in _BUSY:
        raise PassingError(f"{host} is busy or out of order (status {status}): try again later, or {INSTEAD}")
    if status in (401, 403):
        raise ObservationError(f"{host} does not give this file to everyone (status {status}): it may not be public yet")
    if status in (404, 410):
        raise ObservationError(f"{host} has no such file (status {status}): look for it on the archive's page")
    raise ObservationError(f"{host} answered with status {status} instead of a file: {INSTEAD}")


def _body(host: str, response: http.client.HTTPResponse, most: int, on_progress: OnBytes) -> bytes:
    """The body, never more than allowed, whatever length the header claims."""
    packing = response.getheader("Content-Encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip") or response.getheader("Transfer-Encoding", "chunked").strip().lower() != "chunked":
        raise ObservationError(f"{host} packs the file in a way that is not understood here: {INSTEAD}")
    total = response.length
    if total is not None and total > most:
        raise _too_large(host, most)
    content = bytearray()
    while piece := response.read1(PIECE_BYTES):
        content += piece
        if len(content) > most:
            raise _too_large(host, most)
        on_progress(len(content), total)
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return bytes(content) if packing == "identity" else _unpacked(host, bytes(content), most)


def _unpacked(host: str, packed: bytes, most: int) -> bytes:
    """What gzip packed for the way, its checksum verified, unpacked no further than allowed."""
    member = zlib.decompressobj(wbits=31)
    try:
        content = member.decompress(packed, most + 1)
    except zlib.error:
        raise PassingError(f"{host} sent a file that cannot be unpacked: try again later, or {INSTEAD}") from None
    if len(content) > most:
        raise _too_large(host, most)
    if not member.eof or member.unused_data:
        raise PassingError(f"{host} sent a packed file that is not whole: try again later, or {INSTEAD}")
    return content


def _too_large(host: str, most: int) -> ObservationError:
    return ObservationError(f"{host} sends more than {most / (1 << 20):.3g} MB, the most that is taken: choose a smaller file")
