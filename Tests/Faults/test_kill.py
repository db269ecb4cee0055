"""kill -9 at any moment: the destination is the old or the new state, and nothing else changes."""

import os
import random
import time

import pytest

import models

TRIES = 60  # of each of four: 240 kills


@pytest.fixture(scope="module")
def folders(tieconv, tmp_path_factory):
    """An untied and a tied checkpoint of 18 MB, and what each edit makes of them."""
    home = tmp_path_factory.mktemp("kill")
    untied = models.sharded(home / "untied", 4096, 512)
    tieconv.succeeds("tie", untied, "-o", home / "tied")
    tieconv.succeeds("untie", home / "tied", "-o", home / "untied-again")
    return home


def old_state(destination):
    destination.mkdir()
    (destination / "config.json").write_text("{}")
    (destination / "model.safetensors").write_bytes(b"old" * 1000)
    return models.digest(destination)


@pytest.mark.parametrize("force", [False, True], ids=["new", "replace"])
@pytest.mark.parametrize("operation", ["tie", "untie"])
def test_destination_is_old_or_new_after_kill(tieconv, folders, tmp_path, operation, force):
    source, result = {
        "tie": (folders / "untied", folders / "tied"),
        "untie": (folders / "tied", folders / "untied-again")}[operation]
    before, after = models.digest(source), models.digest(result)
    times = [(file, file.stat().st_mtime_ns) for file in source.rglob("*")]
    arguments = [operation, source, "-o", tmp_path / "out"] + (["--force"] if force else [])
    durations = []
    for _ in range(3):
        started = time.monotonic()
        tieconv.succeeds(operation, source, "-o", tmp_path / "out", "--force")
        durations.append(time.monotonic() - started)
    delays = random.Random(operation + str(force))
    seen = set()
    for _ in range(TRIES):
        tieconv_remove(tmp_path / "out")
        old = old_state(tmp_path / "out") if force else None
        process = tieconv.start(*arguments)
        time.sleep(delays.uniform(0, max(durations) * 1.1))
        process.kill()
        process.communicate()
        found = models.digest(tmp_path / "out")
        assert found in (old, after), "neither the old state nor the new one"
        seen.add((found == after, bool(models.strays(tmp_path))))
    assert (False, True) in seen, "no kill came while output was being written"
    assert [(file, file.stat().st_mtime_ns) for file, _ in times] == times
    assert models.digest(source) == before
    tieconv_remove(tmp_path / "out")
    tieconv.succeeds(*arguments)
    assert models.digest(tmp_path / "out") == after
    assert os.listdir(tmp_path) == ["out"]


def tieconv_remove(folder):
    """Removes a destination, as a person would before the next try; never what lies beside it."""
    if folder.is_dir():
        for file in folder.iterdir():
            file.unlink()
        folder.rmdir()
