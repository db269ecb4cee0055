"""kill -9 at any moment: the destination is the old or the new state, and nothing else changes."""

import os
import random
import time

import pytest

import models
from operations import BY_NAME, old_state, prepare, remove

TRIES = 60  # of each of four: 240 kills
# What these have in common with the others was tried there.
FEWER_TRIES = 20
CASES = [("tie", force, TRIES) for force in (False, True)]
CASES += [("untie", force, TRIES) for force in (False, True)]
CASES += [("to-gguf", False, FEWER_TRIES), ("from-gguf", True, FEWER_TRIES),
          ("compress", True, FEWER_TRIES), ("decompress", False, FEWER_TRIES)]


@pytest.fixture(scope="module")
def folders(tieconv, tmp_path_factory):
    """Checkpoints of 18 MB, and what each command makes of them."""
    return prepare(tieconv, tmp_path_factory.mktemp("kill"), 4096, 512, 512)


@pytest.mark.parametrize(
    "name, force, tries", CASES, ids=[f"{n}-{'replace' if f else 'new'}" for n, f, _ in CASES])
def test_destination_is_old_or_new_after_kill(
        tieconv, folders, tmp_path, request, name, force, tries):
    operation = BY_NAME[name]
    # This one does not write to a disk as it does to memory.
    work = request.getfixturevalue("real_disk") if name == "compress" else tmp_path
    source, out = folders / operation.source, work / operation.result
    before, after = models.digest(source), models.digest(folders / operation.result)
    files = [source] if source.is_file() else list(source.rglob("*"))
    times = [(file, file.stat().st_mtime_ns) for file in files]
    arguments = operation.arguments(source, out, *(["--force"] if force else []))
    durations = []
    for _ in range(3):
        started = time.monotonic()
        tieconv.succeeds(*operation.arguments(source, out, "--force"))
        durations.append(time.monotonic() - started)
    delays = random.Random(name + str(force))
    seen = set()
    for _ in range(tries):
        remove(out)
        old = old_state(operation, out) if force else None
        process = tieconv.start(*arguments)
        time.sleep(delays.uniform(0, max(durations) * 1.1))
        process.kill()
        process.communicate()
        found = models.digest(out)
        assert found in (old, after), "neither the old state nor the new one"
        seen.add((found == after, bool(models.strays(work))))
    assert (False, True) in seen, "no kill came while output was being written"
    assert [(file, file.stat().st_mtime_ns) for file, _ in times] == times
    assert models.digest(source) == before
    remove(out)
    tieconv.succeeds(*arguments)
    assert models.digest(out) == after
    assert os.listdir(work) == [out.name]
