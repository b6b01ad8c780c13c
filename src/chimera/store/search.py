"""Find conversations by their words: FTS5 on SQLite, tsvector on PostgreSQL, one function."""

import re
from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    bindparam,
    column,
    false,
    func,
    literal_column,
    select,
    table,
    union,
)

from chimera.store.tables import conversations, messages

MOST_TERMS = 10
_WORD = re.compile(r"\w+")

_BY_TITLE = table("conversations_search", column("rowid"))
_BY_TEXT = table("messages_search", column("rowid"))


def found(connection: Connection, query: str) -> ColumnElement[bool]:
    """The condition, for a query on `conversations`, that one is about these words.

    All of them stand in its title and topic, or all in one of its messages; the last one may be
    the beginning of a word, because it may still be being typed. A query without a word finds
    nothing. Only the first ten words count.
    """
    words = _WORD.findall(query)[:MOST_TERMS]
    if not words:
        return false()
    sqlite = connection.dialect.name == "sqlite"
    return _in_fts5(words) if sqlite else _in_tsvector(words)


def _in_fts5(words: Sequence[str]) -> ColumnElement[bool]:
    # Quoted, no word is taken for an operator; words hold no quotes themselves.
    terms = bindparam("search_terms", " ".join(f'"{word}"' for word in words) + "*", Text)
    named = conversations.alias("named")
    titles = (
        select(named.c.id)
        .select_from(_BY_TITLE)
        .join(named, named.c.number == _BY_TITLE.c.rowid)
        .where(literal_column("conversations_search").op("MATCH")(terms))
    )
    texts = (
        select(messages.c.conversation_id)
        .select_from(_BY_TEXT)
        .join(messages, messages.c.number == _BY_TEXT.c.rowid)
        .where(literal_column("messages_search").op("MATCH")(terms))
    )
    return conversations.c.id.in_(union(titles, texts))


def _in_tsvector(words: Sequence[str]) -> ColumnElement[bool]:
    terms = bindparam("search_terms", " & ".join(f"'{word}'" for word in words) + ":*", Text)
    asked = func.to_tsquery(literal_column("'simple'::regconfig"), terms)
    named = conversations.alias("named")
    titles = select(named.c.id).where(literal_column("named.search").op("@@")(asked))
    texts = select(messages.c.conversation_id).where(
        literal_column("messages.search").op("@@")(asked)
    )
    return conversations.c.id.in_(union(titles, texts))
