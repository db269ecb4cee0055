"""evaluate, verify --logits, --gradients, --against and --drift on tiny models, against torch."""

import json
import math
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from conftest import ROOT
from decoder_cases import CASES

BY_NAME = {case.name: case for case in CASES}
# F32 sums on either side in another order.
TOLERANCE = 1e-4
CONTEXT = 16


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """75 tokens in a NumPy file, and as a list: four windows of 16 and a part of one."""
    tokens = torch.randint(3, 131, (75,), generator=torch.Generator().manual_seed(5))
    path = tmp_path_factory.mktemp("text") / "tokens.npy"
    np.save(path, tokens.numpy().astype(np.uint16))
    return path, tokens


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Case name → (folder, model)."""
    made = {}

    def make(name):
        if name not in made:
            folder = tmp_path_factory.mktemp(name) / "model"
            made[name] = (folder, BY_NAME[name].save(folder))
        return made[name]

    return make


@pytest.mark.parametrize("score", ["all", "second-half"])
@pytest.mark.parametrize("name", ["llama", "gemma2", "gpt2"])
def test_perplexity_is_that_of_transformers(tieconv, saved, text, name, score):
    folder, model = saved(name)
    path, tokens = text
    losses = []
    for start in range(0, len(tokens) - CONTEXT + 1, CONTEXT):
        window = tokens[start:start + CONTEXT]
        with torch.no_grad():
            logits = model(window[None], use_cache=False).logits[0]
        row = torch.nn.functional.cross_entropy(logits[:-1], window[1:], reduction="none")
        losses += row[CONTEXT // 2 if score == "second-half" else 0:].tolist()
    report = tieconv.json(
        "evaluate", folder, "--tokens", path, "--context", CONTEXT, "--score", score)
    assert report["scored"] == len(losses)
    assert report["tokens"] == 64
    mean = sum(losses) / len(losses)
    assert report["mean_nll"] == pytest.approx(mean, rel=TOLERANCE)
    assert report["perplexity"] == pytest.approx(math.exp(mean), rel=10 * TOLERANCE)
    expected = report["perplexity"] * np.std(losses) / math.sqrt(len(losses))
    assert report["standard_error"] == pytest.approx(expected, rel=1e-3)


def test_too_short_a_text_is_said(tieconv, saved, text):
    done = tieconv.run("evaluate", saved("llama")[0], "--tokens", text[0], "--context", 200)
    assert done.returncode == 2
    assert "75 tokens" in done.stderr


def test_untied_and_tied_are_the_same_function(tieconv, saved, text, tmp_path):
    folder, _ = saved("llama-tied-biases")
    assert tieconv.run("untie", folder, "-o", tmp_path / "untied").returncode == 0
    report = tieconv.json(
        "verify", folder, tmp_path / "untied", "--logits", "--tokens", text[0],
        "--context", CONTEXT)
    assert report["logits"] == {
        "max_abs_diff": 0, "mean_kl": 0, "max_kl": 0, "top1_agreement": 1, "positions": 64}
    # The flag differs, changes nothing, and is named all the same.
    assert "tie_word_embeddings" in report["differences"][0]["reason"]


def edited(folder, target, **fields):
    shutil.copytree(folder, target)
    path = target / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    return target


@pytest.mark.parametrize("name,fields,words", [
    ("gemma2", {"final_logit_softcapping": None}, "logit soft cap"),
    ("cohere", {"logit_scale": 0.25}, "logit scale"),
    ("llama", {"rms_norm_eps": 0.05}, "norm epsilon"),
])
def test_a_difference_of_the_config_alone_is_found_and_named(
        tieconv, saved, text, tmp_path, name, fields, words):
    folder, _ = saved(name)
    other = edited(folder, tmp_path / "other", **fields)
    report = tieconv.json(
        "verify", folder, other, "--logits", "--tokens", text[0], "--context", CONTEXT,
        exit_status=1)
    assert words in report["differences"][0]["reason"]
    assert report["logits"]["mean_kl"] > 1e-6


def test_kl_is_that_of_torch(tieconv, saved, text, tmp_path):
    folder, model = saved("gemma2")
    other = edited(folder, tmp_path / "other", final_logit_softcapping=7.0)
    report = tieconv.json(
        "verify", folder, other, "--logits", "--tokens", text[0], "--context", CONTEXT,
        exit_status=1)
    divergences, agreements = [], []
    for start in range(0, 64, CONTEXT):
        window = text[1][None, start:start + CONTEXT]
        both = []
        for cap in (4.0, 7.0):
            model.config.final_logit_softcapping = cap
            with torch.no_grad():
                both.append(model(window, use_cache=False).logits[0].double().log_softmax(-1))
        model.config.final_logit_softcapping = 4.0
        p, q = both
        divergences += (p.exp() * (p - q)).sum(-1).tolist()
        agreements += (p.argmax(-1) == q.argmax(-1)).tolist()
    found = report["logits"]
    assert found["mean_kl"] == pytest.approx(np.mean(divergences), rel=1e-3)
    assert found["max_kl"] == pytest.approx(max(divergences), rel=1e-3)
    assert found["top1_agreement"] == pytest.approx(np.mean(agreements))


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", [
    "llama-tied-biases", "qwen2", "gemma", "gemma2", "gemma3", "phi3-partial", "gpt2", "cohere",
    "gpt_neox-sequential", "smollm3"])
def test_gradients_reach_the_table_from_both_sides(tieconv, saved, name, wide):
    report = tieconv.json("verify", saved(name)[0], "--gradients", *["--wide"][:wide])
    assert report["passed"]
    names = [check["name"] for check in report["checks"]]
    assert sum(name.startswith("catches-") for name in names) == 6
    assert {"path-sum", "finite-difference", "finite-difference-input", "finite-difference-output",
            "row-target-only", "row-input-only", "step-once", "names-agree"} <= set(names)
    norms = report["gradient"]
    assert norms["output_share"] == pytest.approx(
        norms["output_norm"] / (norms["input_norm"] + norms["output_norm"]))


@pytest.mark.parametrize(
    "name", ["llama", "gemma2-no-caps", "gpt2-by-layer", "gpt_neox", "cohere-norms"])
def test_two_tables_learn_from_a_role_each(tieconv, saved, name):
    report = tieconv.json("verify", saved(name)[0], "--gradients")
    names = [check["name"] for check in report["checks"]]
    assert names == [
        "finite-difference-input", "finite-difference-output", "row-target-only", "row-never-read",
        "row-input-only", "step-once-embedding", "step-once-head", "catches-input-path-only",
        "catches-output-path-only", "catches-doubled", "catches-decay-twice",
        "catches-head-replaced", "catches-tied-by-mistake"]
    assert report["gradient"]["tied_norm"] is None


def dump(model, tokens, path, fault=None, factor=1.0):
    """A training step's gradients as a user would dump them, with a path cut or doubled."""
    model.zero_grad()
    table = model.get_input_embeddings().weight
    window = tokens[None]
    embedded = torch.nn.functional.embedding(
        window, table.detach() if fault == "outputPathOnly" else table)
    hidden = model.model(inputs_embeds=embedded, use_cache=False).last_hidden_state
    logits = hidden @ (table.detach() if fault == "inputPathOnly" else table).T
    (factor * torch.nn.functional.cross_entropy(logits[0, :-1], window[0, 1:])).backward()
    if fault == "doubled":
        table.grad *= 2
    save_file(
        {name: p.grad.contiguous() for name, p in model.named_parameters() if p.grad is not None},
        path)


@pytest.mark.parametrize("factor", [1.0, 64.0])
@pytest.mark.parametrize("fault", [None, "inputPathOnly", "outputPathOnly", "doubled"])
def test_the_oracle_names_the_path_that_was_lost(
        tieconv, saved, text, tmp_path, fault, factor):
    folder, model = saved("llama-tied-biases")
    dump(model, text[1][:CONTEXT], tmp_path / "grads.safetensors", fault, factor)
    report = tieconv.json(
        "verify", folder, "--gradients", "--tokens", text[0], "--context", CONTEXT, "--against",
        tmp_path / "grads.safetensors", exit_status=0 if fault is None else 1)
    assert report["tokens"] == [text[1][:CONTEXT].tolist()]
    assert report["against"]["verdict"] == fault or fault is None
    assert report["against"]["passed"] == (fault is None)
    assert report["against"]["scale"] == pytest.approx(factor, rel=1e-3)
    assert max(t["relative_error"] for t in report["against"]["tensors"]) < TOLERANCE


@pytest.mark.parametrize("dtype", ["f32", "bf16"])
def test_a_gguf_model_gives_the_same_losses(tieconv, text, tmp_path, dtype):
    """The same weights as GGUF: rows of queries and keys lie in another order there."""
    folder = ROOT / "testdata/conversion/byte-level"
    path = tmp_path / "model.gguf"
    assert tieconv.run(
        "convert", folder, "-o", path, "--to", "gguf", "--dtype", dtype).returncode == 0
    arguments = ("--tokens", text[0], "--context", CONTEXT, "--compute", "f32")
    one = tieconv.json("evaluate", folder, *arguments)
    other = tieconv.json("evaluate", path, *arguments)
    assert other["mean_nll"] == pytest.approx(one["mean_nll"], rel=1e-6)
    report = tieconv.json(
        "verify", folder, path, "--logits", "--tokens", text[0], "--context", CONTEXT)
    assert report["logits"]["mean_kl"] < 1e-9


def test_the_arithmetic_is_named_and_that_of_ggml_is_for_gguf_alone(tieconv, saved, text):
    arguments = ("evaluate", saved("llama")[0], "--tokens", text[0], "--context", CONTEXT)
    assert tieconv.json(*arguments)["compute"] == "f32"
    assert tieconv.json(*arguments, "--compute", "bf16")["compute"] == "bf16"
    done = tieconv.run(*arguments, "--compute", "ggml")
    assert done.returncode == 2
    assert "GGUF files alone" in done.stderr


def test_a_container_gives_the_same_losses(tieconv, saved, text, tmp_path):
    folder, _ = saved("qwen2")
    path = tmp_path / "model.tiepack"
    assert tieconv.run("compress", folder, "-o", path).returncode == 0
    arguments = ("--tokens", text[0], "--context", CONTEXT)
    one = tieconv.json("evaluate", folder, *arguments)
    other = tieconv.json("evaluate", path, *arguments)
    assert one["mean_nll"] == other["mean_nll"]


def test_drift_tells_together_from_apart(tieconv, saved, tmp_path):
    folder, _ = saved("llama-tied-biases")
    assert tieconv.run("untie", folder, "-o", tmp_path / "a").returncode == 0
    for name, shift in (("together", 1.0), ("apart", -0.5)):
        shutil.copytree(tmp_path / "a", tmp_path / name)
        weights = load_file(tmp_path / name / "model.safetensors")
        weights["model.embed_tokens.weight"] += 0.01
        weights["lm_head.weight"] += 0.01 * shift
        save_file(weights, tmp_path / name / "model.safetensors", {"format": "pt"})
    report = tieconv.json("verify", tmp_path / "a", tmp_path / "together", "--drift")
    assert report["drift"]["together"] and report["drift"]["cosine"] == pytest.approx(1)
    report = tieconv.json(
        "verify", tmp_path / "a", tmp_path / "apart", "--drift", exit_status=1)
    assert report["drift"]["cosine"] == pytest.approx(-1)
    assert report["drift"]["max_abs_diff_before"] == 0
    assert report["drift"]["max_abs_diff_after"] == pytest.approx(0.015, rel=1e-3)
