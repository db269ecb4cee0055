"""What was once found by fuzzing stays mended."""

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
