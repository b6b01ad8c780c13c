"""Which addresses the transport calls: fake resolvers, and sockets that are noted and refused."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult
from hypothesis import given
from hypothesis import strategies as st
from provider_server import ProviderServer, Wire, answers

from chimera.core.errors import BadStream, Invalid, InvalidRequest, ProviderDown, ProviderSlow
from chimera.lab.clockwork import LoopClock
from chimera.providers.addresses import (
    AddressGuard,
    AddressRefused,
    AddrInfo,
    base_url_of,
    is_public,
    origin_of,
)
from chimera.providers.transport import Deadlines, HttpCall, Transport

PUBLIC = ("93.184.216.34", "8.8.8.8", "2606:2800:220:1::1", "2a00:1450::1", "::ffff:8.8.8.8")
PRIVATE = (
    *("0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "127.9.9.9", "169.254.169.254"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1"),
    *("2620:4f:8000::1", "5f00::1", "fc00::1", "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1"),
    *("", "localhost", "127.1", "0x7f.1", "2130706433"),
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", PRIVATE)
def test_everything_else_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://host/",
        "file:///etc/passwd",
        "unix://socket",
        "//host/",
        "host",
        "",
        "http://",
        "http://user@host/",
        "http://user:word@host/",
        "http://host\\@other/",
        "http://host:8080/",
        "http://127.0.0.1:11434/",
        "http://host:99999/",
        "http://[::1/",
    ],
)
def test_a_url_that_may_not_be_called_is_refused_before_anything_is_asked(url: str) -> None:
    with pytest.raises(InvalidRequest):
        AddressGuard().check_url(url)


def test_only_the_exact_server_of_the_operator_may_have_another_port() -> None:
    guard = AddressGuard([("box", 11434)])
    assert guard.check_url("http://BOX:11434/v1").raw_host == "box"
    for url in ("http://box:11435/", "http://box.test:11434/", "http://127.0.0.1:11434/"):
        with pytest.raises(InvalidRequest):
            guard.check_url(url)
    assert origin_of("https://api.test/v1") == ("api.test", 443)


class Book(AbstractResolver):
    """Answers as written, and counts the questions."""

    def __init__(self, addresses: Sequence[str], *, delay: float = 0) -> None:
        self.asked: list[str] = []
        self._addresses = addresses
        self._delay = delay

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        await asyncio.sleep(self._delay)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        pass


class Dialled:
    """Notes where a connection would go, and goes nowhere."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def __call__(self, info: AddrInfo) -> socket.socket:
        self.addresses.append(info[4][0])
        raise OSError("noted")


async def call(url: str, transport: Transport) -> bytes:
    try:
        return await transport.fetch(HttpCall(method="GET", url=url), within=1)
    finally:
        await transport.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"])
async def test_a_literal_private_address_is_refused_at_the_socket(address: str) -> None:
    book, dialled = Book([]), Dialled()
    with pytest.raises(InvalidRequest, match="not public"):
        await call(f"http://{address}/", Transport(clock=LoopClock(), resolver=book, dial=dialled))
    assert dialled.addresses == []
    assert book.asked == []


@pytest.mark.parametrize("answer", [["10.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:10.0.0.1"]])
async def test_a_name_is_refused_unless_every_answer_is_public(answer: list[str]) -> None:
    book, dialled = Book(answer), Dialled()
    with pytest.raises(InvalidRequest, match="not public"):
        await call("http://evil.test/", Transport(clock=LoopClock(), resolver=book, dial=dialled))
    assert dialled.addresses == []


async def test_a_public_name_is_asked_once_and_dialled() -> None:
    book, dialled = Book(["8.8.8.8"]), Dialled()
    with pytest.raises(ProviderDown):
        await call("http://api.test/", Transport(clock=LoopClock(), resolver=book, dial=dialled))
    assert (book.asked, dialled.addresses) == (["api.test"], ["8.8.8.8"])


async def test_a_name_without_an_address_means_down() -> None:
    with pytest.raises(ProviderDown):
        await call("http://api.test/", Transport(clock=LoopClock(), resolver=Book([])))


@pytest.mark.looptime
async def test_a_name_that_is_never_answered_is_slow_to_connect() -> None:
    slow = Transport(
        clock=LoopClock(), resolver=Book(["8.8.8.8"], delay=30), deadlines=Deadlines(connect=2)
    )
    with pytest.raises(ProviderSlow) as caught:
        await slow.fetch(HttpCall(method="GET", url="http://api.test/"))
    assert caught.value.stage == "connect"
    await slow.close()


def test_a_socket_to_an_address_that_nobody_named_is_refused() -> None:
    dialled = Dialled()
    guard = AddressGuard([("box", 1234)], dial=dialled)
    info: AddrInfo = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.5", 1234))
    with pytest.raises(AddressRefused):
        guard.open(info)
    guard.admit("box", 1234, ["10.0.0.5"])
    with pytest.raises(OSError, match="noted"):
        guard.open(info)
    other: AddrInfo = (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("10.0.0.5", 80))
    with pytest.raises(AddressRefused):
        guard.open(other)


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "::ffff:169.254.169.254", "100.100.100.200", "fd00:ec2::254"],
)
@pytest.mark.parametrize("literal", [False, True])
async def test_a_clouds_secrets_are_nobodys_models(address: str, literal: bool) -> None:
    host = (f"[{address}]" if ":" in address else address) if literal else "metadata.internal"
    url, dialled = f"http://{host}/v1/models", Dialled()
    named = Transport(
        clock=LoopClock(), allowed=[origin_of(url)], resolver=Book([address]), dial=dialled
    )
    with pytest.raises(InvalidRequest, match="not public"):
        await call(url, named)
    assert dialled.addresses == []
    if literal:
        with pytest.raises(Invalid):
            base_url_of(url, local=True)


@pytest.fixture
async def server() -> AsyncIterator[ProviderServer]:
    async with ProviderServer() as server:
        yield server


async def test_the_operators_name_may_lead_to_this_machine(server: ProviderServer) -> None:
    server.play(answers(200, {}))
    port = server.address[1]
    named = Transport(clock=LoopClock(), allowed=[("box", port)], resolver=Book(["127.0.0.1"]))
    assert await call(f"http://box:{port}/v1/models", named) == b"{}"
    assert server.requests[0].headers["host"] == f"box:{port}"


async def test_proxies_of_the_environment_and_cookies_are_not_for_us(
    server: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9/")
    server.play(answers(200, {}, set_cookie="a=b"))
    transport = Transport(clock=LoopClock(), allowed=[server.address])
    await transport.fetch(HttpCall(method="GET", url=server.base_url))
    await call(server.base_url, transport)
    assert "cookie" not in server.requests[1].headers


# -- base URLs that a person types (S31) --------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1234/v1", "http://[::1]:11434", "http://localhost:8080/v1",
     "http://box:11434", "http://10.1.2.3", "http://100.64.1.1:1234", "http://nas.lan:1234/v1",
     "https://api.test/v1", "https://api.test:8443/v1", "http://[fd00::7]:11434"],
)  # fmt: skip
def test_a_local_server_may_be_on_this_machine_or_network(address: str) -> None:
    assert base_url_of(address, local=True) == address
    assert base_url_of(f"{address}/", local=True) == address


@given(host=st.ip_addresses(v=4), form=st.sampled_from(["{}", "0x{:x}", "0{:o}"]))
def test_an_address_in_numbers_is_judged_as_every_reader_of_it_would(
    host: IPv4Address, form: str
) -> None:
    number = form.format(int(host))
    for spelled in (f"http://{number}/", f"https://{number}/v1", f"https://{number}.:443/"):
        for local in (True, False):
            with pytest.raises(Invalid):
                base_url_of(spelled, local=local)


@given(host=st.ip_addresses())
def test_a_public_service_is_never_at_an_address_that_is_not(
    host: IPv4Address | IPv6Address,
) -> None:
    text = f"[{host}]" if host.version == 6 else str(host)
    public = is_public(str(host)) and "%" not in str(host)
    if public:
        assert base_url_of(f"https://{text}/v1", local=False)
    else:
        with pytest.raises(Invalid):
            base_url_of(f"https://{text}/v1", local=False)
    if not public or str(host) != text.strip("[]"):
        return
    with pytest.raises(Invalid, match="https"):
        base_url_of(f"http://{text}/v1", local=True)


# -- answers of a hostile server (S32; redirects in test_provider_bad_days.py) --------------------


async def test_a_list_that_never_ends_is_cut_off(server: ProviderServer) -> None:
    async def endless(wire: Wire) -> None:
        await wire.head(200, Content_Type="application/json")
        with suppress(ConnectionError):
            while True:
                await wire.raw(b"x" * 65_536)

    server.play(endless)
    with pytest.raises(BadStream, match="longer than 1048576"):
        await call(server.base_url, Transport(clock=LoopClock(), allowed=[server.address]))


async def test_of_a_refusal_as_long_as_a_book_a_page_is_shown(server: ProviderServer) -> None:
    async def book(wire: Wire) -> None:
        await wire.head(500, Content_Type="text/plain")
        with suppress(ConnectionError):
            await wire.raw(b"never " * 1_000_000)

    server.play(book)
    with pytest.raises(ProviderDown) as caught:
        await call(server.base_url, Transport(clock=LoopClock(), allowed=[server.address]))
    assert 500 < len(caught.value.message) < 1200
