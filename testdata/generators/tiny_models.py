# Parts of the fixtures: seeded matrices, element types, configurations and layers of models with
# 64 tokens and 8 channels. Standard library only; the same bytes on every machine.

import math
import random
import struct

from safetensors_bytes import Tensor

VOCABULARY, HIDDEN = 64, 8
Matrix = list[list[float]]


def _bf16_bits(value: float) -> int:
    bits = struct.unpack("<I", struct.pack("<f", value))[0]
    if math.isnan(value):
        return bits >> 16 | 0x40
    return (bits + 0x7FFF + (bits >> 16 & 1)) >> 16  # round to nearest, ties to even


def encode(rows: Matrix, dtype: str) -> Tensor:
    values = [value for row in rows for value in row]
    if dtype == "BF16":
        data = struct.pack(f"<{len(values)}H", *map(_bf16_bits, values))
    else:
        data = struct.pack(f"<{len(values)}{ {'F32': 'f', 'F16': 'e'}[dtype] }", *values)
    return Tensor(dtype, (len(rows), len(rows[0])), data)


def decode(tensor: Tensor) -> Matrix:
    count = math.prod(tensor.shape)
    if tensor.dtype == "BF16":
        words = struct.unpack(f"<{count}H", tensor.data)
        values = struct.unpack(f"<{count}f", struct.pack(f"<{count}I", *(w << 16 for w in words)))
    else:
        values = struct.unpack(f"<{count}{ {'F32': 'f', 'F16': 'e'}[tensor.dtype] }", tensor.data)
    width = tensor.shape[1]
    return [list(values[i : i + width]) for i in range(0, count, width)]


def matrix(seed: str, rows: int = VOCABULARY, columns: int = HIDDEN, spread: float = 0.5) -> Matrix:
    source = random.Random(seed)
    return [[(source.random() * 2 - 1) * spread for _ in range(columns)] for _ in range(rows)]


def table(seed: str, rows: int = VOCABULARY, columns: int = HIDDEN, dtype: str = "BF16") -> Tensor:
    return encode(matrix(seed, rows, columns), dtype)


def vector(values: list[float], dtype: str = "BF16") -> Tensor:
    return Tensor(dtype, (len(values),), encode([values], dtype).data)


def with_rows(tensor: Tensor, changes: dict[int, list[float]]) -> Tensor:
    rows = decode(tensor)
    for index, row in changes.items():
        rows[index] = row
    return encode(rows, tensor.dtype)


def with_bytes(tensor: Tensor, changes: dict[int, bytes]) -> Tensor:
    data = bytearray(tensor.data)
    for offset, new in changes.items():
        data[offset : offset + len(new)] = new
    return Tensor(tensor.dtype, tensor.shape, bytes(data))


def scaled(tensor: Tensor, factor: float) -> Tensor:
    return encode([[value * factor for value in row] for row in decode(tensor)], tensor.dtype)


def transposed(tensor: Tensor) -> Tensor:
    return encode([list(column) for column in zip(*decode(tensor))], tensor.dtype)


def layers(prefix: str = "model.", norm: str = "norm.weight") -> dict[str, Tensor]:
    """One decoder layer and the last norm, complete enough for transformers to load."""
    shapes = {"self_attn.q_proj": (8, 8), "self_attn.k_proj": (4, 8), "self_attn.v_proj": (4, 8),
              "self_attn.o_proj": (8, 8), "mlp.gate_proj": (16, 8), "mlp.up_proj": (16, 8),
              "mlp.down_proj": (8, 16)}
    found = {f"{prefix}layers.0.{name}.weight": table(name, *shape)
             for name, shape in shapes.items()}
    norms = ("layers.0.input_layernorm.weight", "layers.0.post_attention_layernorm.weight", norm)
    for name in norms:
        found[prefix + name] = vector([1.0] * HIDDEN)
    return found


def llama(flag: bool | None, architecture: str = "LlamaForCausalLM", **more) -> dict:
    config = {
        "architectures": [architecture], "model_type": "llama", "attention_bias": False,
        "bos_token_id": 0, "dtype": "bfloat16", "eos_token_id": 1, "head_dim": 4,
        "hidden_act": "silu", "hidden_size": HIDDEN, "intermediate_size": 16,
        "max_position_embeddings": 64, "num_attention_heads": 2, "num_hidden_layers": 1,
        "num_key_value_heads": 1, "rms_norm_eps": 1e-05, "rope_theta": 10000.0}
    if flag is not None:
        config["tie_word_embeddings"] = flag
    config |= {"transformers_version": "5.23.0", "vocab_size": VOCABULARY}
    return config | more


def t5(flag: bool | None, architecture: str = "T5ForConditionalGeneration", **more) -> dict:
    config = {
        "architectures": [architecture], "model_type": "t5", "d_ff": 16, "d_kv": 4,
        "d_model": HIDDEN,
        "decoder_start_token_id": 0, "eos_token_id": 1, "is_encoder_decoder": True, "num_heads": 2,
        "num_layers": 1, "pad_token_id": 0}
    if flag is not None:
        config["tie_word_embeddings"] = flag
    return config | {"vocab_size": VOCABULARY} | more


def vision_language(
    architecture: str, model_type: str, outer: bool | None, inner: bool | None
) -> dict:
    text = llama(inner)
    del text["architectures"], text["transformers_version"]
    config = {"architectures": [architecture], "model_type": model_type, "image_token_index": 63}
    if outer is not None:
        config["tie_word_embeddings"] = outer
    return config | {
        "text_config": text, "transformers_version": "5.23.0",
        "vision_config": {"hidden_size": HIDDEN, "image_size": 8, "patch_size": 4,
                          "num_hidden_layers": 1}}


def compressed_tensors_int4(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """pack-quantized, 4 bits, symmetric, one group a row: eight values a word, low nibble first."""
    rows = decode(tensor)
    scales = [max(map(abs, row)) / 7.5 for row in rows]
    words = b""
    for row, scale in zip(rows, scales):
        codes = [min(7, max(-8, round(value / scale))) + 8 for value in row]
        words += struct.pack("<I", sum(code << 4 * i for i, code in enumerate(codes)))
    return {
        f"{name}.weight_packed": Tensor("I32", (len(rows), 1), words),
        f"{name}.weight_scale": encode([[scale] for scale in scales], "BF16"),
        f"{name}.weight_shape": Tensor("I64", (2,), struct.pack("<2q", *tensor.shape))}


def mlx_affine(name: str, tensor: Tensor, bits: int) -> dict[str, Tensor]:
    """One group of 32 a row: w = scale * q + bias, low bits first."""
    scales, biases, words = [], [], b""
    for row in decode(tensor):
        low, step = min(row), max((max(row) - min(row)) / ((1 << bits) - 1), 1e-7)
        stream = sum(round((value - low) / step) << bits * i for i, value in enumerate(row))
        words += stream.to_bytes(len(row) * bits // 8, "little")
        scales.append([step])
        biases.append([low])
    return {
        f"{name}.weight": Tensor("U32", (tensor.shape[0], tensor.shape[1] * bits // 32), words),
        f"{name}.scales": encode(scales, "BF16"), f"{name}.biases": encode(biases, "BF16")}
