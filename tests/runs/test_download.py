"""Fetching a file: where it leads, what is bounded, what is tried again."""

import gzip
import socket
import time

import pytest

from astro_sbi.inference.posterior import Cancelled
from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.connection import Limits
from astro_sbi.runs.download import download
from astro_sbi.runs.download_cache import Downloaded
from astro_sbi.runs.keys import sha256_of
from tests.runs.loopback import PUBLIC, QUICK, Answer, loopback, to

URL = "https://mast.stsci.edu/files/star.fits"
AT = "mast.stsci.edu/files/star.fits"
CONTENT = b"SIMPLE  =                    T" * 100


@pytest.fixture
def server():
    with loopback() as archives:
        archives.says(AT, CONTENT)
        yield archives


def test_file_is_fetched_with_its_name_and_checksum(server):
    seen = []
    found = download(URL, on_progress=lambda *told: seen.append(told), network=server.network())
    assert found == Downloaded("star.fits", CONTENT, URL, sha256_of(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert server.connections == [("mast.stsci.edu", (PUBLIC,))]


def test_length_may_be_unknown(server):
    chunked = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    server.says(AT, Answer(chunked, headers={"Transfer-Encoding": "chunked"}))
    seen = []
    assert download(URL, on_progress=lambda *told: seen.append(told), network=server.network()).content == b"hello world"
    assert seen[-1] == (11, None)


REDIRECTS = [
    "http://127.0.0.1/secret",
    "https://127.0.0.1/secret",
    "https://169.254.169.254/latest/meta-data",
    "https://10.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://localhost/",
    "https://2130706433/",
    "https://example.com/",
    "//example.com/file.fits",
    "http://mast.stsci.edu/files/star.fits",
    "file:///etc/passwd",
    "ftp://archive.stsci.edu/file.fits",
    "https://user:word@archive.stsci.edu/file.fits",
    "https://archive.stsci.edu:8080/file.fits",
    "https://[broken/",
]


@pytest.mark.parametrize("location", REDIRECTS)
def test_redirect_elsewhere_is_refused_without_a_connection(server, location):
    server.says(AT, to(location))
    with pytest.raises(ObservationError, match=r"mast\.stsci\.edu sends on to another address, which was not followed"):
        download(URL, network=server.network())
    assert len(server.connections) == 1
    assert server.looked_up == ["mast.stsci.edu"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_archive_is_followed(server, status):
    server.says(AT, to("https://ARCHIVE.stsci.edu./other.fits", status))
    server.says("archive.stsci.edu/other.fits", CONTENT)
    assert download(URL, network=server.network()).content == CONTENT
    assert [host for host, _ in server.connections] == ["mast.stsci.edu", "archive.stsci.edu"]


def test_redirects_end(server):
    server.says(AT, to("/files/star.fits"))
    with pytest.raises(ObservationError, match="without end"):
        download(URL, network=server.network())
    assert len(server.connections) == QUICK.redirects + 1


def test_redirect_to_a_host_with_a_private_address_is_refused(server):
    server.says(AT, to("https://archive.stsci.edu/other.fits"))
    server.addresses["archive.stsci.edu"] = [("192.168.1.1",)]
    with pytest.raises(ObservationError, match="not on the public internet"):
        download(URL, network=server.network())
    assert len(server.connections) == 1


def test_name_is_looked_up_once_and_that_answer_is_used(server):
    server.addresses["mast.stsci.edu"] = [(PUBLIC,), ("127.0.0.1",)]
    assert download(URL, network=server.network()).content == CONTENT
    assert server.looked_up == ["mast.stsci.edu"]
    assert server.connections == [("mast.stsci.edu", (PUBLIC,))]
    with pytest.raises(ObservationError, match="not on the public internet"):
        download(URL, network=server.network())
    assert len(server.connections) == 1


def test_too_large_by_header(server):
    server.says(AT, Answer(b"", length=10**12))
    with pytest.raises(ObservationError, match="more than 64 MB"):
        download(URL, network=server.network())


def endless(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(bytes(65536))


def test_too_large_by_stream(server):
    server.says(AT, Answer(raw=endless))
    with pytest.raises(ObservationError, match="more than 1 MB"):
        download(URL, most_bytes=1 << 20, network=server.network())


def test_packed_for_the_way_is_unpacked(server):
    server.says(AT, Answer(gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"}))
    assert download(URL, network=server.network()).content == CONTENT


def test_gzip_bomb(server):
    bomb = gzip.compress(bytes(8 << 20))
    assert len(bomb) < 1 << 16
    server.says(AT, Answer(bomb, headers={"Content-Encoding": "x-gzip"}))
    with pytest.raises(ObservationError, match="more than 1 MB"):
        download(URL, most_bytes=1 << 20, network=server.network())


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(CONTENT)[:-9], gzip.compress(CONTENT)[:-8] + bytes(8), b"no gzip", b"", 2 * gzip.compress(b"")],
    # gzip writes the time into its header: the bytes cannot be the names.
    ids=["cut", "checksum", "no gzip", "nothing", "empty members"],
)
def test_broken_packing_is_refused(server, packed):
    server.says(AT, Answer(packed, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ObservationError, match=r"unpacked|not whole"):
        download(URL, network=server.network())


@pytest.mark.parametrize("headers", [{"Content-Encoding": "br"}, {"Transfer-Encoding": "gzip"}])
def test_other_packing_is_refused(server, headers):
    server.says(AT, Answer(CONTENT, headers=headers))
    with pytest.raises(ObservationError, match="not understood"):
        download(URL, network=server.network())


def dripping(beginning):
    def drip(connection):
        connection.sendall(beginning)
        while True:
            time.sleep(0.02)
            connection.sendall(b"x")

    return drip


@pytest.mark.slow
@pytest.mark.parametrize("beginning", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_slow_trickle_meets_the_total_limit(server, beginning):
    server.says(AT, Answer(raw=dripping(beginning)))
    with pytest.raises(ObservationError, match="was not done after"):
        download(URL, network=server.network(Limits(silence_s=5.0, total_s=0.4)))


def silent(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    connection.recv(1)


@pytest.mark.slow
def test_silence_is_given_up(server):
    server.says(AT, Answer(raw=silent), CONTENT)
    assert download(URL, network=server.network(Limits(silence_s=0.3, pause_s=0.01))).content == CONTENT
    server.says(AT, Answer(raw=silent))
    with pytest.raises(ObservationError, match="fell silent"):
        download(URL, network=server.network(Limits(silence_s=0.1, tries=1)))


@pytest.mark.parametrize(
    "failure",
    [
        Answer(b"sorry", status=500),
        Answer(b"sorry", status=503),
        Answer(b"sorry", status=429),
        Answer(CONTENT, length=len(CONTENT) + 1),
        Answer(b"5\r\nhel", headers={"Transfer-Encoding": "chunked"}),
        Answer(raw=lambda connection: connection.sendall(b"garbage\r\n\r\n")),
        Answer(raw=lambda connection: connection.shutdown(socket.SHUT_RDWR)),
        Answer(raw=lambda connection: connection.sendall(b"HTTP/1.1 200 OK\r\nA: " + bytes(70000) + b"\r\n\r\n")),
    ],
)
def test_failure_that_may_pass_is_tried_again(server, failure):
    server.says(AT, failure, CONTENT)
    assert download(URL, network=server.network()).content == CONTENT
    server.says(AT, failure)
    server.asked.clear()
    with pytest.raises(ObservationError, match=r"mast\.stsci\.edu .* try again later"):
        download(URL, network=server.network())
    assert len(server.asked) == QUICK.tries


@pytest.mark.parametrize(
    ("status", "words"), [(404, "has no such file"), (403, "may not be public"), (418, "instead of a file"), (204, "instead")]
)
def test_refusal_is_said_and_not_tried_again(server, status, words):
    server.says(AT, Answer(b"", status=status))
    with pytest.raises(ObservationError, match=words):
        download(URL, network=server.network())
    assert len(server.asked) == 1


def test_no_network_is_a_sentence(server):
    def nowhere(_host, _port):
        raise socket.gaierror(-2, "Name or service not known")

    def unreachable(*_):
        raise OSError(101, "Network is unreachable")

    network = server.network()
    with pytest.raises(ObservationError, match=r"^mast.stsci.edu could not be found: is there a network\?.*upload it$"):
        download(URL, network=type(network)(resolve=nowhere, connect=server.connect, limits=QUICK))
    with pytest.raises(ObservationError, match=r"^mast.stsci.edu could not be reached \(Network is unreachable\): is there a network\?"):
        download(URL, network=type(network)(resolve=server.resolve, connect=unreachable, limits=QUICK))
    assert server.connections == []


def test_cancel_midway(server, tmp_path):
    server.says(AT, Answer(raw=dripping(b"HTTP/1.1 200 OK\r\n\r\n")))
    done = []
    with pytest.raises(Cancelled):
        download(
            URL,
            on_progress=lambda so_far, _: done.append(so_far),
            should_stop=lambda: len(done) > 2,
            cache=tmp_path,
            network=server.network(),
        )
    assert done
    assert list(tmp_path.iterdir()) == []


def test_cancel_while_nothing_comes(server):
    server.says(AT, Answer(raw=silent))
    asked = iter([False, False, False, True])
    with pytest.raises(Cancelled):
        download(URL, should_stop=lambda: next(asked, True), network=server.network())


def test_environment_proxies_are_not_used(server, monkeypatch):
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert download(URL, network=server.network()).content == CONTENT


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://mast.stsci.edu/api/v0.1/Download/file?uri=mast:TESS/product/tess-s0001_lc.fits", "tess-s0001_lc.fits"),
        ("https://archive.stsci.edu/a/b%20c.fits.gz?x=1", "b c.fits.gz"),
        ("https://archive.stsci.edu/a/..%2F..%2Fetc%2Fpasswd.txt", "passwd.txt"),
        ("https://archive.stsci.edu/", "archive.stsci.edu"),
    ],
)
def test_name_is_the_urls_own(server, url, name):
    server.says("", CONTENT)
    assert download(url, network=server.network()).name == name
