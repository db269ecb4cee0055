"""What the README shows as output is what the commands print."""

import re
import subprocess

from conftest import ROOT

CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_every_console_block_is_real(tieconv):
    blocks = CONSOLE.findall((ROOT / "README.md").read_text())
    assert blocks
    for block in blocks:
        command, expected = block.split("\n", 1)
        assert command.startswith("$ tieconv ")
        arguments = command.removeprefix("$ tieconv ").split()
        done = subprocess.run(
            [tieconv.binary, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.stdout == expected
