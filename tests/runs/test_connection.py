"""Connections go to the checked address, and the certificate there must be the host's."""

import socket
import ssl
import subprocess
import time
from functools import partial
from shutil import which

import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs import connection
from astro_sbi.runs.connection import Limits, Network, connected
from astro_sbi.runs.download import download
from tests.runs.loopback import Answer, loopback

URL = "https://mast.stsci.edu/files/star.fits"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for mast.stsci.edu that nobody has signed."""
    if which("openssl") is None:
        pytest.skip("there is no openssl to make a certificate with")
    folder = tmp_path_factory.mktemp("certificate")
    made = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
    names = ["-subj", "/CN=mast.stsci.edu", "-addext", "subjectAltName=DNS:mast.stsci.edu"]
    subprocess.run([*command, *names, "-out", made[0], "-keyout", made[1]], check=True, capture_output=True, timeout=60)
    return made


@pytest.fixture
def server(certificate, monkeypatch):
    """A server that has the certificate, at the port where archives are asked."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    with loopback(context) as archives:
        archives.says("mast.stsci.edu/files/star.fits", b"a star")
        monkeypatch.setattr(connection, "HTTPS_PORT", archives.port)
        yield archives


@pytest.fixture
def trusted(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))


def here(host, _addresses, seconds):
    return connected(host, ("127.0.0.1",), seconds)


@pytest.fixture
def network(server):
    return partial(Network, resolve=server.resolve, connect=here)


@pytest.mark.slow
@pytest.mark.usefixtures("trusted")
def test_certificate_of_the_host_is_accepted_at_any_address(server, network):
    assert download(URL, network=network()).content == b"a star"
    assert server.asked == ["mast.stsci.edu/files/star.fits"]


@pytest.mark.usefixtures("trusted")
def test_certificate_of_another_host_is_refused(server, network):
    with pytest.raises(ObservationError, match=r"certificate of archive\.stsci\.edu was not accepted \(Hostname mismatch"):
        download("https://archive.stsci.edu/files/star.fits", network=network())
    assert server.asked == []


def test_certificate_that_nobody_signed_is_refused(server, network):
    with pytest.raises(ObservationError, match=r"certificate of mast\.stsci\.edu was not accepted \(self-signed"):
        download(URL, network=network())
    assert server.asked == []


def broken_by_a_pause(stream):
    stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\na ")
    time.sleep(2.2 * connection.TICK_S)
    stream.sendall(b"star")


@pytest.mark.slow
@pytest.mark.usefixtures("trusted")
def test_pause_in_the_middle_is_waited_for(server, network):
    server.says("mast.stsci.edu/files/star.fits", Answer(raw=broken_by_a_pause))
    assert download(URL, network=network(limits=Limits(tries=1))).content == b"a star"


@pytest.mark.slow
@pytest.mark.usefixtures("trusted")
def test_longer_pause_is_not(server, network):
    server.says("mast.stsci.edu/files/star.fits", Answer(raw=broken_by_a_pause))
    with pytest.raises(ObservationError, match="fell silent"):
        download(URL, network=network(limits=Limits(silence_s=0.1, tries=1)))


@pytest.mark.usefixtures("trusted")
def test_no_name_is_looked_up_for_the_connection(server, monkeypatch):
    asked = []
    system = socket.getaddrinfo

    def getaddrinfo(host, *others, **more):
        asked.append(host)
        return system(host, *others, **more)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with connected("mast.stsci.edu", ("127.0.0.1",), 5.0) as stream:
        assert stream.getpeername() == ("127.0.0.1", server.port)
    assert asked == ["127.0.0.1"]


def test_next_address_is_tried():
    with loopback() as server:
        stream = connection._first_answer(("127.0.0.2", "127.0.0.1"), server.port, 5.0)
        assert stream.getpeername()[0] == "127.0.0.1"
        stream.close()
        with pytest.raises(OSError, match="no address"):
            connection._first_answer((), server.port, 5.0)


def test_real_network_checks_what_the_system_resolves(monkeypatch):
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 443))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [entry])
    with pytest.raises(ObservationError, match="not on the public internet"):
        download(URL)
