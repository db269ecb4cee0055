"""mlx-lm's own loader, strict as it is, against what is predicted of it for packed models."""

import json

import pytest
import torch
from safetensors.torch import load_file, save_file

pytest.importorskip("mlx_lm", reason="mlx-lm is not installed")
pytest.importorskip("mlx.core", reason="mlx is not installed")

from pathlib import Path

import mlx.core as mx
from mlx_lm.utils import load_model

import packings

EMBEDDING, HEAD = "model.embed_tokens", "lm_head"
PARTS = ("weight", "scales", "biases")
CONFIG = dict(hidden_size=64, intermediate_size=64, num_attention_heads=2, num_key_value_heads=1,
              head_dim=32, vocab_size=64, num_hidden_layers=1)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A tiny Llama, wide enough for groups of 32."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(**CONFIG, tie_word_embeddings=False, max_position_embeddings=64)
    directory = tmp_path_factory.mktemp("plain")
    LlamaForCausalLM(config).save_pretrained(directory)
    return directory


@pytest.fixture
def model(plain, tmp_path):
    """Writes the model, its embedding and head packed as asked, and returns its folder."""

    def write(flag, head="packed", bits=4, head_bits=4):
        mx.set_default_device(mx.cpu)
        tensors = load_file(plain / "model.safetensors")
        tensors = {name: value.clone() for name, value in tensors.items()}
        weight = tensors.pop(f"{EMBEDDING}.weight")
        other = tensors.pop(f"{HEAD}.weight") if head == "other" else weight
        tensors.pop(f"{HEAD}.weight", None)
        tensors.update(_packed(EMBEDDING, weight, bits))
        if head in ("packed", "other"):
            tensors.update(_packed(HEAD, other, head_bits))
        elif head == "leftover":
            parts = _packed(HEAD, other, head_bits)
            tensors.update({k: v for k, v in parts.items() if not k.endswith("weight")})
        elif head == "plain":
            tensors[f"{HEAD}.weight"] = other.clone()
        config = json.loads((plain / "config.json").read_text())
        config["tie_word_embeddings"] = flag
        config["quantization"] = {"group_size": 32, "bits": bits, "mode": "affine"}
        directory = tmp_path / "model"
        directory.mkdir()
        save_file(tensors, directory / "model.safetensors", {"format": "mlx"})
        (directory / "config.json").write_text(json.dumps(config))
        return directory

    return write


def _packed(stem, weight, bits):
    parts = mx.quantize(mx.array(weight.float().numpy()), group_size=32, bits=bits)
    return {f"{stem}.{name}": packings._from_mlx(part) for name, part in zip(PARTS, parts)}


def loads(directory):
    """Whether mlx-lm loads it, and the logits of a fixed batch."""
    try:
        loaded, _ = load_model(Path(directory))
    except (KeyError, ValueError):
        return None
    logits = loaded(mx.array([[1, 2, 3, 4, 5]]))
    mx.eval(logits)
    return logits


CASES = [
    (True, "absent"), (True, "packed"), (True, "leftover"), (True, "plain"),
    (False, "absent"), (False, "packed"), (False, "other"), (False, "leftover"), (False, "plain"),
]


@pytest.mark.parametrize("flag, head", CASES, ids=str)
def test_the_prediction_is_what_the_loader_does(flag, head, tieconv, model):
    directory = model(flag, head)
    done = tieconv.run("inspect", directory, "--target", "mlx-lm", "--json")
    report = json.loads(done.stdout)
    assert report["format"] == "mlx"
    (prediction,) = report["targets"]
    assert (prediction["outcome"] == "refuses") == (loads(directory) is None), prediction


def test_a_packed_duplicate_is_tied_whole_and_back(tieconv, model, tmp_path):
    """The tie drops all of the head's tensors; logits stay; the untie restores every byte."""
    directory = model(False, "packed")
    before = loads(directory)
    tied = tmp_path / "tied"
    report = tieconv.json("tie", directory, "-o", tied)
    assert sorted(report["tensors_dropped"]) == [f"{HEAD}.{p}" for p in sorted(PARTS)]
    after = loads(tied)
    assert mx.array_equal(before, after)
    again = tmp_path / "again"
    tieconv.json("untie", tied, "-o", again)
    for name in ("model.safetensors", "config.json"):
        assert (again / name).read_bytes() == (directory / name).read_bytes()


def test_a_conflict_may_keep_the_packed_embedding(tieconv, model, tmp_path):
    directory = model(True, "other")
    assert tieconv.run("tie", directory, "-o", tmp_path / "out").returncode == 1
    tieconv.json("tie", directory, "-o", tmp_path / "out", "--keep", "embedding")
    assert loads(tmp_path / "out") is not None


def test_tables_of_other_bits_are_mixed(tieconv, model):
    report = tieconv.json("inspect", model(False, "packed", 4, 8), exit_status=1)
    assert report["verdict"] == "QUANT_MIXED"
    group = report["tie_groups"][0]
    assert group["equal_after_dequantization"] is False and group["max_abs_diff"] > 0


@pytest.mark.parametrize("name", ["bitsandbytes", "gptq", "compressed-tensors"])
def test_packings_that_the_loader_does_not_take(name, tieconv, plain, tmp_path):
    """One layer packed in a foreign way is enough to be refused."""
    stem = "model.layers.0.self_attn.q_proj"
    make = {
        "bitsandbytes": lambda: packings.four_bit("nf4", torch.bfloat16, False, columns=64),
        "gptq": lambda: packings.gptq(4, 64),
        "compressed-tensors": lambda: packings.float_bytes(torch.bfloat16, "channel"),
    }
    packing = make[name]()
    tensors = {k: v.clone() for k, v in load_file(plain / "model.safetensors").items()}
    del tensors[f"{stem}.weight"]
    tensors.update({f"{stem}.{k}": v.contiguous() for k, v in packing.tensors.items()})
    directory = tmp_path / "model"
    directory.mkdir()
    save_file(tensors, directory / "model.safetensors", {"format": "pt"})
    config = json.loads((plain / "config.json").read_text())
    config["quantization_config"] = packing.settings
    (directory / "config.json").write_text(json.dumps(config))
    report = json.loads(
        tieconv.run("inspect", directory, "--target", "mlx-lm", "--json").stdout)
    assert report["targets"][0]["outcome"] == "refuses"
    with pytest.raises(ValueError):
        load_model(directory)
