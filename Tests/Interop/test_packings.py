"""A packed matrix is read as its format's reference implementation reads it, bit for bit.

The embedding is packed, the head beside it holds the reference's numbers in their own type: tieconv
must find that the two are equal after dequantization, and that one changed number is not.
"""

import json
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

import packings
from packings import STEM

CASES = {}
for bits in (2, 3, 4, 5, 6, 7, 8):
    CASES[f"ct-int{bits}-bf16"] = lambda b=bits: packings.integer_groups(b, torch.bfloat16, 128)
    CASES[f"ct-int{bits}-zeros"] = lambda b=bits: packings.integer_groups(
        b, torch.bfloat16, 32, symmetric=False)
for name, dtype in (("f16", torch.float16), ("f32", torch.float32)):
    CASES[f"ct-int4-{name}"] = lambda d=dtype: packings.integer_groups(4, d, 64)
    CASES[f"ct-int4-{name}-zeros"] = lambda d=dtype: packings.integer_groups(4, d, 64, False)
    CASES[f"ct-int4-channel-{name}"] = lambda d=dtype: packings.integer_groups(4, d, 256)
for bits in (2, 4, 8):
    CASES[f"ct-int{bits}-ordered"] = lambda b=bits: packings.activation_ordered(b)
CASES["ct-int4-ordered-zeros"] = lambda: packings.activation_ordered(4, symmetric=False)
CASES["ct-int3-ordered-f16"] = lambda: packings.activation_ordered(3, torch.float16, 32)
for strategy in ("tensor", "channel"):
    CASES[f"ct-int8-{strategy}"] = lambda s=strategy: packings.integer_bytes(torch.bfloat16, s)
CASES["ct-int8-zeros"] = lambda: packings.integer_bytes(torch.float32, "channel", symmetric=False)
for strategy in ("tensor", "channel", "group", "block"):
    for name, dtype in (("bf16", torch.bfloat16), ("f32", torch.float32)):
        CASES[f"ct-fp8-{strategy}-{name}"] = lambda s=strategy, d=dtype: packings.float_bytes(d, s)
CASES["ct-fp8-block-cut"] = lambda: packings.float_bytes(torch.bfloat16, "block", rows=80)
CASES["ct-nvfp4"] = packings.nvfp4
for bits in (4, 6, 8):
    CASES[f"ct-mxfp{bits}"] = lambda b=bits: packings.micro_scaled(b)
for bits in (2, 3, 4, 5, 6, 8):
    for group in (32, 64, 128):
        CASES[f"mlx-{bits}-{group}"] = lambda b=bits, g=group: packings.mlx(b, g)
for dtype in ("float16", "float32"):
    CASES[f"mlx-4-{dtype}"] = lambda d=dtype: packings.mlx(4, 64, dtype=d)
for mode, bits, group in (("mxfp4", 4, 32), ("mxfp8", 8, 32), ("nvfp4", 4, 16)):
    CASES[f"mlx-{mode}"] = lambda m=mode, b=bits, g=group: packings.mlx(b, g, m)
for bits in (2, 3, 4, 8):
    for version in (1, 2):
        CASES[f"gptq-{bits}-v{version}"] = lambda b=bits, v=version: packings.gptq(b, 64, v)
    CASES[f"gptq-{bits}-sorted"] = lambda b=bits: packings.gptq(b, 32, sorted_groups=True)
CASES["gptq-4-column"] = lambda: packings.gptq(4, 256)
CASES["gptq-4-bf16"] = lambda: packings.gptq(4, 128, dtype=torch.bfloat16)
CASES["awq-128"] = lambda: packings.awq(128)
CASES["awq-32"] = lambda: packings.awq(32)
for kind in ("nf4", "fp4"):
    for name, dtype in (("bf16", torch.bfloat16), ("f16", torch.float16), ("f32", torch.float32)):
        for nested in (False, True):
            CASES[f"bnb-{kind}-{name}{'-nested' * nested}"] = (
                lambda k=kind, d=dtype, n=nested: packings.four_bit(k, d, n))
CASES["bnb-nf4-ragged"] = lambda: packings.four_bit("nf4", torch.bfloat16, False, columns=96)
CASES["bnb-nf4-nested-ragged"] = lambda: packings.four_bit("nf4", torch.float32, True, columns=90)
CASES["bnb-int8"] = packings.eight_bit
CASES["fp8-blocks"] = packings.block_fp8


def write(directory, packing, head=None, flag=False, stem=STEM, main="LlamaForCausalLM"):
    """A checkpoint of the packed matrix, with `head` beside it."""
    directory.mkdir()
    tensors = {f"{stem}.{suffix}": value for suffix, value in packing.tensors.items()}
    if head is not None:
        tensors["lm_head.weight"] = head
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    save_file(tensors, directory / "model.safetensors", {"format": "pt"})
    config = {
        "architectures": [main], "model_type": "llama", "tie_word_embeddings": flag,
        packing.key: packing.settings,
    }
    (directory / "config.json").write_text(json.dumps(config))
    for name, value in packing.files.items():
        (directory / name).write_text(json.dumps(value))
    return directory


@pytest.mark.parametrize("name", CASES)
def test_numbers_are_the_references(name, tieconv, tmp_path):
    packing = CASES[name]()
    model = write(tmp_path / "equal", packing, packing.expected)
    report = tieconv.json("inspect", model, exit_status=1)
    group = report["tie_groups"][0]
    assert group["equal_after_dequantization"] is True, group["explanation"]
    assert report["verdict"] == "QUANT_MIXED"
    assert group["members"][0]["matrix_shape"] == list(packing.expected.shape)

    changed = packing.expected.clone()
    changed[7, 5] += 1
    model = write(tmp_path / "changed", packing, changed)
    group = tieconv.json("inspect", model, exit_status=1)["tie_groups"][0]
    assert group["equal_after_dequantization"] is False
    assert group["differing_rows"] == {"count": 1, "first": [[7, 8]]}
    gap = (changed.double() - packing.expected.double()).abs().max().item()
    assert group["max_abs_diff"] == gap


OLDER = """
import sys, torch
from safetensors.torch import load_file
from compressed_tensors.compressors.quantized_compressors.pack_quantized import unpack_from_int32
from compressed_tensors.quantization import QuantizationArgs
from compressed_tensors.quantization.lifecycle.forward import dequantize
stem, bits, group = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
stored = {name[len(stem) + 1:]: value for name, value in load_file(sys.argv[1]).items()
          if name.startswith(stem)}
codes = unpack_from_int32(stored["weight_packed"], bits, torch.Size(stored["weight_shape"].tolist()))
args = QuantizationArgs(num_bits=bits, strategy="group", group_size=group, actorder="group")
made = dequantize(codes, stored["weight_scale"], args=args, g_idx=stored["weight_g_idx"])
head = load_file(sys.argv[1])["lm_head.weight"]
assert made.dtype == head.dtype and torch.equal(made, head)
"""


@pytest.mark.parametrize("bits", [2, 4, 8])
def test_sorted_columns_are_what_the_release_that_had_them_decompresses(bits, tmp_path):
    folder = os.environ.get("COMPRESSED_TENSORS_0_9")
    if not folder:
        pytest.skip("COMPRESSED_TENSORS_0_9 does not name a folder with that release")
    packing = packings.activation_ordered(bits)
    model = write(tmp_path / "model", packing, packing.expected)
    subprocess.run(
        [sys.executable, "-c", OLDER, model / "model.safetensors", STEM, str(bits), "64"],
        env={**os.environ, "PYTHONPATH": folder}, check=True, timeout=120)


@pytest.mark.parametrize("format", ["marlin", "marlin_24", "bitblas"])
def test_layouts_of_other_kernels_are_refused_by_name(format, tieconv, tmp_path):
    packing = packings.gptq(4, 64)
    packing.settings["checkpoint_format"] = format
    model = write(tmp_path / "model", packing, flag=True)
    report = tieconv.json(
        "convert", model, "-o", tmp_path / "out", "--to", "safetensors", "--dtype", "bf16",
        exit_status=2)
    assert report["error"]["code"] == "unsupportedFormat" and format in report["error"]["message"]
