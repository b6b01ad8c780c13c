"""Who may come in, and what every answer tells a browser."""

import asyncio

import httpx2
import pytest
from api_house import HOST, ORIGIN, Made
from starlette.types import Message, Receive, Scope, Send

from chimera.api.security import Doors
from chimera.core.errors import Malformed
from fakes import CountingIds, FakeClock

CONVERSATIONS = "/api/v1/conversations"
BODY = {"topic": "Tea?"}

COMMON = {
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "permissions-policy": (
        "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
    ),
}


@pytest.mark.parametrize(
    "host",
    ["evil.test", "evil.test:8000", "stage.test", "stage.test:8001", "stage.test:8000.evil.test",
     "127.0.0.1", "", f"{HOST}, evil.test"],
)  # fmt: skip
async def test_another_host_name_is_misdirected(client: httpx2.AsyncClient, host: str) -> None:
    for path in ("/", CONVERSATIONS, "/health/live"):
        answer = await client.get(path, headers={"Host": host})
        assert (answer.status_code, answer.json()["code"]) == (421, "wrong_host")
        assert answer.headers["x-content-type-options"] == "nosniff"


async def test_host_names_know_no_case(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/health/live", headers={"Host": HOST.upper()})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "anything"},
        {"Origin": "null"},
        {"Origin": "http://evil.test"},
        {"Origin": f"https://{HOST}"},
        {"Origin": "http://stage.test:8001"},
        {"Origin": f"{ORIGIN}.evil.test"},
        {"Origin": "http://evil.test", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "none"},
    ],
)
async def test_another_sites_page_changes_nothing(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post(CONVERSATIONS, json=BODY, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
    assert (await client.get(CONVERSATIONS)).json()["items"] == []


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": ORIGIN}, {"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN},
     {"Sec-Fetch-Site": "none"}],
)  # fmt: skip
async def test_our_own_page_and_programs_here_may(
    client: httpx2.AsyncClient, headers: dict[str, str]
) -> None:
    assert (await client.post(CONVERSATIONS, json=BODY, headers=headers)).status_code == 201


async def test_another_site_cannot_read_the_api_but_may_link_to_a_page(
    client: httpx2.AsyncClient,
) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    assert (await client.get(CONVERSATIONS, headers=foreign)).status_code == 403
    link = foreign | {"Sec-Fetch-Mode": "navigate"}
    assert (await client.get("/", headers=link)).status_code == 503  # the page for an unbuilt app


async def test_a_method_in_a_header_or_a_field_is_no_method(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    address = f"{CONVERSATIONS}/{conversation}"
    await client.get(address, headers={"X-HTTP-Method-Override": "DELETE"})
    await client.get(address, params={"_method": "DELETE"})
    assert (await client.get(address)).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", CONVERSATIONS), ("GET", "/api/v1/nothing"), ("PUT", CONVERSATIONS),
     ("POST", CONVERSATIONS), ("GET", "/health/live"), ("GET", f"{CONVERSATIONS}/cnv_x")],
)  # fmt: skip
async def test_the_headers_of_the_api(client: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, path)
    expected = COMMON | {
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "cache-control": "no-store",
        "vary": "Cookie, Authorization",
    }
    assert {name: answer.headers[name] for name in expected} == expected
    assert answer.headers["x-request-id"].startswith("req_")
    assert not {"set-cookie", "server", "access-control-allow-origin"} & set(answer.headers)


async def test_readiness_names_what_fails_and_nothing_more(
    client: httpx2.AsyncClient, made: Made
) -> None:
    for prefix in ("", "/api/v1"):
        for check in ("live", "startup", "ready"):
            answer = await client.get(f"{prefix}/health/{check}")
            assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    made.failing.append("database")
    answer = await client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unready", "failing": ["database"]}
    services = (await client.get("/health/services")).json()
    assert [each["name"] for each in services["providers"]] == ["openai", "ollama", "scripted"]
    assert services["providers"][0]["last_success_at"] == "2023-11-14T22:13:20.000Z"


# -- bodies with pictures ---------------------------------------------------------------------


@pytest.mark.looptime
async def test_two_bodies_with_pictures_are_read_at_once_and_none_for_ever(
    ids: CountingIds,
) -> None:
    reading, most, outcomes = 0, 0, list[str]()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        try:
            await receive()
            outcomes.append("read")
        except Malformed as error:
            outcomes.append(error.message)
        finally:
            reading -= 1

    async def never() -> Message:
        await asyncio.sleep(1e9)
        raise AssertionError

    async def one() -> Message:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(message: Message) -> None:
        del message

    def asked(length: int) -> Scope:
        headers = [(b"host", b"here"), (b"content-length", str(length).encode())]
        path = "/api/v1/conversations/cnv_1/messages"
        return {"type": "http", "method": "POST", "path": path, "headers": headers,
                "scheme": "http"}  # fmt: skip

    doors = Doors(app=app, hosts=frozenset({"here"}), ids=ids, clock=FakeClock())
    async with asyncio.TaskGroup() as group:
        for receive in (never, never, one, one):
            group.create_task(doors(asked(20_000_000), receive, send))
        await asyncio.sleep(1)
        assert (most, outcomes) == (2, [])
        await doors(asked(2), one, send)
        assert outcomes == ["read"], "a few words wait for nobody's pictures"
    assert sorted(outcomes) == [*["The body did not come in time."] * 2, *["read"] * 3]
