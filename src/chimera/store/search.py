"""Find conversations by their words: FTS5 on SQLite, tsvector on PostgreSQL, one function."""

import re
from collections.abc import Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TableClause,
    Text,
    bindparam,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    union,
)

from chimera.store.tables import conversations, messages

MOST_TERMS = 10
#: From so many messages on, words are taken for common ones.
MANY = 3_000
_WORD = re.compile(r"\w+")

_BY_TITLE = table("conversations_search", column("rowid"))
_BY_TEXT = table("messages_search", column("rowid"))


def found(connection: Connection, query: str, *, many: int = MANY) -> ColumnElement[bool]:
    """The condition, for a query on `conversations`, that one is about these words.

    All of them stand in its title and topic, or all in one of its messages; the last one may be
    the beginning of a word, because it may still be being typed. A query without a word finds
    nothing. Only the first ten words count. Words that `many` messages have are sought another way,
    and the last of these is no beginning: putting together all that begins so would take longest.
    """
    words = _WORD.findall(query)[:MOST_TERMS]
    if not words:
        return false()
    if connection.dialect.name != "sqlite":
        return _in_tsvector(words)
    # Quoted, no word is taken for an operator; words hold no quotes themselves.
    terms = " ".join(f'"{word}"' for word in words)
    if _are_everywhere(connection, terms, many):
        return _met_on_the_way(terms)
    return _in_fts5(f"{terms}*")


def _matching(index: TableClause, terms: str) -> ColumnElement[bool]:
    asked = bindparam("search_terms", terms, Text)
    return literal_column(index.name).op("MATCH")(asked)


def _are_everywhere(connection: Connection, terms: str, many: int) -> bool:
    """Whether so many messages have them that looking all of these up would take too long."""
    some = select(_BY_TEXT.c.rowid).where(_matching(_BY_TEXT, terms)).limit(many).subquery()
    return connection.execute(select(func.count()).select_from(some)).scalar_one() == many


def _in_fts5(terms: str) -> ColumnElement[bool]:
    """For words that few have: look up who has them."""
    texts = (
        select(messages.c.conversation_id)
        .select_from(_BY_TEXT)
        .join(messages, messages.c.number == _BY_TEXT.c.rowid)
        .where(_matching(_BY_TEXT, terms))
    )
    return conversations.c.id.in_(union(_titles(terms), texts))


def _met_on_the_way(terms: str) -> ColumnElement[bool]:
    """For words that many have: ask each conversation in the order of the list, until it is full.

    The numbers of a conversation's messages lie between those of its first and its last one, and
    the index can be read from a number on.
    """
    own = messages.alias("own")
    ends = select(own.c.number).where(own.c.conversation_id == conversations.c.id)
    first = ends.order_by(own.c.seq).limit(1).correlate(conversations).scalar_subquery()
    last = ends.order_by(own.c.seq.desc()).limit(1).correlate(conversations).scalar_subquery()
    said = (
        select(messages.c.number)
        .select_from(_BY_TEXT)
        .join(messages, messages.c.number == _BY_TEXT.c.rowid)
        .where(_matching(_BY_TEXT, terms), _BY_TEXT.c.rowid.between(first, last))
        .where(messages.c.conversation_id == conversations.c.id)
    )
    return or_(said.correlate(conversations).exists(), conversations.c.id.in_(_titles(terms)))


def _titles(terms: str) -> Select[tuple[str]]:
    named = conversations.alias("named")
    return (
        select(named.c.id)
        .select_from(_BY_TITLE)
        .join(named, named.c.number == _BY_TITLE.c.rowid)
        .where(_matching(_BY_TITLE, terms))
    )


def _in_tsvector(words: Sequence[str]) -> ColumnElement[bool]:
    terms = bindparam("search_terms", " & ".join(f"'{word}'" for word in words) + ":*", Text)
    asked = func.to_tsquery(literal_column("'simple'::regconfig"), terms)
    named = conversations.alias("named")
    titles = select(named.c.id).where(literal_column("named.search").op("@@")(asked))
    texts = select(messages.c.conversation_id).where(
        literal_column("messages.search").op("@@")(asked)
    )
    return conversations.c.id.in_(union(titles, texts))
