"""Keys, addresses and limits of providers, changed over HTTP in a real house."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from api_house import HOST, ORIGIN
from blockbuster import BlockBuster
from provider_fakes import ask
from provider_server import ProviderServer, Wire, answers, streams, whole
from structlog.testing import capture_logs

from chimera.app import Parts, create_app, create_house, open_parts
from chimera.app.keys import KeyDesk, in_words
from chimera.app.models import build_models
from chimera.app.sealed import KEY_FILE, vault_of
from chimera.core.errors import QuotaSpent
from chimera.core.generation import Health, Route, TurnRequest
from chimera.settings import Settings, load_settings
from chimera.store.vault import Vault

KEY = "sk-planted-key-0123456789abcdef"
OTHER = "sk-another-key-fedcba9876543210"
PROVIDERS = "/api/v1/providers"
CREDENTIAL = f"{PROVIDERS}/compatible/credential"
MODELS = {"object": "list", "data": [{"id": "little-fish", "object": "model"}]}
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY",
        "DEEPSEEK_API_KEY", "OLLAMA_HOST")  # fmt: skip


class Gatekeeper(ProviderServer):
    """Lists one model to whoever brings the right key, and repeats every other in its refusal."""

    def __init__(self) -> None:
        super().__init__()
        self.key: str | None = KEY
        self.play(self._answer)

    @property
    def shown(self) -> list[str | None]:
        """The keys it was shown."""
        return [each.headers.get("authorization") for each in self.requests]

    async def _answer(self, wire: Wire) -> None:
        brought = self.requests[-1].headers.get("authorization", "")
        if self.key is None or brought == f"Bearer {self.key}":
            await answers(200, MODELS)(wire)
        else:
            said = {"message": f"Incorrect API key provided: {brought}. api_key='{brought}'"}
            await answers(401, {"error": said})(wire)


@pytest.fixture
async def gate() -> AsyncGenerator[Gatekeeper]:
    async with Gatekeeper() as server:
        yield server


@dataclass(frozen=True, kw_only=True)
class Open:
    """A house that is open, and a program that talks to it."""

    parts: Parts
    client: httpx2.AsyncClient

    async def put(self, **fields: object) -> httpx2.Response:
        return await self.client.put(CREDENTIAL, json=fields)

    async def card(self, name: str = "compatible") -> dict[str, Any]:
        page = (await self.client.get(PROVIDERS, params={"all": "true"})).json()
        return next(each for each in page["items"] if each["name"] == name)

    async def check(self, **fields: object) -> dict[str, Any]:
        body: dict[str, Any] = {"json": fields} if fields else {}
        return (await self.client.post(f"{PROVIDERS}/compatible/check", **body)).json()


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in KEYS:
        monkeypatch.delenv(name, raising=False)


def settings_in(folder: Path, **given: dict[str, object]) -> Settings:
    """What is given of the database and the house key, and of providers."""
    groups = {name: given.pop(name) for name in ("database", "security") if name in given}
    providers: dict[str, object] = {"discover": False, **given}
    return load_settings(server={"data_dir": folder / "data"}, providers=providers, **groups)


Opened = Callable[..., AbstractAsyncContextManager[Open]]


@pytest.fixture
def blocking(_never_blocking: BlockBuster) -> BlockBuster:
    """What forbids to block, for when that is right."""
    return _never_blocking


@pytest.fixture
def opened(blocking: BlockBuster, tmp_path: Path) -> Opened:
    """Opens the house in the test's folder, with these settings of its providers."""

    @asynccontextmanager
    async def opened(**services: dict[str, object]) -> AsyncGenerator[Open]:
        async with AsyncExitStack() as stack:
            # Until a house is open it serves nobody, and may read its files.
            blocking.deactivate()
            settings = settings_in(tmp_path, **services)
            parts = await stack.enter_async_context(open_parts(settings))
            app = create_app(create_house(parts, hosts=frozenset({HOST})))
            blocking.activate()
            transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
            client = httpx2.AsyncClient(transport=transport, base_url=ORIGIN)
            yield Open(parts=parts, client=await stack.enter_async_context(client))
            blocking.deactivate()
        blocking.activate()

    return opened


@pytest.fixture
async def house(opened: Opened) -> AsyncGenerator[Open]:
    async with opened() as found:
        yield found


# -- storing ----------------------------------------------------------------------------------


async def test_a_provider_without_key_is_offered_but_not_cast(house: Open) -> None:
    every = (await house.client.get(PROVIDERS, params={"all": "true"})).json()["items"]
    unset = {each["name"] for each in every if each["state"] == "unset"}
    assert {"openai", "anthropic", "gemini", "deepseek", "compatible"} <= unset
    castable = (await house.client.get(PROVIDERS)).json()["items"]
    assert [each["name"] for each in castable] == ["scripted"]
    openai = await house.card("openai")
    assert (openai["wants_key"], openai["credential"]) == (True, None)
    assert (await house.check())["detail"] == "It has neither key nor address yet."


async def test_a_stored_key_is_used_at_once_and_shown_by_its_end(
    house: Open, gate: Gatekeeper
) -> None:
    answer = await house.put(api_key=f" {KEY}\t", base_url=gate.base_url)
    assert answer.status_code == 200
    key = answer.json()["credential"]
    assert {"source": "stored", "last4": "cdef", "count": 1}.items() <= key.items()
    assert len(key["fingerprint"]) == 12
    assert (await house.card())["state"] == "ready"
    models = (await house.client.get(f"{PROVIDERS}/compatible/models")).json()["items"]
    assert [each["id"] for each in models] == ["little-fish"]
    assert set(gate.shown) == {f"Bearer {KEY}"}
    best = house.parts.models.directory.best()
    assert (best.provider, best.model) == ("compatible", "little-fish")


async def test_it_is_there_after_a_restart_and_gone_after_deletion(
    tmp_path: Path, gate: Gatekeeper, opened: Opened
) -> None:
    async with opened() as house:
        await house.put(api_key=KEY, base_url=gate.base_url)
    async with opened() as house:
        assert (await house.check())["ok"] is True
        assert (await house.client.delete(CREDENTIAL)).status_code == 204
        assert (await house.client.delete(CREDENTIAL)).status_code == 204
        assert (await house.card())["state"] == "unset"


async def test_a_refused_key_does_not_take_the_place_of_one_that_works(
    house: Open, gate: Gatekeeper
) -> None:
    kept = (await house.put(api_key=KEY, base_url=gate.base_url)).json()["credential"]
    wrong = await house.put(api_key="sk-wrong-wrong-wrong")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "key_refused")
    assert (await house.card())["credential"] == kept
    assert (await house.check())["ok"] is True
    forced = await house.put(api_key="sk-wrong-wrong-wrong", force=True)
    assert forced.json()["credential"]["last4"] == "rong"


async def test_a_key_for_a_server_that_does_not_answer_is_stored(
    house: Open, gate: Gatekeeper, unused_tcp_port: int
) -> None:
    await house.put(api_key=KEY, base_url=gate.base_url)
    address = f"http://127.0.0.1:{unused_tcp_port}/v1"
    answer = await house.put(api_key="sk-other-other-other", base_url=address)
    assert answer.json()["credential"]["last4"] == "ther"
    nobody = f"Nothing answers at 127.0.0.1:{unused_tcp_port}."
    assert (await house.check())["detail"] == nobody
    assert (await house.card())["detail"] == nobody


def test_a_whole_sentence_gets_no_second_full_stop() -> None:
    found = Health(ok=True, detail="The troupe is in the house.", latency_ms=0.0)
    assert in_words(found, has_key=False).detail == "It answers: The troupe is in the house."


async def test_putting_the_same_twice_is_putting_it_once(house: Open, gate: Gatekeeper) -> None:
    first = (await house.put(api_key=KEY, base_url=gate.base_url)).json()["credential"]
    second = (await house.put(api_key=KEY, base_url=gate.base_url)).json()["credential"]
    assert {**first, "set_at": ""} == {**second, "set_at": ""}
    kept = (await house.put(base_url=gate.base_url)).json()["credential"]
    assert kept == second


@pytest.mark.parametrize("key", ["", " ", "two words", "sk-\u00e9t\u00e9", "x" * 501, 7])
async def test_what_cannot_be_a_key_is_refused_and_not_repeated(house: Open, key: object) -> None:
    answer = await house.put(api_key=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "api_key"
    assert not isinstance(key, str) or len(key) < 4 or key not in answer.text


async def test_a_server_without_a_usual_address_needs_one(house: Open) -> None:
    for fields in ({"api_key": KEY}, {"api_key": KEY, "base_url": ""}):
        answer = await house.put(**fields)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["path"] == "base_url"
    gemini = f"{PROVIDERS}/gemini/credential"
    assert (await house.client.put(gemini, json={"api_key": f"{KEY}\n"})).status_code == 200


async def test_nothing_is_not_a_change_and_nobody_else_can_be_set(house: Open) -> None:
    assert (await house.put()).status_code == 422
    assert (await house.put(api_key=KEY, secret="x")).status_code == 422
    for name in ("scripted", "gods", "discover"):
        answer = await house.client.put(f"{PROVIDERS}/{name}/credential", json={"api_key": KEY})
        assert answer.status_code == 404


# -- addresses: S31 and S33 -------------------------------------------------------------------


async def test_another_address_drops_the_key(house: Open, gate: Gatekeeper) -> None:
    await house.put(api_key=KEY, base_url=gate.base_url)
    moved = (await house.put(base_url=f"{gate.root}/elsewhere")).json()
    assert moved["credential"] is None
    seen = len(gate.shown)
    assert (await house.check())["detail"].startswith("It wants a key.")
    assert set(gate.shown[seen:]) == {None}


async def test_a_key_of_the_environment_goes_to_no_stored_address(
    tmp_path: Path, gate: Gatekeeper, opened: Opened
) -> None:
    service: dict[str, object] = {"api_key": OTHER, "base_url": "http://127.0.0.1:9/v1"}
    async with opened(compatible=service) as house:
        assert (await house.card())["credential"]["source"] == "environment"
        await house.check(base_url=gate.base_url)
        moved = (await house.put(base_url=gate.base_url)).json()
        assert moved["credential"] is None
        await house.check()
        assert set(gate.shown) == {None}
        await house.client.delete(CREDENTIAL)
        assert (await house.card())["credential"]["last4"] == OTHER[-4:]


async def test_a_stored_key_is_not_tried_at_another_address(house: Open, gate: Gatekeeper) -> None:
    await house.put(api_key=KEY, base_url=f"{gate.root}/mine")
    seen = len(gate.shown)
    await house.check(base_url=gate.base_url)
    assert set(gate.shown[seen:]) == {None}


TRICKS = (
    *("http://2130706433/", "http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://0x7f000001/"),
    *("http://127.1/", "http://0/", "http://0.0.0.0:11434/", "http://127.0.0.1./"),
    *("http://[::ffff:127.0.0.1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/"),
    *("http://[2002:7f00:1::]/", "http://[fe80::1%25eth0]/", "http://localhost./"),
    *("http://169.254.169.254/", "http://[fd00:ec2::254%25x]/", "http://user:word@box:1/"),
    *("http://box\\@evil.test/", "http://box:65536/", "file:///etc/passwd", "gopher://box/"),
    *("http:/box", "//box/v1", "box", "http://", "http://box/?a=b", "http://box/#c"),
    *("http://box name/", "http://box\u202e/", "http://127%2e0.0.1/", "http://api.test/v1"),
)


async def test_an_address_with_a_trick_in_it_is_refused_before_anything_is_stored(
    house: Open,
) -> None:
    for address in TRICKS:
        for answer in (
            await house.put(api_key=KEY, base_url=address),
            await house.client.post(f"{PROVIDERS}/compatible/check", json={"base_url": address}),
        ):
            assert answer.status_code == 422, address
            assert answer.json()["errors"][0]["path"] == "base_url", address
    assert (await house.card())["state"] == "unset"


PRIVATE = (
    *(
        "http://127.0.0.1:1234/v1",
        "https://127.0.0.1/v1",
        "http://localhost:1/",
        "https://10.0.0.1/",
    ),
    *("https://box/v1", "https://api.test:22/v1", "https://[::1]/", "http://api.test/v1"),
    *("https://127\u30020\u30020\u30021/", "https://\u2460\u2461\u2466.0.0.1/"),
)


async def test_a_public_service_has_a_public_address(house: Open) -> None:
    path = f"{PROVIDERS}/openai/credential"
    for address in PRIVATE:
        answer = await house.client.put(path, json={"api_key": KEY, "base_url": address})
        assert answer.status_code == 422, address
        assert answer.json()["errors"][0]["path"] == "base_url", address


# -- refusals ---------------------------------------------------------------------------------


async def test_a_refused_key_is_marked_until_it_is_changed_or_works(
    house: Open, gate: Gatekeeper
) -> None:
    gate.key = OTHER
    await house.put(api_key=KEY, base_url=gate.base_url)
    check = await house.check()
    assert (check["ok"], check["code"]) == (False, "provider_refused")
    assert check["detail"].startswith("The key was refused.")
    await house.parts.keys.look()
    assert (await house.card())["credential"]["disabled_because"] == "provider_refused"
    assert not house.parts.models.roster.usable("compatible")
    gate.key = KEY
    assert (await house.check())["ok"] is True
    await house.parts.keys.look()
    assert "disabled_because" not in (await house.card())["credential"]
    gate.key = OTHER
    await house.check()
    fresh = (await house.put(api_key=OTHER)).json()
    assert "disabled_because" not in fresh["credential"]
    assert (await house.check())["ok"] is True


async def test_a_good_check_lets_a_key_be_asked_again_whose_quota_was_spent(
    house: Open, gate: Gatekeeper
) -> None:
    await house.put(api_key=KEY, base_url=gate.base_url)
    turn = TurnRequest(
        conversation_id="cnv_1", turn_id="trn_1", participant_id="par_1", request=ask(),
        route=Route(provider="compatible", model="little-fish"), troupe=False,
    )  # fmt: skip
    gate.play(answers(402, {"error": {"message": "insufficient balance"}}))
    for _ in range(2):
        with pytest.raises(QuotaSpent):
            await house.parts.models.gateway.perform(turn)
    assert len([each for each in gate.requests if each.method == "POST"]) == 1
    gate.play(answers(200, MODELS), streams(whole("Tea is only water with a story.")))
    assert (await house.check())["ok"]
    assert (await house.parts.models.gateway.perform(turn)).text.startswith("Tea")


async def test_a_key_is_tested_before_it_is_stored(house: Open, gate: Gatekeeper) -> None:
    good = await house.check(api_key=KEY, base_url=gate.base_url)
    assert (good["ok"], good["detail"]) == (True, "It answers: 1 model.")
    bad = await house.check(api_key=OTHER, base_url=gate.base_url)
    assert (bad["ok"], bad["code"]) == (False, "provider_refused")
    assert (await house.card())["state"] == "unset"


async def test_several_keys_of_the_environment_share_the_load(
    tmp_path: Path, gate: Gatekeeper, opened: Opened
) -> None:
    service: dict[str, object] = {"api_key": f"{KEY}, {OTHER},{KEY}", "base_url": gate.base_url}
    async with opened(compatible=service) as house:
        assert (await house.card())["credential"]["count"] == 2
        check = await house.check()
        assert check["code"] == "provider_refused"
        assert {f"Bearer {KEY}", f"Bearer {OTHER}"} <= set(gate.shown)
        # One of them works, and so does the provider.
        assert "disabled_because" not in (await house.card())["credential"]
        assert len(house.parts.models.roster.usable("compatible")) == 1


# -- several processes ------------------------------------------------------------------------


async def test_another_process_notices_what_was_stored_refused_and_deleted(
    house: Open, gate: Gatekeeper
) -> None:
    parts = house.parts
    models = await asyncio.to_thread(build_models, parts.settings, parts.clock)
    other = KeyDesk(
        settings=parts.settings, store=parts.store, vault=vault_of(parts.settings),
        models=models, clock=parts.clock, ids=parts.ids,
    )  # fmt: skip
    await other.open()
    await house.put(api_key=KEY, base_url=gate.base_url)
    assert "compatible" not in models.roster
    await other.look()
    assert [each.name for each in models.directory.known()] == ["compatible", "scripted"]
    gate.key = OTHER
    await house.check()
    await parts.keys.look()
    await other.look()
    assert not models.roster.usable("compatible")
    gate.key = KEY
    await house.check()
    await parts.keys.look()
    await other.look()
    assert models.roster.usable("compatible")
    await house.client.delete(CREDENTIAL)
    await other.look()
    assert "compatible" not in models.roster
    await models.gateway.close()


async def test_a_new_house_key_is_taken_up_while_the_house_is_open(
    house: Open, gate: Gatekeeper, tmp_path: Path
) -> None:
    await house.put(api_key=KEY, base_url=gate.base_url)
    command = Vault(path=tmp_path / "data" / KEY_FILE)
    before = await asyncio.to_thread(command.load)
    await asyncio.to_thread(command.add)
    await house.parts.keys.look()
    after = await asyncio.to_thread(command.load)
    assert before is not None
    assert after is not None
    assert len(after.keys) == 1
    assert after.current != before.current
    assert (await house.check())["ok"] is True


async def test_a_lost_key_file_is_told_and_stops_nothing(
    tmp_path: Path, gate: Gatekeeper, opened: Opened
) -> None:
    async with opened() as house:
        await house.put(api_key=KEY, base_url=gate.base_url)
    (tmp_path / "data" / KEY_FILE).unlink()
    async with opened() as house:
        assert not (tmp_path / "data" / KEY_FILE).exists()
        card = await house.card()
        assert card["state"] == "unset"
        assert card["credential"]["disabled_because"] == "key_unreadable"
        again = (await house.put(api_key=KEY)).json()
        assert "disabled_because" not in again["credential"]
        assert (await house.check())["ok"] is True


# -- several machines -------------------------------------------------------------------------


@pytest.fixture
def joined(opened: Opened, postgres_database: str) -> Opened:
    """Opens the house on a machine that shares its database, with this house key of its own."""

    def joined(kek: str | None) -> AbstractAsyncContextManager[Open]:
        return opened(database={"url": postgres_database}, security={"kek": kek})

    return joined


async def test_a_shared_database_takes_no_key_that_one_machine_alone_could_open(
    joined: Opened, gate: Gatekeeper, tmp_path: Path
) -> None:
    async with joined(None) as house:
        refused = await house.put(api_key=KEY, base_url=gate.base_url)
        assert (refused.status_code, refused.json()["code"]) == (422, "house_key_missing")
        assert "CHIMERA_SECURITY__KEK" in refused.json()["detail"]
        assert not (tmp_path / "data" / KEY_FILE).exists()
        assert (await house.put(base_url=gate.base_url)).status_code == 200


async def test_a_machine_with_another_house_key_says_that_it_cannot_open_the_stored_one(
    joined: Opened, gate: Gatekeeper
) -> None:
    async def unreadable(house: Open) -> list[str]:
        return (await house.client.get("/api/v1/health/services")).json()["keys_unreadable"]

    ours, theirs = "a" * 64, "b" * 64
    async with joined(ours) as house, joined(theirs) as other:
        assert (await house.put(api_key=KEY, base_url=gate.base_url)).status_code == 200
        assert await unreadable(other) == []
        with capture_logs() as logs:
            await other.parts.keys.look()
        assert [each["provider"] for each in logs if each["event"] == "key_unreadable"]
        assert (await unreadable(house), await unreadable(other)) == ([], ["compatible"])


# -- limits -----------------------------------------------------------------------------------


async def test_limits_and_the_default_model_are_stored_over_the_settings(
    tmp_path: Path, gate: Gatekeeper, opened: Opened
) -> None:
    service: dict[str, object] = {
        "api_key": KEY, "base_url": gate.base_url, "model": "set", "requests_per_minute": 10,
    }  # fmt: skip
    async with opened(compatible=service) as house:
        card = await house.card()
        assert (card["default_model"], card["limits"]["requests_per_minute"]) == ("set", 10)
        body = {"requests_per_minute": 60, "concurrency": 2, "default_model": "chosen"}
        changed = (await house.client.patch(f"{PROVIDERS}/compatible", json=body)).json()
        assert changed["default_model"] == "chosen"
        assert changed["limits"] == {
            "requests_per_minute": 60, "tokens_per_minute": None, "concurrency": 2,
        }  # fmt: skip
        (keyed,) = house.parts.models.roster.keyed("compatible")
        assert (keyed.limits.requests_per_minute, keyed.limits.concurrency) == (60, 2)
        body = {"requests_per_minute": None, "default_model": None}
        changed = (await house.client.patch(f"{PROVIDERS}/compatible", json=body)).json()
        assert (changed["default_model"], changed["limits"]["requests_per_minute"]) == ("set", 10)
        assert changed["limits"]["concurrency"] == 2


@pytest.mark.parametrize(
    "body", [{"concurrency": 0}, {"concurrency": 1.5}, {"requests_per_minute": -1}, {"speed": 1}]
)
async def test_a_limit_that_is_none_is_refused(house: Open, body: dict[str, Any]) -> None:
    answer = await house.client.patch(f"{PROVIDERS}/openai", json=body)
    assert answer.status_code == 422


# -- nowhere else -----------------------------------------------------------------------------


async def test_a_key_is_found_nowhere_but_where_it_is_sent(
    tmp_path: Path,
    gate: Gatekeeper,
    opened: Opened,
    capsys: pytest.CaptureFixture[str],
    blocking: BlockBuster,
) -> None:
    said: list[str] = []
    gate.key = "another"
    async with opened() as house:
        client, parts = house.client, house.parts
        said.append((await house.put(api_key=KEY, base_url=gate.base_url)).text)
        await client.patch("/api/v1/house", json={"record_calls": True})
        # The first turn of a process reads what the troupe plays with.
        blocking.deactivate()
        conversation = await play_one_turn(house)
        blocking.activate()
        said.append(json.dumps(await house.check()))
        said.append(json.dumps(await house.check(api_key=KEY, base_url=gate.base_url)))
        paths = ["providers?all=true", "house", "health/services", "spending",
                 f"conversations/{conversation}", f"conversations/{conversation}/messages",
                 f"conversations/{conversation}/events"]  # fmt: skip
        said += [(await client.get(f"/api/v1/{path}")).text for path in paths]
        (turn, *_) = [
            each["body"]["turn_id"] for each in json.loads(said[-1])["items"]
            if each["type"] == "turn.started"
        ]  # fmt: skip
        calls = await client.get(f"/api/v1/conversations/{conversation}/turns/{turn}/calls")
        assert calls.json()["items"][0]["error"]["code"] == "provider_refused"
        said += [calls.text, (await client.get(f"{PROVIDERS}/compatible/models")).text]
        said.append(repr(parts.keys.cards()) + repr(parts.models.roster.keyed("compatible")))
        said.append(repr(vars(parts.keys)))
        await parts.keys.look()
    printed = capsys.readouterr()
    said += [printed.out, printed.err]
    assert f"Bearer {KEY}" in gate.shown
    for text in said:
        assert "planted" not in text
    for path in (tmp_path / "data").iterdir():
        assert b"planted" not in path.read_bytes(), path.name


async def play_one_turn(house: Open) -> str:
    """A conversation in which everybody is played by the provider that refuses the key."""
    seats = ("philosopher", "comedian")
    body: dict[str, Any] = {
        "topic": "Do fish get bored?", "pace": {"mode": "instant", "speed": 8},
        "cast": [{"persona": each, "provider": "compatible", "model": "m"} for each in seats],
    }  # fmt: skip
    conversation: str = (await house.client.post("/api/v1/conversations", json=body)).json()["id"]
    await house.parts.turns.run(conversation)
    return conversation
