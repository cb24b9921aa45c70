"""Which URLs and which internet addresses are let through."""

import pytest

from astro_sbi.observations.observation import ObservationError
from astro_sbi.runs.addresses import HOSTS, Place, checked_place, is_public, public_addresses


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://mast.stsci.edu/a/b.fits", Place("mast.stsci.edu", "/a/b.fits")),
        (" HTTPS://MAST.STSCI.EDU:443/a?b=c d#e ", Place("mast.stsci.edu", "/a?b=c%20d")),
        ("https://mast.stsci.edu.", Place("mast.stsci.edu", "/")),
        ("https://dr17.sdss.org/sas/dr17/é.fits", Place("dr17.sdss.org", "/sas/dr17/%C3%A9.fits")),
    ],
)
def test_archives_are_let_through_and_written_in_one_way(url, place):
    assert checked_place(url) == place


@pytest.mark.parametrize("scheme", ["http", "file", "ftp", "data", "javascript", "gopher", "unix", ""])
def test_other_schemes_are_refused(scheme):
    with pytest.raises(ObservationError, match="must start with https"):
        checked_place(f"{scheme}://mast.stsci.edu/a" if scheme else "mast.stsci.edu/a")


def test_data_url_is_refused():
    with pytest.raises(ObservationError, match="must start with https"):
        checked_place("data:text/csv,time,flux")


@pytest.mark.parametrize(
    "host",
    [
        "example.com",
        "mast.stsci.edu.example.com",
        "evil-mast.stsci.edu",
        "xmast.stsci.edu",
        "vizier.example.com",
        "dr.sdss.org",
        "dr99.sdss.org",
        "drx.sdss.org",
        "mast.stsci.edu..",
        "mast%2estsci.edu",
        "mast.stsci.edu%00.example.com",
        "ｍast.stsci.edu",
        "mаst.stsci.edu",
        "xn--mst-5cd.stsci.edu",
        "mast.stsci.edu example.com",
        "raw.githubusercontent.com",
        "localhost",
        "127.0.0.1",
        "0x7f.1",
        "[::1]",
        "",
    ],
)
def test_other_hosts_are_refused(host):
    with pytest.raises(ObservationError, match=r"not on the list of archives|not a web address"):
        checked_place(f"https://{host}/a.fits")


@pytest.mark.parametrize("login", ["user@", "user:word@", "@", "mast.stsci.edu@"])
def test_logins_are_refused(login):
    with pytest.raises(ObservationError, match="user name or password"):
        checked_place(f"https://{login}mast.stsci.edu/a")


@pytest.mark.parametrize("port", ["80", "22", "8443", "0"])
def test_ports_are_refused(port):
    with pytest.raises(ObservationError, match=f"names port {port}"):
        checked_place(f"https://mast.stsci.edu:{port}/a")


@pytest.mark.parametrize("url", ["https://mast.stsci.edu:x/", "https://mast.stsci.edu:99999/", "https://[::1/", "https://[v1.x]:y/"])
def test_broken_urls_are_refused(url):
    with pytest.raises(ObservationError, match="not a web address"):
        checked_place(url)


@pytest.mark.parametrize("trick", ["\r\nHost: example.com", "\t", "\x00", "\x7f", "\\@example.com"])
def test_characters_that_programs_read_differently_are_refused(trick):
    with pytest.raises(ObservationError, match="line break, a tab or a backslash"):
        checked_place(f"https://mast.stsci.edu/{trick}a")


def test_long_url_is_refused():
    with pytest.raises(ObservationError, match="longer than"):
        checked_place("https://mast.stsci.edu/" + 9000 * "a")


def test_hosts_are_plain_names():
    assert all(host == host.lower() and host.isascii() and "*" not in host for host in HOSTS)


PRIVATE = [
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.1.2.3", "169.254.169.254", "172.16.0.1", "172.31.255.1"),
    *("192.0.0.1", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "::8.8.8.8"),
    *("64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:808::1", "2001:10::1", "2001:20::1"),
    *("2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1", "fe80::1%eth0"),
    *("fec0::1", "ff02::1", "2600:1f18::1%eth0", "localhost", "", "8.8.8.8.8", "0x7f000001"),
]


@pytest.mark.slow
@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_off_the_public_internet_are_refused(address):
    assert not is_public(address)
    with pytest.raises(ObservationError, match="not on the public internet"):
        public_addresses("mast.stsci.edu", lambda *_: ("130.167.0.1", address))


@pytest.mark.parametrize(
    "address", ["130.167.0.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2600:1f18::1", "2a00:1450:4001::1", "2001:200::1"]
)
def test_public_addresses_are_let_through(address):
    assert public_addresses("mast.stsci.edu", lambda *_: [address]) == (address,)


def test_host_without_an_address_is_said():
    with pytest.raises(ObservationError, match="could not be found: is there a network"):
        public_addresses("mast.stsci.edu", lambda *_: ())
