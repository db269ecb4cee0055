"""`inspect --adapter` speaks up when an adapter touches one side of a tied pair only."""

import json

import pytest
from peft import LoraConfig, get_peft_model

from architectures import BY_NAME


def _adapter(directory, tied, **settings):
    model = get_peft_model(BY_NAME["llama"].build(tied=tied), LoraConfig(r=2, **settings))
    model.save_pretrained(directory, save_embedding_layers=False)
    return directory


ONE_SIDED = [
    dict(target_modules=["lm_head"]),
    dict(target_modules=["embed_tokens"]),
    dict(target_modules=["q_proj"], modules_to_save=["lm_head"]),
    dict(target_modules=["q_proj"], modules_to_save=["embed_tokens"]),
]


@pytest.mark.parametrize("settings", ONE_SIDED, ids=str)
def test_one_sided_adapter_on_a_tied_pair_is_a_problem(settings, tieconv, checkpoint, tmp_path):
    model = checkpoint("llama", "tied")
    adapter = _adapter(tmp_path / "adapter", True, **settings)
    plain = tieconv.json("inspect", model)
    done = tieconv.run("inspect", model, "--adapter", adapter, "--json")
    report = json.loads(done.stdout)
    assert len(report["problems"]) > len(plain["problems"])


def test_an_adapter_elsewhere_or_on_an_untied_pair_is_none(tieconv, checkpoint, tmp_path):
    attention = _adapter(tmp_path / "attention", True, target_modules=["q_proj"])
    head = _adapter(tmp_path / "head", False, target_modules=["lm_head"])
    for variant, adapter in (("tied", attention), ("untied", head)):
        model = checkpoint("llama", variant)
        with_adapter = tieconv.json("inspect", model, "--adapter", adapter)
        plain = tieconv.json("inspect", model)["problems"]
        said = [problem for problem in with_adapter["problems"] if problem not in plain]
        assert all(problem["severity"] == "info" for problem in said)
