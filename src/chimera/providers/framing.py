"""Cuts the bytes of an answer into the pieces its format sends, wherever they were cut before."""

import re
from collections.abc import Iterator
from typing import Protocol

from chimera.core.errors import BadStream

#: Bytes a line, an event or an object of a stream may have.
LINE_LIMIT = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_MARKS = re.compile(rb'["\\{}]')


class Splitter(Protocol):
    """Bytes in, the payloads they complete out."""

    def feed(self, data: bytes) -> Iterator[bytes]: ...

    def close(self) -> Iterator[bytes]:
        """What the last bytes still hold, though nothing ended it."""
        ...


class SseSplitter:
    """Cuts an event stream into the data of its events."""

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._first = True
        #: The bytes so far end in a CR, whose LF may open the next ones.
        self._after_cr = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._after_cr and data.startswith(b"\n"):
            data = data[1:]
            self._after_cr = False
        if not data:
            return
        self._after_cr = data.endswith(b"\r")
        for line in data.splitlines(keepends=True):
            self._line += line
            _require_short(self._line, "a line")
            if line.endswith((b"\n", b"\r")):
                yield from self._end_line()

    def close(self) -> Iterator[bytes]:
        """What an event without its final blank line still holds."""
        yield from self._end_line()
        yield from self._end_event()

    def _end_line(self) -> Iterator[bytes]:
        line = bytes(self._line).rstrip(b"\r\n")
        self._line.clear()
        if self._first:
            line = line.removeprefix(_BOM)
            self._first = False
        if not line:
            yield from self._end_event()
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._size += len(value)
            if self._size > LINE_LIMIT:
                raise BadStream(f"an event of the stream is longer than {LINE_LIMIT} bytes")
            self._data.append(value.removeprefix(b" "))

    def _end_event(self) -> Iterator[bytes]:
        if self._data:
            payload = b"\n".join(self._data)
            self._data.clear()
            self._size = 0
            yield payload


class LineSplitter:
    """Cuts a stream of JSON values, one on each line."""

    def __init__(self) -> None:
        self._line = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        *ended, rest = data.split(b"\n")
        for end in ended:
            self._add(end)
            yield from self.close()
        self._add(rest)

    def close(self) -> Iterator[bytes]:
        """The last line, which may lack its end."""
        line = bytes(self._line)
        self._line.clear()
        yield line

    def _add(self, data: bytes) -> None:
        self._line += data
        _require_short(self._line, "a line")


class ObjectSplitter:
    """Cuts a JSON array that is still being written into its objects."""

    def __init__(self) -> None:
        self._object = bytearray()
        self._depth = 0
        self._quoted = False
        #: The bytes so far end in a backslash, which quotes the next one.
        self._escaped = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        start = 0
        at = 1 if self._escaped and data else 0
        self._escaped = self._escaped and not data
        while mark := _MARKS.search(data, at):
            at = mark.end()
            if mark[0] == b"\\":
                at += self._quoted
                self._escaped = at > len(data)
                continue
            before = self._depth
            self._count(mark[0])
            if not before:
                start = mark.start()
            elif not self._depth:
                self._object += data[start:at]
                yield self._take()
        if self._depth:
            self._object += data[start:]
            _require_short(self._object, "an object")

    def close(self) -> Iterator[bytes]:
        """Nothing: an object that is not whole cannot be read."""
        yield from ()

    def _count(self, mark: bytes) -> None:
        if mark == b'"':
            self._quoted = not self._quoted and self._depth > 0
        elif not self._quoted:
            self._depth = max(0, self._depth + (1 if mark == b"{" else -1))

    def _take(self) -> bytes:
        _require_short(self._object, "an object")
        whole = bytes(self._object)
        self._object.clear()
        return whole


class EventOrArraySplitter:
    """Reads an event stream or a JSON array: the first byte tells which of them was sent."""

    def __init__(self) -> None:
        self._chosen: Splitter | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._chosen is None:
            data = data.lstrip()
            if not data:
                return
            self._chosen = ObjectSplitter() if data[:1] in b"[{" else SseSplitter()
        yield from self._chosen.feed(data)

    def close(self) -> Iterator[bytes]:
        if self._chosen is not None:
            yield from self._chosen.close()


def _require_short(data: bytearray, what: str) -> None:
    if len(data) > LINE_LIMIT:
        raise BadStream(f"{what} of the stream is longer than {LINE_LIMIT} bytes")
