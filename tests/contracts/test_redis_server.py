"""A Redis that will not do is refused at once, in words; what is not ours in one is left alone."""

from typing import cast

import pytest
import redis

from chimera.core.errors import Unready
from chimera.realtime.redis_server import await_redis, forget, look_at
from servers import free_port, redis_server


def as_picky(url: str, password: str) -> str:
    return url.replace("redis://", f"redis://picky:{password}@")


@pytest.fixture
def picky(redis_url: str) -> str:
    """A server with somebody who may do anything but use streams."""
    with redis.Redis.from_url(redis_url) as client:
        client.execute_command(
            "ACL", "SETUSER", "picky", "on", ">secret", "~*", "+@all", "-@stream"
        )
    return redis_url


async def test_a_server_with_all_we_need_will_do(redis_url: str) -> None:
    await await_redis(redis_url, patience=0)
    facts = await look_at(redis_url)
    assert facts.version.count(".") == 2
    assert facts.policy == "noeviction"
    assert facts.kept == "nothing on disk"


async def refusal(url: str) -> str:
    # However patient: none of this passes by itself.
    with pytest.raises(Unready) as raised:
        await await_redis(url, patience=600)
    assert raised.value.exit_code == 4
    return raised.value.message


async def test_a_wrong_password_is_named(picky: str) -> None:
    assert "user and password" in await refusal(as_picky(picky, "wrong"))


async def test_a_user_who_may_not_use_streams_is_named(picky: str) -> None:
    assert "may not use streams" in await refusal(as_picky(picky, "secret"))


async def test_a_server_that_is_too_old_is_named() -> None:
    with redis_server(None, "--rename-command", "XAUTOCLAIM", "") as old:
        assert "older than 6.2" in await refusal(old)


async def test_a_server_that_is_not_there_is_waited_for() -> None:
    with pytest.raises(Unready, match="cannot be reached") as raised:
        await await_redis(f"redis://127.0.0.1:{free_port()}/0", patience=0)
    assert raised.value.exit_code == 4


async def test_only_what_is_ours_is_forgotten(redis_url: str) -> None:
    ours = ["chimera:queue", "chimera:runs:conversation:cnv_1", "live:cnv_1", "viewers"]
    with redis.Redis.from_url(redis_url) as client:
        for key in (*ours, "somebody", "viewership", *(f"viewers:prc_{n}" for n in range(600))):
            client.set(key, "1")
        assert await forget(redis_url) == 604
        kept = cast("list[bytes]", client.keys())
        assert set(kept) == {b"somebody", b"viewership"}
