"""`compress` and `decompress` as a user runs them, and the container as an independent reader sees it.

The reader, testdata/generators/read_tiepack.py, was written from FORMAT.md alone.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cases import CASES
from variants import snapshot

ROOT = Path(__file__).resolve().parents[2]
READER = ROOT / "testdata/generators/read_tiepack.py"
DEMO = ROOT / "testdata/demo-model"
FOLDERS = sorted(path for path in (ROOT / "testdata/verdicts").iterdir() if path.is_dir())

pytest.importorskip("zstandard")


def read(*arguments):
    """The independent reader, one process."""
    return subprocess.run([sys.executable, READER, *map(str, arguments)], capture_output=True,
                          text=True, check=False)


def contents(folder):
    return {path.relative_to(folder): (path.read_bytes(), path.stat().st_mode)
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("codec", ["zstd", "zlib"])
def test_both_readers_restore_the_demo_model(codec, tieconv, tmp_path):
    packed = tmp_path / "demo.tiepack"
    report = tieconv.json("compress", DEMO, "-o", packed, "--codec", codec)
    assert report["verified"] is True and report["output_bytes"] == packed.stat().st_size
    assert report["ratio"] == pytest.approx(report["output_bytes"] / report["input_bytes"])
    done = read(packed, tmp_path / "python")
    assert done.returncode == 0, done.stderr
    tieconv.json("decompress", packed, "-o", tmp_path / "swift")
    expected = contents(DEMO)
    assert contents(tmp_path / "python") == expected
    assert contents(tmp_path / "swift") == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["demo.tiepack", "python", "swift"]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_verdict_is_the_same_from_a_container(folder, tieconv, tmp_path):
    packed = tmp_path / "a.tiepack"
    if tieconv.run("compress", folder, "-o", packed).returncode != 0:
        # What cannot be opened cannot be packed, and leaves nothing.
        assert tieconv.run("inspect", folder).returncode == 2 and not list(tmp_path.iterdir())
        return
    plain, other = (tieconv.run("inspect", path, "--json") for path in (folder, packed))
    assert plain.returncode == other.returncode
    one, two = json.loads(plain.stdout), json.loads(other.stdout)
    assert (one["verdict"], one["bytes"], one["parameters"], one["tie_groups"]) == (
        two["verdict"], two["bytes"], two["parameters"], two["tie_groups"])
    tieconv.json("decompress", packed, "-o", tmp_path / "out")
    assert contents(tmp_path / "out") == contents(folder)
    assert read(packed).returncode == 0


@pytest.mark.parametrize("name, variant, layout", CASES[::9])
def test_tie_from_a_container_is_tie_from_the_folder(
        name, variant, layout, tieconv, checkpoint, tmp_path):
    source, packed = checkpoint(name, variant, layout), tmp_path / "a.tiepack"
    tieconv.json("compress", source, "-o", packed)
    codes = [tieconv.run("tie", path, "-o", tmp_path / out).returncode
             for path, out in ((source, "plain"), (packed, "packed"))]
    assert codes[0] == codes[1]
    assert tieconv.json("verify", source, packed)["equal"] is True
    if codes[0] == 0:
        assert snapshot(tmp_path / "plain") == snapshot(tmp_path / "packed")


def test_a_fine_tune_needs_its_base(tieconv, tmp_path):
    tuned = tmp_path / "tuned"
    tuned.mkdir()
    for path in DEMO.iterdir():
        data = bytearray(path.read_bytes())
        if path.suffix == ".safetensors":
            for place in range(len(data) // 2, len(data), 997):
                data[place] ^= 1
        (tuned / path.name).write_bytes(data)
    packed = tmp_path / "tuned.tiepack"
    alone = tieconv.json("compress", tuned, "-o", packed)["output_bytes"]
    report = tieconv.json("compress", tuned, "-o", packed, "--base", DEMO, "--force")
    assert report["output_bytes"] < alone / 2
    error = tieconv.json("decompress", packed, "-o", tmp_path / "out", exit_status=2)["error"]
    assert error["code"] == "wrongBase" and "--base" in error["hint"]
    error = tieconv.json(
        "decompress", packed, "-o", tmp_path / "out", "--base", tuned, exit_status=2)["error"]
    assert error["code"] == "wrongBase" and not (tmp_path / "out").exists()
    tieconv.json("decompress", packed, "-o", tmp_path / "out", "--base", DEMO)
    assert {k: v[0] for k, v in contents(tmp_path / "out").items()} == {
        k: v[0] for k, v in contents(tuned).items()}
    bases = [word for path in sorted(DEMO.glob("*.safetensors")) for word in ("--base", path)]
    done = read(packed, tmp_path / "python", *bases)
    assert done.returncode == 0, done.stderr
    assert {k: v[0] for k, v in contents(tmp_path / "python").items()} == {
        k: v[0] for k, v in contents(tuned).items()}


def test_both_readers_refuse_damage(tieconv, tmp_path):
    packed = tmp_path / "demo.tiepack"
    tieconv.json("compress", DEMO, "-o", packed)
    whole = packed.read_bytes()
    for place in range(16, len(whole), len(whole) // 40):
        packed.write_bytes(whole[:place] + bytes([whole[place] ^ 16]) + whole[place + 1:])
        done = tieconv.run("decompress", packed, "-o", tmp_path / "out")
        assert done.returncode == 2 and done.stderr.count("tieconv:") == 1
        assert tieconv.run("verify", packed).returncode == 2
        assert not (tmp_path / "out").exists()
        assert read(packed).returncode == 1


def test_an_interrupted_run_leaves_nothing(tieconv, tmp_path):
    source = tmp_path / "in.safetensors"
    header = json.dumps({"w": {"dtype": "BF16", "shape": [1 << 27], "data_offsets": [0, 1 << 28]}})
    with open(source, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header.encode())
        for _ in range(256):
            file.write(os.urandom(1 << 20))
    with subprocess.Popen([tieconv.binary, "compress", source, "-o", tmp_path / "a.tiepack"],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        # Not before there is something to clean up: the handlers are set by then.
        while process.poll() is None and not any(tmp_path.glob(".*.partial")):
            time.sleep(0.001)
        process.send_signal(signal.SIGINT)
        process.communicate()
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["in.safetensors"]
