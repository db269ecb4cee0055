"""Saves one tiny model in every state that a tied pair can be in on disk.

Names on disk are never written down here: they come from what transformers itself saves. The head
is the tensor that changes when only the output embedding changes, and the tied extras are what an
untied save holds beyond a tied one.
"""

import json
import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from huggingface_hub import split_torch_state_dict_into_shards
from safetensors.torch import load_file, save_file

from architectures import BY_NAME, Architecture

INDEX = "model.safetensors.index.json"
# Files that a release carries and no tensor tool may touch; one sits in a subfolder.
CARRIED = {
    "README.md": b"---\nlicense: apache-2.0\n---\nA tiny model.\r\n",
    "tokenizer_config.json": b'{"model_max_length": 1000000000000000019884624838656}',
    "original/params.json": b'{"norm_eps": 1e-05}\n',
}


@dataclass(frozen=True)
class Variant:
    """What the flag says and what is stored of the head."""

    name: str
    flag: bool | None
    head: str
    verdict: str
    forced_verdicts: tuple[str, ...]


VARIANTS = [
    Variant("tied", True, "absent", "TIED", ("TIED",)),
    Variant("duplicate", True, "equal", "TIED_DUPLICATE", ("TIED_DUPLICATE",)),
    Variant("conflict", True, "changed", "TIED_CONFLICT", ("TIED_CONFLICT",)),
    Variant("untied_equal", False, "equal", "UNTIED_EQUAL", ("UNTIED_EQUAL", "TIED_DUPLICATE")),
    Variant("untied", False, "changed", "UNTIED", ("UNTIED",)),
    Variant("head_missing", False, "absent", "HEAD_MISSING", ("TIED",)),
    # As save_pretrained writes a model whose configuration nobody touched.
    Variant("default", None, "default", "", ("TIED",)),
]
VARIANT_BY_NAME = {variant.name: variant for variant in VARIANTS}
CLEAN = {"TIED", "UNTIED", "UNTIED_EQUAL", "NO_HEAD"}


@dataclass(frozen=True)
class Material:
    """Everything that the variants of one architecture are put together from."""

    tied: dict
    tied_config: str
    untied_config: str
    extras: dict
    changed_head: torch.Tensor
    head: str
    embedding: str
    metadata: dict


@lru_cache(maxsize=None)
def material(name: str) -> Material:
    """Saves the architecture tied, untied-and-equal, and with another head, and compares."""
    architecture = BY_NAME[name]
    tied_model = architecture.build(tied=True)
    tied, tied_config = _saved(tied_model)
    embedding = _name_of(tied_model.get_input_embeddings().weight, tied)
    if architecture.flag_is_forced:
        # No flag unties this class, so the extras are written under the names of its own map.
        extras = {
            target: tied[source].clone()
            for target, source in tied_model.all_tied_weights_keys.items()
        }
        head = "lm_head.weight"
        untied_config = _as_published_v1_1(tied_config)
        changed_head = _changed(extras[head])
        return Material(tied, tied_config, untied_config, extras, changed_head, head, embedding,
                        {"format": "pt"})
    untied_model = architecture.build(tied=False)
    with torch.no_grad():
        untied_model.load_state_dict(tied_model.state_dict())
        equal, untied_config = _saved(untied_model)
        weight = untied_model.get_output_embeddings().weight
        weight.copy_(_changed(weight))
        changed, _ = _saved(untied_model)
    (head,) = [key for key in equal if not torch.equal(equal[key], changed[key])]
    extras = {key: equal[key] for key in equal.keys() - tied.keys()}
    return Material(tied, tied_config, untied_config, extras, changed[head], head, embedding,
                    {"format": "pt"})


def write(architecture: Architecture, variant: Variant, layout: str, directory: Path) -> Path:
    """Writes one checkpoint directory and returns it; `layout` is `single` or `sharded`."""
    directory.mkdir(parents=True)
    if variant.head == "default":
        limit = "12KB" if layout == "sharded" else "50GB"
        architecture.build().save_pretrained(directory, max_shard_size=limit)
    else:
        source = material(architecture.name)
        write_tensors(_tensors(source, variant), source.metadata, layout, directory)
        config = source.tied_config if variant.flag else source.untied_config
        (directory / "config.json").write_text(config)
    for name, content in CARRIED.items():
        (directory / name).parent.mkdir(exist_ok=True)
        (directory / name).write_bytes(content)
    return directory


def write_tensors(tensors: dict, metadata: dict, layout: str, directory: Path) -> None:
    """One `model.safetensors`, or shards with an index as the reference tools split them."""
    if layout == "single":
        save_file(tensors, directory / "model.safetensors", metadata)
        return
    split = split_torch_state_dict_into_shards(
        tensors, filename_pattern="model{suffix}.safetensors", max_shard_size=12_000)
    assert split.is_sharded
    for file, names in split.filename_to_tensors.items():
        save_file({name: tensors[name] for name in names}, directory / file, metadata)
    index = {
        "metadata": {"total_parameters": sum(t.numel() for t in tensors.values()),
                     **split.metadata},
        "weight_map": split.tensor_to_filename,
    }
    (directory / INDEX).write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def set_flag(directory: Path, outer: bool | None, inner: bool | None = None) -> None:
    """Rewrites the flag at both levels; None removes it."""
    path = directory / "config.json"
    config = json.loads(path.read_text())
    for level, value in ((config, outer), (config.get("text_config"), inner)):
        if level is None:
            continue
        level.pop("tie_word_embeddings", None)
        if value is not None:
            level["tie_word_embeddings"] = value
    path.write_text(json.dumps(config, indent=2))


def snapshot(directory: Path) -> dict:
    """Every file below the directory with its bytes."""
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in sorted(directory.rglob("*")) if path.is_file()
    }


def _tensors(source: Material, variant: Variant) -> dict:
    tensors = dict(source.tied)
    if variant.head != "absent":
        tensors.update({key: value.clone() for key, value in source.extras.items()})
    if variant.head == "changed":
        tensors[source.head] = source.changed_head.clone()
    return tensors


def _saved(model) -> tuple[dict, str]:
    with TemporaryDirectory() as directory:
        model.save_pretrained(directory)
        tensors = load_file(Path(directory, "model.safetensors"))
        # Loaded tensors may be views of the file, which is about to go.
        tensors = {key: value.clone() for key, value in tensors.items()}
        return tensors, Path(directory, "config.json").read_text()


def _changed(head: torch.Tensor) -> torch.Tensor:
    generator = torch.Generator().manual_seed(3)
    return head.detach() + 0.05 * torch.randn(head.shape, generator=generator)


def _name_of(weight: torch.Tensor, tensors: dict) -> str:
    (name,) = [key for key, value in tensors.items() if torch.equal(value, weight)]
    return name


def _as_published_v1_1(config: str) -> str:
    """T5 1.1 as published: the flag false, and not yet the key that transformers 5 adds for it."""
    fields = json.loads(config)
    fields.pop("scale_decoder_outputs", None)
    fields["tie_word_embeddings"] = False
    return json.dumps(fields, indent=2) + "\n"


def copy(source: Path, destination: Path) -> Path:
    """A copy of a checkpoint that a test may change."""
    return Path(shutil.copytree(source, destination))
