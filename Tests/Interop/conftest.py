"""Fixtures of the interop suite: the binary under test, and checkpoints made once per session."""

import json
import os
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pytest

# Nothing here may look for a model on the network.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import torch
import transformers

import clients
import variants
from architectures import BY_NAME

ROOT = Path(__file__).resolve().parents[2]

# The models are tiny: a second thread would only wait, for long where other work has the cores.
torch.set_num_threads(1)
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()


def pytest_collection_modifyitems(items):
    """With xdist, tests of one architecture stay together, and so do those of one file otherwise:
    what is made once a session is made once."""
    for item in items:
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        name = parameters.get("name")
        item.add_marker(pytest.mark.xdist_group(name if name in BY_NAME else item.path.stem))


@dataclass(frozen=True)
class Tieconv:
    """The command, one process per call."""

    binary: Path

    def run(self, *arguments, cwd=None) -> subprocess.CompletedProcess:
        command = [str(self.binary), *map(str, arguments)]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, cwd=cwd, check=False)
        assert done.returncode in (0, 1, 2, 64), f"{command}: {done.returncode}\n{done.stderr}"
        return done

    def json(self, *arguments, exit_status=0) -> dict:
        """Runs with --json, checks the exit status, and returns the report."""
        done = self.run(*arguments, "--json")
        assert done.returncode == exit_status, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def tieconv() -> Tieconv:
    candidates = [ROOT / ".build/debug/tieconv", ROOT / ".build/release/tieconv"]
    if "TIECONV" in os.environ:
        candidates = [Path(os.environ["TIECONV"]).resolve()]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Tieconv(candidate)
    pytest.fail(f"no tieconv at {' or '.join(map(str, candidates))}; build it first")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory):
    """(architecture name, variant name, layout) → a directory that no test may change."""

    @lru_cache(maxsize=None)
    def make(name: str, variant: str, layout: str = "single") -> Path:
        parent = tmp_path_factory.mktemp(f"{name}-{variant}")
        return variants.write(
            BY_NAME[name], variants.VARIANT_BY_NAME[variant], layout, parent / "in")

    return make


@pytest.fixture(scope="session")
def loaded(checkpoint):
    """The same key → what transformers says of that input, loaded once."""

    @lru_cache(maxsize=None)
    def make(name: str, variant: str, layout: str = "single") -> clients.Loaded:
        return clients.load(checkpoint(name, variant, layout), BY_NAME[name])

    return make
