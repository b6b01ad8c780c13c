"""Pictures as people send them: small files made on the spot, some of them not what they seem."""

import base64
from io import BytesIO
from typing import Any

from PIL import Image


def picture(size: tuple[int, int] = (40, 30), color: Any = (200, 30, 30), mode: str = "RGB") -> Any:
    return Image.new(mode, size, color)


def noise(size: tuple[int, int]) -> Any:
    """A picture that cannot be packed."""
    return Image.effect_noise(size, 90).convert("RGB")


def file_of(image: Any, form: str = "PNG", **options: Any) -> bytes:
    written = BytesIO()
    image.save(written, form, **options)
    return written.getvalue()


def data_url(data: bytes, media_type: str = "image/png") -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def opened(data: bytes) -> Any:
    image = Image.open(BytesIO(data))
    image.load()
    return image
