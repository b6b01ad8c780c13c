"""Which addresses outside the house may be called.

Judged in the URL, in the resolver and at the socket, because each sees what another cannot:
aiohttp asks no resolver for address literals, a name may change its answer between two
questions, and only the socket knows where the connection really goes.
"""

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from chimera.core.errors import Invalid, InvalidRequest

#: family, type, protocol, canonical name, (address, port, …): what `getaddrinfo` gives.
AddrInfo = tuple[Any, Any, int, str, tuple[Any, ...]]
Dial = Callable[[AddrInfo], socket.socket]

_REFUSED_V4 = (
    IPv4Network("0.0.0.0/8"),
    IPv4Network("10.0.0.0/8"),
    IPv4Network("100.64.0.0/10"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("169.254.0.0/16"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.0.2.0/24"),
    IPv4Network("192.88.99.0/24"),
    IPv4Network("192.168.0.0/16"),
    IPv4Network("198.18.0.0/15"),
    IPv4Network("198.51.100.0/24"),
    IPv4Network("203.0.113.0/24"),
    IPv4Network("224.0.0.0/4"),
    IPv4Network("240.0.0.0/4"),
)
_UNICAST_V6 = IPv6Network("2000::/3")
_REFUSED_V6 = (
    IPv6Network("2001::/23"),
    IPv6Network("2001:db8::/32"),
    IPv6Network("2002::/16"),
    IPv6Network("3fff::/20"),
    IPv6Network("2620:4f:8000::/48"),
)
_OPEN_PORTS = frozenset({80, 443})
#: Where a local server may be: this machine, its network, and networks laid over others.
_PRIVATE = (
    *(IPv4Network(each) for each in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12")),
    *(IPv4Network(each) for each in ("192.168.0.0/16", "100.64.0.0/10")),
    *(IPv6Network(each) for each in ("::1/128", "fc00::/7")),
)
#: Where clouds tell a machine its own secrets: nobody runs models there, whoever names it.
_METADATA = (
    *(IPv4Network(each) for each in ("169.254.0.0/16", "100.100.100.200/32")),
    *(IPv6Network(each) for each in ("fd00:ec2::254/128", "fd20:ce::254/128")),
)
_INSIDE = (".localhost", ".local", ".lan", ".internal", ".home", ".home.arpa", ".ts.net")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
#: A last label that begins like a number is one, to those who read it (URL standard).
_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$")


class AddressRefused(OSError):
    """The guard does not let us call there; an OSError, so that connectors pass it on."""


def is_public(address: str) -> bool:
    """Whether an address belongs to the public internet, by our own table.

    `ipaddress.is_global` says yes to NAT64 and 6to4 forms of loopback, so it is not asked.
    """
    try:
        parsed = _unwrapped(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv4Address):
        return not any(parsed in network for network in _REFUSED_V4)
    if parsed.scope_id is not None or parsed not in _UNICAST_V6:
        return False
    return not any(parsed in network for network in _REFUSED_V6)


def origin_of(url: str) -> tuple[str, int]:
    """The host and port a URL leads to: the pair by which an operator's server is named."""
    parsed = _parse(url)
    return parsed.raw_host or "", parsed.port or 0


def base_url_of(text: str, *, local: bool) -> str:
    """An address that a person typed, in the one form that is used. Raises Invalid.

    `local`: the provider may run on this machine or network, so its address may be private, and
    there without TLS. Everything else is public, encrypted and on the usual port.
    """
    if not text.isprintable() or " " in text:
        raise _refused("The address holds a space or a character that cannot be seen.")
    try:
        parsed = _parse(text)
    except InvalidRequest as error:
        raise _refused(f"The address cannot be used: {error.message}.") from None
    host = parsed.raw_host or ""
    if parsed.query_string or parsed.raw_fragment or not _HOST.fullmatch(host):
        raise _refused("The address is not plain: give scheme, host, port and path alone.")
    if _leads_inside(host):
        if not local or not _is_private(host):
            raise _refused("This address is not public; only a local server's may be private.")
    elif parsed.scheme != "https":
        raise _refused("A public address begins with https://, or the key could be overheard.")
    elif not local and parsed.port != 443:
        raise _refused("A public address is called at the usual port.")
    return str(parsed).rstrip("/")


def _leads_inside(host: str) -> bool:
    """Whether a host is no public one by its looks; where a name leads is seen when it is asked."""
    name = host.rstrip(".").lower()
    if ":" in name or _NUMBER.search(name):
        # Numbers in another than the usual form are no names: some systems read them as addresses.
        return not is_public(name)
    return "." not in name or name.endswith(_INSIDE)


def _is_private(host: str) -> bool:
    """Whether a host is of this machine or network, in the one usual spelling."""
    try:
        address = ip_address(host)
    except ValueError:
        return _NUMBER.search(host) is None and not host.endswith(".")
    return _among(address, _PRIVATE) and not _among(address, _METADATA)


def _unwrapped(address: str) -> IPv4Address | IPv6Address:
    """What an address stands for. Raises ValueError for a text that is none."""
    parsed = ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def _among(
    address: IPv4Address | IPv6Address, networks: Iterable[IPv4Network | IPv6Network]
) -> bool:
    return any(address in each for each in networks if each.version == address.version)


def _refused(message: str) -> Invalid:
    return Invalid(message, path="base_url")


class AddressGuard:
    """Lets through public addresses, and exactly the servers the operator named."""

    def __init__(
        self, operator: Iterable[tuple[str, int]] = (), *, dial: Dial | None = None
    ) -> None:
        self._operator = frozenset((host.lower(), port) for host, port in operator)
        #: Where the operator's names led when they were last resolved.
        self._granted: set[tuple[str, int]] = set()
        self._dial = dial or _open_socket

    def check_url(self, url: str) -> URL:
        """The parsed URL; only this form is used afterwards."""
        parsed = _parse(url)
        host, port = parsed.raw_host or "", parsed.port or 0
        if port not in _OPEN_PORTS and (host, port) not in self._operator:
            raise InvalidRequest(
                f"port {port} of {host} may not be called; only the operator can allow it"
            )
        return parsed

    def admit(self, host: str, port: int, addresses: Iterable[str]) -> None:
        """Raise AddressRefused unless every address the name has may be called."""
        if (host.lower(), port) in self._operator:
            self._granted.update((address, port) for address in addresses)
            return
        if not all(is_public(address) for address in addresses):
            raise AddressRefused(f"{host} leads to an address that is not public")

    def open(self, info: AddrInfo) -> socket.socket:
        """A socket for one connection, if its address may be called; the last word on it."""
        address, port = str(info[4][0]), int(info[4][1])
        named = (address, port) in self._operator or (address, port) in self._granted
        if _among(_unwrapped(address), _METADATA) or (not named and not is_public(address)):
            raise AddressRefused(f"the address {address} is not public")
        return self._dial(info)


class GuardedResolver(AbstractResolver):
    """Asks a resolver once and refuses the name unless the guard admits all it got."""

    def __init__(self, guard: AddressGuard, resolver: AbstractResolver | None = None) -> None:
        self._guard = guard
        self._resolver = resolver or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answers = await self._resolver.resolve(host, port, family)
        if not answers:
            # aiohttp would fail an assertion on an empty list.
            raise OSError(f"{host} has no address")
        self._guard.admit(host, port, [answer["host"] for answer in answers])
        return answers

    async def close(self) -> None:
        await self._resolver.close()


def _parse(url: str) -> URL:
    if "\\" in url:
        raise InvalidRequest("a URL has no backslash")
    try:
        parsed = URL(url)
    except ValueError as error:
        raise InvalidRequest(f"not a URL: {error}") from error
    if parsed.scheme not in {"http", "https"} or not parsed.raw_host:
        raise InvalidRequest("a URL to call starts with http:// or https:// and names a host")
    if parsed.user is not None or parsed.password is not None:
        raise InvalidRequest("a URL to call carries no user name or password")
    return parsed


def _open_socket(info: AddrInfo) -> socket.socket:
    family, kind, protocol, *_ = info
    return socket.socket(family, kind, protocol)
