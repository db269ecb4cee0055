"""Checkpoints of any size, written byte by byte: tiny ones, and sparse ones that take no disk."""

import hashlib
import json
import os
import random
import shutil
import struct
from pathlib import Path

from commands import ROOT

WIDTHS = {"BF16": 2, "F32": 4, "U8": 1}


def header(tensors: dict[str, tuple[str, list[int]]]) -> tuple[bytes, dict[str, tuple[int, int]]]:
    """The start of a safetensors file, and where each tensor lies in its data section."""
    places, entries, offset = {}, {}, 0
    for name, (dtype, shape) in tensors.items():
        size = WIDTHS[dtype]
        for extent in shape:
            size *= extent
        places[name] = (offset, offset + size)
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text, places


def write_file(path: Path, tensors: dict, contents: dict[str, bytes], seed: int = 0) -> None:
    """Writes random bytes, but for the tensors in `contents`."""
    start, places = header(tensors)
    source = random.Random(f"{path.name} {seed}")
    with open(path, "wb") as file:
        file.write(start)
        for name, (begin, end) in places.items():
            file.write(contents.get(name) or source.randbytes(end - begin))


def write_sparse(path: Path, tensors: dict) -> int:
    """Writes the header and a hole; returns the size of the data section."""
    start, places = header(tensors)
    end = max(end for _, end in places.values())
    with open(path, "wb") as file:
        file.write(start)
        file.truncate(len(start) + end)
    return end


def llama_config(rows: int, columns: int, tied: bool) -> str:
    return json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": columns,
        "tie_word_embeddings": tied, "vocab_size": rows}, indent=2) + "\n"


def write_index(folder: Path, shards: dict[str, dict], total: int) -> None:
    weights = {name: shard for shard, tensors in shards.items() for name in tensors}
    (folder / "model.safetensors.index.json").write_text(json.dumps(
        {"metadata": {"total_size": total}, "weight_map": weights}, indent=2, sort_keys=True))


def sharded(folder: Path, rows: int, columns: int, seed: int = 0) -> Path:
    """An untied Llama with an equal head, in three shards; the last holds the head alone."""
    matrix = ("BF16", [rows, columns])
    names = [f"model-{number:05}-of-00003.safetensors" for number in (1, 2, 3)]
    layers = {f"model.layers.{n}.mlp.up_proj.weight": matrix for n in range(2)}
    shards = {
        names[0]: {"model.embed_tokens.weight": matrix},
        names[1]: layers | {"model.norm.weight": ("BF16", [columns])},
        names[2]: {"lm_head.weight": matrix},
    }
    table = random.Random(seed).randbytes(rows * columns * 2)
    folder.mkdir(parents=True)
    for name, tensors in shards.items():
        shared = {"model.embed_tokens.weight": table, "lm_head.weight": table}
        write_file(folder / name, tensors, shared, seed)
    write_index(folder, shards, 4 * rows * columns * 2 + columns * 2)
    (folder / "config.json").write_text(llama_config(rows, columns, tied=False))
    (folder / "tokenizer.model").write_bytes(b"carried over as it is\n")
    return folder


def single(folder: Path, rows: int, columns: int, tied: bool = False) -> Path:
    """A Llama in one file; untied with an equal head, or tied."""
    matrix = ("BF16", [rows, columns])
    tensors = {} if tied else {"lm_head.weight": matrix}
    tensors |= {"model.embed_tokens.weight": matrix, "model.norm.weight": ("BF16", [columns])}
    folder.mkdir(parents=True)
    table = random.Random(0).randbytes(rows * columns * 2)
    write_file(folder / "model.safetensors", tensors, dict.fromkeys(
        ["lm_head.weight", "model.embed_tokens.weight"], table))
    (folder / "config.json").write_text(llama_config(rows, columns, tied))
    return folder


def convertible(folder: Path, width: int) -> Path:
    """A tied Llama of two layers with the tokenizer of a model in testdata: GGUF can hold it."""
    shutil.copytree(ROOT / "testdata/conversion/byte-level", folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"hidden_size": width, "intermediate_size": 4 * width, "head_dim": width // 2,
               "num_hidden_layers": 2}
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    vector, square, half = [width], [width, width], [width // 2, width]
    layer = {
        "input_layernorm": vector, "post_attention_layernorm": vector, "self_attn.q_proj": square,
        "self_attn.k_proj": half, "self_attn.v_proj": half, "self_attn.o_proj": square,
        "mlp.gate_proj": [4 * width, width], "mlp.up_proj": [4 * width, width],
        "mlp.down_proj": [width, 4 * width]}
    shapes = {"model.embed_tokens": [config["vocab_size"], width], "model.norm": vector}
    shapes |= {f"model.layers.{n}.{name}": shape for n in range(2) for name, shape in layer.items()}
    write_file(folder / "model.safetensors",
               {f"{name}.weight": ("BF16", shape) for name, shape in shapes.items()}, {})
    return folder


def alone(folder: Path, rows: int, columns: int) -> Path:
    """One safetensors file with an equal head and no config beside it."""
    single(folder, rows, columns)
    (folder / "config.json").unlink()
    return folder / "model.safetensors"


def digest(path: Path) -> str | None:
    """One digest of names and bytes of a file or folder; None where nothing is there."""
    if not os.path.lexists(path):
        return None
    whole = hashlib.sha256()
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if not p.is_dir())
    for file in files:
        whole.update(f"{file.relative_to(path)}\0{file.stat().st_size}\0".encode())
        whole.update(file.read_bytes())
    return whole.hexdigest()


def strays(folder: Path) -> list[str]:
    """What an interrupted run left beside its destination."""
    return sorted(name for name in os.listdir(folder) if name.endswith(".partial"))
