"""Hostile bytes: a 4xx with a stable code, nothing stored, no traceback, and the house goes on."""

import gzip
import json
from collections.abc import AsyncIterator

import httpx2
import pytest
from api_house import Made

from chimera.api.paging import Marker

CONVERSATIONS = "/api/v1/conversations"
JSON = {"Content-Type": "application/json"}
TWO_MEGABYTES = 2_000_000

RAW = {
    "empty": (b"", 400),
    "not JSON": (b"topic=Tea", 400),
    "cut short": (b'{"topic": "Tea', 400),
    "NaN": (b'{"topic":"Tea?","max_minutes":NaN}', 400),
    "Infinity": (b'{"topic":"Tea?","max_minutes":Infinity}', 400),
    "minus Infinity": (b'{"topic":"Tea?","max_minutes":-Infinity}', 400),
    "1e999": (b'{"topic":"Tea?","max_minutes":1e999}', 400),
    "5,000 digits": (b'{"topic":"Tea?","seed":1' + b"0" * 5000 + b"}", 400),
    "a 20-digit number": (b'{"topic":"Tea?","seed":12345678901234567890}', 422),
    "lone surrogate": (b'{"topic":"\\ud800"}', 400),
    "reversed pair": (b'{"topic":"\\udc00\\ud800"}', 400),
    "encoded surrogate": (b'{"topic":"\xed\xa0\x80"}', 400),
    "NUL escaped": (b'{"topic":"Tea\\u0000?"}', 422),
    "NUL raw": (b'{"topic":"Tea\x00?"}', 400),
    "escape character": (b'{"topic":"\\u001b[31mTea"}', 422),
    "C1 control": (b'{"topic":"Tea\\u0085?"}', 422),
    "invalid UTF-8": (b'{"topic":"\xff\xfe"}', 400),
    "overlong UTF-8": (b'{"topic":"\xc0\xaf"}', 400),
    "UTF-16": ('{"topic":"Tea?"}'.encode("utf-16"), 400),
    "byte order mark": (b'\xef\xbb\xbf{"topic":"Tea?"}', 400),
    "duplicate field": (b'{"topic":"Tea?","topic":"Coffee?"}', 400),
    "duplicate field inside": (b'{"topic":"Tea?","pace":{"speed":1,"speed":2}}', 400),
    "deep list": (b'{"topic":' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "fairly deep": (b'{"topic":' + b"[" * 40 + b"]" * 40 + b"}", 400),
    "a list": (b'[{"topic":"Tea?"}]', 422),
    "a string": (b'"Tea?"', 422),
    "null": (b"null", 422),
    "two documents": (b'{"topic":"Tea?"}{"topic":"Tea?"}', 400),
    "comment": (b'{"topic":"Tea?"} // yes', 400),
    "unknown field": (b'{"topic":"Tea?","role":"admin"}', 422),
    "prototype": (b'{"topic":"Tea?","__proto__":{"x":1}}', 422),
    "hostile field name": (b'{"topic":"Tea?","<script>\\u202e\\n":1}', 422),
    "field name of 100 kB": (b'{"topic":"Tea?","' + b"x" * 100_000 + b'":1}', 422),
}


async def stored(client: httpx2.AsyncClient) -> int:
    return len((await client.get(CONVERSATIONS)).json()["items"])


@pytest.mark.parametrize("name", RAW)
async def test_hostile_bytes_are_refused_with_a_code(client: httpx2.AsyncClient, name: str) -> None:
    body, status = RAW[name]
    answer = await client.post(CONVERSATIONS, content=body, headers=JSON)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == ("malformed" if status == 400 else "invalid")
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert len(answer.content) < 2_000
    assert await stored(client) == 0


@pytest.mark.parametrize(
    "secret", ["sk-canary-0123456789", "'; DROP TABLE conversations; --", "<img src=x onerror=1>"]
)
async def test_a_refusal_repeats_nothing_of_the_input(
    client: httpx2.AsyncClient, secret: str
) -> None:
    for body in ({"topic": [secret]}, {"topic": "Tea?", "pace": secret}, {"topic": secret * 50}):
        answer = await client.post(CONVERSATIONS, json=body)
        assert answer.status_code == 422
        assert secret not in answer.text


@pytest.mark.parametrize(
    "payload",
    [
        "'; DROP TABLE conversations; --", "<script>alert(1)</script>", "{{7*7}} ${7*7}",
        "\u202egnirts desrever", "👩‍👩‍👧‍👦 zalgo̷̢͠", "%s %n {0}", "../../etc/passwd",
    ],
)  # fmt: skip
async def test_text_is_kept_as_it_was_said(client: httpx2.AsyncClient, payload: str) -> None:
    answer = await client.post(CONVERSATIONS, json={"topic": payload})
    assert answer.status_code == 201, answer.text
    found = (await client.get(f"{CONVERSATIONS}/{answer.json()['id']}")).json()
    assert found["topic"] == payload


async def test_text_is_composed_the_same_way_however_it_was_typed(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post(CONVERSATIONS, json={"topic": "Cafe\u0301?"})
    assert answer.json()["topic"] == "Caf\u00e9?"


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
     "application/json; charset=utf-16", "application/jsonp", "text/json"],
)  # fmt: skip
async def test_only_json_is_read(client: httpx2.AsyncClient, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    answer = await client.post(CONVERSATIONS, content=b'{"topic":"Tea?"}', headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert await stored(client) == 0


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "gzip, identity"])
async def test_packed_bodies_are_not_unpacked(client: httpx2.AsyncClient, encoding: str) -> None:
    body = gzip.compress(b'{"topic":"' + b" " * 1_000_000 + b'Tea?"}')
    headers = JSON | {"Content-Encoding": encoding}
    answer = await client.post(CONVERSATIONS, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


async def test_a_body_of_two_megabytes_is_refused_by_its_length(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.post(CONVERSATIONS, content=b" " * TWO_MEGABYTES, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_body_of_two_megabytes_is_refused_while_it_comes(
    client: httpx2.AsyncClient,
) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < TWO_MEGABYTES:
            sent += 50_000
            yield b" " * 50_000

    answer = await client.post(CONVERSATIONS, content=chunks(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert sent < TWO_MEGABYTES


async def test_a_command_takes_no_strange_body_either(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    headers = JSON | {"Idempotency-Key": "k"}
    address = f"{CONVERSATIONS}/{conversation}/pause"
    answer = await client.post(address, content=b"{NaN", headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("POST", "/api/v1/nothing", 404, "not_found"),
        ("PUT", CONVERSATIONS, 405, "method_not_allowed"),
        ("TRACE", CONVERSATIONS, 405, "method_not_allowed"),
        ("BREW", CONVERSATIONS, 405, "method_not_allowed"),
        ("DELETE", "/", 405, "method_not_allowed"),
        ("GET", "/api/", 404, "not_found"),
        ("GET", "/api/v1/conversations/", 404, "not_found"),
        ("GET", "/assets/nothing.js", 404, "not_found"),
        ("GET", "/api/v1/personas/nobody", 404, "not_found"),
        ("GET", "/api/v1/providers/nobody/models", 404, "not_found"),
    ],
)
async def test_the_router_answers_like_everybody_else(
    client: httpx2.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "allow" in answer.headers or status == 404


async def test_a_refused_method_is_answered_with_all_that_the_address_takes(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    answer = await client.put(CONVERSATIONS)
    assert answer.headers["allow"] == "GET, POST"
    one = await client.put(f"{CONVERSATIONS}/{conversation}")
    assert one.headers["allow"] == "DELETE, GET, PATCH"


async def test_what_nobody_expected_is_answered_with_an_id_and_nothing_else(
    client: httpx2.AsyncClient, made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    made.providers.states = None  # pyright: ignore[reportAttributeAccessIssue] - a fault of ours
    answer = await client.get("/api/v1/providers")
    assert answer.status_code == 500
    problem = answer.json()
    assert problem["code"] == "error"
    assert "NoneType" not in answer.text
    assert problem["request_id"] in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_failing_provider_has_its_own_status(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/api/v1/providers/openai/models")
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_down")
    assert answer.headers["retry-after"] == "1"


def test_the_corpus_is_json_only_where_it_says_so() -> None:
    readable = {name for name, (_, status) in RAW.items() if status == 422}
    for name in readable:
        json.loads(RAW[name][0])


@pytest.mark.parametrize(
    ("path", "list_name", "position"),
    [
        ("conversations", "conversations:None:newest:None", [2**64 - 1, "cnv_x"]),
        ("conversations", "conversations:None:newest:None", [1, "cnv_\0"]),
        ("personas", "personas:", [-5]),
        ("starters", "starters:None:None", [-1]),
    ],
)
async def test_a_forged_cursor_is_refused(
    client: httpx2.AsyncClient, path: str, list_name: str, position: list[int | str]
) -> None:
    forged = Marker(list_name).write(position)
    answer = await client.get(f"/api/v1/{path}", params={"cursor": forged})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
