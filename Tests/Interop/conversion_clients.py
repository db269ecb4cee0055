"""What the tests of convert share: models made once, and what other programs say of the results."""

import subprocess
from functools import lru_cache
from pathlib import Path

import pytest
import torch
import transformers

import conversion_models as models

TOKENS = [1, 5, 9, 33, 100, 257, 2, 7]
TEXTS = [*models.CORPUS[:5], "<|im_start|>user\nHi <think> a  b</think>", "  two spaces",
         "tab\there", "\U0001d54f \U0001f680", "café naïve", ""]


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


def gguf():
    """gguf-py, which is read with; without it these tests are skipped."""
    return pytest.importorskip("gguf", reason="gguf-py is not installed")


def keys(path) -> dict:
    reader = gguf().GGUFReader(path)
    return {name: (field.types, field.contents()) for name, field in reader.fields.items()
            if not name.startswith("GGUF.")}


def tensors(path) -> dict:
    return {tensor.name: (tensor.tensor_type, tensor.shape.tolist(), tensor.data.tobytes())
            for tensor in gguf().GGUFReader(path).tensors}


def perplexity(binary, path, text) -> float:
    # Seen once: the tool ends well and its last lines are not there. That is asked again; a failure
    # is not.
    for _ in range(2):
        done = subprocess.run(
            [binary, "-m", path, "-f", text, "-c", "64", "-t", "1", "--chunks", "4"],
            capture_output=True, text=True, timeout=120, check=False)
        found = [line for line in (done.stdout + done.stderr).splitlines()
                 if "Final estimate" in line]
        if found or done.returncode != 0:
            break
    assert found, (done.returncode, done.stdout[-500:], done.stderr[-1000:])
    return float(found[0].split("PPL =")[1].split("+/-")[0])
