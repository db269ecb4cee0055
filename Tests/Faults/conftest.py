"""Fixtures of the fault suite: the binary under test."""

import os
import tempfile
from pathlib import Path

import pytest

from commands import ROOT, Tieconv
from places import mounted, writes_directly


@pytest.fixture(scope="session")
def tieconv() -> Tieconv:
    candidates = [ROOT / ".build/debug/tieconv", ROOT / ".build/release/tieconv"]
    if "TIECONV" in os.environ:
        candidates = [Path(os.environ["TIECONV"]).resolve()]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Tieconv(candidate)
    pytest.fail(f"no tieconv at {' or '.join(map(str, candidates))}; build it first")


@pytest.fixture
def real_disk(tmp_path):
    """A fresh folder where files can be written past the page cache, as they cannot in memory."""
    if writes_directly(tmp_path):
        yield tmp_path
    elif (ROOT / ".build").is_dir() and writes_directly(ROOT / ".build"):
        with tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
            yield Path(folder)
    else:
        with mounted("ext4", tmp_path, "128M") as folder:
            if folder is None or not writes_directly(folder):
                pytest.skip("no file system here writes past the page cache")
            yield folder
