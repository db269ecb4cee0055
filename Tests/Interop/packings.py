"""Packed matrices of every format, written by the format's own tools where they are installed.

Each packing is the tensors of one module, the quantization settings of its config.json, and the
numbers that the format's reference implementation makes of them, in its result type. GPTQ and AWQ
have no light reference; theirs is written here a second time, from the formats' descriptions and
in numpy's own terms.
"""

from dataclasses import dataclass, field

import numpy as np
import pytest
import torch

STEM = "model.embed_tokens"
ROWS, COLUMNS = 96, 256


@dataclass
class Packing:
    """The tensors of one module by suffix, its settings, and what they stand for."""

    tensors: dict
    expected: torch.Tensor
    settings: dict = field(default_factory=dict)
    key: str = "quantization_config"
    files: dict = field(default_factory=dict)


def weights(seed=0, rows=ROWS, columns=COLUMNS, dtype=torch.bfloat16):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(rows, columns, generator=generator).to(dtype)


# --- compressed-tensors


def compressed_tensors(format, arguments, weight, scale, zero_point=None, **more) -> Packing:
    """Compresses and decompresses with the library itself."""
    pytest.importorskip("compressed_tensors", reason="compressed-tensors is not installed")
    from compressed_tensors import __version__
    from compressed_tensors.compressors import BaseCompressor
    from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme

    args = QuantizationArgs(**arguments)
    scheme = QuantizationScheme(targets=["Linear"], weights=args)
    compressor = BaseCompressor.get_value_from_registry(format)
    state = {"weight": weight, "weight_scale": scale, **more}
    if zero_point is not None:
        state["weight_zero_point"] = zero_point
    packed = compressor.compress(state, scheme)
    expected = compressor.decompress(dict(packed), scheme)["weight"]
    packed = {name: torch.as_tensor(value).detach().contiguous()
              for name, value in packed.items() if value is not None}
    settings = {
        "quant_method": "compressed-tensors", "format": format, "version": __version__,
        "config_groups": {"group_0": {
            "targets": ["Linear", "Embedding"],
            "weights": args.model_dump(mode="json"), "input_activations": None}},
    }
    return Packing(packed, expected.detach(), settings)


def integer_groups(bits, dtype, group, symmetric=True):
    weight = weights(bits, dtype=dtype)
    grouped = weight.float().view(ROWS, -1, group)
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    if symmetric:
        scale = (grouped.abs().amax(-1) / ((high - low) / 2)).to(dtype)
        zero = None
    else:
        least, most = grouped.amin(-1).clamp(max=0), grouped.amax(-1).clamp(min=0)
        scale = ((most - least) / (high - low)).to(dtype)
        zero = (low - least / scale.float()).round().clamp(low, high).to(torch.int8)
    strategy = "channel" if group == COLUMNS else "group"
    arguments = dict(
        num_bits=bits, type="int", symmetric=symmetric, strategy=strategy,
        group_size=None if strategy == "channel" else group)
    return compressed_tensors("pack-quantized", arguments, weight, scale, zero)


def activation_ordered(bits, dtype=torch.bfloat16, group=64, symmetric=True):
    """Columns in an order of their own: `weight_g_idx` says which group each is in.

    Newer releases of the library have dropped the index (0.9 still reads it), so it compresses and
    decompresses the columns sorted by group, which is what the index stands for.
    """
    generator = torch.Generator().manual_seed(bits)
    order = torch.randperm(COLUMNS, generator=generator)
    plain = integer_groups(bits, dtype, group, symmetric)
    from compressed_tensors.compressors.pack_quantized.helpers import pack_to_int32, unpack_from_int32

    shape = torch.Size(plain.tensors["weight_shape"].tolist())
    codes = unpack_from_int32(plain.tensors["weight_packed"], bits, shape)
    # Column order[k] of the ordered matrix is column k of the sorted one.
    back = torch.argsort(order)
    tensors = dict(plain.tensors, weight_packed=pack_to_int32(codes[:, back].contiguous(), bits))
    tensors["weight_g_idx"] = (back // group).to(torch.int32)
    weights_of = plain.settings["config_groups"]["group_0"]["weights"]
    weights_of["actorder"] = "group"
    return Packing(tensors, plain.expected[:, back].contiguous(), plain.settings)


def integer_bytes(dtype, strategy, symmetric=True):
    weight = weights(11, dtype=dtype)
    shape = {"tensor": (1,), "channel": (ROWS, 1)}[strategy]
    amount = weight.float().abs().amax() if strategy == "tensor" else weight.float().abs().amax(1)
    scale = (amount / 127.5).to(dtype).reshape(shape)
    zero = None if symmetric else torch.full(shape, 3, dtype=torch.int8)
    arguments = dict(num_bits=8, type="int", symmetric=symmetric, strategy=strategy)
    return compressed_tensors("int-quantized", arguments, weight, scale, zero)


def float_bytes(dtype, strategy, rows=ROWS):
    weight = weights(12, rows=rows, dtype=dtype)
    if strategy == "block":
        blocks = -(-rows // 64), COLUMNS // 128
        scale = torch.rand(blocks, generator=torch.Generator().manual_seed(1)).to(dtype) + 0.01
        arguments = dict(num_bits=8, type="float", strategy="block", block_structure=[64, 128])
    elif strategy == "group":
        scale = (weight.float().view(rows, -1, 64).abs().amax(-1) / 448).to(dtype)
        arguments = dict(num_bits=8, type="float", strategy="group", group_size=64)
    else:
        shape = {"tensor": (1,), "channel": (rows, 1)}[strategy]
        scale = (weight.float().abs().amax() / 448).to(dtype).expand(shape).contiguous()
        arguments = dict(num_bits=8, type="float", strategy=strategy)
    return compressed_tensors("float-quantized", arguments, weight, scale)


def nvfp4():
    weight = weights(13)
    largest = weight.float().view(ROWS, -1, 16).abs().amax(-1)
    top = torch.tensor([448 * 6 / largest.amax()], dtype=torch.float32)
    scale = (top * largest / 6).to(torch.float8_e4m3fn).float()
    arguments = dict(num_bits=4, type="float", strategy="tensor_group", group_size=16)
    return compressed_tensors(
        "nvfp4-pack-quantized", arguments, weight, scale, weight_global_scale=top)


def micro_scaled(bits):
    weight = weights(14 + bits)
    largest = weight.float().view(ROWS, -1, 32).abs().amax(-1)
    scale = torch.exp2(torch.floor(torch.log2(largest)) - 2).to(torch.bfloat16)
    arguments = dict(
        num_bits=bits, type="float", strategy="group", group_size=32, scale_dtype=torch.uint8)
    suffix = "mxfp8-quantized" if bits == 8 else f"mxfp{bits}-pack-quantized"
    return compressed_tensors(suffix, arguments, weight, scale)


# --- MLX


def mlx(bits, group, mode="affine", dtype="bfloat16"):
    core = pytest.importorskip("mlx.core", reason="mlx is not installed")
    core.set_default_device(core.cpu)
    weight = core.array(weights(bits + group, dtype=torch.float32).numpy())
    weight = weight.astype(getattr(core, dtype))
    parts = core.quantize(weight, group_size=group, bits=bits, mode=mode)
    tensors = dict(zip(["weight", "scales", "biases"], map(_from_mlx, parts)))
    biases = parts[2] if len(parts) > 2 else None
    expected = _from_mlx(
        core.dequantize(parts[0], parts[1], biases, group_size=group, bits=bits, mode=mode))
    settings = {"group_size": group, "bits": bits, "mode": mode}
    return Packing(tensors, expected, settings, key="quantization")


def _from_mlx(array):
    core = pytest.importorskip("mlx.core")
    wide = {core.bfloat16: (core.uint16, torch.bfloat16), core.float16: (core.uint16, torch.float16)}
    if array.dtype in wide:
        bits, dtype = wide[array.dtype]
        return torch.from_numpy(np.array(array.view(bits)).view(np.int16)).view(dtype)
    return torch.from_numpy(np.array(array))


# --- GPTQ and AWQ, from their descriptions


def gptq(bits, group, version=1, sorted_groups=False, dtype=torch.float16, settings=True):
    """Random codes, zeros and scales; packed bit by bit, and worked out in numpy."""
    random = np.random.default_rng(bits * 1000 + group)
    inputs, outputs = COLUMNS, ROWS
    groups = -(-inputs // group)
    codes = random.integers(0, 2**bits, (inputs, outputs))
    zeros = random.integers(1, 2**bits, (groups, outputs))
    scales = torch.from_numpy(random.uniform(0.001, 0.1, (groups, outputs))).to(dtype)
    index = np.arange(inputs) // group
    if sorted_groups:
        index = random.permutation(index)
    stored = (zeros - 1) % 2**bits if version == 1 else zeros
    numbers = torch.from_numpy(codes - zeros[index]).to(dtype) * scales[torch.from_numpy(index)]
    config = {
        "quant_method": "gptq", "bits": bits, "group_size": group, "desc_act": sorted_groups,
        "sym": False, "checkpoint_format": "gptq" if version == 1 else "gptq_v2",
    }
    tensors = {
        "qweight": _words(codes.T, bits).T.copy(), "qzeros": _words(stored, bits),
        "g_idx": index.astype(np.int32),
    }
    tensors = {name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in tensors.items()}
    return Packing({**tensors, "scales": scales}, numbers.T.contiguous(), config)


def _words(codes, bits):
    """Rows of codes as a little-endian stream of bits in 32-bit words."""
    stream = (codes[..., None] >> np.arange(bits)) & 1
    stream = stream.reshape(len(codes), -1).astype(np.uint8)
    return np.packbits(stream, axis=1, bitorder="little").view(np.int32)


def awq(group):
    random = np.random.default_rng(group)
    inputs, outputs = COLUMNS, ROWS
    codes = random.integers(0, 16, (inputs, outputs))
    zeros = random.integers(0, 16, (inputs // group, outputs))
    scales = torch.from_numpy(random.uniform(0.001, 0.1, zeros.shape)).to(torch.float16)
    index = np.arange(inputs) // group
    numbers = torch.from_numpy(codes - zeros[index]).half() * scales[torch.from_numpy(index)]
    # Nibble k of a word holds output 8c + [0 2 4 6 1 3 5 7][k].
    order = [0, 2, 4, 6, 1, 3, 5, 7]

    def interleaved(values):
        return torch.from_numpy(
            _words(values.reshape(len(values), -1, 8)[..., order].reshape(len(values), -1), 4))

    config = {
        "quant_method": "awq", "bits": 4, "group_size": group, "zero_point": True,
        "version": "gemm",
    }
    tensors = {"qweight": interleaved(codes), "qzeros": interleaved(zeros), "scales": scales}
    return Packing(tensors, numbers.T.contiguous(), config)


# --- bitsandbytes


def four_bit(kind, dtype, nested, blocksize=64, columns=COLUMNS, rows=33):
    functional = pytest.importorskip(
        "bitsandbytes", reason="bitsandbytes is not installed").functional
    weight = weights(20, rows=rows, columns=columns, dtype=dtype)
    codes, state = functional.quantize_4bit(
        weight, blocksize=blocksize, compress_statistics=nested, quant_type=kind)
    tensors = {"weight": codes}
    tensors.update({f"weight.{k}": v for k, v in state.as_dict(packed=True).items()})
    if columns % blocksize:
        # The CPU kernel starts a run at each row, though the quantizer does not; the definition is
        # the generic implementation that other devices are tested against.
        from bitsandbytes.backends.default.ops import _dequantize_4bit_compute

        absmax = state.absmax
        if nested:
            absmax = functional.dequantize_blockwise(state.absmax, state.state2) + state.offset
        expected = _dequantize_4bit_compute(
            codes.reshape(-1), absmax, state.code, blocksize, tuple(weight.shape), dtype)
    else:
        expected = functional.dequantize_4bit(codes, state)
    settings = {"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": kind}
    return Packing(tensors, expected, settings)


def eight_bit():
    functional = pytest.importorskip(
        "bitsandbytes", reason="bitsandbytes is not installed").functional
    codes, factors, _ = functional.int8_vectorwise_quant(weights(21, dtype=torch.float16))
    tensors = {"weight": codes, "SCB": factors, "weight_format": torch.tensor(0, dtype=torch.uint8)}
    expected = functional.int8_vectorwise_dequant(codes, factors)
    settings = {"quant_method": "bitsandbytes", "load_in_8bit": True}
    return Packing(tensors, expected, settings)


# --- FP8 in blocks


def block_fp8(rows=ROWS, columns=COLUMNS, block=(32, 64)):
    """transformers' own dequantization."""
    integration = pytest.importorskip("transformers.integrations.finegrained_fp8")
    codes = weights(22, rows=rows, columns=columns, dtype=torch.float32).to(torch.float8_e4m3fn)
    factors = torch.rand(rows // block[0], columns // block[1]) + 0.01
    expected = integration.Fp8Dequantize(None)._dequantize_one(codes, factors)
    settings = {"quant_method": "fp8", "weight_block_size": list(block)}
    return Packing({"weight": codes, "weight_scale_inv": factors}, expected, settings)
