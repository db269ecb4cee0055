#!/usr/bin/env python3
"""Write testdata/gguf: tiny GGUF models, one for each way in which a head may stand, and expected.json.

    python3 make_gguf.py [GGUF_GOLDEN.json]

Standard library only; the layout is written out here, so that it does not depend on any library's
version. Random blocks come from a fixed seed. With the file of vectors that gguf-py 0.19.0's
dequantizers gave on pseudo-random blocks, its decoding half is copied to decode.json.
"""

from __future__ import annotations

import json
import random
import struct
import sys
from pathlib import Path

OUT = Path(__file__).resolve().parents[1] / "gguf"
F32, F16, Q8_0, Q4_K, BF16 = 0, 1, 8, 12, 30
BLOCKS = {F32: (1, 4), F16: (1, 2), BF16: (1, 2), Q8_0: (32, 34), Q4_K: (256, 144)}
TOKENS, WIDTH = 16, 256


class Typed:
    """A metadata value with its type: id, struct code and value, or a string."""

    def __init__(self, kind: int, value, element: int | None = None):
        self.kind, self.value, self.element = kind, value, element


def u16(value): return Typed(2, value)
def i32(value): return Typed(5, value)
def u32(value): return Typed(4, value)
def f32(value): return Typed(6, value)
def flag(value): return Typed(7, value)
def text(value): return Typed(8, value)
def texts(values): return Typed(9, values, 8)
def i32s(values): return Typed(9, values, 5)


CODES = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}


def string(value: str, order: str) -> bytes:
    raw = value.encode()
    return struct.pack(order + "Q", len(raw)) + raw


def scalar(kind: int, value, order: str) -> bytes:
    return string(value, order) if kind == 8 else struct.pack(order + CODES[kind], value)


def pair(key: str, typed: Typed, order: str) -> bytes:
    out = string(key, order) + struct.pack(order + "I", typed.kind)
    if typed.kind != 9:
        return out + scalar(typed.kind, typed.value, order)
    out += struct.pack(order + "IQ", typed.element, len(typed.value))
    return out + b"".join(scalar(typed.element, value, order) for value in typed.value)


def file(metadata: dict, tensors: list, order: str = "<", version: int = 3, tail: bytes = b"") -> bytes:
    """tensors: (name, extents fastest first, type, data)."""
    alignment = metadata.get("general.alignment", u32(32)).value

    def padded(raw: bytes) -> bytes:
        return raw + bytes(-len(raw) % alignment)

    out = b"GGUF" + struct.pack(order + "Iqq", version, len(tensors), len(metadata))
    out += b"".join(pair(key, value, order) for key, value in metadata.items())
    place = 0
    for name, extents, kind, data in tensors:
        out += string(name, order) + struct.pack(order + f"I{len(extents)}q", len(extents), *extents)
        out += struct.pack(order + "IQ", kind, place)
        place += len(padded(data))
    return (padded(out) if tensors else out) + b"".join(padded(data) for *_, data in tensors) + tail


def floats(seed: int, count: int) -> list[float]:
    source = random.Random(seed)
    return [source.gauss(0, 0.02) for _ in range(count)]


def half(values, order: str = "<") -> bytes: return struct.pack(f"{order}{len(values)}e", *values)
def single(values, order: str = "<") -> bytes: return struct.pack(f"{order}{len(values)}f", *values)


def q8_0(values: list[float]) -> bytes:
    out = b""
    for start in range(0, len(values), 32):
        block = values[start:start + 32]
        scale = struct.unpack("<e", struct.pack("<e", max(map(abs, block)) / 127))[0] or 1.0
        codes = [max(-127, min(127, round(value / scale))) for value in block]
        out += struct.pack("<e32b", scale, *codes)
    return out


def q8_values(raw: bytes) -> list[float]:
    values = []
    for start in range(0, len(raw), 34):
        scale, *codes = struct.unpack("<e32b", raw[start:start + 34])
        values += [scale * code for code in codes]
    return values


def q4_k(seed: int, count: int) -> bytes:
    source = random.Random(seed)
    return b"".join(
        struct.pack("<2e", 0.01, 0.005) + source.randbytes(140) for _ in range(count // 256))


def metadata(architecture: str, **more) -> dict:
    head = {"general.architecture": text(architecture), "general.name": text("tiny")}
    vocabulary = {
        f"{architecture}.block_count": u32(1),
        f"{architecture}.embedding_length": u32(WIDTH),
        f"{architecture}.attention.layer_norm_rms_epsilon": f32(1e-5),
        "tokenizer.ggml.model": text("gpt2"),
        "tokenizer.ggml.tokens": texts([f"<{n}>" for n in range(TOKENS)]),
        "tokenizer.ggml.token_type": i32s([3] + [1] * (TOKENS - 1)),
        "tokenizer.ggml.add_bos_token": flag(1),
    }
    return head | {key.replace("_", ".", 2): value for key, value in more.items()} | vocabulary


def model(architecture: str, embedding, head, order: str = "<", extra=(), **options) -> bytes:
    """embedding and head: (type, data) or None. The table is in the middle, the head behind it."""
    shape = [WIDTH, TOKENS]
    tensors = [("output_norm.weight", [WIDTH], F32, single([1.0] * WIDTH, order))]
    if embedding:
        tensors.append(("token_embd.weight", shape, *embedding))
    if head:
        tensors.append(("output.weight", shape, *head))
    tensors.append(("blk.0.attn_norm.weight", [WIDTH - 1], F32, single(floats(9, WIDTH - 1), order)))
    return file(metadata(architecture), tensors + list(extra), order, **options)


def split(tensors: int) -> list[bytes]:
    """Three parts; the last one holds the head alone."""
    table = (Q8_0, q8_0(floats(1, TOKENS * WIDTH)))
    shape = [WIDTH, TOKENS]
    parts = [
        [("output_norm.weight", [WIDTH], F32, single([1.0] * WIDTH)),
         ("token_embd.weight", shape, *table)],
        [("blk.0.attn_norm.weight", [WIDTH], F32, single(floats(9, WIDTH)))],
        [("output.weight", shape, *table)],
    ]
    files = []
    for number, part in enumerate(parts):
        keys = {"split.no": u16(number), "split.count": u16(3), "split.tensors.count": i32(tensors)}
        files.append(file((metadata("llama") if number == 0 else {}) | keys, part))
    return files


def cases() -> dict:
    """Name → (bytes, verdict, what tie does, what untie does)."""
    numbers = floats(1, TOKENS * WIDTH)
    others = floats(2, TOKENS * WIDTH)
    one, two = (F16, half(numbers)), (F16, half(others))
    packed = (Q8_0, q8_0(numbers))
    unpacked = (F32, single(q8_values(packed[1])))
    rounded = struct.unpack(f"<{TOKENS * WIDTH}e", one[1])
    swapped = (F16, half(numbers, ">"))
    bias = ("output.bias", [TOKENS], F32, single(floats(3, TOKENS)))
    near = (F16, half(numbers[:-WIDTH] + others[-WIDTH:]))
    return {
        "llama-tied": (model("llama", one, None), "TIED", "copy", "add"),
        "llama-equal": (model("llama", one, one), "UNTIED_EQUAL", "drop", "copy"),
        "llama-different": (model("llama", one, two), "UNTIED", "refuse", "copy"),
        "llama-last-row": (model("llama", one, near), "NEAR_EQUAL", "refuse", "copy"),
        "llama-packed-equal": (model("llama", packed, packed), "UNTIED_EQUAL", "drop", "copy"),
        "llama-packed-apart": (
            model("llama", packed, (Q4_K, q4_k(4, TOKENS * WIDTH))), "UNTIED", "refuse", "copy"),
        "llama-equal-dequantized": (model("llama", packed, unpacked), "NEAR_EQUAL", "refuse", "copy"),
        "llama-equal-cast": (
            model("llama", one, (F32, single(rounded))), "NEAR_EQUAL", "refuse", "copy"),
        "llama-head-alone": (model("llama", None, one), "TIED_REVERSED", "rename", "add"),
        "llama-big-endian": (
            model("llama", swapped, swapped, ">"), "UNTIED_EQUAL", "drop", "copy"),
        "llama-version-2": (model("llama", one, one, version=2), "UNTIED_EQUAL", "drop", "copy"),
        "llama-tail": (
            model("llama", one, one, tail=b"left over"), "UNTIED_EQUAL", "drop", "copy"),
        "qwen2-bias": (model("qwen2", one, one, extra=[bias]), "UNTIED_EQUAL", "drop", "copy"),
        "gemma2-tied": (model("gemma2", one, None), "TIED", "copy", "refuse"),
        "gemma2-equal": (model("gemma2", one, one), "TIED_DUPLICATE", "drop", "refuse"),
        "gemma2-different": (model("gemma2", one, two), "TIED_CONFLICT", "refuse", "refuse"),
        "olmo2-missing": (model("olmo2", one, None), "HEAD_MISSING", "refuse", "add"),
        "olmo2-equal": (model("olmo2", one, one), "UNTIED_EQUAL", "refuse", "copy"),
        "olmo2-different": (model("olmo2", one, two), "UNTIED", "refuse", "copy"),
        "codeshell-head": (model("codeshell", None, one), "TIED", "copy", "add"),
        "bert-no-head": (model("bert", one, None), "NO_HEAD", "refuse", "refuse"),
        "unheard-of": (model("unheard-of", one, None), "FLAG_UNKNOWN", "refuse", "add"),
        "vocabulary-only": (file(metadata("llama"), []), "NOT_A_MODEL", "refuse", "refuse"),
    }


def main() -> None:
    OUT.mkdir(exist_ok=True)
    expected = {}
    for name, (raw, verdict, tie, untie) in cases().items():
        (OUT / f"{name}.gguf").write_bytes(raw)
        expected[name] = {"verdict": verdict, "tie": tie, "untie": untie}
    for folder, total in (("split", 4), ("split-wrong-total", 5)):
        (OUT / folder).mkdir(exist_ok=True)
        for number, raw in enumerate(split(total), 1):
            (OUT / folder / f"m-{number:05d}-of-00003.gguf").write_bytes(raw)
    expected["split"] = {"verdict": "UNTIED_EQUAL", "tie": "drop", "untie": "copy"}
    expected["split-wrong-total"] = {"verdict": "INDEX_LIE", "tie": "refuse", "untie": "refuse"}
    (OUT / "expected.json").write_text(json.dumps(expected, indent=1, sort_keys=True) + "\n")
    if len(sys.argv) > 1:
        golden = json.loads(Path(sys.argv[1]).read_text())
        vectors = {"made_by": golden["made_by"], "decode": golden["decode"]}
        (OUT / "decode.json").write_text(json.dumps(vectors, indent=1) + "\n")


if __name__ == "__main__":
    main()
