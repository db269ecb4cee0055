"""GGUF to GGUF: llama.cpp merges the parts that convert makes, and convert those that llama.cpp makes."""

import os
import subprocess
from pathlib import Path

import pytest

import conversion_models as models
from conversion_clients import converted, keys, perplexity, tensors

gguf = pytest.importorskip("gguf", reason="gguf-py is not installed")
pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")


def llama_cpp(tool) -> Path:
    binary = Path(os.environ.get("LLAMA_CPP_BIN", "")) / tool
    if not os.environ.get("LLAMA_CPP_BIN") or not binary.exists():
        pytest.skip(f"LLAMA_CPP_BIN does not name a folder with {tool}")
    return binary


def test_parts_are_merged_and_run_by_llama_cpp(converted, tieconv, tmp_path):
    _, whole = converted("qwen3", "gguf")
    parts, merged = tmp_path / "parts", tmp_path / "merged.gguf"
    tieconv.json("convert", whole, "-o", parts, "--to", "gguf", "--max-shard-size", "60KB")
    first, *others = sorted(parts.iterdir())
    assert len(others) > 1 and first.name == f"parts-00001-of-{len(others) + 1:05}.gguf"
    subprocess.run([llama_cpp("llama-gguf-split"), "--merge", first, merged], check=True,
                   capture_output=True, timeout=120)
    found = keys(merged)
    # Its merging leaves the number of parts there, as 0.
    assert {key: value for key, value in found.items() if not key.startswith("split.")} == keys(whole)
    assert tensors(merged) == tensors(whole)
    text = tmp_path / "text.txt"
    text.write_text(" ".join(models.CORPUS))
    binary = llama_cpp("llama-perplexity")
    assert perplexity(binary, first, text) == perplexity(binary, whole, text)


def test_parts_of_llama_cpp_are_merged(converted, tieconv, tmp_path):
    _, whole = converted("qwen3", "gguf")
    merged = tmp_path / "merged.gguf"
    subprocess.run([llama_cpp("llama-gguf-split"), "--split", "--split-max-tensors", "7", whole,
                    tmp_path / "part"], check=True, capture_output=True, timeout=120)
    parts = sorted(tmp_path.glob("part-*.gguf"))
    assert len(parts) > 2
    report = tieconv.json("convert", parts[1], "-o", merged, "--to", "gguf")
    assert report["from"] == report["to"] == "gguf" and report["verified"] is True
    assert merged.read_bytes() == whole.read_bytes()


def test_a_cast_gives_what_gguf_py_dequantizes(converted, tieconv, tmp_path):
    _, plain = converted("gpt2", "gguf")
    packed, again = tmp_path / "packed.gguf", tmp_path / "again.gguf"
    subprocess.run([llama_cpp("llama-quantize"), "--pure", plain, packed, "Q5_1"], check=True,
                   capture_output=True, timeout=120)
    tieconv.json("convert", packed, "-o", again, "--to", "gguf", "--dtype", "f32")
    before, after = (gguf.GGUFReader(path).tensors for path in (packed, again))
    assert "Q5_1" in {tensor.tensor_type.name for tensor in before}
    for one, other in zip(before, after, strict=True):
        assert other.tensor_type.name == "F32"
        expected = gguf.quants.dequantize(one.data, one.tensor_type)
        assert expected.tobytes() == other.data.tobytes(), one.name
