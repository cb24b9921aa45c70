"""Which addresses may be fetched: archives on a list, by https, at public internet addresses."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from astro_sbi.observations.observation import ObservationError

#: Archives whose operators decide what they hold. Hosts where anyone may publish, such as GitHub, are not among them.
HOSTS: tuple[str, ...] = (
    "mast.stsci.edu",
    "archive.stsci.edu",
    "exo.mast.stsci.edu",
    "data.sdss.org",
    "sas.sdss.org",
    "skyserver.sdss.org",
    *(f"dr{release}.sdss.org" for release in range(8, 31)),
    "archive.eso.org",
    "dataportal.eso.org",
    "cds.unistra.fr",
    "cdsarc.cds.unistra.fr",
    "vizier.cds.unistra.fr",
    "vizier.u-strasbg.fr",
    "vizier.cfa.harvard.edu",
    "irsa.ipac.caltech.edu",
    "exoplanetarchive.ipac.caltech.edu",
    "ogle.astrouw.edu.pl",
)

INSTEAD = "download the file with your browser and upload it"
LONGEST_URL = 8000
HTTPS_PORT = 443

_IPV4_UNROUTED = ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4")
_IPV6_UNICAST = "2000::/3"
#: Teredo, benchmarks, ORCHID and documentation, and 6to4, which wraps an IPv4 address; NAT64 and mapped addresses lie outside 2000::/3.
_IPV6_UNROUTED = ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
_SAFE_IN_PATH = "%/:=&?~#+!$,;'@()*[]-._"


@dataclass(frozen=True)
class Place:
    """An https URL that has been checked, in parts.

    Args:
        host: name of the host, in lower case, on the list.
        target: path and query as they are asked for, plain ASCII.
    """

    host: str
    target: str

    @property
    def url(self) -> str:
        """The one way to write this URL."""
        return f"https://{self.host}{self.target}"


def checked_place(url: str, hosts: Sequence[str] = HOSTS) -> Place:
    """A URL that may be fetched.

    Raises:
        ObservationError: if its scheme, host, port or form is not allowed.
    """
    url = url.strip()
    if len(url) > LONGEST_URL:
        raise ObservationError(f"the address is longer than {LONGEST_URL:,} characters: give the direct link to one file")
    if re.search(r"[\x00-\x1f\x7f\\]", url):
        raise ObservationError("the address holds a line break, a tab or a backslash: copy it again from the archive's page")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ObservationError("this is not a web address: it should look like https://archive/folder/file.fits") from None
    if parts.scheme != "https":
        shown = f"'{parts.scheme[:20]}:'" if parts.scheme else "no scheme"
        raise ObservationError(
            f"the address must start with https://, and this one has {shown}: give the archive's https link, or {INSTEAD}"
        )
    if "@" in parts.netloc:
        raise ObservationError("the address holds a user name or password: only files open to everyone are fetched, so leave it out")
    if port not in (None, HTTPS_PORT):
        raise ObservationError(f"the address names port {port}: archives are asked only at the usual one, so leave it out")
    target = _ascii(parts.path or "/") + (f"?{_ascii(parts.query)}" if parts.query else "")
    return Place(_listed(parts.hostname or "", hosts), target)


def _ascii(text: str) -> str:
    return quote(text, safe=_SAFE_IN_PATH, errors="replace")


def _listed(host: str, hosts: Sequence[str]) -> str:
    """A host's name as it stands on the list; no other letters than the list's are ever looked up."""
    name = host.lower().removesuffix(".")
    if name not in hosts:
        shown = "".join(letter for letter in name if letter.isprintable())[:60]
        raise ObservationError(f"'{shown}' is not on the list of archives that files are fetched from: {INSTEAD}")
    return name


def resolved(host: str, port: int) -> tuple[str, ...]:
    """Internet addresses of a host, as the system finds them.

    Raises:
        OSError: if there are none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def public_addresses(host: str, resolve: Callable[[str, int], Sequence[str]] = resolved) -> tuple[str, ...]:
    """Addresses of a host, looked up once; connections are made to these and to no name, so that a second answer cannot matter.

    Raises:
        ObservationError: if there are none, or any of them is not on the public internet.
    """
    try:
        addresses = tuple(resolve(host, HTTPS_PORT))
    except (OSError, UnicodeError):
        addresses = ()
    if not addresses:
        raise ObservationError(f"{host} could not be found: is there a network? Try again later, or {INSTEAD}")
    if not all(map(is_public, addresses)):
        raise ObservationError(f"{host} leads to an address that is not on the public internet, so nothing was fetched: {INSTEAD}")
    return addresses


def is_public(address: str) -> bool:
    """Whether an address is an ordinary one on the internet: not private, not local, not shared, and wrapping no other address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    special = ip.is_private or ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_reserved or ip.is_unspecified
    if special or not ip.is_global:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        return ip.scope_id is None and ip in ipaddress.ip_network(_IPV6_UNICAST) and not _within(ip, _IPV6_UNROUTED)
    return not _within(ip, _IPV4_UNROUTED)


def _within(ip: ipaddress.IPv4Address | ipaddress.IPv6Address, networks: Sequence[str]) -> bool:
    return any(ip in ipaddress.ip_network(network) for network in networks)
