"""What was once found by fuzzing stays mended."""

import json

import pytest

import models
from commands import ROOT
from test_memory import MIB, peak

FOUND = sorted((ROOT / "testdata" / "found").iterdir())
ALONE = [folder for folder in FOUND if not (folder / "config.json").exists()]


@pytest.mark.parametrize("command", ["inspect", "verify", "tie", "untie"])
@pytest.mark.parametrize("folder", FOUND, ids=lambda folder: folder.name)
def test_answer_or_error(tieconv, tmp_path, folder, command):
    source = folder / "model.safetensors" if folder in ALONE else folder
    arguments = [command, source] + (["-o", tmp_path / "out"] if "tie" in command else [])
    assert peak(tieconv, *arguments, status=(0, 1, 2)) < 128 * MIB
    assert models.strays(tmp_path) == []


@pytest.mark.parametrize("folder", ALONE, ids=lambda folder: folder.name)
def test_untie_gives_the_bytes_back(tieconv, tmp_path, folder):
    source = folder / "model.safetensors"
    tieconv.succeeds("tie", source, "-o", tmp_path / "tied")
    tieconv.succeeds("untie", tmp_path / "tied", "-o", tmp_path / "untied")
    assert (tmp_path / "untied").read_bytes() == source.read_bytes()


@pytest.mark.parametrize(
    "slug", ["receipt-unpacks-to-gigabytes", "receipt-restores-one-file-twice"])
def test_receipt_is_refused_by_name(tieconv, tmp_path, slug):
    tieconv.fails("invalidReceipt", "untie", ROOT / "testdata/found" / slug, "-o", tmp_path / "out")


def test_tie_does_not_drop_what_only_the_head_has(tieconv, tmp_path):
    folder = ROOT / "testdata/found/companions-of-other-kinds"
    done = tieconv.run("tie", folder, "-o", tmp_path / "out")
    assert done.returncode == 1 and not (tmp_path / "out").exists()
    report = json.loads(tieconv.run("inspect", folder, "--json").stdout)
    assert report["verdict"] == "QUANT_MIXED"
    assert "weight_shape" in report["tie_groups"][0]["explanation"]


def test_tie_does_not_drop_a_copy_that_was_trained_since(tieconv, tmp_path):
    """Head and embedding are still equal, but the bias that untie added no longer is a copy."""
    model = tmp_path / "in"
    model.mkdir()
    models.write_file(model / "model.safetensors", {
        "bert.embeddings.word_embeddings.weight": ("BF16", [64, 8]),
        "cls.predictions.bias": ("BF16", [64])}, {})
    (model / "config.json").write_text(
        '{"architectures": ["BertForMaskedLM"], "model_type": "bert", "vocab_size": 64}')
    tieconv.succeeds("untie", model, "-o", tmp_path / "untied")
    tieconv.succeeds("tie", tmp_path / "untied", "-o", tmp_path / "back")
    assert models.digest(tmp_path / "back") == models.digest(model)
    file = tmp_path / "untied" / "model.safetensors"
    contents = bytearray(file.read_bytes())
    length = int.from_bytes(contents[:8], "little")
    bias = json.loads(contents[8:8 + length])["cls.predictions.decoder.bias"]
    contents[8 + length + bias["data_offsets"][0]] ^= 1
    file.write_bytes(contents)
    done = tieconv.run("tie", tmp_path / "untied", "-o", tmp_path / "tied")
    if done.returncode == 0:
        kept = (tmp_path / "tied" / "model.safetensors").read_bytes()
        assert b"cls.predictions.decoder.bias" in kept
