"""Draws a persona's mask in its light, for files that have to be pictures.

The kit is the one the screens draw from: a test of theirs writes the file that is read here.
Nothing is written on the picture, so that it needs no font and fits a name in any script.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageDraw, ImageFilter, PngImagePlugin

WIDTH, HEIGHT = 512, 768
#: Everything is drawn so much larger, and then made small: Pillow's lines have no soft edges.
_FINE = 2
#: Pixels of a unit of the kit, whose square is 66 × 76, and where its corner is.
_UNIT, _LEFT, _TOP = 5.2, 84.4, 178.0
_STROKE = 1.6
_HOUSE, _BOARD, _FLOOR = (17, 14, 11), (25, 21, 18), (35, 30, 26)
#: Where the wall ends and the floor begins.
_GROUND = 560
#: Straight pieces of a curve.
_PIECES = 14
_TOKEN = re.compile(r"[A-Za-z]|-?\d*\.?\d+")
_STEPS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "A": 7, "Z": 0}

Point = tuple[float, float]
Colour = tuple[int, int, int]


@cache
def kit() -> Mapping[str, Any]:
    """The parts of every mask; the first call reads a file."""
    source = resources.files("chimera") / "data" / "masks.json"
    return json.loads(source.read_text("utf-8"))


def draw(mask: str, gel: str, texts: Mapping[str, str]) -> bytes:
    """A PNG of the mask in the light of its gel, with these texts beside the pixels."""
    size = WIDTH * _FINE, HEIGHT * _FINE
    line = _colour(0.83, 0.105, kit()["hues"][gel])
    picture = _lit(_colour(0.78, 0.13, kit()["hues"][gel]), size)
    pen = ImageDraw.Draw(picture)
    shield = _outline(kit()["shield"])[0]
    pen.polygon(shield, fill=_BOARD)
    _stroke(pen, shield, line, 0.75 * _STROKE)
    for shape in _shapes(mask):
        for points in _outline(shape["d"]):
            if shape["filled"]:
                pen.polygon(points, fill=line)
            else:
                _stroke(pen, points, line, _STROKE)
    found, file = PngImagePlugin.PngInfo(), BytesIO()
    for keyword, text in texts.items():
        found.add_text(keyword, text)
    small = picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    small.save(file, "PNG", pnginfo=found)
    return file.getvalue()


def face_of(mask: str) -> Mapping[str, str]:
    """The parts that a mask names, and from its seed those that it does not."""
    parts: Mapping[str, Mapping[str, Any]] = kit()["parts"]
    if mask in kit()["troupe"]:
        return kit()["troupe"][mask]
    face = {
        kind: list(names)[_hash(f"{kind} {mask}") % len(names)] for kind, names in parts.items()
    }
    for pair in mask.split(",") if ":" in mask else ():
        kind, name = ([each.strip() for each in pair.split(":")] + [""])[:2]
        if name in parts.get(kind, {}):
            face[kind] = name
    return face


def _hash(text: str) -> int:
    """FNV-1a over the units that scripts in a browser count in."""
    value = 2166136261
    data = text.encode("utf-16-le", "surrogatepass")
    for low, high in zip(data[::2], data[1::2], strict=True):
        value = ((value ^ (high << 8 | low)) * 16777619) & 0xFFFFFFFF
    return value


def _shapes(mask: str) -> Iterator[Mapping[str, Any]]:
    face, parts = face_of(mask), kit()["parts"]
    for kind in ("extra", "brows", "eyes", "nose", "mouth"):
        yield from parts[kind][face[kind]]


# -- light ------------------------------------------------------------------------------------


def _lit(wash: Colour, size: tuple[int, int]) -> Image.Image:
    """An empty stage: a cone of light from above, and its pool on the floor."""
    picture = Image.new("RGB", size, _HOUSE)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, _GROUND * _FINE, *size), fill=_FLOOR)
    cone, pool = Image.new("L", size), Image.new("L", size)
    middle = WIDTH / 2
    beam = [(middle - 26, -30), (middle + 26, -30), (WIDTH - 22, 640), (22, 640)]
    ImageDraw.Draw(cone).polygon([(x * _FINE, y * _FINE) for x, y in beam], fill=118)
    ImageDraw.Draw(pool).ellipse(_box(middle - 200, 588, middle + 200, 690), fill=120)
    fade = Image.linear_gradient("L").transpose(Image.Transpose.FLIP_TOP_BOTTOM).resize(size)
    cone = ImageChops.multiply(_soft(cone, 22), fade)
    light = Image.new("RGB", size, wash)
    picture.paste(light, mask=cone)
    picture.paste(light, mask=_soft(pool, 26))
    return picture


def _soft(mask: Image.Image, radius: float) -> Image.Image:
    """Blurred small, which nobody can tell from blurred large."""
    small = mask.resize((WIDTH // 2, HEIGHT // 2)).filter(ImageFilter.GaussianBlur(radius / 2))
    return small.resize(mask.size, Image.Resampling.BICUBIC)


def _box(left: float, top: float, right: float, bottom: float) -> tuple[float, ...]:
    return tuple(each * _FINE for each in (left, top, right, bottom))


def _colour(lightness: float, chroma: float, hue: float) -> Colour:
    """Oklch as the screens name it, in sRGB."""
    a = chroma * math.cos(math.radians(hue))
    b = chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    red, green, blue = (_shown(each) for each in linear)
    return red, green, blue


def _shown(linear: float) -> int:
    value = min(max(linear, 0.0), 1.0)
    curved = 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
    return round(255 * curved)


# -- lines ------------------------------------------------------------------------------------


def _stroke(pen: ImageDraw.ImageDraw, points: Sequence[Point], colour: Colour, wide: float) -> None:
    """A line with round ends and corners."""
    reach = wide * _UNIT * _FINE / 2
    pen.line(points, fill=colour, width=round(2 * reach))
    for x, y in points:
        pen.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)


def _outline(path: str) -> list[list[Point]]:
    """The strokes of a path as points of the picture."""
    strokes: list[list[Point]] = []
    for letter, given in _commands(path):
        if letter == "M":
            strokes.append([(given[0], given[1])])
        elif letter == "Z":
            strokes[-1].append(strokes[-1][0])
        elif letter == "A":
            strokes[-1].extend(_half(strokes[-1][-1], given))
        elif letter == "C":
            strokes[-1].extend(_bent(strokes[-1][-1], given))
        else:
            strokes[-1].append((given[0], given[1]))
    return [
        [((_LEFT + x * _UNIT) * _FINE, (_TOP + y * _UNIT) * _FINE) for x, y in stroke]
        for stroke in strokes
    ]


def _commands(path: str) -> Iterator[tuple[str, list[float]]]:
    """Each step of a path with its numbers from the corner of the kit, as one of M L C A Z."""
    tokens = _TOKEN.findall(path)
    letter, at, here, begun, bend = "M", 0, (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)
    while at < len(tokens):
        if tokens[at].isalpha():
            letter, at = tokens[at], at + 1
        kind = letter.upper()
        numbers = [float(each) for each in tokens[at : at + _STEPS[kind]]]
        at += _STEPS[kind]
        if kind == "Z":
            here = begun
            yield kind, []
            continue
        moved = here if letter.islower() else (0.0, 0.0)
        kind, numbers = _placed(kind, numbers, moved, here)
        if kind == "S":
            # It goes on in the direction in which the bend before it arrived.
            kind, numbers = "C", [2 * here[0] - bend[0], 2 * here[1] - bend[1], *numbers]
        here = (numbers[-2], numbers[-1])
        bend = (numbers[2], numbers[3]) if kind == "C" else here
        begun = here if kind == "M" else begun
        yield kind, numbers


def _placed(kind: str, numbers: list[float], moved: Point, here: Point) -> tuple[str, list[float]]:
    if kind == "H":
        return "L", [numbers[0] + moved[0], here[1]]
    if kind == "V":
        return "L", [here[0], numbers[0] + moved[1]]
    kept = 5 if kind == "A" else 0
    shifted = [each + moved[place % 2] for place, each in enumerate(numbers[kept:])]
    return kind, [*numbers[:kept], *shifted]


def _bent(start: Point, given: Sequence[float]) -> list[Point]:
    """A curve with two corners that draw it (Bézier's)."""
    one, other, end = ((given[place], given[place + 1]) for place in (0, 2, 4))
    points: list[Point] = []
    for step in range(1, _PIECES + 1):
        t = step / _PIECES
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        x, y = (
            sum(weight * corner[axis] for weight, corner in zip(
                weights, (start, one, other, end), strict=True
            ))
            for axis in (0, 1)
        )  # fmt: skip
        points.append((x, y))
    return points


def _half(start: Point, given: Sequence[float]) -> list[Point]:
    """Half a circle: the kit has no other arcs."""
    end = given[5], given[6]
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    radius = math.dist(start, end) / 2
    begin = math.atan2(start[1] - middle[1], start[0] - middle[0])
    turn = math.pi if given[4] else -math.pi
    angles = (begin + turn * place / _PIECES for place in range(1, _PIECES + 1))
    return [(middle[0] + radius * math.cos(a), middle[1] + radius * math.sin(a)) for a in angles]
