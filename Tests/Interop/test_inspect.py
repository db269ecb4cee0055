"""`inspect` gives the verdict that the architecture, the flag and the bytes call for."""

import json

import pytest
from transformers import AutoConfig

from architectures import ARCHITECTURES, BY_NAME
from cases import CASES, expected_verdicts
from variants import CARRIED, CLEAN, VARIANT_BY_NAME, copy, material, set_flag, write_tensors

NESTED = [a.name for a in ARCHITECTURES if "text_config" in a.nested]


@pytest.mark.parametrize("name, variant, layout", CASES)
def test_verdict_names_and_exit_status(name, variant, layout, tieconv, checkpoint):
    directory = checkpoint(name, variant, layout)
    done = tieconv.run("inspect", directory, "--json")
    report = json.loads(done.stdout)
    assert report["verdict"] in expected_verdicts(name, variant)
    assert done.returncode == (0 if report["verdict"] in CLEAN else 1)

    source = material(name)
    stores_head = VARIANT_BY_NAME[variant].head in ("equal", "changed") or (
        VARIANT_BY_NAME[variant].head == "default" and report["verdict"] == "UNTIED")
    group = report["tie_groups"][0]
    assert group["verdict"] == report["verdict"]
    assert group["embedding"] == source.embedding
    assert group["head"] == (source.head if stores_head else None)
    stored = {member["name"] for member in group["members"]}
    assert source.embedding in stored and (source.head in stored) == stores_head
    equal = {"equal": True, "changed": False, "absent": None, "default": group["equal"]}
    assert group["equal"] == equal[VARIANT_BY_NAME[variant].head]
    if VARIANT_BY_NAME[variant].head == "changed":
        assert group["max_abs_diff"] > 0 and group["differing_rows"]["count"] > 0


@pytest.mark.parametrize("name, variant, layout", CASES[:7])
def test_no_compare_says_so(name, variant, layout, tieconv, checkpoint):
    done = tieconv.run("inspect", checkpoint(name, variant, layout), "--no-compare", "--json")
    assert json.loads(done.stdout)["tie_groups"][0]["equal"] is None


@pytest.mark.parametrize("name", BY_NAME)
def test_an_absent_flag_has_the_default_of_the_family(name, tieconv, checkpoint, tmp_path):
    directory = copy(checkpoint(name, "duplicate"), tmp_path / "model")
    set_flag(directory, None, None)
    done = tieconv.run("inspect", directory, "--json")
    expected = AutoConfig.from_pretrained(directory).tie_word_embeddings
    assert json.loads(done.stdout)["flag"]["effective"] == expected


@pytest.mark.parametrize("name", NESTED)
@pytest.mark.parametrize("outer, inner", [(True, False), (False, True)])
def test_levels_that_disagree_are_a_split(name, outer, inner, tieconv, checkpoint, tmp_path):
    directory = copy(checkpoint(name, "duplicate"), tmp_path / "model")
    set_flag(directory, outer, inner)
    report = tieconv.json("inspect", directory, exit_status=1)
    assert report["verdict"] == "FLAG_SPLIT"
    assert sorted(value["value"] for value in report["flag"]["values"]) == [False, True]


@pytest.mark.parametrize("name", [a.name for a in ARCHITECTURES if a.base])
def test_a_base_model_has_no_head(name, tieconv, tmp_path):
    BY_NAME[name].build(model=BY_NAME[name].base).save_pretrained(tmp_path / "model")
    assert tieconv.json("inspect", tmp_path / "model")["verdict"] == "NO_HEAD"


def test_names_without_the_base_prefix_are_found(tieconv, tmp_path):
    # The first GPT-2 release is of this form: no `transformer.`, yet the class has a head.
    source = material("gpt2")
    bare = {key.removeprefix("transformer."): value for key, value in source.tied.items()}
    (tmp_path / "config.json").write_text(source.tied_config)
    write_tensors(bare, source.metadata, "single", tmp_path)
    report = tieconv.json("inspect", tmp_path)
    assert report["verdict"] == "TIED" and report["tie_groups"][0]["embedding"] == "wte.weight"


@pytest.mark.parametrize("layout", ["single", "sharded"])
def test_sizes_are_those_of_the_files(layout, tieconv, checkpoint):
    directory = checkpoint("llama", "duplicate", layout)
    report = tieconv.json("inspect", directory, exit_status=1)
    files = sum(path.stat().st_size for path in directory.glob("*.safetensors"))
    stored = {**material("llama").tied, **material("llama").extras}
    head = material("llama").changed_head
    assert report["bytes"]["files"] == files
    assert report["bytes"]["stored"] == sum(t.numel() * 4 for t in stored.values())
    assert report["bytes"]["reclaimable"] == head.numel() * 4
    assert report["parameters"]["stored"] - report["parameters"]["unique"] == head.numel()
    assert CARRIED.keys() & {path.name for path in directory.iterdir()}
