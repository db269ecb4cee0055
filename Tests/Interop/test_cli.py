"""The command line as it is seen: help, reports, errors and exit codes, held against snapshots.

RECORD_SNAPSHOTS=1 writes them anew; a snapshot that is missing fails even then, so that it is read
before it is trusted."""

import os
import subprocess

import pytest

from conftest import ROOT

SNAPSHOTS = ROOT / "testdata/cli"
DEMO, VERDICTS = "testdata/demo-model", "testdata/verdicts"

CASES = {
    "help": (["--help"], 0),
    "help-inspect": (["inspect", "--help"], 0),
    "help-tie": (["tie", "--help"], 0),
    "help-untie": (["untie", "--help"], 0),
    "help-verify": (["verify", "--help"], 0),
    "help-convert": (["convert", "--help"], 0),
    "convert-dry-run": (
        ["convert", "testdata/conversion/byte-level", "-o", "x.gguf", "--to", "gguf", "--dry-run"],
        0),
    "convert-conflict": (
        ["convert", f"{VERDICTS}/TIED_CONFLICT", "-o", "nowhere", "--to", "safetensors"], 1),
    "convert-no-config": (
        ["convert", f"{VERDICTS}/TIED/model.safetensors", "-o", "x", "--to", "tiepack", "--dtype",
         "f16"], 2),
    "usage-shard-size": (
        ["convert", DEMO, "-o", "x.tiepack", "--to", "tiepack", "--max-shard-size", "1GB"], 64),
    "help-tokenize": (["tokenize", "--help"], 0),
    "help-evaluate": (["evaluate", "--help"], 0),
    "inspect-demo": (["inspect", DEMO], 0),
    "inspect-demo-json": (["inspect", DEMO, "--json"], 0),
    "inspect-no-compare": (["inspect", DEMO, "--no-compare", "--target", "mlx-lm"], 0),
    "inspect-conflict": (["inspect", f"{VERDICTS}/TIED_CONFLICT"], 1),
    "inspect-last-rows": (["inspect", f"{VERDICTS}/NEAR_EQUAL-last-rows"], 1),
    "inspect-head-missing": (["inspect", f"{VERDICTS}/HEAD_MISSING"], 1),
    "inspect-flag-split": (["inspect", f"{VERDICTS}/FLAG_SPLIT-mistral3"], 1),
    "inspect-index-lie": (["inspect", f"{VERDICTS}/INDEX_LIE-shard-missing"], 1),
    "inspect-scaled": (["inspect", f"{VERDICTS}/ROLE_SCALED-gemma"], 1),
    "inspect-not-a-model": (["inspect", f"{VERDICTS}/NOT_A_MODEL-layers-only"], 1),
    "inspect-two-biases": (["inspect", f"{VERDICTS}/TIED-bert-two-biases"], 0),
    "inspect-leftovers": (["inspect", f"{VERDICTS}/TIED-mlx-leftover-companions"], 0),
    "tie-leftovers": (
        ["tie", f"{VERDICTS}/TIED-mlx-leftover-companions", "-o", "nowhere", "--dry-run"], 0),
    "inspect-adapter": (
        ["inspect", f"{VERDICTS}/TIED", "--adapter", "testdata/adapters/lora-head"], 0),
    "inspect-gguf": (["inspect", "testdata/gguf/gemma2-different.gguf"], 1),
    "tie-gguf-required": (["tie", "testdata/gguf/olmo2-equal.gguf", "-o", "nowhere"], 1),
    "tie-dry-run": (["tie", DEMO, "-o", "nowhere", "--dry-run"], 0),
    "tie-conflict": (["tie", f"{VERDICTS}/TIED_CONFLICT", "-o", "nowhere"], 1),
    "tie-conflict-json": (["tie", f"{VERDICTS}/TIED_CONFLICT", "-o", "nowhere", "--json"], 1),
    "untie-head-missing": (["untie", f"{VERDICTS}/HEAD_MISSING", "-o", "nowhere"], 1),
    "verify-demo": (["verify", DEMO, "--finite"], 0),
    "verify-two": (["verify", DEMO, f"{VERDICTS}/UNTIED"], 1),
    "missing": (["inspect", "no/such/model"], 2),
    "missing-json": (["inspect", "no/such/model", "--json"], 2),
    "malformed": (["verify", "testdata/invalid/duplicateTensor/identical.safetensors"], 2),
    "no-weights": (["inspect", "Tests"], 2),
    "config-as-input": (["inspect", f"{DEMO}/config.json"], 2),
    "usage-size": (["convert", DEMO, "-o", "x", "--to", "mlx", "--max-shard-size", "5 apples"], 64),
    "usage-no-command": (["frobnicate"], 64),
    "usage-no-output": (["tie", DEMO], 64),
    "usage-threads": (["inspect", DEMO, "--threads", "0"], 64),
}


def test_inputs_are_where_the_cases_say():
    for arguments, _ in CASES.values():
        for argument in arguments:
            if argument.startswith("testdata/"):
                assert (ROOT / argument).exists(), argument


@pytest.mark.parametrize("name", CASES)
def test_snapshot(name, tieconv):
    arguments, status = CASES[name]
    done = subprocess.run(
        [tieconv.binary, *arguments], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "80"})
    assert done.returncode == status, done.stderr
    seen = f"$ tieconv {' '.join(arguments)}\n{done.stdout}--- stderr\n{done.stderr}"
    seen += f"--- exit {done.returncode}\n"
    snapshot = SNAPSHOTS / f"{name}.txt"
    known = snapshot.read_text() if snapshot.exists() else None
    if os.environ.get("RECORD_SNAPSHOTS"):
        snapshot.parent.mkdir(exist_ok=True)
        snapshot.write_text(seen)
    assert known is not None, f"{snapshot} is new: read it, then run again"
    if not os.environ.get("RECORD_SNAPSHOTS"):
        assert seen == known
