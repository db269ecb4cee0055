"""`tie` and `untie` change what they say and nothing else, and undo each other byte for byte."""

import json

import pytest
import torch

from architectures import BY_NAME
from cases import CASES, expected_verdicts
from clients import check_index, load, stored_tensors
from variants import CARRIED, VARIANT_BY_NAME, material, snapshot, write_tensors

REFUSED_BY_TIE = {"TIED_CONFLICT", "UNTIED", "HEAD_MISSING"}
TIEABLE = {"TIED_DUPLICATE", "UNTIED_EQUAL"}


def _changed_by(tieconv, command, source, output):
    """Runs the command and checks what holds for every output that differs from its input."""
    before = snapshot(source)
    report = tieconv.json(command, source, "-o", output)
    assert snapshot(source) == before, "the input was touched"
    assert sorted(p.name for p in output.parent.iterdir()) == [output.name], "stray files"
    assert report["verified"] is True
    after = snapshot(output)
    for name in CARRIED.keys() & before.keys():
        assert after[name] == before[name]
    check_index(output)
    tieconv.json("verify", output)
    assert tieconv.json("verify", source, output)["equal"] is True
    return report


def _says_the_same(directory, architecture, expected):
    result = load(directory, architecture)
    assert result.is_clean, result
    assert torch.equal(result.logits, expected)


@pytest.mark.parametrize("name, variant, layout", CASES)
def test_tie(name, variant, layout, tieconv, checkpoint, loaded, tmp_path):
    source, output = checkpoint(name, variant, layout), tmp_path / "out" / "tied"
    output.parent.mkdir()
    verdict = json.loads(tieconv.run("inspect", source, "--json").stdout)["verdict"]
    assert verdict in expected_verdicts(name, variant)
    if verdict in REFUSED_BY_TIE:
        tieconv.json("tie", source, "-o", output, exit_status=1)
        assert list(output.parent.iterdir()) == []
        return
    if verdict == "TIED":
        # Nothing to do: the output is the input.
        assert tieconv.run("tie", source, "-o", output).returncode == 0
        assert snapshot(output) == snapshot(source)
        return
    logits = loaded(name, variant, layout).logits
    report = _changed_by(tieconv, "tie", source, output)
    extras = material(name).extras.keys()
    assert material(name).head in report["tensors_dropped"]
    assert set(report["tensors_dropped"]) <= extras
    assert stored_tensors(output).keys() == (
        stored_tensors(source).keys() - set(report["tensors_dropped"]))
    assert tieconv.json("inspect", output)["verdict"] == "TIED"
    _says_the_same(output, BY_NAME[name], logits)
    tieconv.json("untie", output, "-o", tmp_path / "back")
    assert snapshot(tmp_path / "back") == snapshot(source)


@pytest.mark.parametrize("name, variant, layout", CASES)
def test_untie(name, variant, layout, tieconv, checkpoint, loaded, tmp_path):
    source, output = checkpoint(name, variant, layout), tmp_path / "out" / "untied"
    output.parent.mkdir()
    verdict = json.loads(tieconv.run("inspect", source, "--json").stdout)["verdict"]
    if verdict == "HEAD_MISSING":
        done = tieconv.run("untie", source, "-o", output)
        assert done.returncode == 1 and list(output.parent.iterdir()) == []
        return
    if verdict in ("UNTIED", "UNTIED_EQUAL"):
        assert tieconv.run("untie", source, "-o", output).returncode == 0
        assert snapshot(output) == snapshot(source)
        return
    logits = loaded(name, variant, layout).logits
    report = _changed_by(tieconv, "untie", source, output)
    # Everything that transformers itself stores for an untied model is there. Where the class ties
    # whatever the flag says, encoder and decoder share on load as before, and the head is enough.
    extras = {material(name).head} if BY_NAME[name].flag_is_forced else material(name).extras.keys()
    assert extras <= stored_tensors(output).keys()
    _says_the_same(output, BY_NAME[name], logits)
    if not BY_NAME[name].flag_is_forced:
        expected = "UNTIED" if verdict == "TIED_CONFLICT" else "UNTIED_EQUAL"
        assert tieconv.json("inspect", output)["verdict"] == expected
    # A class that always ties, with both stored: there was nothing to do, so nothing to undo.
    has_changed = report["tensors_added"] or report["config_edits"]
    if verdict != "TIED_CONFLICT" and has_changed:
        tieconv.json("tie", output, "-o", tmp_path / "back")
        assert snapshot(tmp_path / "back") == snapshot(source)


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "bert", "whisper", "llava", "t5"])
@pytest.mark.parametrize("side", ["embedding", "head"])
def test_keep_says_which_side_of_a_conflict_wins(name, side, tieconv, checkpoint, tmp_path):
    source, output = checkpoint(name, "conflict"), tmp_path / "tied"
    tieconv.json("tie", source, "--keep", side, "-o", output)
    result = load(output, BY_NAME[name])
    assert result.is_clean
    names, kept = material(name), stored_tensors(output)
    assert len(kept.keys() & {names.embedding, names.head}) == 1
    assert tieconv.json("inspect", output)["verdict"] == "TIED"


@pytest.mark.parametrize("name", ["bert", "roberta", "albert"])
def test_a_head_bias_of_its_own_survives_a_tie(name, tieconv, tmp_path):
    # The matrices are equal and the biases are not: dropping the head's bias would shift logits.
    source = material(name)
    tensors = {**source.tied, **source.extras}
    (bias,) = [key for key in source.extras if key.endswith("bias")]
    tensors[bias] = tensors[bias] + 1
    directory = tmp_path / "in"
    directory.mkdir()
    (directory / "config.json").write_text(source.tied_config)
    write_tensors(tensors, source.metadata, "single", directory)
    before = load(directory, BY_NAME[name])
    assert before.is_clean
    output = tmp_path / "out"
    done = tieconv.run("tie", directory, "-o", output)
    if done.returncode == 1:
        assert not output.exists()
        return
    assert done.returncode == 0
    _says_the_same(output, BY_NAME[name], before.logits)


def test_a_prefixless_tied_model_unties(tieconv, tmp_path):
    source = material("gpt2")
    bare = {key.removeprefix("transformer."): value for key, value in source.tied.items()}
    directory, output = tmp_path / "in", tmp_path / "out"
    directory.mkdir()
    (directory / "config.json").write_text(source.tied_config)
    write_tensors(bare, source.metadata, "single", directory)
    before = load(directory, BY_NAME["gpt2"])
    assert before.is_clean
    tieconv.json("untie", directory, "-o", output)
    assert stored_tensors(output).keys() == bare.keys() | {source.head}
    _says_the_same(output, BY_NAME["gpt2"], before.logits)


@pytest.mark.parametrize("command", ["tie", "untie"])
def test_dry_run_writes_nothing(command, tieconv, checkpoint, tmp_path):
    source = checkpoint("llama", "duplicate", "sharded")
    done = tieconv.run(command, source, "-o", tmp_path / "out", "--dry-run")
    assert done.returncode == 0 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layout", ["single", "sharded"])
def test_verify_names_what_differs(layout, tieconv, checkpoint):
    first, second = (checkpoint("llama", v, layout) for v in ("untied_equal", "untied"))
    report = tieconv.json("verify", first, second, exit_status=1)
    assert report["equal"] is False
    assert [d["tensor"] for d in report["differences"]] == [material("llama").head]
    assert report["differences"][0]["max_abs_diff"] > 0


def test_every_variant_is_run():
    assert {case.values[1] for case in CASES} == VARIANT_BY_NAME.keys()
