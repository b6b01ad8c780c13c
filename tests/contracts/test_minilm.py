"""What a small language model makes of texts, against the same sums done one by one."""

import asyncio
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import numpy
import pytest

from chimera.core.errors import Unready
from chimera.providers.minilm import MiniLM

WIDTH, HEADS, LAYERS, INNER = 32, 4, 2, 64
VOCABULARY = (
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "the", "light", "##house", "##s", "keep", "##er", "sea",
    "storm", "cafe", ",", "?", "bread", "oven", "a",
)  # fmt: skip

Row = list[float]


def _weights(random: Random) -> dict[str, list[Any]]:
    def matrix(rows: int, columns: int) -> list[Row]:
        return [[random.gauss(0, 0.3) for _ in range(columns)] for _ in range(rows)]

    def row(length: int, about: float = 0.0) -> Row:
        return [random.gauss(about, 0.2) for _ in range(length)]

    made: dict[str, list[Any]] = {
        "embeddings.word_embeddings.weight": matrix(len(VOCABULARY), WIDTH),
        "embeddings.position_embeddings.weight": matrix(16, WIDTH),
        "embeddings.token_type_embeddings.weight": matrix(2, WIDTH),
    }
    normed = ["embeddings"]
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        sizes = {
            f"{at}.attention.self.query": (WIDTH, WIDTH),
            f"{at}.attention.self.key": (WIDTH, WIDTH),
            f"{at}.attention.self.value": (WIDTH, WIDTH),
            f"{at}.attention.output.dense": (WIDTH, WIDTH),
            f"{at}.intermediate.dense": (INNER, WIDTH),
            f"{at}.output.dense": (WIDTH, INNER),
        }
        for name, (out, into) in sizes.items():
            made |= {f"{name}.weight": matrix(out, into), f"{name}.bias": row(out)}
        normed += [f"{at}.attention.output", f"{at}.output"]
    for name in normed:
        made |= {f"{name}.LayerNorm.weight": row(WIDTH, 1.0), f"{name}.LayerNorm.bias": row(WIDTH)}
    return made


WEIGHTS = _weights(Random(7))


def _save(folder: Path, weights: Mapping[str, list[Any]]) -> None:
    """In the format of the library that everybody keeps weights with."""
    save: Callable[[dict[str, Any], Path], None] = import_module("safetensors.numpy").save_file
    arrays = {name: numpy.array(each, "float32") for name, each in weights.items()}
    save(arrays, folder / "model.safetensors")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    config = {"hidden_size": WIDTH, "num_attention_heads": HEADS, "num_hidden_layers": LAYERS}
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "vocab.txt").write_text("\n".join(VOCABULARY))
    _save(tmp_path, {f"bert.{name}": each for name, each in WEIGHTS.items()})
    return tmp_path


@pytest.fixture
def model(folder: Path) -> Iterator[MiniLM]:
    model = MiniLM(folder)
    yield model
    model.close()


# --- the same, number by number ------------------------------------------------------------------


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return sum(here * there for here, there in zip(one, other, strict=True))


def _plus(one: Row, other: Row) -> Row:
    return [here + there for here, there in zip(one, other, strict=True)]


def _linear(name: str, x: list[Row]) -> list[Row]:
    return [_plus([_dot(row, out) for out in WEIGHTS[f"{name}.weight"]], WEIGHTS[f"{name}.bias"])
            for row in x]  # fmt: skip


def _normed(name: str, x: list[Row]) -> list[Row]:
    scale, shift = WEIGHTS[f"{name}.LayerNorm.weight"], WEIGHTS[f"{name}.LayerNorm.bias"]
    done: list[Row] = []
    for row in x:
        mean = sum(row) / len(row)
        spread = math.sqrt(sum((each - mean) ** 2 for each in row) / len(row) + 1e-12)
        unit = [(each - mean) / spread for each in row]
        done.append([each * s + b for each, s, b in zip(unit, scale, shift, strict=True)])
    return done


def _attended(at: str, x: list[Row]) -> list[Row]:
    parts = {each: _linear(f"{at}.attention.self.{each}", x) for each in ("query", "key", "value")}
    mixed: list[Row] = [[] for _ in x]
    size = WIDTH // HEADS
    for start in range(0, WIDTH, size):
        cut = {name: [row[start : start + size] for row in rows] for name, rows in parts.items()}
        for place, query in enumerate(cut["query"]):
            powers = [math.exp(_dot(query, key) / math.sqrt(size)) for key in cut["key"]]
            shares = [each / sum(powers) for each in powers]
            mixed[place] += [
                sum(
                    share * value[column] for share, value in zip(shares, cut["value"], strict=True)
                )
                for column in range(size)
            ]
    return mixed


def by_hand(ids: Sequence[int]) -> Row:
    """The vector of these pieces, in plain numbers."""
    table, places = (
        WEIGHTS["embeddings.word_embeddings.weight"],
        WEIGHTS["embeddings.position_embeddings.weight"],
    )
    kind = WEIGHTS["embeddings.token_type_embeddings.weight"][0]
    rows = [_plus(_plus(table[each], places[place]), kind) for place, each in enumerate(ids)]
    x = _normed("embeddings", rows)
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}"
        told = _linear(f"{at}.attention.output.dense", _attended(at, x))
        x = _normed(f"{at}.attention.output", list(map(_plus, x, told)))
        inner = [[v * 0.5 * (1 + math.erf(v / math.sqrt(2))) for v in row]
                 for row in _linear(f"{at}.intermediate.dense", x)]  # fmt: skip
        x = _normed(f"{at}.output", list(map(_plus, x, _linear(f"{at}.output.dense", inner))))
    mean = [sum(column) / len(x) for column in zip(*x, strict=True)]
    length = math.sqrt(_dot(mean, mean))
    return [each / length for each in mean]


def test_vectors_are_those_of_the_same_sums_done_one_by_one(model: MiniLM) -> None:
    pieces = {
        "The lighthouses?": ("[CLS]", "the", "light", "##house", "##s", "?", "[SEP]"),
        "Café, keeper": ("[CLS]", "cafe", ",", "keep", "##er", "[SEP]"),
        "xyz sea": ("[CLS]", "[UNK]", "sea", "[SEP]"),
        "": ("[CLS]", "[SEP]"),
    }
    asyncio.run(model.learn(pieces))
    vectors = {
        text: by_hand([VOCABULARY.index(each) for each in cut]) for text, cut in pieces.items()
    }
    for one, here in vectors.items():
        for other, there in vectors.items():
            ours = model.cosine(((one, 1.0),), ((other, 1.0),))
            assert ours == pytest.approx(_dot(here, there), abs=1e-5)


def test_a_mean_is_weighed(model: MiniLM) -> None:
    texts = ("the storm", "bread", "a sea")
    asyncio.run(model.learn(texts))
    storm, bread, sea = (
        by_hand([VOCABULARY.index(each) for each in ("[CLS]", *text.split(), "[SEP]")])
        for text in texts
    )
    mean = [0.8 * here + 0.2 * there for here, there in zip(storm, bread, strict=True)]
    expected = _dot(mean, sea) / math.sqrt(_dot(mean, mean))
    found = model.cosine((("the storm", 0.8), ("bread", 0.2)), (("a sea", 1.0),))
    assert found == pytest.approx(expected, abs=1e-5)


def test_a_text_longer_than_the_model_reads_is_cut(model: MiniLM) -> None:
    long = "sea " * 400
    asyncio.run(model.learn([long, "sea " * 14]))
    assert model.cosine(((long, 1.0),), (("sea " * 14, 1.0),)) == pytest.approx(1.0)


def test_what_has_not_been_learnt_is_not_known(model: MiniLM) -> None:
    assert not model.knows(["the sea"])
    asyncio.run(model.learn(["the sea"]))
    assert model.knows(["the sea"])
    assert not model.knows(["the sea", "a storm"])


def test_it_says_what_was_read(model: MiniLM) -> None:
    assert model.told == "2 layers, vectors of 32"


@pytest.mark.parametrize("gone", ["config.json", "vocab.txt", "model.safetensors"])
def test_a_folder_without_its_files_is_one_clear_line(folder: Path, gone: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(Unready) as refused:
        MiniLM(folder)
    assert refused.value.exit_code == 2
    assert "CHIMERA_MINDS__EMBEDDINGS" in refused.value.message
    assert gone in refused.value.message.partition("model.safetensors)")[2]
    assert "\n" not in refused.value.message


def test_weights_that_do_not_fit_are_found_at_the_start(folder: Path) -> None:
    gone = "encoder.layer.1.output.dense.bias"
    _save(folder, {name: each for name, each in WEIGHTS.items() if name != gone})
    with pytest.raises(Unready, match=r"encoder\.layer\.1\.output\.dense\.bias is missing"):
        MiniLM(folder)
    (folder / "config.json").write_text("not json at all")
    with pytest.raises(Unready, match="cannot be read"):
        MiniLM(folder)
