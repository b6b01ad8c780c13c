"""What texts mean, by a small language model in a folder that the operator supplies.

MiniLM and its like: BERT without a head, read with numpy, one text at a time. It needs the extra
`embeddings`, and is asked in a thread of its own; nothing ever waits long for it (ADR 21).
"""

import asyncio
import json
import unicodedata
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from chimera.core.errors import Unready
from chimera.core.likeness import Weighed
from chimera.core.signals import Calibration

#: Pieces of words that are read of a text; a line is hardly ever longer.
PIECES = 128
#: Vectors kept, of about 1.5 kB, and how many are worked out at one go.
KEPT, AT_ONCE = 20_000, 64
#: For so long a decision waits for the vectors of what was said last.
PATIENCE_S = 0.2
_SETTING = "CHIMERA_MINDS__EMBEDDINGS"


class MiniLM:
    """Implements `core.likeness.Embedder`."""

    #: Measured on talk between people (`engine.md` section 6).
    pair = Calibration(0.072, 0.496)
    window = Calibration(0.207, 0.654)

    def __init__(self, folder: Path) -> None:
        """Read the weights. Raises Unready with one line that says what is wrong."""
        self._model = _read(folder)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="minilm")
        #: The one asked for last at the end.
        self._vectors: OrderedDict[str, Any] = OrderedDict()
        self._asked: set[str] = set()

    @property
    def told(self) -> str:
        """What was read, for people."""
        return f"{self._model.layers} layers, vectors of {self._model.width}"

    def knows(self, texts: Iterable[str]) -> bool:
        """Whether all these have been worked out."""
        return all(text in self._vectors for text in texts)

    def cosine(self, one: Weighed, other: Weighed) -> float:
        """How alike the means of known texts are, −1…1. Raises KeyError for an unknown one."""
        here, there = self._mean(one), self._mean(other)
        norms = float(here @ here) * float(there @ there)
        return float(here @ there) / norms**0.5 if norms else 0.0

    def _mean(self, weighed: Weighed) -> Any:
        for text, _ in weighed:
            self._vectors.move_to_end(text)
        return sum(self._vectors[text] * weight for text, weight in weighed)

    async def learn(self, texts: Iterable[str]) -> None:
        """Work out what is not known yet, the first ones first; waits a moment at most."""
        fresh = [each for each in dict.fromkeys(texts) if each not in self._vectors]
        fresh = [each for each in fresh if each not in self._asked][:AT_ONCE]
        if not fresh:
            return
        self._asked.update(fresh)
        loop = asyncio.get_running_loop()
        jobs: list[asyncio.Future[Any]] = []
        for each in fresh:
            jobs.append(loop.run_in_executor(self._thread, self._model.vector, each))
            jobs[-1].add_done_callback(partial(self._keep, each))
        await asyncio.wait(jobs, timeout=PATIENCE_S)

    def _keep(self, text: str, job: asyncio.Future[Any]) -> None:
        self._asked.discard(text)
        if job.cancelled():
            return
        self._vectors[text] = job.result()
        if len(self._vectors) > KEPT:
            self._vectors.popitem(last=False)

    def close(self) -> None:
        """Work out nothing more."""
        self._thread.shutdown(wait=True, cancel_futures=True)


@cache
def _numpy() -> Any:
    return import_module("numpy")


def _read(folder: Path) -> "_Bert":
    try:
        load = import_module("safetensors.numpy").load_file
        _numpy()
    except ImportError:
        said = f"{_SETTING} needs the extra: pip install 'chimera[embeddings]'."
        raise Unready(said, exit_code=2) from None
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        vocabulary = (folder / "vocab.txt").read_text("utf-8").splitlines()
        return _Bert(config, vocabulary, load(folder / "model.safetensors"))
    except KeyError as error:
        why = f"{error.args[0]} is missing"
    except Exception as error:  # a file of any format can be wrong in any way; told below
        why = str(error) or type(error).__name__
    raise Unready(
        f"{_SETTING} names {folder}, which cannot be read as BERT weights "
        f"(config.json, vocab.txt, model.safetensors): {why}",
        exit_code=2,
    )


class _Bert:
    """Text to vector: pieces of words, the layers, the mean of what comes out."""

    def __init__(
        self, config: Mapping[str, Any], vocabulary: list[str], weights: Mapping[str, Any]
    ) -> None:
        np = _numpy()
        self._weights = {
            name.removeprefix("bert."): value.astype(np.float32) for name, value in weights.items()
        }
        self._pieces = {piece: place for place, piece in enumerate(vocabulary)}
        self._heads = int(config["num_attention_heads"])
        self._epsilon = float(config.get("layer_norm_eps", 1e-12))
        self.layers, self.width = int(config["num_hidden_layers"]), int(config["hidden_size"])
        positions = self._weights["embeddings.position_embeddings.weight"]
        self._most = min(PIECES, len(positions))
        # What does not fit is found here, and not in the middle of a show.
        self.vector("a")

    def vector(self, text: str) -> Any:
        """The vector of a text, of length 1."""
        ids = self._ids(text)
        table = self._weights["embeddings.word_embeddings.weight"]
        places = self._weights["embeddings.position_embeddings.weight"][: len(ids)]
        kind = self._weights["embeddings.token_type_embeddings.weight"][0]
        x = self._normed("embeddings", table[ids] + places + kind)
        for layer in range(self.layers):
            x = self._layer(f"encoder.layer.{layer}", x)
        mean = x.mean(axis=0)
        return mean / max(float(mean @ mean) ** 0.5, 1e-12)

    def _layer(self, at: str, x: Any) -> Any:
        np = _numpy()

        def parted(name: str) -> Any:
            whole = self._linear(f"{at}.attention.self.{name}", x)
            return whole.reshape(len(x), self._heads, -1).swapaxes(0, 1)

        queries, keys, values = map(parted, ("query", "key", "value"))
        scores = queries @ keys.swapaxes(1, 2) / keys.shape[-1] ** 0.5
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        shares /= shares.sum(axis=-1, keepdims=True)
        mixed = (shares @ values).swapaxes(0, 1).reshape(x.shape)
        x = self._normed(
            f"{at}.attention.output", x + self._linear(f"{at}.attention.output.dense", mixed)
        )
        inner = _gelu(self._linear(f"{at}.intermediate.dense", x))
        return self._normed(f"{at}.output", x + self._linear(f"{at}.output.dense", inner))

    def _linear(self, at: str, x: Any) -> Any:
        return x @ self._weights[f"{at}.weight"].T + self._weights[f"{at}.bias"]

    def _normed(self, at: str, x: Any) -> Any:
        centred = x - x.mean(axis=-1, keepdims=True)
        spread = (centred**2).mean(axis=-1, keepdims=True)
        scaled = centred / (spread + self._epsilon) ** 0.5
        return (
            scaled * self._weights[f"{at}.LayerNorm.weight"] + self._weights[f"{at}.LayerNorm.bias"]
        )

    def _ids(self, text: str) -> list[int]:
        pieces = [piece for word in _words(text) for piece in self._cut(word)][: self._most - 2]
        return [self._pieces[each] for each in ("[CLS]", *pieces, "[SEP]")]

    def _cut(self, word: str) -> list[str]:
        """The longest pieces that the vocabulary has, one after the other (WordPiece)."""
        found: list[str] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((each for each in ends if mark + word[start:each] in self._pieces), None)
            if end is None or len(word) > 100:
                return ["[UNK]"]
            found.append(mark + word[start:end])
            start = end
        return found


def _words(text: str) -> list[str]:
    """Words in lower case without accents; signs and ideographs stand alone."""
    bare = (
        each for each in unicodedata.normalize("NFD", text.lower())
        if unicodedata.category(each) != "Mn"
    )  # fmt: skip
    return "".join(f" {each} " if _alone(each) else each for each in bare).split()


def _alone(character: str) -> bool:
    kind = unicodedata.category(character)
    ascii_sign = character.isascii() and not character.isalnum() and not character.isspace()
    return kind[0] == "P" or ascii_sign or 0x3400 <= ord(character) <= 0x9FFF


def _gelu(x: Any) -> Any:
    """x·Φ(x), with the error function after Abramowitz and Stegun 7.1.26 (within 1.5e-7)."""
    np = _numpy()
    z = np.abs(x) / 2**0.5
    t = 1 / (1 + 0.3275911 * z)
    factors = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
    erf = 1 - np.polyval((*factors, 0.0), t) * np.exp(-(z**2))
    return x * 0.5 * (1 + np.sign(x) * erf)
