"""Where an output may go, and what --force may replace."""

import os
import subprocess
import threading

import pytest

import models


@pytest.fixture
def model(tmp_path):
    return models.sharded(tmp_path / "in", 64, 8)


def test_missing_parent(tieconv, model, tmp_path):
    tieconv.fails("writeFailed", "tie", model, "-o", tmp_path / "no" / "out")
    assert os.listdir(tmp_path) == ["in"]


@pytest.mark.parametrize("force", [[], ["--force"]], ids=["plain", "force"])
@pytest.mark.parametrize("place", [
    "in", "in/", "in/out", "in/../in", "./in/.", ".", "..", "link", "link/out", "link/../in"])
def test_output_and_input_overlap(tieconv, model, tmp_path, place, force):
    (tmp_path / "link").symlink_to("in")
    before = models.digest(tmp_path)
    done = tieconv.run("tie", "in", "-o", place, *force, cwd=tmp_path)
    assert done.returncode == 2, done.stdout
    assert len(done.stderr.splitlines()) <= 2, done.stderr
    assert models.digest(tmp_path) == before
    assert sorted(os.listdir(tmp_path)) == ["in", "link"]


def test_input_through_a_link_and_output_inside_it(tieconv, model, tmp_path):
    (tmp_path / "link").symlink_to("in")
    before = models.digest(model)
    tieconv.fails("outputInsideInput", "tie", tmp_path / "link", "-o", model / "out")
    assert models.digest(model) == before


def test_one_file_is_not_its_own_output(tieconv, tmp_path):
    file = models.alone(tmp_path / "in", 64, 8)
    before = models.digest(file)
    (tmp_path / "hard.safetensors").hardlink_to(file)
    (tmp_path / "soft.safetensors").symlink_to(file)
    for output in [file, tmp_path / "soft.safetensors"]:
        tieconv.fails("outputInsideInput", "tie", file, "-o", output, "--force")
    # Another name of the same bytes: replacing the name leaves the input alone.
    tieconv.succeeds("tie", file, "-o", tmp_path / "hard.safetensors", "--force")
    assert models.digest(file) == before


@pytest.mark.parametrize("existing", ["file", "folder", "checkpoint", "dangling", "fifo"])
def test_existing_output_is_refused(tieconv, model, tmp_path, existing):
    out = tmp_path / "out"
    make(existing, out)
    before = unread(out)
    tieconv.fails("outputExists", "tie", model, "-o", out)
    assert unread(out) == before
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]


@pytest.mark.parametrize("existing", ["file", "folder", "fifo"])
def test_force_refuses_what_is_no_checkpoint(tieconv, model, tmp_path, existing):
    out = tmp_path / "out"
    make(existing, out)
    before = unread(out)
    tieconv.fails("outputExists", "tie", model, "-o", out, "--force")
    assert unread(out) == before
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]


def unread(path):
    """What stands of a file or link, but for when it was looked at."""
    found = os.lstat(path)
    return (found.st_mode, found.st_ino, found.st_nlink, found.st_size, found.st_mtime_ns,
            found.st_ctime_ns)


def make(kind, out):
    match kind:
        case "file": out.write_text("precious")
        case "dangling": out.symlink_to("nowhere")
        case "fifo": os.mkfifo(out)
        case "checkpoint": models.single(out, 64, 8)
        case "folder":
            out.mkdir()
            (out / "thesis.tex").write_text("precious")


def test_force_through_a_link_keeps_the_link_or_refuses(tieconv, model, tmp_path):
    """Never half: the link leads to the old checkpoint, or to the new one, or is the new one."""
    old = models.single(tmp_path / "old", 64, 8)
    (tmp_path / "out").symlink_to("old")
    before = models.digest(old)
    done = tieconv.run("tie", model, "-o", tmp_path / "out", "--force")
    if done.returncode == 0:
        tieconv.succeeds("verify", model, tmp_path / "out")
    else:
        assert models.digest(old) == before
    assert models.strays(tmp_path) == []


def test_reader_never_misses_the_output_while_it_is_replaced(tieconv, tmp_path):
    model = models.sharded(tmp_path / "in", 512, 64)
    out = tmp_path / "out"
    tieconv.succeeds("tie", model, "-o", out)
    complete = sorted(os.listdir(out))
    stop, missed = threading.Event(), []

    def poll():
        while not stop.is_set():
            try:
                # One look at a moment: the handle stays with one folder, old or new.
                folder = os.open(out, os.O_RDONLY | os.O_DIRECTORY)
            except FileNotFoundError:
                missed.append("missing")
                continue
            names = sorted(os.listdir(folder))
            # The old folder is emptied once it has been exchanged; then it is no longer here.
            if names != complete and os.fstat(folder).st_ino == os.stat(out).st_ino:
                missed.append(names)
            os.close(folder)

    reader = threading.Thread(target=poll)
    reader.start()
    for _ in range(15):
        tieconv.succeeds("tie", model, "-o", out, "--force")
    stop.set()
    reader.join()
    assert missed == []
    assert sorted(os.listdir(tmp_path)) == ["in", "out"]


def test_two_runs_to_one_output(tieconv, tmp_path):
    """One wins, the other is refused, and nothing is left of either."""
    model = models.sharded(tmp_path / "in", 2048, 256)
    work = tmp_path / "work"
    work.mkdir()
    for _ in range(5):
        runs = [tieconv.start("tie", model, "-o", work / "out") for _ in range(3)]
        ends = sorted((run.communicate(), run.returncode)[1] for run in runs)
        assert ends == [0, 2, 2]
        assert os.listdir(work) == ["out"]
        tieconv.succeeds("verify", model, work / "out")
        subprocess.run(["rm", "-r", work / "out"], check=True)
