"""Several processes open a new database at the same moment, and it is one house."""

import asyncio
from contextlib import AsyncExitStack

from sqlalchemy import delete

from chimera.store.database import Store
from chimera.store.tables import meta
from fakes import CountingIds


async def test_all_who_open_a_new_database_agree_on_what_it_is(
    postgres_database: str, ids: CountingIds
) -> None:
    async with Store.open(postgres_database, ids=ids) as store:
        await store.write(lambda connection: connection.execute(delete(meta)))
    async with AsyncExitStack() as stack:
        stores = await asyncio.gather(
            *(
                stack.enter_async_context(Store.open(postgres_database, ids=ids, pool_size=1))
                for _ in range(8)
            )
        )
        assert len({(each.store_id, each.secret) for each in stores}) == 1
