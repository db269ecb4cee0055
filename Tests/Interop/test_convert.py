"""convert between families and formats: what llama.cpp's converter, gguf-py, llama.cpp, transformers,
sentencepiece and mlx-lm make of the same models."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file

import conversion_models as models
from conversion_clients import TEXTS, TOKENS, converted, keys, logits, perplexity, tensors

pytest.importorskip("gguf", reason="gguf-py is not installed")
pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")

HERE = Path(__file__).parent
NAMES = [family.name for family in models.FAMILIES]
BACK = [family.name for family in models.FAMILIES if family.back]
# F32 logits of two programs: sums in another order. The models' logits are below 5.
F32_TOLERANCE = 5e-4
# llama.cpp keeps keys and values in F16, and prints four decimals.
PERPLEXITY_TOLERANCE = 1e-3


# MARK: the converter of llama.cpp


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


def test_llama_cpp_runs_every_family_and_computes_what_transformers_computes(
        converted, tmp_path):
    binary = Path(os.environ.get("LLAMA_CPP_BIN", "")) / "llama-perplexity"
    if not os.environ.get("LLAMA_CPP_BIN") or not binary.exists():
        pytest.skip("LLAMA_CPP_BIN does not name a folder with llama-perplexity")
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


# The import of transformers leaves these out of the config, which then has its class's defaults
# (integrations/ggml.py): the width of qwen3's heads has no entry, and gpt2's length goes to n_ctx,
# which the model does not read. Models that differ from the defaults fail to load there, in tensors
# of another shape; so these have the defaults.
IMPORTED_DEFAULTS = {"qwen3": dict(head_dim=128), "gpt2": dict(n_positions=1024, n_ctx=1024)}


@pytest.mark.parametrize("name", BACK)
def test_transformers_own_import_gives_the_same_tensors(name, tieconv, tmp_path):
    family = models.BY_NAME[name]
    family = replace(family, settings=family.settings | IMPORTED_DEFAULTS.get(name, {}))
    source, path = models.write(family, tmp_path / "in"), tmp_path / "there/model.gguf"
    path.parent.mkdir()
    tieconv.json("convert", source, "-o", path, "--to", "gguf")
    tieconv.json("convert", path, "-o", tmp_path / "back", "--to", "safetensors")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        path.parent, gguf_file=path.name, dtype=torch.float32).state_dict()
    ours = load_file(tmp_path / "back/model.safetensors")
    # Where embedding and head are one, a state has both names.
    assert ours.keys() == theirs.keys() - ({"lm_head.weight"} if family.ties else set())
    for tensor, value in ours.items():
        assert torch.equal(theirs[tensor], value), tensor


def test_what_the_import_of_transformers_leaves_out_is_left_out_still():
    from transformers.integrations.ggml import GGUF_CONFIG_MAPPING

    assert "attention.key_length" not in GGUF_CONFIG_MAPPING["qwen3"]
    assert GGUF_CONFIG_MAPPING["gpt2"]["context_length"] == "n_ctx"


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
