"""The README's library example, built as another package as it stands, judges checkpoints."""

import re
import shutil
import subprocess

import pytest

from conftest import ROOT

README = (ROOT / "README.md").read_text()
MANIFEST = re.compile(r"```swift\n(// swift-tools-version.*?)^```", re.DOTALL | re.MULTILINE)
EXAMPLE = re.compile(r"<!-- library-example -->\s*```swift\n(.*?)^```", re.DOTALL | re.MULTILINE)
# Kept between runs, because building the dependencies takes a minute. Out of git as all of .build.
HOME = ROOT / ".build/library-example"


@pytest.fixture(scope="module")
def example():
    """The example's binary, built against this checkout under the name that its manifest uses."""
    package = HOME / "release-check"
    sources = package / "Sources/release-check"
    sources.mkdir(parents=True, exist_ok=True)
    link = HOME / "tieconv"
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT)
    (package / "Package.swift").write_text(MANIFEST.search(README)[1])
    (sources / "main.swift").write_text(EXAMPLE.search(README)[1])
    if shutil.which("swift") is None:
        pytest.fail("swift is not on PATH")
    done = subprocess.run(
        ["swift", "build", "--package-path", package], capture_output=True, text=True,
        timeout=1200, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return package / ".build/debug/release-check"


def test_the_example_is_ten_lines_or_so():
    assert len(EXAMPLE.search(README)[1].strip().splitlines()) <= 12


def test_a_sound_checkpoint_passes(example):
    done = subprocess.run(
        [example, ROOT / "testdata/demo-model"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("UNTIED_EQUAL: ")


def test_a_conflict_does_not(example):
    done = subprocess.run(
        [example, ROOT / "testdata/verdicts/TIED_CONFLICT"], capture_output=True, text=True,
        check=False)
    assert done.returncode != 0
    assert "TIED_CONFLICT" in done.stdout
