"""Memory is bounded by a block, not by a tensor, still less by a checkpoint."""

import os
import subprocess
import sys

import models

MIB = 1 << 20
# A run of 2 GB would write 2 GB; where the disk has less to spare, the sizes shrink with it.
TOTAL = 2 << 30


# A child counts the memory of the process that it was forked from, and a test process may be large:
# a small one starts the child and asks.
METER = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(done.returncode, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def peak(tieconv, *arguments, status=(0,)):
    """The greatest resident size of one run in bytes."""
    meter = subprocess.run(
        [sys.executable, "-I", "-S", "-c", METER, *tieconv.command(*arguments)],
        capture_output=True, text=True, check=True)
    code, kilobytes = map(int, meter.stdout.split())
    assert code in status, meter.stderr
    return kilobytes * 1024


def sparse(folder, total):
    folder.mkdir()
    rows = total // 4 // (2 * 4096)
    matrix = ("BF16", [rows, 4096])
    models.write_sparse(folder / "model.safetensors", {
        "lm_head.weight": matrix, "model.embed_tokens.weight": matrix,
        "model.layers.0.mlp.up_proj.weight": matrix,
        "model.layers.0.mlp.down_proj.weight": ("BF16", [4096, rows])})
    (folder / "config.json").write_text(models.llama_config(rows, 4096, tied=False))
    return folder


def test_peak_of_a_two_gigabyte_checkpoint(tieconv, tmp_path):
    free = os.statvfs(tmp_path)
    total = TOTAL if free.f_bavail * free.f_frsize > 4 * TOTAL else TOTAL // 8
    model = sparse(tmp_path / "in", total)
    peaks = {
        "inspect": peak(tieconv, "inspect", model),
        "tie": peak(tieconv, "tie", model, "-o", tmp_path / "tied"),
        "untie": peak(tieconv, "untie", tmp_path / "tied", "-o", tmp_path / "untied"),
        "verify": peak(tieconv, "verify", model, "--finite", status=(0, 1)),
        "verify two": peak(tieconv, "verify", model, tmp_path / "tied"),
    }
    print({name: f"{bytes_ / MIB:.0f} MiB" for name, bytes_ in peaks.items()})
    assert {name: bytes_ for name, bytes_ in peaks.items() if bytes_ > 128 * MIB} == {}


def test_peak_of_a_conversion(tieconv, tmp_path):
    """Every worker holds some blocks, and the number of workers is bounded."""
    model = sparse(tmp_path / "in", TOTAL // 2)
    used = peak(
        tieconv, "convert", model, "-o", tmp_path / "out", "--to", "safetensors", "--dtype", "f16",
        "--threads", "64")
    print(f"{used / MIB:.0f} MiB")
    assert used < 256 * MIB


def test_peak_of_wide_rows(tieconv, tmp_path):
    """Two rows of half a gigabyte each, which differ."""
    for name, place in [("one", None), ("other", 700_000_000)]:
        folder = tmp_path / name
        folder.mkdir()
        tensors = {"model.embed_tokens.weight": ("BF16", [2, 1 << 28]),
                   "lm_head.weight": ("BF16", [1 << 28, 2])}
        models.write_sparse(folder / "model.safetensors", tensors)
        (folder / "config.json").write_text(models.llama_config(2, 1 << 28, tied=False))
        if place:
            with open(folder / "model.safetensors", "r+b") as file:
                file.seek(place)
                file.write(b"\x01")
    assert peak(tieconv, "inspect", tmp_path / "one", status=(0, 1)) < 128 * MIB
    assert peak(tieconv, "verify", tmp_path / "one", tmp_path / "other", status=(1,)) < 128 * MIB


def test_peak_of_a_hundred_thousand_tensors(tieconv, tmp_path):
    shards = {}
    for shard in range(200):
        name = f"model-{shard + 1:05}-of-00200.safetensors"
        shards[name] = {
            f"model.layers.{shard}.mlp.experts.{n}.up_proj.weight": ("BF16", [8, 8])
            for n in range(500)}
    shards["model-00001-of-00200.safetensors"]["model.embed_tokens.weight"] = ("BF16", [64, 8])
    total = sum(models.write_sparse(tmp_path / name, tensors) for name, tensors in shards.items())
    models.write_index(tmp_path, shards, total)
    (tmp_path / "config.json").write_text(models.llama_config(64, 8, tied=True))
    used = peak(tieconv, "inspect", tmp_path, "--no-compare")
    print(f"{used / MIB:.0f} MiB")
    assert used < 150 * MIB


def test_deep_and_wide_json_takes_no_more_than_its_size_suggests(tieconv, tmp_path):
    models.single(tmp_path / "in", 64, 8)
    config = tmp_path / "in" / "config.json"
    for text in ["[" * 10_000_000, '{"a":' * 2_000_000, "[" + "0," * 4_000_000 + "0]",
                 '{"a":[' + "{}," * 2_000_000 + "{}]}"]:
        config.write_text(text)
        used = peak(tieconv, "inspect", tmp_path / "in", "--no-compare", status=(0, 1, 2))
        print(f"{used / MIB:.0f} MiB for {len(text) / MIB:.0f} MiB of {text[:8]}")
        assert used < 64 * MIB + 16 * len(text), f"{used / MIB:.0f} MiB for {len(text)} bytes"
