"""What people type: a shard instead of its folder, a hub's name, a cache, half-broken checkpoints."""

import json
import re

import pytest
from safetensors.torch import load_file, save_file

from conftest import ROOT
from variants import copy, snapshot

DEMO = ROOT / "testdata/demo-model"
VERDICTS = ROOT / "testdata/verdicts"
LEFTOVERS = VERDICTS / "TIED-mlx-leftover-companions"
SHARD = "model-00001-of-00004.safetensors"


def error(tieconv, *arguments, status=2):
    return tieconv.json(*arguments, exit_status=status)["error"]


# Inputs.


def test_a_shard_stands_for_its_checkpoint(tieconv, tmp_path):
    whole = tieconv.json("inspect", DEMO)
    assert tieconv.json("inspect", DEMO / SHARD)["verdict"] == whole["verdict"] == "UNTIED_EQUAL"
    tieconv.json("tie", DEMO / SHARD, "-o", tmp_path / "tied")
    assert tieconv.json("verify", DEMO, tmp_path / "tied")["equal"]


def test_a_shard_without_its_index_is_said_to_be_one(tieconv, tmp_path):
    (tmp_path / SHARD).write_bytes((DEMO / SHARD).read_bytes())
    report = tieconv.json("inspect", tmp_path / SHARD, exit_status=1)
    assert "seriesPart" in [problem["code"] for problem in report["problems"]]


@pytest.mark.parametrize("name", ["org/model", "https://huggingface.co/org/model"])
def test_a_name_on_the_hub_is_told_from_a_misspelled_path(tieconv, tmp_path, name):
    assert "hf download" in error(tieconv, "inspect", name)["hint"]
    (tmp_path / "models").mkdir()
    done = tieconv.run("inspect", "models/mispelled", "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["error"]["hint"] is None


def test_a_hub_cache_names_its_snapshot(tieconv, tmp_path):
    cache = tmp_path / "models--org--model"
    (cache / "blobs").mkdir(parents=True)
    (cache / "snapshots").mkdir()
    copy(DEMO, cache / "snapshots/abc")
    found = error(tieconv, "inspect", cache)
    assert found["code"] == "notAModel"
    (path,) = re.findall(r"give (.*)", found["hint"])
    assert tieconv.json("inspect", path)["verdict"] == "UNTIED_EQUAL"


def test_a_config_is_no_index(tieconv):
    assert "folder" in error(tieconv, "inspect", DEMO / "config.json")["hint"]


@pytest.mark.parametrize("arguments", [
    ["inspect", ""], ["tie", DEMO, "-o", ""], ["compress", DEMO, "-o", ""],
    ["convert", DEMO, "-o", "", "--to", "mlx"]])
def test_an_empty_path_is_called_empty(tieconv, arguments):
    assert "is empty" in error(tieconv, *arguments)["message"]


@pytest.mark.parametrize("size", ["1.5MB", "1 GiB", "200000", "0.2mb"])
def test_sizes_as_people_write_them(tieconv, tmp_path, size):
    tieconv.json("convert", DEMO, "-o", tmp_path / "x", "--to", "safetensors", "--max-shard-size",
                 size)


@pytest.mark.parametrize("size", ["0", "-1GB", "1.2.3GB", "5XB", "GB", "1e30TB", "99999999999TB"])
def test_a_size_that_is_none_is_met_with_an_example(tieconv, tmp_path, size):
    done = tieconv.run(
        "convert", DEMO, "-o", tmp_path / "x", "--to", "safetensors", f"--max-shard-size={size}")
    assert done.returncode == 64 and "such as 5GB" in done.stderr


def test_a_text_too_short_to_score_is_named(tieconv, tmp_path):
    text = tmp_path / "short.txt"
    text.write_text("a few words")
    found = error(tieconv, "evaluate", DEMO, "--text", text)
    assert found["file"] == str(text) and "window" in found["message"]


# Remedies that are offered are remedies.


@pytest.mark.parametrize(
    "name", sorted(path.name for path in VERDICTS.iterdir() if path.name.startswith("INDEX_LIE")))
def test_the_index_is_said_to_be_rebuildable_where_it_is(tieconv, tmp_path, name):
    report = tieconv.json("inspect", VERDICTS / name, exit_status=1)
    offers = any("--rebuild-index" in (problem["hint"] or "") for problem in report["problems"])
    edits = [tieconv.run(edit, VERDICTS / name, "-o", tmp_path / edit, "--rebuild-index")
             for edit in ("tie", "untie")]
    assert offers == any(done.returncode == 0 for done in edits)


@pytest.mark.parametrize("name", [
    "NEAR_EQUAL-last-rows-flag-true", "ROLE_SCALED-gemma", "SHAPE_MISMATCH-tensor-parallel",
    "TIED_CONFLICT"])
def test_what_untie_makes_of_an_unlike_pair_is_valid(tieconv, tmp_path, name):
    tieconv.json("verify", VERDICTS / name, exit_status=1)
    tieconv.json("untie", VERDICTS / name, "-o", tmp_path / "out")
    tieconv.json("verify", tmp_path / "out")


def test_leftover_companions_are_dropped_and_come_back(tieconv, tmp_path):
    report = tieconv.json("tie", LEFTOVERS, "-o", tmp_path / "tied", exit_status=0)
    assert report["tensors_dropped"] == ["lm_head.biases", "lm_head.scales"]
    assert tieconv.json("inspect", tmp_path / "tied")["problems"] == []
    tieconv.json("verify", tmp_path / "tied")
    tieconv.json("untie", tmp_path / "tied", "-o", tmp_path / "back")
    assert snapshot(tmp_path / "back") == snapshot(LEFTOVERS)


def test_leftovers_of_another_matrix_are_not_taken_for_the_embeddings(tieconv, tmp_path):
    model = copy(LEFTOVERS, tmp_path / "model")
    tensors = load_file(model / "model.safetensors")
    tensors["lm_head.scales"] = tensors["lm_head.scales"] * 2
    save_file(tensors, model / "model.safetensors", {"format": "mlx"})
    for edit in ("tie", "untie"):
        found = error(tieconv, edit, model, "-o", tmp_path / "out", status=1)
        assert found["tensor"] == "lm_head.scales" and "--keep embedding" in found["hint"]
    report = tieconv.json("tie", model, "-o", tmp_path / "out", "--keep", "embedding")
    assert report["tensors_dropped"] == ["lm_head.biases", "lm_head.scales"]


def test_two_equal_biases_are_not_called_packed(tieconv):
    report = tieconv.json("inspect", VERDICTS / "TIED-bert-two-biases")
    (biases,) = [g for g in report["tie_groups"] if g["kind"] == "bias"]
    assert biases["equal"] is True and biases["explanation"] is None
    assert biases["reclaimable_bytes"] == 0


# Equal tensors are not yet an equal model.


def changed(tmp_path, **fields):
    model = copy(DEMO, tmp_path / "changed")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | fields))
    return model


@pytest.mark.parametrize("fields", [
    {"rms_norm_eps": 0.5}, {"hidden_act": "gelu"}, {"num_attention_heads": 1}])
def test_verify_finds_a_config_that_computes_something_else(tieconv, tmp_path, fields):
    report = tieconv.json("verify", DEMO, changed(tmp_path, **fields), exit_status=1)
    assert report["equal"] is False and report["differences"] == []
    (check,) = [check for check in report["checks"] if check["name"] == "config"]
    assert not check["passed"] and list(fields)[0] in check["message"]


@pytest.mark.parametrize("fields", [
    {"transformers_version": "0"}, {"torch_dtype": "float32"}, {"use_cache": None},
    {"rms_norm_eps": 9.999999747378752e-06},
    {"final_logit_softcapping": 30.0}])
def test_verify_passes_over_what_computes_nothing_or_may_be_a_default(tieconv, tmp_path, fields):
    report = tieconv.json("verify", DEMO, changed(tmp_path, **fields))
    stated = [check["message"] for check in report["checks"] if check["name"] == "config"]
    assert [name in "".join(stated) for name in fields] == ["final_logit_softcapping" in fields]


def test_verify_says_what_it_did_not_judge_and_what_stands_for_what(tieconv, tmp_path):
    tieconv.json("tie", DEMO, "-o", tmp_path / "tied")
    (tmp_path / "tied/tokenizer_config.json").write_text("{}")
    report = tieconv.json("verify", DEMO, tmp_path / "tied")
    messages = {check["name"]: check["message"] for check in report["checks"]}
    assert "tokenizer_config.json" in messages["files"]
    assert messages["ties"] == "lm_head.weight is model.embed_tokens.weight"


def test_a_gguf_file_is_compared_after_its_conversion(tieconv, tmp_path):
    model = ROOT / "testdata/conversion/byte-level"
    tieconv.json("convert", model, "-o", tmp_path / "x.gguf", "--to", "gguf")
    found = error(tieconv, "verify", model, tmp_path / "x.gguf")
    assert "convert --to safetensors" in found["hint"]
    tieconv.json("convert", tmp_path / "x.gguf", "-o", tmp_path / "back", "--to", "safetensors")
    assert tieconv.json("verify", model, tmp_path / "back")["equal"]
