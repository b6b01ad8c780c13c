"""A llama so small that a test writes it: two layers of random weights, bytes and a few words.

What it says is noise, but it is loaded, prompted, sampled and stopped like any other.
"""

import random
import struct
from array import array
from collections.abc import Sequence
from pathlib import Path

_U32, _I32, _F32, _TEXT, _LIST = 4, 5, 6, 8, 9
_FORMS = {_U32: "<I", _I32: "<i", _F32: "<f"}
_ALIGNED = 32
_WIDTH, _LAYERS, _HEADS, _INNER = 32, 2, 4, 64
_WORDS = ("\u2581the", "\u2581a", "\u2581fish", "\u2581swims", "s", ".")
_TOKENS = ("<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *_WORDS)
#: Unknown, two controls, bytes, words: as llama.cpp numbers kinds of tokens.
_KINDS = (2, 3, 3, *[6] * 256, *[1] * len(_WORDS))
_TEMPLATE = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:"


def write_llama(path: Path, *, seed: int = 1, context: int = 4096) -> Path:
    """Write the file; another seed is another model."""
    tensors = dict(_tensors(random.Random(seed)))
    entries = list(_entries(context))
    head = [b"GGUF", struct.pack("<IQQ", 3, len(tensors), len(entries)), *entries]
    body = b""
    for name, (shape, weights) in tensors.items():
        sizes = struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        head.append(_text(name) + sizes + struct.pack("<IQ", 0, len(body)))
        body += _padded(weights.tobytes())
    path.write_bytes(_padded(b"".join(head)) + body)
    return path


def _entries(context: int) -> list[bytes]:
    numbers = {
        "context_length": context, "embedding_length": _WIDTH, "block_count": _LAYERS,
        "feed_forward_length": _INNER, "attention.head_count": _HEADS,
        "rope.dimension_count": _WIDTH // _HEADS,
    }  # fmt: skip
    special = {"bos": 1, "eos": 2, "unknown": 0}
    tokens = "tokenizer.ggml"
    return [
        _entry("general.architecture", _TEXT, "llama"),
        *(_entry(f"llama.{name}", _U32, value) for name, value in numbers.items()),
        _entry("llama.attention.layer_norm_rms_epsilon", _F32, 1e-5),
        _entry(f"{tokens}.model", _TEXT, "llama"),
        _list(f"{tokens}.tokens", _TEXT, _TOKENS),
        _list(f"{tokens}.scores", _F32, [-float(place) for place in range(len(_TOKENS))]),
        _list(f"{tokens}.token_type", _I32, _KINDS),
        *(_entry(f"{tokens}.{name}_token_id", _U32, value) for name, value in special.items()),
        _entry("tokenizer.chat_template", _TEXT, _TEMPLATE),
    ]


def _tensors(rng: random.Random) -> list[tuple[str, tuple[tuple[int, ...], "array[float]"]]]:
    """Each with its shape, the innermost side first."""

    def drawn(name: str, *shape: int) -> tuple[str, tuple[tuple[int, ...], "array[float]"]]:
        count = shape[0] * shape[1]
        return f"{name}.weight", (shape, array("f", (rng.gauss(0, 0.3) for _ in range(count))))

    def even(name: str) -> tuple[str, tuple[tuple[int, ...], "array[float]"]]:
        return f"{name}.weight", ((_WIDTH,), array("f", [1.0] * _WIDTH))

    vocabulary = len(_TOKENS)
    found = [drawn("token_embd", _WIDTH, vocabulary), drawn("output", _WIDTH, vocabulary)]
    found.append(even("output_norm"))
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        found += [even(f"{block}.attn_norm"), even(f"{block}.ffn_norm")]
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            found.append(drawn(f"{block}.{name}", _WIDTH, _WIDTH))
        found.append(drawn(f"{block}.ffn_gate", _WIDTH, _INNER))
        found.append(drawn(f"{block}.ffn_up", _WIDTH, _INNER))
        found.append(drawn(f"{block}.ffn_down", _INNER, _WIDTH))
    return found


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<Q", len(data)) + data


def _value(kind: int, value: str | float) -> bytes:
    return _text(value) if isinstance(value, str) else struct.pack(_FORMS[kind], value)


def _entry(name: str, kind: int, value: str | float) -> bytes:
    return _text(name) + struct.pack("<I", kind) + _value(kind, value)


def _list(name: str, kind: int, values: Sequence[str | float]) -> bytes:
    head = struct.pack("<IIQ", _LIST, kind, len(values))
    return _text(name) + head + b"".join(_value(kind, each) for each in values)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % _ALIGNED)
