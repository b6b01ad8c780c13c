"""Makes a picture of ours out of what a viewer sent: decoded, made small, encoded anew.

The sender's name, type and metadata count for nothing (`security.md` section 10). Decoding happens
in a worker thread, a few at a time.
"""

import asyncio
import binascii
import re
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from chimera.api.errors import TooLarge
from chimera.core import errors

#: Bytes of a picture as it comes, and pixels of one that is decoded at all.
LARGEST = 5_000_000
MOST_PIXELS = 4096 * 4096
#: The longest side of one that is: a line of pixels takes longer to draw small than a square.
MOST_ASIDE = 16_384
#: The longest side of a picture as it is kept: no model sees more.
LONGEST_SIDE = 1568
#: What a conversation keeps.
MOST_PICTURES = 200
MEDIA_TYPE = "image/webp"

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_DATA_URL = re.compile(r"data:[^,]{0,100};base64,", re.IGNORECASE)
_QUALITY = 82
#: What can be drawn small as it is; palettes and greys of 16 bits have to be unfolded first.
_PLAIN = frozenset({"L", "RGB", "RGBA"})
_DEEP_GREYS = "I;16"
#: What decoders raise at bytes that are not what they seem.
_BROKEN = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, KeyError, struct.error,
    zlib.error,
)  # fmt: skip
#: What they raise at dimensions beyond all reason, before we have seen them.
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class BadPicture(errors.Invalid):
    """What was sent is no picture that we can read."""

    code = "bad_picture"


class PictureTooLarge(TooLarge):
    """A picture has too many bytes, or would have too many pixels."""

    code = "picture_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture as it will be kept."""

    width: int
    height: int
    data: bytes


async def develop(urls: Sequence[str], *, slots: asyncio.Semaphore) -> tuple[Shown, ...]:
    """The pictures of these data URLs. Raises BadPicture or PictureTooLarge."""
    shown: list[Shown] = []
    for place, url in enumerate(urls):
        async with slots:
            shown.append(await asyncio.to_thread(_develop, url, f"images.{place}"))
    return tuple(shown)


def _develop(url: str, path: str) -> Shown:
    return redrawn(_bytes_of(url, path), path=path)


def redrawn(data: bytes, *, path: str) -> Shown:
    """The picture in a file. `path` names it in what is raised: BadPicture, PictureTooLarge."""
    if len(data) > LARGEST:
        raise _too_many_bytes(path)
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as opened:
            # Before anything is decoded: a small file may unfold into gigabytes.
            if opened.width * opened.height > MOST_PIXELS or max(opened.size) > MOST_ASIDE:
                raise _too_many_pixels(path)
            return _encoded(_normal(opened))
    except _BOMBS:
        raise _too_many_pixels(path) from None
    except _BROKEN:
        raise BadPicture(
            "This is no picture that can be shown here; PNG, JPEG, WebP and GIF can.", path=path
        ) from None


def _too_many_pixels(path: str) -> PictureTooLarge:
    return PictureTooLarge(
        "A picture may have 4096 × 4096 pixels at most, and 16,384 on its longer side.", path=path
    )


def _too_many_bytes(path: str) -> PictureTooLarge:
    return PictureTooLarge(f"A picture may have {LARGEST:,} bytes at most.", path=path)


def _bytes_of(url: str, path: str) -> bytes:
    head = _DATA_URL.match(url)
    if head is None:
        raise BadPicture("A picture comes as data:image/…;base64,….", path=path)
    if (len(url) - head.end()) * 3 // 4 > LARGEST:
        raise _too_many_bytes(path)
    try:
        return binascii.a2b_base64(url[head.end() :].encode("ascii"), strict_mode=True)
    except (binascii.Error, UnicodeEncodeError):
        raise BadPicture("The picture is not valid base64.", path=path) from None


def _normal(opened: Image.Image) -> Image.Image:
    """The first frame, upright, in eight bits a colour, no larger than it is kept."""
    # A JPEG can be decoded smaller at once; others ignore this.
    opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    picture: Image.Image = opened
    if picture.mode in _PLAIN:
        # First of all, so that no step holds two copies at full size: one may have 67 MB.
        picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    ImageOps.exif_transpose(picture, in_place=True)
    if picture.mode.startswith(_DEEP_GREYS):
        # Cut to eight bits, all but the blackest would turn white.
        picture = picture.convert("I").point([grey >> 8 for grey in range(1 << 16)], "L")
    picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return picture


def _encoded(picture: Image.Image) -> Shown:
    # Comments, places and colour profiles stay behind: only what is named here is written.
    picture.info.clear()
    written = BytesIO()
    picture.save(written, "WEBP", quality=_QUALITY)
    return Shown(width=picture.width, height=picture.height, data=written.getvalue())
