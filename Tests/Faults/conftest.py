"""Fixtures of the fault suite: the binary under test."""

import os
from pathlib import Path

import pytest

from commands import ROOT, Tieconv


@pytest.fixture(scope="session")
def tieconv() -> Tieconv:
    candidates = [ROOT / ".build/debug/tieconv", ROOT / ".build/release/tieconv"]
    if "TIECONV" in os.environ:
        candidates = [Path(os.environ["TIECONV"]).resolve()]
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return Tieconv(candidate)
    pytest.fail(f"no tieconv at {' or '.join(map(str, candidates))}; build it first")
