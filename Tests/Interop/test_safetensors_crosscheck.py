"""What safetensors' own reader refuses, tieconv refuses; what is valid, both accept."""

import json
import random
import struct

import pytest
from safetensors import SafetensorError, safe_open

from conftest import ROOT

VALID = sorted((ROOT / "testdata/valid").rglob("*.safetensors"))
INVALID = sorted((ROOT / "testdata/invalid").rglob("*.safetensors"))
MUTANTS = 300


def _reference_accepts(path) -> bool:
    try:
        with safe_open(path, "np") as file:
            file.keys()
        return True
    # OSError: the reference reports a file too short to map this way.
    except (SafetensorError, OSError):
        return False


def _refused(done) -> bool:
    """Exit 2 with one line that begins as promised (a hint may follow)."""
    lines = done.stderr.splitlines()
    talk = [line for line in lines if not line.startswith("hint: ")]
    return done.returncode == 2 and len(talk) == 1 and talk[0].startswith("tieconv: ")


def _id(path):
    return path.relative_to(ROOT / "testdata").as_posix()


def test_the_corpora_are_there():
    assert VALID and INVALID


@pytest.mark.parametrize("path", VALID, ids=_id)
def test_valid_files_are_accepted_by_both(path, tieconv):
    assert _reference_accepts(path)
    done = tieconv.run("verify", path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", INVALID, ids=_id)
def test_nothing_that_the_reference_refuses_is_accepted(path, tieconv):
    # A file that the reference accepts may stand in this corpus too: its fault is then in the index
    # or config beside it, or is one of the few that tieconv is stricter about.
    if not _reference_accepts(path):
        done = tieconv.run("verify", path)
        assert _refused(done), f"exit {done.returncode}: {done.stderr}"


def _sample(choose: random.Random) -> tuple[dict, bytes]:
    header, offset = {"__metadata__": {"format": "pt"}}, 0
    for index in range(choose.randrange(1, 5)):
        dtype, size = choose.choice([("F32", 4), ("BF16", 2), ("U8", 1), ("I64", 8), ("BOOL", 1)])
        shape = [choose.randrange(0, 4) for _ in range(choose.randrange(0, 4))]
        length = size
        for dimension in shape:
            length *= dimension
        header[f"t{index}"] = {
            "dtype": dtype, "shape": shape, "data_offsets": [offset, offset + length]}
        offset += length
    return header, bytes(choose.randrange(256) for _ in range(offset))


def _mutate(choose: random.Random, header: dict, data: bytes) -> bytes:
    """One fault of a random kind; some kinds turn out harmless, which is the point."""
    name = choose.choice([key for key in header if key != "__metadata__"])
    entry, kind = header[name], choose.randrange(10)
    huge = choose.choice([0, 1, 2**31, 2**32, 2**61, 2**63, 2**64 - 1, 2**64, -1, 1.5, "2", None])
    if kind == 0:
        entry["shape"] = [*entry["shape"], huge]
    elif kind == 1:
        entry["data_offsets"] = [choose.choice([huge, 0]), choose.choice([huge, len(data)])]
    elif kind == 2:
        entry["dtype"] = choose.choice(["F33", "f32", "F4", "F8_E4M3", "C64", "", None, {"I8": None}])
    elif kind == 3:
        header["__metadata__"] = choose.choice([{"a": 1}, [], None, {"a": None}, "x", {}])
    elif kind == 4:
        del entry[choose.choice(list(entry))]
    elif kind == 5:
        header["extra"] = dict(entry)
    elif kind == 6:
        data = data[:-1] if data and choose.random() < 0.5 else data + b"\0"
    text = json.dumps(header, separators=(",", ":")).encode()
    if kind == 7:
        position = choose.randrange(len(text))
        text = text[:position] + bytes([choose.randrange(256)]) + text[position + 1:]
    text += b" " * (-len(text) % 8)
    length = len(text)
    if kind == 8:
        length = choose.choice([0, 1, length - 1, length + 1, 2**31, 2**63, 2**64 - 1, 100_000_001])
    whole = struct.pack("<Q", length) + text + data
    return whole[:choose.randrange(len(whole))] if kind == 9 else whole


@pytest.mark.parametrize("block", range(10))
def test_mutants_that_the_reference_refuses_are_refused(block, tieconv, tmp_path):
    refused = 0
    for seed in range(block * MUTANTS // 10, (block + 1) * MUTANTS // 10):
        choose = random.Random(seed)
        path = tmp_path / f"{seed}.safetensors"
        path.write_bytes(_mutate(choose, *_sample(choose)))
        if not _reference_accepts(path):
            refused += 1
            done = tieconv.run("verify", path)
            assert _refused(done), f"seed {seed}: exit {done.returncode}: {done.stderr}"
    assert refused > 5
