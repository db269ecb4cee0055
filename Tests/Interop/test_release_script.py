"""The README's release script, run as it stands, passes a good release and stops a bad one."""

import json
import os
import re
import subprocess

import pytest
from safetensors.torch import load_file, save_file

from conftest import ROOT
from variants import INDEX, copy, snapshot

MARKED = re.compile(r"<!-- release-script -->\s*```(?:bash|sh)\n(.*?)^```", re.DOTALL | re.MULTILINE)
DEMO = ROOT / "testdata/demo-model"


@pytest.fixture
def release(tieconv, tmp_path):
    """Runs the script as a user would: tieconv on PATH, checkpoint and output as arguments."""
    scripts = MARKED.findall((ROOT / "README.md").read_text())
    assert len(scripts) == 1, "README.md marks exactly one script with <!-- release-script -->"
    script = tmp_path / "release.sh"
    script.write_text(scripts[0])
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/tieconv").symlink_to(tieconv.binary)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"

    def run(model, output):
        return subprocess.run(
            ["bash", script, model, output], cwd=tmp_path, env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=120, check=False)

    return run


def _change_head(directory):
    """Makes one number of the head differ and says tied: what the script exists to stop."""
    (index,) = list(directory.glob(INDEX)) or [None]
    name = "lm_head.weight"
    file = json.loads(index.read_text())["weight_map"][name] if index else "model.safetensors"
    tensors = load_file(directory / file)
    tensors[name][0, 0] += 1
    save_file(tensors, directory / file, {"format": "pt"})
    config = directory / "config.json"
    config.write_text(re.sub(
        r'("tie_word_embeddings": *)false', r"\1true", config.read_text()))
    assert json.loads(config.read_text())["tie_word_embeddings"] is True


def test_a_good_release_passes(release, tieconv, tmp_path):
    model = copy(DEMO, tmp_path / "model")
    before = snapshot(model)
    done = release(model, tmp_path / "released")
    assert done.returncode == 0, done.stdout + done.stderr
    assert snapshot(model) == before
    assert tieconv.json("inspect", tmp_path / "released")["verdict"] == "TIED"


def test_a_conflict_fails_the_release(release, tmp_path):
    model = copy(DEMO, tmp_path / "model")
    _change_head(model)
    done = release(model, tmp_path / "released")
    assert done.returncode == 1, done.stdout + done.stderr
    assert not (tmp_path / "released").exists()
