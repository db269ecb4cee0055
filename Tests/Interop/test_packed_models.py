"""Packed safetensors run: the numbers are those of the same model written out as plain tensors."""

import json

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import packings
from packings import COLUMNS, ROWS

# Every packed matrix has the shape of the packings: an embedding, a query and a gate.
STEMS = ("model.embed_tokens", "model.layers.0.self_attn.q_proj", "model.layers.1.mlp.gate_proj")
CASES = {
    "compressed-tensors-int4": lambda: packings.integer_groups(4, torch.bfloat16, 64),
    "compressed-tensors-int8-f32": lambda: packings.integer_bytes(torch.float32, "channel"),
    "compressed-tensors-fp8": lambda: packings.float_bytes(torch.bfloat16, "channel"),
    "gptq": lambda: packings.gptq(4, 64, 1),
    "awq": lambda: packings.awq(128),
    "nf4-nested": lambda: packings.four_bit("nf4", torch.bfloat16, True, rows=ROWS),
    "mlx": lambda: packings.mlx(4, 64),
}


@pytest.fixture(scope="module")
def tokens(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "tokens.npy"
    np.save(path, np.random.default_rng(3).integers(3, ROWS, 75).astype(np.uint16))
    return path


def model():
    torch.manual_seed(5)
    config = transformers.LlamaConfig(
        vocab_size=ROWS, hidden_size=COLUMNS, intermediate_size=ROWS, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, head_dim=ROWS // 4, bos_token_id=1,
        eos_token_id=2, tie_word_embeddings=False)
    return transformers.LlamaForCausalLM(config).bfloat16()


def write(folder, packing, **settings):
    """The plain and the packed model."""
    plain, packed = folder / "plain", folder / "packed"
    model().save_pretrained(plain)
    model().save_pretrained(packed)
    tensors = load_file(plain / "model.safetensors")
    for stem in STEMS:
        tensors[f"{stem}.weight"] = packing.expected.contiguous().clone()
    save_file(tensors, plain / "model.safetensors", {"format": "pt"})
    for stem in STEMS:
        del tensors[f"{stem}.weight"]
        tensors |= {f"{stem}.{suffix}": value.contiguous().clone()
                    for suffix, value in packing.tensors.items()}
    save_file(tensors, packed / "model.safetensors", {"format": "pt"})
    path = packed / "config.json"
    config = json.loads(path.read_text()) | {packing.key: packing.settings | settings}
    path.write_text(json.dumps(config))
    for name, value in packing.files.items():
        (packed / name).write_text(json.dumps(value))
    return plain, packed


@pytest.mark.parametrize("name", CASES)
def test_a_packed_model_is_the_plain_one(tieconv, tokens, tmp_path, name):
    plain, packed = write(tmp_path, CASES[name]())
    arguments = ("--tokens", tokens, "--context", 16)
    for compute in ("f32", "bf16"):
        one, other = (tieconv.json("evaluate", folder, *arguments, "--compute", compute)
                      for folder in (plain, packed))
        assert one["mean_nll"] == other["mean_nll"]
    report = tieconv.json("verify", plain, packed, "--logits", *arguments)
    assert report["logits"]["max_abs_diff"] == 0
    assert tieconv.json("verify", packed, "--gradients")["passed"]


@pytest.mark.parametrize("field,value", [
    ("kv_cache_scheme", {"num_bits": 8, "type": "float"}),
    ("activation_scheme", "dynamic"),
    ("config_groups", {"group_0": {"input_activations": {"num_bits": 8, "type": "int"}}}),
])
def test_quantized_activations_are_refused_by_name(tieconv, tokens, tmp_path, field, value):
    packing = CASES["compressed-tensors-int4"]()
    if field == "config_groups":
        value["group_0"] |= {"targets": ["Linear"],
                             "weights": packing.settings["config_groups"]["group_0"]["weights"]}
    _, packed = write(tmp_path, packing, **{field: value})
    done = tieconv.run("evaluate", packed, "--tokens", tokens, "--context", 16)
    assert done.returncode == 2
    assert field in done.stderr
    assert "--dtype bf16" in done.stderr
