"""The commands that write checkpoints, each with an input, and what it makes of that undisturbed."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import models


@dataclass(frozen=True)
class Operation:
    """A command, the input of it, and the kind of its output."""

    name: str
    command: tuple[str, ...]
    source: str
    result: str
    is_file: bool = False

    def arguments(self, source, destination, *flags) -> list:
        return [self.command[0], source, "-o", destination, *self.command[1:], *flags]


OPERATIONS = [
    Operation("tie", ("tie",), "untied", "tied"),
    Operation("untie", ("untie",), "tied", "untied-again"),
    Operation("to-gguf", ("convert", "--to", "gguf"), "model", "model.gguf", True),
    Operation("from-gguf", ("convert", "--to", "safetensors"), "model.gguf", "model-again"),
    Operation("compress", ("compress",), "model", "model.tiepack", True),
    Operation("decompress", ("decompress",), "model.tiepack", "model-unpacked"),
]
# Of more than two blocks that are written past the page cache; none that prepare() makes.
LARGE = Operation("compress-large", ("compress",), "large", "large.tiepack", True)
BY_NAME = {operation.name: operation for operation in OPERATIONS}


def prepare(tieconv, home: Path, rows: int, columns: int, width: int) -> Path:
    """Makes every input and every result in `home`: a sharded model of rows × columns, and one with
    a tokenizer whose layers are `width` wide."""
    models.sharded(home / "untied", rows, columns)
    models.convertible(home / "model", width)
    for operation in OPERATIONS:
        tieconv.succeeds(*operation.arguments(home / operation.source, home / operation.result))
    assert models.digest(home / "untied") == models.digest(home / "untied-again")
    assert models.digest(home / "model") == models.digest(home / "model-unpacked")
    return home


def old_state(operation: Operation, destination: Path) -> str:
    """Puts something older in the place of the output."""
    remove(destination)
    if operation.is_file:
        destination.write_bytes(b"old" * 1000)
    else:
        destination.mkdir()
        (destination / "config.json").write_text("{}")
        (destination / "model.safetensors").write_bytes(b"old" * 1000)
    return models.digest(destination)


def remove(destination: Path) -> None:
    """Removes a destination, as a person would before the next try; never what lies beside it."""
    if destination.is_dir():
        shutil.rmtree(destination)
    else:
        destination.unlink(missing_ok=True)


def copied(source: Path, destination: Path) -> Path:
    """A copy of an input, be it file or folder."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copytree(source, destination) if source.is_dir()
                else shutil.copy(source, destination))
