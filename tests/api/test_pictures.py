"""Pictures of viewers: taken, made harmless, kept and shown."""

import asyncio
import struct
import sys
import zlib
from typing import Any

import httpx2
import pytest
from api_house import Made, Served
from hypothesis import given, settings
from hypothesis import strategies as st

from chimera.api.security import LARGEST_BODY, LARGEST_MESSAGE
from chimera.core import events as ev
from chimera.features.conversations.pictures import (
    LARGEST,
    BadPicture,
    PictureTooLarge,
    Shown,
    develop,
)
from picture_files import data_url, file_of, noise, opened, picture

CONVERSATIONS = "/api/v1/conversations"
RED = data_url(file_of(picture()))


async def post(client: httpx2.AsyncClient, conversation: str, **body: Any) -> httpx2.Response:
    return await client.post(f"{CONVERSATIONS}/{conversation}/messages", json=body)


async def developed(*files: bytes, media_type: str = "image/png") -> tuple[Shown, ...]:
    urls = [data_url(each, media_type) for each in files]
    return await develop(urls, slots=asyncio.Semaphore(1))


# -- through the door -------------------------------------------------------------------------


async def test_a_picture_is_posted_listed_logged_and_served(
    client: httpx2.AsyncClient, made: Made, conversation: str
) -> None:
    answer = await post(client, conversation, text="Look!", images=[RED])
    assert answer.status_code == 201, answer.text
    (shown,) = answer.json()["message"]["images"]
    assert (shown["width"], shown["height"], shown["media_type"]) == (40, 30, "image/webp")
    listed = await client.get(f"{CONVERSATIONS}/{conversation}/messages")
    assert listed.json()["items"][-1]["images"] == [shown]
    body = (await made.house.journal.read(conversation))[-1].body
    assert isinstance(body, ev.MessagePosted)
    assert body.images == (
        ev.Picture(id=shown["id"], media_type="image/webp", width=40, height=30),
    )
    served = await client.get(shown["url"])
    assert served.status_code == 200
    assert opened(served.content).getpixel((5, 5))[0] > 150


async def test_a_picture_is_served_as_something_that_never_changes_and_can_do_nothing(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    answer = await post(client, conversation, text="Look!", images=[RED])
    served = await client.get(answer.json()["message"]["images"][0]["url"])
    assert served.headers["content-type"] == "image/webp"
    assert served.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert served.headers["cross-origin-resource-policy"] == "same-origin"


async def test_a_picture_needs_no_words_and_lists_still_have_some(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    answer = await post(client, conversation, images=[RED, RED])
    assert answer.status_code == 201, answer.text
    assert answer.json()["message"]["text"] == ""
    found = await client.get(f"{CONVERSATIONS}/{conversation}")
    assert found.json()["last_line"]["text"] == "[shows 2 pictures]"
    page = await client.get(f"/c/{conversation}?plain=1")
    assert page.text.count("A picture from Guest") == 2


async def test_neither_words_nor_a_picture_are_no_message(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    bodies: list[dict[str, Any]] = [{}, {"text": ""}, {"text": "", "images": []}]
    for body in bodies:
        answer = await post(client, conversation, **body)
        assert answer.status_code == 422
        assert answer.json()["detail"] == "Say something, or show a picture."


async def test_a_message_without_a_picture_says_nothing_of_pictures(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    answer = await post(client, conversation, text="Hello")
    assert "images" not in answer.json()["message"]
    log = await client.get(f"{CONVERSATIONS}/{conversation}/events?limit=200")
    assert "images" not in log.json()["items"][-1]["body"]


async def test_five_pictures_are_too_many(client: httpx2.AsyncClient, conversation: str) -> None:
    answer = await post(client, conversation, images=[RED] * 5)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "images"


async def test_one_bad_picture_is_named_and_keeps_the_whole_message_out(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    answer = await post(client, conversation, text="Look!", images=[RED, "data:,hello"])
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_picture")
    assert answer.json()["errors"][0]["path"] == "images.1"
    listed = await client.get(f"{CONVERSATIONS}/{conversation}/messages")
    assert listed.json()["items"] == []


async def test_a_conversation_keeps_two_hundred_pictures(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    for _ in range(50):
        assert (await post(client, conversation, images=[RED] * 4)).status_code == 201
    answer = await post(client, conversation, images=[RED])
    assert (answer.status_code, answer.json()["code"]) == (429, "limit_reached")


async def test_a_picture_is_found_in_its_own_conversation_alone(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    shown = (await post(client, conversation, images=[RED])).json()["message"]["images"][0]
    other = await client.post(CONVERSATIONS, json={"topic": "Another?"})
    for where, which in ((other.json()["id"], shown["id"]), (conversation, "img_none")):
        answer = await client.get(f"{CONVERSATIONS}/{where}/images/{which}")
        assert answer.status_code == 404


async def test_pictures_go_with_their_conversation(
    client: httpx2.AsyncClient, conversation: str
) -> None:
    shown = (await post(client, conversation, images=[RED])).json()["message"]["images"][0]
    await client.delete(f"{CONVERSATIONS}/{conversation}")
    assert (await client.get(shown["url"])).status_code == 404


async def test_only_messages_may_be_so_large(client: httpx2.AsyncClient, conversation: str) -> None:
    filler = "x" * LARGEST_BODY
    answer = await client.post(CONVERSATIONS, json={"topic": filler})
    assert answer.status_code == 413
    # Read, and then refused for what it is.
    assert (await post(client, conversation, images=[filler])).status_code == 422
    answer = await post(client, conversation, images=["x" * LARGEST_MESSAGE])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_large_pictures_come_through_a_real_socket(
    running: Served, visitor: httpx2.AsyncClient
) -> None:
    made = await visitor.post(CONVERSATIONS, json={"topic": "Do fish get bored?"})
    large = data_url(file_of(noise((1100, 1100))))
    assert len(large) > 3 * LARGEST_BODY
    answer = await post(visitor, made.json()["id"], images=[large] * 4)
    assert answer.status_code == 201, answer.text


# -- what becomes of them ---------------------------------------------------------------------


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_each_kind_is_decoded_whatever_its_name_says(form: str) -> None:
    (shown,) = await developed(file_of(picture(), form), media_type="text/plain")
    assert opened(shown.data).format == "WEBP"


async def test_a_large_picture_is_made_small_and_a_small_one_left_as_it_is() -> None:
    large, small = await developed(file_of(picture((3136, 1568))), file_of(picture((16, 9))))
    assert (large.width, large.height) == (1568, 784)
    assert (small.width, small.height) == (16, 9)


async def test_what_a_camera_wrote_beside_the_picture_is_gone_and_the_picture_upright() -> None:
    image = picture((60, 20))
    exif = image.getexif()
    exif[0x0112] = 6  # taken with the camera turned
    exif[0x010F] = "Secret Maker"
    exif.get_ifd(0x8825)[1] = "N"
    profile = b"secret profile" * 20
    (shown,) = await developed(
        file_of(image, "JPEG", exif=exif, icc_profile=profile, comment=b"secret comment")
    )
    assert (shown.width, shown.height) == (20, 60)
    kept = opened(shown.data)
    assert not kept.getexif()
    assert b"ecret" not in shown.data
    assert not {"icc_profile", "exif", "xmp", "comment"} & set(kept.info)


async def test_of_an_animation_the_first_frame_is_shown() -> None:
    frames = [picture(color=(0, 0, 0)), picture(color=(255, 255, 255))]
    for form in ("GIF", "WEBP", "PNG"):
        moving = file_of(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
        (shown,) = await developed(moving)
        kept = opened(shown.data)
        assert getattr(kept, "n_frames", 1) == 1
        assert max(kept.convert("L").getextrema()) < 20


async def test_what_can_be_seen_through_stays_so() -> None:
    (shown,) = await developed(file_of(picture(color=(0, 0, 0, 0), mode="RGBA")))
    assert opened(shown.data).mode == "RGBA"


async def test_deep_greys_keep_their_shades() -> None:
    (shown,) = await developed(file_of(picture(color=0x8000, mode="I;16")))
    assert abs(opened(shown.data).convert("L").getpixel((3, 3)) - 128) < 4


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b"<!doctype html><script>alert(1)</script>",
        file_of(picture(), "BMP"),
        file_of(picture(), "TIFF"),
        file_of(picture(), "PDF"),
        file_of(noise((300, 300)))[:5000],
    ],
    ids=["nothing", "text", "svg", "html", "bmp", "tiff", "pdf", "cut off"],
)
async def test_what_is_no_picture_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(BadPicture):
        await developed(data, media_type="image/png")


@pytest.mark.parametrize(
    "url", ["", "https://example.org/a.png", "data:image/png,abc", "data:image/png;base64,a",
            "data:image/png;base64,ä", "data:image/png;base64,AAAA\n"],
)  # fmt: skip
async def test_what_is_no_data_url_is_refused(url: str) -> None:
    with pytest.raises(BadPicture):
        await develop([url], slots=asyncio.Semaphore(1))


async def test_too_many_bytes_are_refused_before_they_are_decoded() -> None:
    with pytest.raises(PictureTooLarge):
        await developed(b"\0" * (LARGEST + 3))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is so large."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 100_000)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [4097, 12_000, 60_000, 2_000_000_000])
async def test_a_small_file_that_would_unfold_into_gigabytes_is_refused(side: int) -> None:
    with pytest.raises(PictureTooLarge):
        await developed(bomb(side, side))


@pytest.mark.parametrize("size", [(1, 16_385), (16_385, 1)])
async def test_a_line_of_pixels_is_refused_before_it_is_decoded(size: tuple[int, int]) -> None:
    with pytest.raises(PictureTooLarge):
        await developed(file_of(picture(size)))


async def test_the_largest_picture_is_held_once_at_full_size() -> None:
    largest = file_of(picture((4096, 4096)))
    code = "import resource, sys; from chimera.features.conversations import pictures as p;"
    code += "data = sys.stdin.buffer.read(); peak = lambda: resource.getrusage(0).ru_maxrss;"
    code += "before = peak(); p.redrawn(data, path='images.0'); print((peak() - before) // 1024)"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await process.communicate(largest)
    assert int(told) < 120, "MB"


SAMPLES = [file_of(noise((24, 24)), form) for form in ("PNG", "JPEG", "GIF")]


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, deadline=None)
@given(
    sample=st.sampled_from(SAMPLES),
    place=st.floats(0, 1),
    junk=st.binary(max_size=40),
    cut=st.booleans(),
)
def test_whatever_is_wrong_with_a_file_it_is_shown_or_refused(
    sample: bytes, place: float, junk: bytes, cut: bool
) -> None:
    at = int(place * len(sample))
    spoilt = sample[:at] + junk + (b"" if cut else sample[at + len(junk) :])
    try:
        (shown,) = asyncio.run(developed(spoilt))
    except (BadPicture, PictureTooLarge):
        return
    assert opened(shown.data).size == (shown.width, shown.height)
