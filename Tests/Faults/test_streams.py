"""Streams and threads: what scripts rely on."""

import json
import os
import pty
import subprocess

import pytest

import models


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return models.sharded(tmp_path_factory.mktemp("streams") / "in", 4096, 256)


@pytest.mark.parametrize("operation", ["tie", "untie"])
def test_output_does_not_depend_on_the_thread_count(tieconv, model, tmp_path, operation):
    source = model
    if operation == "untie":
        tieconv.succeeds("tie", model, "-o", tmp_path / "tied")
        source = tmp_path / "tied"
    digests = set()
    for threads in (1, 2, 8):
        out = tmp_path / f"out-{threads}"
        tieconv.succeeds(operation, source, "-o", out, "--threads", threads)
        digests.add(models.digest(out))
    assert len(digests) == 1


def test_reports_do_not_depend_on_the_thread_count(tieconv, model):
    reports = {tieconv.run("inspect", model, "--json", "--threads", n).stdout for n in (1, 2, 8)}
    assert len(reports) == 1


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["text", "json"])
def test_closed_pipe_is_success(tieconv, model, flags):
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        tieconv.command("inspect", model, *flags), stdout=write, stderr=subprocess.PIPE,
        text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_closed_pipe_after_one_line(tieconv, model):
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$0" inspect "$1" | head -1', tieconv.binary, model],
        capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("UNTIED_EQUAL")


def on_terminal(command, stream="stdout", **variables):
    """What a command writes to `stream`, which is a terminal."""
    leader, follower = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    process = subprocess.Popen(
        command, **({"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | {stream: follower}),
        env=environment | {"TERM": "xterm"} | variables)
    os.close(follower)
    output = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:
            break
        if not part:
            break
        output += part
    os.close(leader)
    process.wait()
    return output


def test_colour_on_a_terminal_alone_and_never_with_no_color(tieconv, model):
    command = tieconv.command("inspect", model)
    assert b"\x1b[" in on_terminal(command)
    assert b"\x1b[" not in on_terminal(command, NO_COLOR="1")
    assert b"\x1b[" not in on_terminal(command, TERM="dumb")
    assert "\x1b[" not in tieconv.run("inspect", model).stdout


def test_progress_is_drawn_on_a_terminal_that_can_draw_over_a_line(tieconv, model):
    command = tieconv.command("verify", model)
    assert on_terminal(command, "stderr").endswith(b"\r\x1b[K")
    assert on_terminal(command, "stderr", TERM="dumb") == b""
    assert on_terminal([*command, "--progress", "never"], "stderr") == b""
    assert on_terminal([*command, "--quiet"], "stderr") == b""
    assert "\x1b[K" in tieconv.run("verify", model, "--progress", "always").stderr


@pytest.mark.parametrize("command", ["inspect", "verify", "tie", "untie"])
def test_json_stands_alone_on_stdout(tieconv, model, tmp_path, command):
    arguments = [command, model] + (["-o", tmp_path / "out"] if "tie" in command else [])
    done = tieconv.succeeds(*arguments, "--json", "--progress", "always")
    assert isinstance(json.loads(done.stdout), dict)


def test_json_of_an_error_stands_alone_on_stdout(tieconv, tmp_path):
    error = tieconv.fails("notFound", "inspect", tmp_path / "nothing")
    assert set(error) == {"code", "file", "tensor", "offset", "message", "hint"}


def test_names_out_of_a_file_do_not_act_on_the_terminal(tieconv, tmp_path):
    models.write_file(tmp_path / "model.safetensors", {
        "\x1b[31mlm_head.weight": ("BF16", [64, 8]),
        "\x1b]0;x\x07.embed_tokens.weight": ("BF16", [64, 8]),
        "model.embed_tokens.weight": ("BF16", [64, 8]), "a\nb": ("BF16", [64, 8])}, {})
    (tmp_path / "config.json").write_text(
        models.llama_config(64, 8, False).replace("LlamaForCausalLM", "\\u001b[31mLlama"))
    for arguments in [("inspect",), ("verify",), ("verify", "--finite"), ("inspect", "--json")]:
        done = tieconv.run(arguments[0], tmp_path, *arguments[1:])
        assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize("arguments", [
    [], ["inspect"], ["frobnicate"], ["tie", "x"], ["inspect", "x", "--threads", "0"],
    ["tie", "x", "-o", "y", "--keep", "both"], ["inspect", "x", "--target", "nobody"]])
def test_wrong_command_line_is_64(tieconv, arguments):
    done = tieconv.run(*arguments)
    assert done.returncode == (64 if arguments else done.returncode)
    assert done.returncode in (0, 64)
