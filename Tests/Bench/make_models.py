"""Makes the checkpoints that the bench measures on. usage: make_models.py DIRECTORY [NAME...]

The values are random and the shapes are those of SmolLM2-135M: the time of a tie does not depend on
values. Checkpoints of the same names that are there already (real ones, say) are left as they are.
The large ones are sparse: they take their length and next to no disk.
"""

import json
import os
import shutil
import sys
from pathlib import Path

SMOL = dict(vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30,
            num_attention_heads=9, num_key_value_heads=3)
EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"
BYTES = {"F32": 4, "BF16": 2}


def config(sizes, tied, dtype):
    """A config.json of the Llama family."""
    names = {"F32": "float32", "BF16": "bfloat16"}
    return {
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "dtype": names[dtype],
        "hidden_act": "silu", "rms_norm_eps": 1e-05, "rope_theta": 100000.0,
        "max_position_embeddings": 8192, "bos_token_id": 1, "eos_token_id": 2,
        "tie_word_embeddings": tied, **sizes,
    }


def llama_shapes(sizes):
    """Name → shape of every tensor but the head, in the order of the network."""
    width, inner = sizes["hidden_size"], sizes["intermediate_size"]
    head = width // sizes["num_attention_heads"]
    narrow = head * sizes["num_key_value_heads"]
    shapes = {EMBEDDING: [sizes["vocab_size"], width]}
    for layer in range(sizes["num_hidden_layers"]):
        for name, shape in {
            "input_layernorm": [width], "mlp.down_proj": [width, inner],
            "mlp.gate_proj": [inner, width], "mlp.up_proj": [inner, width],
            "post_attention_layernorm": [width], "self_attn.k_proj": [narrow, width],
            "self_attn.o_proj": [width, width], "self_attn.q_proj": [width, width],
            "self_attn.v_proj": [narrow, width],
        }.items():
            shapes[f"model.layers.{layer}.{name}.weight"] = shape
    shapes["model.norm.weight"] = [width]
    return shapes


def count(shape):
    """The number of elements."""
    product = 1
    for dimension in shape:
        product *= dimension
    return product


def write_file(path, shapes, dtype, data=None):
    """One safetensors file; without `data` (name → bytes) its tensor bytes are a hole."""
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for name, shape in shapes.items():
        end = offset + count(shape) * BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in shapes if data else ():
            file.write(data(name, shapes[name]))
        file.truncate(8 + len(text) + offset)
    return offset


def write(directory, shapes, dtype, settings, shards=1, data=None):
    """A Hugging Face directory, with an index when there are shards; appears only when whole."""
    partial = directory.with_name(directory.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    (partial / "config.json").write_text(json.dumps(settings, indent=2) + "\n")
    names, weight_map, total = list(shapes), {}, 0
    for shard in range(shards):
        chosen = names[shard * len(names) // shards:(shard + 1) * len(names) // shards]
        file = f"model-{shard + 1:05d}-of-{shards:05d}.safetensors"
        file = "model.safetensors" if shards == 1 else file
        part = {name: shapes[name] for name in chosen}
        total += write_file(partial / file, part, dtype, data)
        weight_map.update(dict.fromkeys(chosen, file))
    if shards > 1:
        index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
        (partial / "model.safetensors.index.json").write_text(json.dumps(index, indent=2) + "\n")
    os.replace(partial, directory)


def random_data(dtype, changes=None, transposed=False):
    """Bytes of a tensor, the same for the embedding and the head; `changes` edits the head."""
    import numpy

    def make(name, shape):
        is_head = name == HEAD
        seed = 0 if is_head or name == EMBEDDING else sum(name.encode())
        if is_head and transposed:
            shape = shape[::-1]
        values = numpy.random.default_rng(seed).standard_normal(shape, dtype=numpy.float32) * 0.02
        if dtype == "BF16":
            values = (values.view(numpy.uint32) >> 16).astype(numpy.uint16)
        if is_head and changes:
            changes(values)
        return numpy.ascontiguousarray(values.T if is_head and transposed else values)

    return make


def _smol(directory, dtype, tied, shards=1, changes=None):
    shapes = llama_shapes(SMOL)
    if not tied:
        shapes = {HEAD: shapes[EMBEDDING], **shapes}
    write(directory, shapes, dtype, config(SMOL, tied, dtype), shards, random_data(dtype, changes))


def _pair(directory, changes=None, transposed=False):
    """Two tables of half a gigabyte and one norm: a comparison and nothing else."""
    sizes = dict(SMOL, vocab_size=131072, hidden_size=2048, num_hidden_layers=0)
    table = [sizes["vocab_size"], sizes["hidden_size"]]
    head = table[::-1] if transposed else table
    shapes = {HEAD: head, EMBEDDING: table, "model.norm.weight": [sizes["hidden_size"]]}
    write(directory, shapes, "BF16", config(sizes, False, "BF16"),
          data=random_data("BF16", changes, transposed))


def _first_row(values):
    values[0, 0] += 1


def _sparse_20gb(directory):
    sizes = dict(SMOL, vocab_size=128256, hidden_size=4096, intermediate_size=14336,
                 num_hidden_layers=41, num_attention_heads=32, num_key_value_heads=8)
    shapes = llama_shapes(sizes)
    shapes[HEAD] = shapes[EMBEDDING]
    write(directory, shapes, "BF16", config(sizes, False, "BF16"), shards=12)


def _sparse_100k(directory):
    sizes = dict(SMOL, num_hidden_layers=1)
    shapes = {EMBEDDING: [49152, 576], HEAD: [49152, 576], "model.norm.weight": [576]}
    for index in range(100_000 - len(shapes)):
        layer, expert = divmod(index, 1000)
        shapes[f"model.layers.{layer}.mlp.experts.{expert}.down_proj.weight"] = [576, 1536]
    write(directory, shapes, "BF16", config(sizes, False, "BF16"), shards=200)


MODELS = {
    "smol-tied-f32": lambda path: _smol(path, "F32", True),
    "smol-untied-f32": lambda path: _smol(path, "F32", False),
    "smol-untied-f32-sharded": lambda path: _smol(path, "F32", False, shards=6),
    "pair": lambda path: _pair(path),
    "pair-transposed": lambda path: _pair(path, transposed=True),
    "pair-first-row": lambda path: _pair(path, _first_row),
    "sparse-20gb": _sparse_20gb,
    "sparse-100k": _sparse_100k,
}


def model(directory, name):
    """The path of a bench checkpoint, made on first use."""
    path = Path(directory, name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        MODELS[name](path)
    return path


if __name__ == "__main__":
    for wanted in sys.argv[2:] or MODELS:
        print(model(sys.argv[1], wanted))
