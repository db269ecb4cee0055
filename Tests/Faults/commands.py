"""The command under test, and what must hold however it ends."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Tieconv:
    """The command, one process per call."""

    binary: Path

    def command(self, *arguments) -> list[str]:
        return [str(self.binary), *map(str, arguments)]

    def run(self, *arguments, env=None, cwd=None, prefix=(), timeout=120):
        return subprocess.run(
            [*prefix, *self.command(*arguments)], capture_output=True, text=True, timeout=timeout,
            env=None if env is None else os.environ | env, cwd=cwd, check=False)

    def start(self, *arguments, env=None) -> subprocess.Popen:
        return subprocess.Popen(
            self.command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=None if env is None else os.environ | env)

    def succeeds(self, *arguments, **keywords):
        done = self.run(*arguments, **keywords)
        assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stderr}"
        return done

    def fails(self, code: str | None, *arguments, status=2, **keywords):
        """Runs with --json, and checks exit status, error code and the one line on stderr."""
        done = self.run(*arguments, "--json", **keywords)
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stderr}"
        assert_one_error_line(done.stderr)
        error = json.loads(done.stdout)["error"]
        assert code is None or error["code"] == code, error
        return error


def assert_one_error_line(stderr: str) -> None:
    lines = stderr.splitlines()
    assert lines and lines[0].startswith("tieconv: "), stderr
    assert all(line.startswith("hint: ") for line in lines[1:]) and len(lines) <= 2, stderr
