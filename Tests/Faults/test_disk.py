"""A full disk and a read-only destination: exit 2, one line, the destination as it was."""

import os
import shutil
import subprocess

import pytest

import models
from operations import BY_NAME, old_state
from places import mounted, writes_directly


@pytest.fixture(params=["tmpfs", "ext4"])
def small_disk(request, tmp_path):
    """A folder on a file system of 8 MB, in memory or one that is written past the page cache."""
    with mounted(request.param, tmp_path, "8M") as folder:
        if folder is None:
            pytest.skip(f"mounting a small {request.param} is not permitted here")
        if request.param == "ext4":
            assert writes_directly(folder)
        yield folder


def test_full_disk_of_a_conversion(tieconv, small_disk, tmp_path):
    source = models.sharded(tmp_path / "untied", 4096, 512)
    tieconv.fails(
        "diskFull", "convert", source, "-o", small_disk / "out", "--to", "safetensors", "--dtype",
        "f32")
    assert os.listdir(small_disk) == []


@pytest.mark.parametrize("force", [False, True], ids=["new", "replace"])
@pytest.mark.parametrize("name", ["to-gguf", "from-gguf", "compress", "decompress"])
def test_full_disk_of_a_change_of_format(tieconv, small_disk, tmp_path, name, force):
    operation = BY_NAME[name]
    source = models.convertible(tmp_path / "model", 512)
    for before in ("to-gguf", "compress"):
        step = BY_NAME[before]
        if step.result == operation.source:
            source = tmp_path / step.result
            tieconv.succeeds(*step.arguments(tmp_path / step.source, source))
    out = small_disk / operation.result
    old = old_state(operation, out) if force else None
    error = tieconv.fails(
        "diskFull", *operation.arguments(source, out, *(["--force"] if force else [])))
    assert "space" in error["message"]
    assert models.digest(out) == old
    assert os.listdir(small_disk) == ([out.name] if force else [])


@pytest.mark.parametrize("force", [False, True], ids=["new", "replace"])
@pytest.mark.parametrize("operation", ["tie", "untie"])
def test_full_disk(tieconv, small_disk, tmp_path, operation, force):
    source = models.sharded(tmp_path / "untied", 4096, 512)
    if operation == "untie":
        tieconv.succeeds("tie", source, "-o", tmp_path / "tied")
        source = tmp_path / "tied"
    out = small_disk / "out"
    if force:
        models.sharded(out, 64, 8)
    before = models.digest(out)
    error = tieconv.fails("diskFull", operation, source, "-o", out, *(["--force"] if force else []))
    assert "space" in error["message"]
    assert models.digest(out) == before
    assert os.listdir(small_disk) == (["out"] if force else [])


def test_full_disk_for_one_file(tieconv, small_disk, tmp_path):
    source = models.alone(tmp_path / "in", 8192, 512)
    tieconv.fails("diskFull", "tie", source, "-o", small_disk / "out.safetensors")
    assert os.listdir(small_disk) == []


def test_full_disk_while_printing(tieconv, tmp_path):
    """The answer could not be given: that is no success."""
    source = models.single(tmp_path / "in", 64, 8)
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            tieconv.command("inspect", source), stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 and done.stderr.startswith(b"tieconv: ")


def test_read_only_destination(tieconv, tmp_path):
    source = models.single(tmp_path / "in", 64, 8)
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o555)
    prefix = unprivileged(tieconv, tmp_path)
    error = tieconv.fails("writeFailed", "tie", source, "-o", locked / "out", prefix=prefix)
    assert "ermission" in error["message"]
    assert os.listdir(locked) == []


def test_unreadable_input(tieconv, tmp_path):
    source = models.single(tmp_path / "in", 64, 8)
    (source / "model.safetensors").chmod(0o000)
    tieconv.fails("unreadable", "inspect", source, prefix=unprivileged(tieconv, tmp_path))


def unprivileged(tieconv, folder):
    """What makes a command run as somebody whom permissions hold back."""
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("run by root, and there is no setpriv")
    # Folders above a temporary one are closed to others.
    prefix = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")
    for parent in [folder, *folder.parents]:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(parent.stat().st_mode | 0o055)
    reachable = subprocess.run(
        [*prefix, str(tieconv.binary), "--version"], capture_output=True, check=False)
    if reachable.returncode:
        pytest.skip("the binary lies where nobody else may run it")
    return prefix
