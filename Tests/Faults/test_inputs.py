"""Inputs that are no plain files, or change under the reader's eyes."""

import os
import shutil
import threading
import time

import pytest

import models

MATRIX = ("BF16", [64, 8])


@pytest.mark.parametrize("command", [["inspect"], ["verify"], ["tie", "-o", "out"]])
@pytest.mark.parametrize("kind, code", [
    ("empty folder", "notAModel"), ("fifo", "unreadable"), ("/dev/zero", "unreadable"),
    ("/dev/null", "unreadable"), ("loop", "unreadable"), ("dangling", "notFound"),
    ("sparse terabyte", "headerTooLarge|invalidHeaderSyntax"), ("fifo inside", "unreadable"),
    ("fifo as config", "unreadable"), ("folder as weights", "unreadable"),
    ("link out", "unsafePath"), ("link to a device", "unsafePath")])
def test_special_inputs(tieconv, tmp_path, kind, code, command):
    path = special(kind, tmp_path)
    started = time.monotonic()
    done = tieconv.run(command[0], path, *command[1:], "--json", cwd=tmp_path, timeout=20)
    assert done.returncode == 2, done.stdout + done.stderr
    assert any(f'"{name}"' in done.stdout for name in code.split("|")), done.stdout
    assert time.monotonic() - started < 10
    assert not (tmp_path / "out").exists()


def special(kind, home):
    path = home / "in"
    match kind:
        case "fifo": os.mkfifo(path)
        case "/dev/zero" | "/dev/null": return kind
        case "loop": path.symlink_to("in")
        case "dangling": path.symlink_to("nowhere")
        case "sparse terabyte":
            with open(path, "wb") as file:
                file.truncate(1 << 40)
        case "empty folder": path.mkdir()
        case _:
            models.single(path, 64, 8)
    match kind:
        case "fifo inside": os.mkfifo(path / "notes.txt")
        case "fifo as config":
            (path / "config.json").unlink()
            os.mkfifo(path / "config.json")
        case "folder as weights":
            (path / "model.safetensors").unlink()
            (path / "model.safetensors").mkdir()
        case "link out":
            (home / "secret").write_text("secret")
            (path / "notes.txt").symlink_to("../secret")
        case "link to a device": (path / "notes.txt").symlink_to("/dev/zero")
    return path


def test_sparse_terabyte_model_is_inspected_by_its_header(tieconv, tmp_path):
    rows = 1 << 26
    models.write_sparse(tmp_path / "model.safetensors", {
        "model.embed_tokens.weight": ("BF16", [rows, 4096]),
        "lm_head.weight": ("BF16", [rows, 4096])})
    (tmp_path / "config.json").write_text(models.llama_config(rows, 4096, tied=False))
    done = tieconv.run("inspect", tmp_path, "--no-compare", "--json", timeout=20)
    assert done.returncode in (0, 1), done.stderr


@pytest.fixture
def hub(tmp_path):
    """A hub cache: snapshots of links into blobs."""
    repository = tmp_path / "hub" / "models--org--name"
    plain = models.sharded(tmp_path / "plain", 64, 8)
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (repository / "blobs").mkdir()
    for number, file in enumerate(sorted(plain.iterdir())):
        blob = repository / "blobs" / f"{number:064x}"
        shutil.copy(file, blob)
        (snapshot / file.name).symlink_to(f"../../blobs/{blob.name}")
    return snapshot, plain


def test_hub_cache_is_an_input_and_output_has_plain_files(tieconv, hub, tmp_path):
    snapshot, plain = hub
    for command in ["inspect", "verify"]:
        tieconv.succeeds(command, snapshot)
    tieconv.succeeds("tie", snapshot, "-o", tmp_path / "tied")
    tieconv.succeeds("untie", tmp_path / "tied", "-o", tmp_path / "untied")
    for folder in ["tied", "untied"]:
        files = list((tmp_path / folder).iterdir())
        assert files and all(file.is_file() and not file.is_symlink() for file in files)
    assert models.digest(tmp_path / "untied") == models.digest(plain)


def test_hub_cache_link_beyond_the_blobs_is_refused(tieconv, hub, tmp_path):
    snapshot, _ = hub
    (tmp_path / "secret").write_text("secret")
    (snapshot / "notes.txt").symlink_to(tmp_path / "secret")
    tieconv.fails("unsafePath", "tie", snapshot, "-o", tmp_path / "out")


@pytest.mark.parametrize("change", ["truncate", "replace", "write"])
@pytest.mark.parametrize("command", ["tie", "untie", "inspect", "verify"])
def test_input_changes_while_it_is_read(tieconv, tmp_path, command, change):
    """Exit 2 or, where the change came too late to matter, the answer; never a signal."""
    model = tmp_path / "in"
    seen = set()
    for attempt in range(5):
        shutil.rmtree(model, ignore_errors=True)
        sparse_model(model, 1 << 13)
        arguments = [command, model]
        if "tie" in command:
            arguments += ["-o", tmp_path / "out", "--force"]
        if command == "verify":
            arguments.append("--finite")
        process = tieconv.start(*arguments)
        time.sleep(0.02 + 0.02 * attempt)
        alter(model / "model.safetensors", change)
        output, error = process.communicate(timeout=60)
        seen.add(process.returncode)
        assert process.returncode in (0, 1, 2), f"{process.returncode}\n{error}"
        if process.returncode == 2:
            assert len(error.splitlines()) <= 2 and "Fatal" not in error, error
        assert models.strays(tmp_path) == []
    if change == "truncate" and command != "inspect":
        assert 2 in seen, "no change came while the file was being read"


def sparse_model(folder, rows):
    folder.mkdir()
    matrix = ("BF16", [rows, 8192])
    models.write_sparse(folder / "model.safetensors", {
        "lm_head.weight": matrix, "model.embed_tokens.weight": matrix})
    (folder / "config.json").write_text(models.llama_config(rows, 8192, tied=False))


def alter(file, change):
    match change:
        case "truncate": os.truncate(file, 1 << 20)
        case "write":
            with open(file, "r+b") as handle:
                handle.seek(file.stat().st_size // 2)
                handle.write(b"changed")
        case "replace":
            other = file.with_name("other")
            other.write_bytes(b"another file")
            other.rename(file)
