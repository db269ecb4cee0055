"""SIGINT and SIGTERM: exit 130, nothing left behind, and the next run works."""

import os
import signal
import time

import pytest

import models


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["INT", "TERM"])
def test_signal_ends_with_130_and_leaves_nothing(tieconv, tmp_path, number):
    source = models.sharded(tmp_path / "in", 8192, 1024)
    work = tmp_path / "work"
    work.mkdir()
    interrupted = 0
    for attempt in range(12):
        process = tieconv.start("tie", source, "-o", work / "out")
        # Not before there is something to clean up: the handlers are set by then.
        while process.poll() is None and not os.listdir(work):
            time.sleep(0.001)
        time.sleep(0.005 * attempt)
        process.send_signal(number)
        _, error = process.communicate()
        assert process.returncode in (0, 130), error
        if process.returncode == 130:
            interrupted += 1
            assert error.splitlines()[0].startswith("tieconv: "), error
            assert os.listdir(work) == []
        else:
            assert os.listdir(work) == ["out"]
            models_remove(work / "out")
    assert interrupted, "every run was over before the signal came"
    tieconv.succeeds("tie", source, "-o", work / "out")


def models_remove(folder):
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
