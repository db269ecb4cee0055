"""The keys that --json promises: scripts read them, so none may go or change its kind."""

import json

import pytest

from conftest import ROOT

DEMO = ROOT / "testdata/demo-model"
VERDICTS = ROOT / "testdata/verdicts"
TEXT = ROOT / "testdata/demo-text.txt"
NULL = type(None)
NUMBER = (int, float)

EDIT = {"output": str, "input_bytes": int, "output_bytes": int, "tensors_dropped": [str],
        "tensors_added": [str], "verified": bool, "receipt": (str, NULL)}
VERIFY = {"equal": (bool, NULL), "tensors_compared": int, "max_abs_diff": (*NUMBER, NULL),
          "differences": [{"tensor": str, "max_abs_diff": (*NUMBER, NULL), "reason": str}]}
GROUP = {
    "verdict": str, "embedding": (str, NULL), "head": (str, NULL),
    "members": [{"name": str, "role": str, "dtype": str, "shape": [int], "file": str}],
    "equal": (bool, NULL), "max_abs_diff": (*NUMBER, NULL),
    "differing_rows": {"count": int, "first": [[int]]}, "scale": (*NUMBER, NULL),
    "reclaimable_bytes": int}
INSPECT = {
    "format": str, "verdict": str,
    "flag": {"effective": (bool, NULL), "source": (str, NULL),
             "values": [{"file": str, "path": str, "value": bool}]},
    "tie_groups": [GROUP],
    "problems": [{"code": str, "severity": str, "message": str, "tensor": (str, NULL),
                  "hint": (str, NULL)}],
    "parameters": {"stored": int, "unique": int},
    "bytes": {"files": int, "stored": int, "reclaimable": int},
    "targets": [{"target": str, "outcome": str, "reason": str}]}
ERROR = {"error": {"code": str, "file": (str, NULL), "tensor": (str, NULL), "offset": (int, NULL),
                   "message": str, "hint": (str, NULL)}}
VERDICT_NAMES = set(
    "TIED TIED_REVERSED TIED_DUPLICATE TIED_CONFLICT UNTIED UNTIED_EQUAL HEAD_MISSING FLAG_UNKNOWN "
    "FLAG_SPLIT NEAR_EQUAL ROLE_SCALED SHAPE_MISMATCH QUANT_MIXED INDEX_LIE NO_HEAD NOT_A_MODEL"
    .split())
SOUND = {"TIED", "UNTIED", "UNTIED_EQUAL", "NO_HEAD"}
OUTCOMES = set(
    "ties keepsBoth dropsHead dropsEmbedding randomHead copiesHead refuses unknown".split())
TARGETS = "transformers4 transformers5 vllm sglang llama.cpp mlx-lm tensorrt-llm".split()


def faults(value, promise, place="$"):
    """Where a report is not what is promised."""
    if isinstance(promise, dict):
        if not isinstance(value, dict):
            return [f"{place} is no object"]
        return [fault for key, inner in promise.items() for fault in (
            faults(value[key], inner, f"{place}.{key}") if key in value
            else [f"{place}.{key} is missing"])]
    if isinstance(promise, list):
        if not isinstance(value, list):
            return [f"{place} is no array"]
        return [fault for number, element in enumerate(value)
                for fault in faults(element, promise[0], f"{place}[{number}]")]
    kinds = promise if isinstance(promise, tuple) else (promise,)
    # In Python a bool is an int.
    fits = isinstance(value, kinds) and (bool in kinds or not isinstance(value, bool))
    return [] if fits else [f"{place} is {value!r}"]


def test_a_missing_key_and_a_wrong_kind_are_found():
    report = {"perplexity": "3", "inner": [{"a": True}]}
    assert faults(report, {"perplexity": NUMBER, "tokens": int, "inner": [{"a": int}]}) == [
        "$.perplexity is '3'", "$.tokens is missing", "$.inner[0].a is True"]


@pytest.mark.parametrize("name", sorted(path.name for path in VERDICTS.iterdir() if path.is_dir()))
def test_inspect(tieconv, name):
    done = tieconv.run("inspect", VERDICTS / name, "--json")
    report = json.loads(done.stdout)
    assert faults(report, INSPECT) == []
    assert report["verdict"] in VERDICT_NAMES
    assert all(group["verdict"] in VERDICT_NAMES for group in report["tie_groups"])
    assert [target["target"] for target in report["targets"]] == TARGETS
    assert all(target["outcome"] in OUTCOMES for target in report["targets"])
    assert done.returncode == (0 if report["verdict"] in SOUND else 1)


def test_edits_and_containers(tieconv, tmp_path):
    def run(*arguments):
        return tieconv.json(*arguments)

    assert faults(run("tie", DEMO, "-o", tmp_path / "tied"), EDIT) == []
    assert faults(run("untie", tmp_path / "tied", "-o", tmp_path / "untied"), EDIT) == []
    assert faults(run("convert", DEMO, "-o", tmp_path / "mlx", "--to", "mlx"), EDIT) == []
    report = run("compress", DEMO, "-o", tmp_path / "x.tiepack")
    assert faults(report, EDIT | {"ratio": NUMBER}) == []
    assert report["ratio"] == pytest.approx(report["output_bytes"] / report["input_bytes"])
    assert faults(run("decompress", tmp_path / "x.tiepack", "-o", tmp_path / "back"), EDIT) == []
    skipped = run("tie", DEMO, "-o", tmp_path / "unverified", "--no-verify")
    assert skipped["verified"] is None


@pytest.fixture
def text(tmp_path):
    """A text of a few windows: what is looked at is the report, not its numbers."""
    path = tmp_path / "text.txt"
    path.write_text(TEXT.read_text()[:1500])
    return path


def test_verifications(tieconv, text):
    assert faults(tieconv.json("verify", DEMO), VERIFY) == []
    assert faults(tieconv.json("verify", DEMO, DEMO), VERIFY) == []
    different = tieconv.json("verify", DEMO, VERDICTS / "UNTIED", exit_status=1)
    assert different["differences"] and faults(different, VERIFY) == []
    logits = {"logits": {"max_abs_diff": NUMBER, "mean_kl": NUMBER, "max_kl": NUMBER,
                         "top1_agreement": NUMBER, "positions": int}}
    report = tieconv.json("verify", DEMO, DEMO, "--logits", "--text", text, "--context", 64)
    assert faults(report, VERIFY | logits) == []
    gradients = {
        "passed": bool,
        "checks": [{"name": str, "passed": bool, "relative_error": NUMBER, "tolerance": NUMBER}],
        "gradient": {"input_norm": NUMBER, "output_norm": NUMBER, "tied_norm": (*NUMBER, NULL),
                     "output_share": (*NUMBER, NULL)}}
    assert faults(tieconv.json("verify", DEMO, "--gradients"), gradients) == []


def test_evaluate(tieconv, text):
    promise = {"perplexity": NUMBER, "mean_nll": NUMBER, "tokens": int, "scored": int,
               "tokens_per_second": NUMBER}
    report = tieconv.json("evaluate", DEMO, "--text", text, "--context", 64)
    assert faults(report, promise) == []


@pytest.mark.parametrize("arguments, status", [
    (["inspect", "no/such"], 2), (["tie", VERDICTS / "TIED_CONFLICT", "-o", "nowhere"], 1),
    (["evaluate", DEMO, "--tokens", ROOT / "README.md"], 2)])
def test_errors(tieconv, arguments, status):
    assert faults(tieconv.json(*arguments, exit_status=status), ERROR) == []
