"""PostgreSQL: a pool of connections, deadlines on the server, and second chances."""

from typing import Any

import orjson
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from chimera.core.errors import Unready
from chimera.store.units import Result, Unit, sqlstate, translated

OLDEST = 14
#: Seconds to wait for a free connection before the caller is told to come back.
CHECKOUT_S = 3.0
#: How often a unit is begun again because another transaction was in its way.
_CONFLICTS = 3
#: The same after a broken connection; one that is found broken empties the pool of those like it,
#: but one that breaks in the middle may not.
_BREAKS = 2
_SERVER_SETTINGS = {
    "application_name": "chimera",
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "10000",
    # Our queries are short: compiling them takes longer than running them.
    "jit": "off",
}


class Postgres:
    """One server; implements `Backend`."""

    def __init__(
        self, url: URL, *, pool_size: int, checkout: float = CHECKOUT_S, oldest: int = OLDEST
    ) -> None:
        self._oldest = oldest
        self._engine: AsyncEngine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=checkout,
            json_serializer=_dumps,
            json_deserializer=orjson.loads,
            connect_args={"timeout": 5, "server_settings": _SERVER_SETTINGS},
        )

    async def write(self, unit: Unit[Result]) -> Result:
        """Begin again after a conflict, and after a broken connection.

        A connection that breaks during the commit leaves open whether it happened: then the caller
        hears StoreBusy, because a second run could double what it wrote.
        """
        conflicts, broken = _CONFLICTS, _BREAKS
        while True:
            attempt = _Attempt()
            try:
                return await self._write_once(unit, attempt)
            except DBAPIError as error:
                if _broken(error) and broken and not attempt.committing:
                    broken -= 1
                elif sqlstate(error) in {"40001", "40P01"} and conflicts:
                    conflicts -= 1
                else:
                    raise translated(error) from error
            except Exception as error:
                raise translated(error) from error

    async def _write_once(self, unit: Unit[Result], attempt: "_Attempt") -> Result:
        async with self._engine.connect() as connection:
            result = await connection.run_sync(unit)
            attempt.committing = True
            await connection.commit()
            return result

    async def read(self, unit: Unit[Result]) -> Result:
        broken = _BREAKS
        while True:
            try:
                return await self._read_once(unit)
            except DBAPIError as error:
                if not (_broken(error) and broken):
                    raise translated(error) from error
                broken -= 1
            except Exception as error:
                raise translated(error) from error

    async def _read_once(self, unit: Unit[Result]) -> Result:
        async with self._engine.connect() as connection:
            await connection.execution_options(postgresql_readonly=True)
            return await connection.run_sync(unit)

    async def snapshot(self, unit: Unit[Result]) -> Result:
        """Run a unit that reads everything as it stood at one moment, however long that takes."""
        try:
            async with self._engine.connect() as connection:
                await connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                for each in ("statement_timeout", "idle_in_transaction_session_timeout"):
                    await connection.execute(text(f"SET LOCAL {each} = 0"))
                return await connection.run_sync(unit)
        except Exception as error:
            raise translated(error) from error

    async def check_version(self) -> None:
        """Raises Unready for a server too old for us, OSError for one that is not there."""
        async with self._engine.connect() as connection:
            number = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
        if number < self._oldest * 10_000:
            raise Unready(
                f"PostgreSQL {number // 10_000} is too old; Chimera needs {self._oldest} or newer.",
                exit_code=4,
            )

    async def close(self) -> None:
        await self._engine.dispose()


class _Attempt:
    """Whether a run of a unit had come to its commit."""

    __slots__ = ("committing",)

    def __init__(self) -> None:
        self.committing = False


def _broken(error: DBAPIError) -> bool:
    """Whether the connection is gone. The server's farewell may come before the end itself."""
    return error.connection_invalidated or sqlstate(error) in {"57P01", "57P02"}


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()
