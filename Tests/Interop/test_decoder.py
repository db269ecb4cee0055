"""Logits and every parameter's gradient against transformers, in F32, on every family."""

import json
import os
import subprocess

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from conftest import ROOT
from decoder_cases import CASES

# Both sides sum in F32, in different orders; three to five layers of that stay well below this.
TOLERANCE = 1e-4
LENGTHS = (33, 21)


@pytest.fixture(scope="session")
def probe():
    candidates = [ROOT / ".build/debug/tieconv-probe", ROOT / ".build/release/tieconv-probe"]
    if "TIECONV_PROBE" in os.environ:
        candidates = [os.environ["TIECONV_PROBE"]]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate
    pytest.fail("no tieconv-probe; build it first")


def sequences(vocabulary: int) -> list:
    generator = torch.Generator().manual_seed(3)
    return [torch.randint(3, vocabulary, (n,), generator=generator) for n in LENGTHS]


def run_probe(probe, model, out, tokens, precision="f32") -> None:
    out.mkdir()
    words = [",".join(map(str, sequence.tolist())) for sequence in tokens]
    done = subprocess.run(
        [probe, model, precision, out, *words], capture_output=True, text=True, timeout=300,
        check=False)
    assert done.returncode == 0, done.stderr


def relative(found: np.ndarray, expected: torch.Tensor) -> float:
    """The greatest difference relative to the greatest magnitude expected."""
    expected = expected.detach().double().numpy().ravel()
    assert found.size == expected.size
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-30))


def expected(model, tokens) -> torch.Tensor:
    """Runs forward and backward of the mean over all predicted positions; returns the logits."""
    model.zero_grad()
    logits = [model(sequence[None], use_cache=False).logits[0] for sequence in tokens]
    losses = [
        torch.nn.functional.cross_entropy(rows[:-1], sequence[1:], reduction="sum")
        for rows, sequence in zip(logits, tokens)]
    (sum(losses) / sum(len(sequence) - 1 for sequence in tokens)).backward()
    return torch.cat(logits)


def stored_names(folder) -> set:
    names = set()
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            names |= set(file.keys())
    return names


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_logits_and_gradients_are_those_of_transformers(case, probe, tmp_path):
    model = case.save(tmp_path / "model")
    tokens = sequences(model.config.vocab_size)
    logits = expected(model, tokens)
    run_probe(probe, tmp_path / "model", tmp_path / "out", tokens)
    found = np.fromfile(tmp_path / "out/logits", "<f4")
    assert relative(found, logits) < TOLERANCE
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    missing = []
    for name in sorted(stored_names(tmp_path / "model")):
        value = gradients.get(name)
        if value is None:  # stored under an older name
            value = gradients["lm_head.weight"]
            assert name == "embed_out.weight", name
        error = relative(np.fromfile(tmp_path / "out" / name, "<f4"), value)
        if not error < TOLERANCE:
            missing.append((name, error))
    assert not missing


BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize("name", ["llama", "granite", "gemma2-no-caps", "cohere-norms"])
def test_a_head_bias_is_added_before_the_logits_scale(name, probe, tmp_path):
    """No family here has one by its config; checkpoints trained with one store lm_head.bias."""
    case = BY_NAME[name]
    model = case.model()
    size, width = model.lm_head.weight.shape
    head = torch.nn.Linear(width, size)
    with torch.no_grad():
        head.weight.copy_(model.lm_head.weight)
        head.bias.copy_(torch.randn(size, generator=torch.Generator().manual_seed(2)))
    model.lm_head = head
    model.save_pretrained(tmp_path / "model")
    assert "lm_head.bias" in stored_names(tmp_path / "model")
    tokens = sequences(size)
    logits = expected(model, tokens)
    run_probe(probe, tmp_path / "model", tmp_path / "out", tokens)
    assert relative(np.fromfile(tmp_path / "out/logits", "<f4"), logits) < TOLERANCE
    for parameter in ("lm_head.bias", "lm_head.weight", "model.embed_tokens.weight"):
        gradient = model.get_parameter(parameter).grad
        found = np.fromfile(tmp_path / "out" / parameter, "<f4")
        assert relative(found, gradient) < TOLERANCE, parameter


def write_bf16(case, folder) -> type:
    """The case's model with its weights rounded to BF16; returns its class."""
    kind = type(case.save(folder))
    path = folder / "model.safetensors"
    save_file({name: value.bfloat16() for name, value in load_file(path).items()}, path,
              {"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"dtype": "bfloat16"}))
    return kind


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bf16_logits_are_no_farther_from_f32_than_those_of_transformers(case, probe, tmp_path):
    """Both round what matrix products read; transformers rounds what is between them too."""
    folder = tmp_path / "model"
    kind = write_bf16(case, folder)
    exact = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    theirs = kind.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="eager")
    tokens = sequences(exact.config.vocab_size)
    with torch.no_grad():
        reference, rounded = (
            torch.cat([model(t[None], use_cache=False).logits[0] for t in tokens]).double().numpy()
            for model in (exact.eval(), theirs.eval()))
    run_probe(probe, folder, tmp_path / "out", tokens, "bf16")
    found = np.fromfile(tmp_path / "out/logits", "<f4").reshape(reference.shape)
    error = np.sqrt(np.mean((found - reference) ** 2))
    assert 0 < error <= np.sqrt(np.mean((rounded - reference) ** 2))


@pytest.mark.parametrize("name", ["llama", "qwen3", "gemma2", "gpt2", "gpt_neox", "granite"])
def test_bf16_gradients_are_no_farther_from_f32_than_those_of_autocast(name, probe, tmp_path):
    folder = tmp_path / "model"
    kind = write_bf16(BY_NAME[name], folder)
    model = kind.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    tokens = sequences(model.config.vocab_size)
    gradients = []
    for is_rounded in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=is_rounded):
            expected(model, tokens)
        gradients.append({key: p.grad.double().numpy().ravel().copy()
                          for key, p in model.named_parameters()})
    run_probe(probe, folder, tmp_path / "out", tokens, "bf16")
    ours = theirs = 0.0
    for key in stored_names(folder) & gradients[0].keys():
        exact, rounded = gradients[0][key], gradients[1][key]
        size = np.linalg.norm(exact)
        ours += np.linalg.norm(np.fromfile(tmp_path / "out" / key, "<f4") - exact) / size
        theirs += np.linalg.norm(rounded - exact) / size
    assert 0 < ours <= theirs
