"""A packed matrix is read as its format's reference implementation reads it, bit for bit.

The embedding is packed, the head beside it holds the reference's numbers in their own type: tieconv
must find that the two are equal after dequantization, and that one changed number is not.
"""

import json

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
