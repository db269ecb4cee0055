"""PyTorch files as torch.load(weights_only=True) reads them: tensor by tensor, and what it refuses."""

import json
import struct
import subprocess
import sys
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from architectures import BY_NAME
from conftest import ROOT
from pytorch_files import (
    EMBEDDING, FILES, HEAD, VOCABULARY, WIDTH, Model, every_dtype, matrix, optimizer_state, tied,
    training, views)

UNTYPED = ("uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz",
           "float8_e5m2fnuz", "float8_e8m0fnu", "float4_e2m1fn_x2")


def flattened(value, prefix=""):
    """The tensors of what was loaded, under the names that tieconv gives them."""
    if isinstance(value, torch.Tensor):
        return {prefix: value}
    entries = (value.items() if isinstance(value, dict)
               else enumerate(value) if isinstance(value, (list, tuple)) else ())
    found = {}
    for key, entry in entries:
        found |= flattened(entry, f"{prefix}.{key}" if prefix else str(key))
    return found


def check(tieconv, path, tmp_path, member=None):
    """`verify` against a safetensors file of what torch loads; the comparison must see differences."""
    loaded = torch.load(path, weights_only=True)
    tensors = {name: tensor.detach().contiguous().clone()
               for name, tensor in flattened(loaded[member] if member else loaded).items()}
    other = tmp_path / "loaded.safetensors"
    save_file(tensors, other)
    report = tieconv.json("verify", path, other)
    assert report["equal"] is True and report["tensors_compared"] == len(tensors)
    assert not report["checks"], "equal only after a cast"
    name = max(tensors, key=lambda name: tensors[name].nbytes)
    tensors[name].view(torch.uint8).view(-1)[-1] ^= 1
    save_file(tensors, other)
    report = tieconv.json("verify", path, other, exit_status=1)
    assert [difference["tensor"] for difference in report["differences"]] == [name]


@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("name", FILES)
def test_tensors_are_those_that_torch_loads(name, form, tieconv, tmp_path):
    saved = FILES[name]()
    if form == "legacy":
        # torch.load cannot read these types out of the older form itself.
        saved = {key: value for key, value in saved.items() if key not in UNTYPED}
    path = tmp_path / "model.bin"
    torch.save(saved, path, _use_new_zipfile_serialization=form == "zip")
    check(tieconv, path, tmp_path)


def test_a_deflated_archive_is_read(tieconv, tmp_path):
    path, deflated = tmp_path / "model.bin", tmp_path / "deflated.bin"
    tensors = tied() | {"zeros": torch.zeros(9 << 20, dtype=torch.uint8), "t": matrix(seed=3).t()}
    tensors["noise"] = torch.randint(0, 50, (12 << 20,), dtype=torch.uint8)
    torch.save(tensors, path)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(
            deflated, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    assert deflated.stat().st_size < path.stat().st_size
    assert tieconv.json("verify", path, deflated)["equal"] is True
    assert tieconv.json("verify", deflated)["checks"]
    check(tieconv, deflated, tmp_path)


def test_a_big_endian_archive_is_read(tieconv, tmp_path):
    path, swapped = tmp_path / "model.bin", tmp_path / "swapped.bin"
    dtypes = {key: value for key, value in every_dtype().items() if key not in UNTYPED}
    torch.save(dtypes | views(), path)
    torch.save(dtypes | views(), swapped)
    original = torch.load(path, weights_only=True)
    # What a big-endian machine writes: the same numbers, their bytes turned around.
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(swapped, "w") as target:
        for entry in source.infolist():
            data = source.read(entry)
            if entry.filename.endswith("byteorder"):
                data = b"big"
            target.writestr(entry.filename, data)
    turned = torch.load(swapped, weights_only=True)
    assert not torch.equal(turned["float32"], original["float32"])
    check(tieconv, swapped, tmp_path)


def test_the_byte_order_of_the_older_form_is_little_whoever_wrote_it(tieconv, tmp_path):
    path = tmp_path / "model.bin"
    torch.save(tied(), path, _use_new_zipfile_serialization=False)
    data = path.read_bytes()
    flag = b"little_endianq\x02\x88"
    assert flag in data
    path.write_bytes(data.replace(flag, flag[:-1] + b"\x89"))
    check(tieconv, path, tmp_path)


def test_an_archive_beyond_four_gigabytes_is_read(tieconv, tmp_path):
    """zip64 sizes and offsets; the writer is independent of both readers, and torch reads it too."""
    path = tmp_path / "large.bin"
    maker = ROOT / "Tests/Bench/pytorch.py"
    subprocess.run([sys.executable, maker, path, "5"], check=True)
    loaded = torch.load(path, weights_only=True, mmap=True)
    report = tieconv.json("inspect", path)
    assert report["verdict"] == "TIED" and report["tensors"] == len(loaded)
    stored = {tensor.untyped_storage().data_ptr(): tensor.nbytes for tensor in loaded.values()}
    assert report["bytes"]["stored"] == sum(stored.values()) > 4 << 30


# MARK: Verdicts


def folder(tmp_path, flag, state):
    path = tmp_path / "folder"
    path.mkdir()
    config = BY_NAME["llama"].configuration().to_dict()
    config |= {"architectures": ["LlamaForCausalLM"], "model_type": "llama",
               "vocab_size": VOCABULARY, "hidden_size": WIDTH}
    config.pop("tie_word_embeddings", None)
    if flag is not None:
        config["tie_word_embeddings"] = flag
    (path / "config.json").write_text(json.dumps(config))
    torch.save(state, path / "pytorch_model.bin")
    return path


@pytest.mark.parametrize("name, flag, verdict, reclaimable", [
    ("tied", True, "TIED", 0), ("tied", None, "UNTIED_EQUAL", 0), ("tied", False, "UNTIED_EQUAL", 0),
    ("cloned", True, "TIED_DUPLICATE", 4 * VOCABULARY * WIDTH),
    ("cloned", False, "UNTIED_EQUAL", 4 * VOCABULARY * WIDTH),
    ("untied", True, "TIED_CONFLICT", 0), ("untied", False, "UNTIED", 0),
])
def test_verdicts_count_a_shared_storage_once(
        name, flag, verdict, reclaimable, tieconv, tmp_path):
    path = folder(tmp_path, flag, FILES[name]())
    done = tieconv.run("inspect", path, "--json")
    report = json.loads(done.stdout)
    sound = verdict in ("TIED", "UNTIED", "UNTIED_EQUAL")
    assert (report["verdict"], done.returncode) == (verdict, 0 if sound else 1)
    assert report["format"] == "pytorch" and report["bytes"]["reclaimable"] == reclaimable
    count = VOCABULARY * WIDTH * (1 if name == "tied" else 2)
    assert report["parameters"]["stored"] == count and report["bytes"]["stored"] == 4 * count
    shares = [problem for problem in report["problems"] if problem["code"] == "sharedStorage"]
    assert len(shares) == (name == "tied")
    if verdict == "TIED":
        tieconv.json("tie", path, "-o", tmp_path / "copy")
        assert tieconv.json("verify", path, tmp_path / "copy")["equal"] is True
    elif verdict in ("TIED_DUPLICATE", "UNTIED_EQUAL"):
        done = tieconv.run("tie", path, "-o", tmp_path / "out")
        assert done.returncode == 2 and "tieconv convert" in done.stderr
        assert not (tmp_path / "out").exists()


def test_a_lone_file_with_one_storage_is_tied(tieconv, tmp_path):
    torch.save(tied(), tmp_path / "model.pt")
    report = tieconv.json("inspect", tmp_path / "model.pt")
    assert report["verdict"] == "TIED" and report["bytes"]["reclaimable"] == 0


def test_overlapping_views_are_reported_with_their_bytes(tieconv, tmp_path):
    base = matrix()
    torch.save({EMBEDDING: base[:30], HEAD: base[10:]}, tmp_path / "model.pt")
    done = tieconv.run("inspect", tmp_path / "model.pt", "--json")
    problems = {problem["code"]: problem for problem in json.loads(done.stdout)["problems"]}
    row = 4 * WIDTH
    message = problems["overlappingViews"]["message"]
    assert f"bytes 0 to {30 * row} and {10 * row} to {VOCABULARY * row}" in message


@pytest.mark.parametrize("ties", [True, False])
def test_training_checkpoints_are_found_and_moments_told_apart(ties, tieconv, tmp_path):
    path = tmp_path / "checkpoint.pt"
    torch.save(training(ties), path)
    report = tieconv.json("inspect", path)
    assert report["verdict"] == "TIED" and report["tensors"] == 2
    codes = [problem["code"] for problem in report["problems"]]
    assert "nestedStateDict" in codes and ("trainedApart" in codes) == (not ties)
    check(tieconv, path, tmp_path, member="model")


def test_an_optimizer_beside_the_model_is_read(tieconv, tmp_path):
    model = Model(ties=False)
    path = folder(tmp_path, True, model.state_dict())
    torch.save(optimizer_state(model), path / "optimizer.pt")
    report = json.loads(tieconv.run("inspect", path, "--json").stdout)
    assert report["verdict"] == "TIED_CONFLICT"
    assert "trainedApart" in [problem["code"] for problem in report["problems"]]


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod."])
def test_wrappers_are_named_and_seen_through(prefix, tieconv, tmp_path):
    path = tmp_path / "model.pt"
    torch.save({prefix + name: tensor for name, tensor in FILES["cloned"]().items()}, path)
    report = json.loads(tieconv.run("inspect", path, "--json").stdout)
    assert report["tie_groups"][0]["equal"] is True
    assert "wrapperPrefix" in [problem["code"] for problem in report["problems"]]


# MARK: Folders as transformers writes them


def sharded(tmp_path, dtype=torch.bfloat16):
    """A folder as transformers wrote before safetensors: shards, an index, `pytorch_model` names."""
    architecture = BY_NAME["llama"]
    torch.manual_seed(0)
    model = architecture.model_class(architecture.configuration()).to(dtype)
    path = tmp_path / "model"
    model.config.save_pretrained(path)
    state = model.state_dict()
    names = list(state)
    halves = [names[:len(names) // 2], names[len(names) // 2:]]
    weight_map = {}
    for number, half in enumerate(halves, 1):
        file = f"pytorch_model-{number:05d}-of-00002.bin"
        torch.save({name: state[name].clone() for name in half}, path / file)
        weight_map |= {name: file for name in half}
    total = sum(tensor.nbytes for tensor in state.values())
    (path / "pytorch_model.bin.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": weight_map}))
    return path, model


def test_a_sharded_folder_is_what_transformers_loads(tieconv, tmp_path):
    path, model = sharded(tmp_path)
    config = json.loads((path / "config.json").read_text())
    config["architectures"] = [type(model).__name__]
    (path / "config.json").write_text(json.dumps(config))
    loaded = type(model).from_pretrained(path, dtype=torch.bfloat16)
    loaded.save_pretrained(tmp_path / "loaded")
    assert tieconv.json("verify", path, tmp_path / "loaded")["equal"] is True
    report = json.loads(tieconv.run("inspect", path, "--json").stdout)
    assert report["format"] == "pytorch" and report["tensors"] == len(model.state_dict())
    assert not [p for p in report["problems"] if p["severity"] == "error"]
    (path / "pytorch_model-00002-of-00002.bin").unlink()
    assert json.loads(tieconv.run("inspect", path, "--json").stdout)["verdict"] == "INDEX_LIE"


def test_safetensors_come_first_as_in_transformers(tieconv, tmp_path):
    path = folder(tmp_path, True, FILES["untied"]())
    save_file({EMBEDDING: matrix()}, path / "model.safetensors")
    report = tieconv.json("inspect", path)
    assert report["format"] == "safetensors" and report["verdict"] == "TIED"
    assert "otherWeights" in [problem["code"] for problem in report["problems"]]


# MARK: Refusals


class Command:
    """What a pickle can do to whoever loads it."""

    def __reduce__(self):
        import os
        return (os.system, ("touch owned",))


REFUSED = {
    "command": (lambda: {"a": matrix(), "b": Command()}, "forbiddenPickle", "posix.system"),
    "module": (lambda: torch.nn.Linear(2, 2), "forbiddenPickle",
               "torch.nn.modules.linear.Linear"),
    "numpy": (lambda: {"a": matrix().numpy()}, "forbiddenPickle", "numpy"),
    "quantized": (lambda: {"a": torch.quantize_per_tensor(matrix(), 0.1, 0, torch.qint8)},
                  "unsupportedFormat", "quantized"),
    "sparse": (lambda: {"a": matrix().to_sparse()}, "unsupportedFormat", "sparse"),
    "meta": (lambda: {"a": matrix().to("meta")}, "unsupportedFormat", "meta"),
    "conjugate": (lambda: {"a": torch.complex(matrix(), matrix()).conj()}, "unsupportedFormat",
                  "conj"),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["zip", "legacy"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_plain_weights_is_refused_by_name(name, form, tieconv, tmp_path):
    make, code, word = REFUSED[name]
    path = tmp_path / "model.bin"
    torch.save(make(), path, _use_new_zipfile_serialization=form == "zip")
    error = tieconv.json("inspect", path, exit_status=2)["error"]
    assert error["code"] == code and word in error["message"]
    if code == "unsupportedFormat":
        assert error["tensor"] == "a"
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.bin"]


def test_a_program_is_refused(tieconv, tmp_path):
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 2)), tmp_path / "script.pt")
    error = tieconv.json("inspect", tmp_path / "script.pt", exit_status=2)["error"]
    assert error["code"] == "unsupportedFormat" and "TorchScript" in error["message"]


def test_what_torch_refuses_is_refused(tieconv, tmp_path):
    """Damage at every few bytes of the pickle: nothing that torch refuses is taken."""
    path = tmp_path / "model.bin"
    torch.save(tied(), path)
    whole = path.read_bytes()
    # The data of the first entry, data.pkl, follows its header, name and padding.
    start = 30 + sum(struct.unpack("<HH", whole[26:30]))
    refused = 0
    for place in range(start, start + 400, 3):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1:])
        try:
            flattened(torch.load(path, weights_only=True))
        except Exception as error:  # pylint: disable=broad-except
            if "data location" in str(error):
                continue  # on which device it was is nothing to tieconv
            refused += 1
            done = tieconv.run("inspect", path)
            assert done.returncode == 2, f"byte {place}: {done.stdout}"
    assert refused > 50
