"""convert: types, shards, ties, other inputs, refusals."""

import json

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

import conversion_models as models
from conversion_clients import TOKENS, converted, logits, tensors

pytest.importorskip("gguf", reason="gguf-py is not installed")
pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")

# MARK: types, shards, ties


@pytest.mark.parametrize("dtype", ["f32", "bf16", "f16"])
def test_a_cast_rounds_as_torch_does(dtype, converted, tieconv, tmp_path):
    source, _ = converted("qwen3", "mlx")
    output = tmp_path / "out"
    tieconv.json("convert", source, "-o", output, "--to", "safetensors", "--dtype", dtype)
    kind = {"f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}[dtype]
    after = load_file(output / "model.safetensors")
    for tensor, value in load_file(source / "model.safetensors").items():
        assert torch.equal(after[tensor], value.to(kind)), tensor
    assert json.loads((output / "config.json").read_text())["dtype"] == str(kind).split(".")[1]
    assert logits(output).shape == (1, len(TOKENS), models.VOCABULARY)


def test_a_number_that_f16_cannot_hold_is_refused_by_name(converted, tieconv, tmp_path):
    from safetensors.torch import save_file

    source, _ = converted("llama", "gguf")
    folder = tmp_path / "in"
    folder.mkdir()
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    state = load_file(folder / "model.safetensors")
    state["model.layers.1.mlp.up_proj.weight"][3, 3] = 1e5
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    for target in ("safetensors", "gguf", "mlx"):
        report = tieconv.json(
            "convert", folder, "-o", tmp_path / target, "--to", target, "--dtype", "f16",
            exit_status=1)
        assert report["error"]["code"] == "conflict"
        assert "100000" in report["error"]["message"]
        assert not (tmp_path / target).exists()


def test_a_head_that_the_target_ties_is_refused_or_kept(tieconv, tmp_path):
    for name, status in [("gemma2", 1), ("llama", 0), ("olmo2", 0)]:
        source = models.write(models.BY_NAME[name], tmp_path / name, tied=False)
        output = tmp_path / f"{name}.gguf"
        done = tieconv.run("convert", source, "-o", output, "--to", "gguf")
        assert done.returncode == status, done.stderr
        if status == 0:
            assert "output.weight" in tensors(output)
        else:
            assert "lm_head.weight" in done.stderr and "hint: " in done.stderr


def test_a_tied_model_is_stored_twice_where_llama_cpp_insists(tieconv, tmp_path):
    source = models.write(models.BY_NAME["olmo2"], tmp_path / "in", tied=True)
    output = tmp_path / "model.gguf"
    report = tieconv.json("convert", source, "-o", output, "--to", "gguf")
    assert report["tensors_added"] == ["output.weight"]
    found = tensors(output)
    assert found["output.weight"] == found["token_embd.weight"]


def test_shards_load_and_their_index_is_exact(converted, tieconv, tmp_path):
    source, _ = converted("gpt2", "mlx")
    output = tmp_path / "out"
    tieconv.json(
        "convert", source, "-o", output, "--to", "safetensors", "--max-shard-size", "100KB")
    index = json.loads((output / "model.safetensors.index.json").read_text())
    state = {}
    for shard in set(index["weight_map"].values()):
        state |= load_file(output / shard)
    assert index["metadata"]["total_size"] == sum(t.numel() * t.element_size()
                                                  for t in state.values())
    assert index["metadata"]["total_parameters"] == sum(t.numel() for t in state.values())
    assert len(set(index["weight_map"].values())) > 2
    assert torch.equal(logits(source), logits(output))


def test_an_unknown_pre_tokenizer_is_refused_by_name(tieconv, tmp_path):
    source = models.write(models.BY_NAME["llama"], tmp_path / "in")
    path = source / "tokenizer.json"
    definition = json.loads(path.read_text())
    definition["pre_tokenizer"] = {
        "type": "Split", "pattern": {"Regex": r"\w+|\W"}, "behavior": "Isolated", "invert": False}
    path.write_text(json.dumps(definition))
    done = tieconv.run("convert", source, "-o", tmp_path / "m.gguf", "--to", "gguf")
    assert done.returncode == 2
    assert r"\w+|\W" in done.stderr and "hint: " in done.stderr
    assert not (tmp_path / "m.gguf").exists()


def test_a_container_converts_like_the_folder_that_it_holds(converted, tieconv, tmp_path):
    source, plain = converted("mistral", "gguf")
    pack = tmp_path / "tiny.tiepack"
    report = tieconv.json("convert", source, "-o", pack, "--to", "tiepack")
    assert report["receipt"] is None and pack.exists()
    output = tmp_path / "model.gguf"
    tieconv.json("convert", pack, "-o", output, "--to", "gguf")
    assert output.read_bytes() == plain.read_bytes()


# MARK: other inputs


def test_a_pytorch_file_becomes_safetensors_and_what_shared_a_storage_is_one(
        converted, tieconv, tmp_path):
    source, plain = converted("qwen3", "gguf")
    folder = tmp_path / "in"
    folder.mkdir()
    for path in source.iterdir():
        if path.name != "model.safetensors":
            (folder / path.name).write_bytes(path.read_bytes())
    network = transformers.AutoModelForCausalLM.from_pretrained(source)
    state = network.state_dict()
    assert state["lm_head.weight"].data_ptr() == state["model.embed_tokens.weight"].data_ptr()
    torch.save(state, folder / "pytorch_model.bin")
    report = tieconv.json("convert", folder, "-o", tmp_path / "out", "--to", "safetensors")
    assert report["tensors_dropped"] == ["lm_head.weight"]
    before, after = (load_file(path / "model.safetensors") for path in (source, tmp_path / "out"))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[tensor], after[tensor]) for tensor in before)
    assert not (tmp_path / "out/pytorch_model.bin").exists()
    tieconv.json("convert", folder, "-o", tmp_path / "model.gguf", "--to", "gguf")
    assert tensors(tmp_path / "model.gguf") == tensors(plain)


def test_a_quantized_mlx_model_becomes_the_numbers_that_mlx_dequantizes(
        converted, tieconv, tmp_path):
    pytest.importorskip("mlx_lm", reason="mlx-lm is not installed")
    import mlx.core as mx
    from mlx_lm import utils

    source, folder = converted("qwen3", "mlx")
    network, config = utils.load_model(folder)
    network, config = utils.quantize_model(network, config, 32, 4)
    packed = tmp_path / "packed"
    packed.mkdir()
    utils.save_model(packed, network)
    utils.save_config(config, packed / "config.json")
    for path in source.glob("tokenizer*"):
        (packed / path.name).write_bytes(path.read_bytes())
    output = tmp_path / "plain"
    tieconv.json("convert", packed, "-o", output, "--to", "safetensors")
    stored = mx.load(str(packed / "model.safetensors"))
    after = load_file(output / "model.safetensors")
    assert after.keys() == load_file(source / "model.safetensors").keys()
    for tensor, value in after.items():
        scales = tensor.removesuffix("weight") + "scales"
        expected = stored[tensor] if scales not in stored else mx.dequantize(
            stored[tensor], stored[scales], stored[tensor.removesuffix("weight") + "biases"], 32, 4)
        assert np.array_equal(np.array(expected.astype(mx.float32)), value.float().numpy()), tensor
    assert "quantization" not in json.loads((output / "config.json").read_text())
    assert logits(output).isfinite().all()
    report = tieconv.json("convert", packed, "-o", tmp_path / "m.gguf", "--to", "gguf")
    assert report["verified"] is True
