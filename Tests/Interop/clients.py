"""What real clients say of a checkpoint: transformers' loading report and logits, safe_open."""

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open

from architectures import Architecture
from variants import INDEX


@dataclass(frozen=True)
class Loaded:
    """The loading report and the full logits."""

    missing: set
    unexpected: set
    mismatched: set
    logits: torch.Tensor

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.unexpected or self.mismatched)


def load(directory: Path, architecture: Architecture) -> Loaded:
    """Loads with transformers as a user does and runs the model once."""
    torch.manual_seed(99)
    model, report = architecture.model_class.from_pretrained(directory, output_loading_info=True)
    model.eval()
    with torch.no_grad():
        # Weights loaded through mmap sit at the file's alignment, and a matrix product's last bit
        # may depend on alignment; fresh copies take that out of the comparison.
        for parameter in model.parameters():
            parameter.data = parameter.data.clone()
        logits = model(**architecture.batch()).logits
    return Loaded(
        set(report["missing_keys"]), set(report["unexpected_keys"]),
        set(report["mismatched_keys"]), logits)


def stored_tensors(directory: Path) -> dict:
    """Name → file, as safe_open reads every `.safetensors`; every tensor's data is touched."""
    names = {}
    for path in sorted(directory.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            for name in file.keys():
                assert name not in names, f"{name} is in two files"
                file.get_tensor(name)
                names[name] = path.name
    return names


def check_index(directory: Path) -> None:
    """The index and the shards say the same, in both directions, sizes included."""
    path = directory / INDEX
    stored = stored_tensors(directory)
    if not path.exists():
        assert set(stored.values()) == {"model.safetensors"}
        return
    index = json.loads(path.read_text())
    assert index["weight_map"] == stored
    total = 0
    for name in set(stored.values()):
        with safe_open(directory / name, "pt") as file:
            for key in file.keys():
                tensor = file.get_tensor(key)
                total += tensor.numel() * tensor.element_size()
    assert index["metadata"]["total_size"] == total
    count = len(set(stored.values()))
    expected = {f"model-{i:05d}-of-{count:05d}.safetensors" for i in range(1, count + 1)}
    assert set(stored.values()) in (expected, {"model.safetensors"})
