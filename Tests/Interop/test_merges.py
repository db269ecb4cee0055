"""`inspect BASE --adapter A --merged M` says where peft's own merges put an adapter's changes."""

import json
from dataclasses import dataclass

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from architectures import BY_NAME


@dataclass(frozen=True)
class Case:
    """An adapter's settings, and the outcome of peft's merge over a tied and an untied base."""

    name: str
    settings: dict
    tied: str
    untied: str = "applied"


CASES = [
    Case("head", dict(target_modules=["lm_head"]), "changed_both"),
    Case("embedding", dict(target_modules=["embed_tokens"]), "changed_both"),
    Case("both", dict(target_modules=["embed_tokens", "lm_head"]), "changed_both"),
    Case("elsewhere", dict(target_modules=["q_proj"]), "untouched", "untouched"),
    # peft unties when it saves a module in full, so that nothing is lost.
    Case("saved-head", dict(target_modules=["q_proj"], modules_to_save=["lm_head"]), "applied"),
    Case("saved-embedding",
         dict(target_modules=["q_proj"], modules_to_save=["embed_tokens"]), "applied"),
    Case("saved-both",
         dict(target_modules=["q_proj"], modules_to_save=["embed_tokens", "lm_head"]), "applied"),
    Case("tokens", dict(target_modules=["q_proj"], trainable_token_indices=[3, 50, 5]), "applied"),
    Case("stabilised", dict(
        target_modules=["lm_head"], use_rslora=True, rank_pattern={"lm_head": 3},
        alpha_pattern={"lm_head": 5}), "changed_both"),
]


def _made(case, tied, dtype, parent):
    """base, adapter and merged, as peft makes them."""
    torch.manual_seed(1)
    base = BY_NAME["llama"].build(tied=tied).to(dtype)
    base.save_pretrained(parent / "base")
    adapted = get_peft_model(base, LoraConfig(**{"r": 2, "lora_alpha": 4, **CASE[case].settings}))
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
    adapted.save_pretrained(parent / "adapter", save_embedding_layers=False)
    adapted.merge_and_unload().save_pretrained(parent / "merged")
    return parent


CASE = {case.name: case for case in CASES}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    def make(case, tied, dtype=torch.float32):
        key = (case, tied, dtype)
        if key not in made_before:
            made_before[key] = _made(case, tied, dtype, tmp_path_factory.mktemp(case))
        return made_before[key]

    made_before = {}
    return make


def judged(tieconv, parent, merged="merged"):
    done = tieconv.run("inspect", parent / "base", "--adapter", parent / "adapter",
                       "--merged", parent / merged, "--json")
    report = json.loads(done.stdout)
    assert "error" not in report, report
    return report["merge"], done.returncode


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("tied", [True, False], ids=["tied", "untied"])
@pytest.mark.parametrize("name", CASE)
def test_a_merge_by_peft_is_told(name, tied, dtype, tieconv, made):
    merge, status = judged(tieconv, made(name, tied, dtype))
    expected = CASE[name].tied if tied else CASE[name].untied
    assert merge["outcome"] == expected, merge
    assert status == (1 if expected == "changed_both" else 0)


@pytest.mark.parametrize("name", ["head", "embedding", "saved-embedding", "tokens"])
def test_a_change_that_is_lost_is_told(name, tieconv, made):
    """The merged model is the base again: as a tool leaves it that drops one side."""
    parent = made(name, False, torch.bfloat16)
    merge, status = judged(tieconv, parent, "base")
    assert (merge["outcome"], status) == ("lost", 1)


def test_a_tied_base_with_its_change_in_one_untied_side_is_applied(tieconv, made, tmp_path):
    """What a user should do: untie, merge, keep both."""
    parent = made("head", True, torch.bfloat16)
    merged = tmp_path / "merged"
    done = tieconv.run("untie", parent / "base", "-o", merged)
    assert done.returncode == 0, done.stderr
    tensors = load_file(merged / "model.safetensors")
    both = load_file(parent / "merged" / "model.safetensors")
    tensors["lm_head.weight"] = both["model.embed_tokens.weight"]
    save_file({k: v.clone() for k, v in tensors.items()}, merged / "model.safetensors",
              {"format": "pt"})
    merge, status = judged(tieconv, parent, merged)
    assert (merge["outcome"], status) == ("applied", 0)
    # And with the side exchanged, the head's change is lost and the embedding has it.
    tensors = dict(tensors, **{
        "lm_head.weight": tensors["model.embed_tokens.weight"].clone(),
        "model.embed_tokens.weight": tensors["lm_head.weight"].clone()})
    save_file(tensors, merged / "model.safetensors", {"format": "pt"})
    merge, status = judged(tieconv, parent, merged)
    assert (merge["outcome"], status) == ("lost", 1)
    assert [role["found"] for role in merge["roles"]] == [["head"], []]


def test_one_change_for_both_sides_is_merged_once(tieconv, tmp_path):
    """With the tie ensured peft trains one change under two names; some releases add it twice."""
    torch.manual_seed(3)
    base = BY_NAME["llama"].build(tied=True)
    base.save_pretrained(tmp_path / "base")
    config = LoraConfig(r=2, target_modules=["embed_tokens"], ensure_weight_tying=True)
    adapted = get_peft_model(base, config).eval()
    with torch.no_grad():
        for parameter in adapted.parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))
        batch = BY_NAME["llama"].batch()
        adapted.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
        trained = adapted(**batch).logits
        merged = adapted.merge_and_unload()
        agrees = torch.allclose(trained, merged(**batch).logits, atol=1e-3)
    merged.save_pretrained(tmp_path / "merged")
    merge, status = judged(tieconv, tmp_path)
    expected = ("applied", 0) if agrees else ("applied_twice", 1)
    assert (merge["outcome"], status) == expected


def test_a_wrong_scale_is_unexplained(tieconv, made, tmp_path):
    parent = made("head", False, torch.float32)
    config = json.loads((parent / "adapter" / "adapter_config.json").read_text())
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    weights = (parent / "adapter" / "adapter_model.safetensors").read_bytes()
    (adapter / "adapter_model.safetensors").write_bytes(weights)
    (adapter / "adapter_config.json").write_text(json.dumps({**config, "lora_alpha": 5}))
    done = tieconv.run("inspect", parent / "base", "--adapter", adapter,
                       "--merged", parent / "merged", "--json")
    assert json.loads(done.stdout)["merge"]["outcome"] == "unexplained"
    assert done.returncode == 1


def test_a_change_below_rounding_is_not_called_lost(tieconv, made, tmp_path):
    """B is zero at the start of training: nothing was trained, and nothing can be missing."""
    torch.manual_seed(2)
    base = BY_NAME["llama"].build(tied=False)
    base.save_pretrained(tmp_path / "base")
    adapted = get_peft_model(base, LoraConfig(r=2, target_modules=["lm_head"]))
    adapted.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    adapted.merge_and_unload().save_pretrained(tmp_path / "merged")
    merge, status = judged(tieconv, tmp_path)
    assert (merge["outcome"], status) == ("not_visible", 0)


def test_dora_is_refused_by_name(tieconv, tmp_path):
    base = BY_NAME["llama"].build(tied=True)
    base.save_pretrained(tmp_path / "base")
    adapted = get_peft_model(base, LoraConfig(r=2, target_modules=["lm_head"], use_dora=True))
    adapted.save_pretrained(tmp_path / "adapter", save_embedding_layers=False)
    done = tieconv.run("inspect", tmp_path / "base", "--adapter", tmp_path / "adapter",
                       "--merged", tmp_path / "base", "--json")
    assert done.returncode == 2
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "unsupportedFormat" and "DoRA" in error["message"]


def test_merged_without_adapter_is_a_wrong_command_line(tieconv, made):
    base = made("head", True) / "base"
    assert tieconv.run("inspect", base, "--merged", base).returncode == 64
