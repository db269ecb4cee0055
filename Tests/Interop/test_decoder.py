"""Logits and every parameter's gradient against transformers, in F32, on every family."""

import os
import subprocess

import numpy as np
import pytest
import torch
from safetensors import safe_open

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
