"""The pages of the web app: filled for their address, safe in their headers, cached for ever."""

import json
import re
from pathlib import Path

import httpx2
import pytest
from api_house import HOST, ORIGIN, Made, make_house

from chimera.store.database import Store
from fakes import CountingIds, FakeClock

INDEX = """<!doctype html>
<html lang="en"><head><title>Chimera</title>
<meta property="csp-nonce" nonce="__CSP_NONCE__">
<script type="module" src="/assets/index-abc.js" nonce="__CSP_NONCE__"></script></head>
<body><script type="application/json" id="boot" nonce="__CSP_NONCE__">"__BOOT__"</script>
</body></html>
"""
PAGE_POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; "
    "style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; font-src 'self'; "
    "connect-src 'self' ws://stage.test:8000; media-src 'self' blob:; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-src 'none'; "
    "frame-ancestors 'none'; object-src 'none'; require-trusted-types-for 'script'; "
    "trusted-types chimera"
)
CONVERSATIONS = "/api/v1/conversations"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A web app as small as one can be built."""
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "assets" / "index-abc.js").write_text("console.log(1)")
    (folder / "assets" / "index-abc.js.br").write_bytes(b"packed")
    (folder / "assets" / "plain.css").write_text("a{}")
    (folder / "assets" / ".secret.js").write_text("no")
    (tmp_path / "outside.js").write_text("no")
    return folder


@pytest.fixture
def made(sqlite_store: Store, clock: FakeClock, ids: CountingIds, web: Path) -> Made:
    return make_house(sqlite_store, clock, ids, hosts=frozenset({HOST}), web=web)


def island(page: httpx2.Response) -> dict[str, object]:
    found = re.search(r'id="boot" nonce="[^"]+">(.*?)</script>', page.text, re.DOTALL)
    assert found
    return json.loads(found[1])


async def test_a_page_has_a_fresh_nonce_and_a_strict_policy(client: httpx2.AsyncClient) -> None:
    first, second = await client.get("/"), await client.get("/casting")
    nonces = [re.findall(r'nonce="([^"]+)"', page.text) for page in (first, second)]
    assert len(set(nonces[0])) == len(set(nonces[1])) == 1
    assert nonces[0][0] != nonces[1][0]
    assert "__CSP_NONCE__" not in first.text
    for page, (nonce, *_) in zip((first, second), nonces, strict=True):
        assert page.status_code == 200
        assert page.headers["content-security-policy"] == PAGE_POLICY.format(nonce=nonce)
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["content-type"] == "text/html; charset=utf-8"


async def test_the_front_page_knows_what_is_on(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    await client.post(f"{CONVERSATIONS}/{conversation}/messages", json={"text": "And whales?"})
    boot = island(await client.get("/"))
    found = (await client.get(f"{CONVERSATIONS}/{conversation}")).json()
    said = (await client.get(f"{CONVERSATIONS}/{conversation}/messages")).json()["items"]
    listed = {name: value for name, value in found.items() if name != "viewer"}
    assert found["viewer"].startswith("vwr_")
    assert boot == {"running": [listed], "conversation": found, "messages": said}


async def test_the_front_page_of_a_dark_house_knows_nothing(client: httpx2.AsyncClient) -> None:
    assert island(await client.get("/")) == {"running": []}


async def test_a_conversations_page_bears_its_title_and_cannot_be_broken_by_it(
    client: httpx2.AsyncClient,
) -> None:
    hostile = "</script><script>alert(1)</script>\u2028&"
    created = await client.post(CONVERSATIONS, json={"topic": "Tea?", "title": hostile})
    page = await client.get(f"/c/{created.json()['id']}")
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "\u2028" not in page.text.split("<title>")[1].split("</title>")[1]
    assert "<title>&lt;/script&gt;" in page.text
    conversation = island(page)["conversation"]
    assert isinstance(conversation, dict)
    assert conversation["title"] == hostile


async def test_a_page_for_nothing_is_a_page_with_404(client: httpx2.AsyncClient) -> None:
    page = await client.get("/c/cnv_nobody")
    assert page.status_code == 404
    assert island(page) == {}


async def test_assets_are_kept_for_ever_and_sent_packed_to_who_takes_it(
    client: httpx2.AsyncClient,
) -> None:
    packed = await client.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip, br"})
    # The bytes are no real Brotli: what matters is which file is sent.
    assert packed.headers["content-encoding"] == "br"
    plain = await client.get("/assets/index-abc.js", headers={"Accept-Encoding": "gzip, br;q=0"})
    assert plain.text == "console.log(1)"
    for answer in (packed, plain):
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["x-content-type-options"] == "nosniff"
    icon = await client.get("/icon.svg")
    assert (icon.headers["cache-control"], icon.headers["content-type"]) == (
        "no-cache", "image/svg+xml"
    )  # fmt: skip


async def test_an_asset_that_a_later_build_took_away_is_not_found(
    client: httpx2.AsyncClient, web: Path
) -> None:
    assert (await client.get("/")).status_code == 200
    for each in (web / "assets").iterdir():
        each.unlink()
    for encoding in ("br", "identity"):
        answer = await client.get("/assets/index-abc.js", headers={"Accept-Encoding": encoding})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "immutable" not in answer.headers.get("cache-control", "")


@pytest.mark.parametrize(
    "path",
    ["/assets/../../outside.js", "/assets/%2e%2e/%2e%2e/outside.js", "/assets/.secret.js",
     "/assets/nothing.js", "/assets/", "/api/v1/x.js", "/assets//etc/passwd"],
)  # fmt: skip
async def test_nothing_but_the_build_is_served(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(httpx2.URL(ORIGIN + path))
    assert answer.text != "no"
    assert answer.status_code == 404 or "<title>Chimera" in answer.text


async def test_a_conversation_can_be_read_without_a_script(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    text = "<b>And</b> whales?"
    await client.post(f"{CONVERSATIONS}/{conversation}/messages", json={"text": text})
    page = await client.get(f"/c/{conversation}?plain=1")
    assert page.status_code == 200
    assert "&lt;b&gt;And&lt;/b&gt; whales?" in page.text
    assert "<script" not in page.text
    assert "The Philosopher, The Comedian, The Scientist" in page.text
    nonce = re.findall(r'nonce="([^"]+)"', page.text)[0]
    assert page.headers["content-security-policy"] == PAGE_POLICY.format(nonce=nonce)
    assert (await client.get("/c/cnv_nobody?plain=1")).status_code == 404
    for odd in ("x", "-1", "9" * 40, "²"):
        assert (
            await client.get(f"/c/{conversation}", params={"plain": 1, "after": odd})
        ).is_success


class TestUnbuilt:
    @pytest.fixture
    def web(self) -> None:
        return None

    async def test_a_house_without_its_web_app_says_so(self, client: httpx2.AsyncClient) -> None:
        page = await client.get("/")
        assert page.status_code == 503
        assert "make run" in page.text
        assert (await client.get("/api/v1/personas")).status_code == 200
