# The public-domain text the demo model learns from, taken out of the Debian packages `bible-kjv`
# (the reader program) and `bible-kjv-text` (the King James Version, 1611, copyright expired).
# The text is laid out one verse a line without references, a blank line between chapters.

import os
import pathlib
import re
import subprocess
import tempfile

PACKAGES = ("bible-kjv", "bible-kjv-text")
# Whole short books, so that no held-out sentence has its neighbours in the training part.
HELD_OUT_BOOKS = ("Ruth", "Est", "Jonah")
_VERSE = re.compile(r"^(\d?[A-Za-z]+)(\d+):(\d+) (.*)$")


def fetch_verses() -> list[str]:
    """Downloads and unpacks the packages into a temporary folder; nothing gets installed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        for package in PACKAGES:
            subprocess.run(["apt-get", "download", package], cwd=folder, check=True)
        for archive in sorted(pathlib.Path(folder).glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", archive, folder], check=True)
        # `-f` switches pretty-printing off: one verse a line after its reference.
        answer = subprocess.run(
            [f"{folder}/usr/bin/bible", "-p", f"{folder}/usr/lib", "-f", "Gen1:1-Rev22:21"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
    return answer.stdout.decode("ascii").splitlines()


def split_text(verses: list[str]) -> tuple[str, str]:
    """Returns (training text, held-out text)."""
    parts = {False: [], True: []}
    last = {False: None, True: None}
    for line in verses:
        match = _VERSE.match(line)
        if match is None:
            raise ValueError(f"not a verse: {line!r}")
        book, chapter, _, text = match.groups()
        held_out = book in HELD_OUT_BOOKS
        if last[held_out] not in (None, (book, chapter)):
            parts[held_out].append("")
        last[held_out] = (book, chapter)
        parts[held_out].append(text)
    return "\n".join(parts[False]) + "\n", "\n".join(parts[True]) + "\n"
