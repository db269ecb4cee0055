# The rows of the verdict table on a plain decoder: flag, stored names and bytes, one row a case,
# with the edits of one side that users report.

import json
import math

from tiny_models import (HIDDEN, VOCABULARY, decode, encode, layers, llama, matrix, scaled, table,
                         transposed, vector, with_bytes, with_rows)
from verdict_case import E, W, Case, model
from safetensors_bytes import dump

TABLE, OTHER = table("embedding"), table("head")
BODY = layers()
PHI = {"architecture": "PhiForCausalLM", "model_type": "phi"}


def clean() -> dict[str, Case]:
    bias = {"lm_head.bias": vector([i / 64 for i in range(VOCABULARY)])}
    return {
        "TIED": model(llama(True), {E: TABLE, **BODY}, flag=True),
        "TIED-head-bias": model(llama(True, **PHI), {E: TABLE, **bias, **BODY}, flag=True,
                                kept=["lm_head.bias"]),
        "TIED-vocab-size-above-rows": model(
            llama(True, vocab_size=80), {E: TABLE, **BODY}, flag=True, problems=["vocabularySize"]),
        "TIED_REVERSED": model(llama(True), {W: TABLE, **BODY}, flag=True),
        "TIED_DUPLICATE": model(llama(True), {E: TABLE, W: TABLE, **BODY}, flag=True),
        "TIED_DUPLICATE-head-bias": model(
            llama(True, **PHI), {E: TABLE, W: TABLE, **bias, **BODY}, flag=True,
            kept=["lm_head.bias"]),
        "TIED_CONFLICT": model(llama(True), {E: TABLE, W: OTHER, **BODY}, flag=True),
        "UNTIED": model(llama(False), {E: TABLE, W: OTHER, **BODY}, flag=False),
        # Every norm vector of the body is all ones: equal bytes that are no tie.
        "UNTIED-equal-norms": model(
            llama(False, "Qwen3ForCausalLM", model_type="qwen3"),
            {E: TABLE, W: OTHER, **BODY,
                           "model.layers.0.self_attn.q_norm.weight": vector([1.0] * 4),
                           "model.layers.0.self_attn.k_norm.weight": vector([1.0] * 4)},
            flag=False),
        "UNTIED_EQUAL": model(llama(False), {E: TABLE, W: TABLE, **BODY}, flag=False),
        "UNTIED_EQUAL-head-bias": model(
            llama(False, **PHI), {E: TABLE, W: TABLE, **bias, **BODY}, flag=False,
            kept=["lm_head.bias"]),
        "UNTIED_EQUAL-transposed-head": model(
            llama(False), {E: TABLE, W: transposed(TABLE), **BODY}, flag=False),
        "HEAD_MISSING": model(llama(False), {E: TABLE, **BODY}, flag=False),
        # The class says untied, mlx-lm takes an absent flag for tied.
        "HEAD_MISSING-flag-absent": model(llama(None), {E: TABLE, **BODY}, flag=False),
    }


def run() -> dict[str, Case]:
    """Two checkpoints of one run that says it is tied; between them the copies drift apart."""
    noise = matrix("drift", spread=0.02)
    drifted = encode([[a + b for a, b in zip(*rows)] for rows in zip(decode(TABLE), noise)], "BF16")
    return {
        "TIED_DUPLICATE-run-step-100": model(llama(True), {E: TABLE, W: TABLE, **BODY}, flag=True),
        "TIED_CONFLICT-run-step-200": model(llama(True), {E: TABLE, W: drifted, **BODY}, flag=True),
    }


def flags() -> dict[str, Case]:
    unknown = {"architecture": "AcmeForCausalLM", "model_type": "acme"}
    nameless = llama(None)
    del nameless["architectures"], nameless["model_type"]
    return {
        "FLAG_UNKNOWN": model(llama(None, **unknown), {E: TABLE, W: TABLE, **BODY}, flag=None),
        "FLAG_UNKNOWN-different": model(
            llama(None, **unknown), {E: TABLE, W: OTHER, **BODY}, flag=None),
        "FLAG_UNKNOWN-head-absent": model(llama(None, **unknown), {E: TABLE, **BODY}, flag=None),
        "FLAG_UNKNOWN-no-architecture": model(nameless, {E: TABLE, W: TABLE, **BODY}, flag=None),
    }


def tokenizer(words: int, added: int) -> str:
    """`words` ordinary tokens, then `added` ones with the names that chat templates use."""
    names = ["<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>", "<think>"][:added]
    return dump({
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [
            {"id": words + i, "content": name, "single_word": False, "lstrip": False,
             "rstrip": False, "normalized": False, "special": True}
            for i, name in enumerate(names)],
        "normalizer": None, "pre_tokenizer": None, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "unk_token": "t0",
                  "vocab": {f"t{i}": i for i in range(words)}}})


def one_sided() -> dict[str, Case]:
    fresh = matrix("added tokens", 5, spread=0.02)
    zero_padded = with_rows(TABLE, {row: [0.0] * HIDDEN for row in range(60, 64)})
    mean_padded = with_rows(TABLE, {row: fresh[0] for row in range(60, 64)})
    zeros = with_bytes(TABLE, {offset: b"\0\0" for offset in (5 * 16 + 2, 20 * 16)})
    minus = with_bytes(TABLE, {offset: b"\0\x80" for offset in (5 * 16 + 2, 20 * 16)})
    nans = [with_bytes(TABLE, {9 * 16: bits}) for bits in (b"\xc0\x7f", b"\xc1\x7f")]
    wide = encode(matrix("embedding"), "F32")
    flipped = with_bytes(TABLE, {31 * 16: bytes([TABLE.data[31 * 16] ^ 1])})
    many = with_rows(TABLE, {row: decode(OTHER)[row] for row in range(54, 64)})
    last = with_rows(TABLE, {59 + i: row for i, row in enumerate(fresh)})
    return {
        "NEAR_EQUAL-last-rows": model(
            llama(False), {E: TABLE, W: last, **BODY}, flag=False,
            more={"tokenizer.json": tokenizer(59, 5)}),
        "NEAR_EQUAL-last-rows-flag-true": model(
            llama(True), {E: TABLE, W: last, **BODY}, flag=True,
            more={"tokenizer.json": tokenizer(59, 5)}),
        "NEAR_EQUAL-padding": model(
            llama(False), {E: zero_padded, W: mean_padded, **BODY}, flag=False,
            more={"tokenizer.json": tokenizer(60, 0)}),
        "NEAR_EQUAL-one-bit": model(
            llama(True), {E: TABLE, W: flipped, **BODY}, flag=True),
        "NEAR_EQUAL-negative-zero": model(llama(True), {E: zeros, W: minus, **BODY}, flag=True),
        "NEAR_EQUAL-nan-payload": model(llama(True), {E: nans[0], W: nans[1], **BODY}, flag=True),
        "TIED_DUPLICATE-nan": model(
            llama(True), {E: nans[1], W: nans[1], **BODY}, flag=True),
        "NEAR_EQUAL-cast": model(
            llama(False), {E: TABLE, W: encode(decode(TABLE), "F32"), **BODY}, flag=False,
            equal_after_exact_cast="F32"),
        # The head kept the precision that the embedding lost: no cast makes these equal.
        "TIED_CONFLICT-inexact-cast": model(llama(True), {E: TABLE, W: wide, **BODY}, flag=True),
        # Ten rows of 64 is more than one in ten.
        "TIED_CONFLICT-many-rows": model(
            llama(True), {E: TABLE, W: many, **BODY}, flag=True),
    }


def scales() -> dict[str, Case]:
    wide = encode(matrix("embedding"), "F32")
    third = encode([[v / 3 for v in row] for row in decode(wide)], "F32")
    gemma = llama(True, "GemmaForCausalLM", model_type="gemma", hidden_act="gelu_pytorch_tanh")
    return {
        "ROLE_SCALED-bf16": model(
            llama(False), {E: TABLE, W: scaled(TABLE, 0.7), **BODY}, flag=False, scale=0.7),
        "ROLE_SCALED-f32": model(
            llama(False), {E: wide, W: third, **BODY}, flag=False, scale=1 / 3),
        "ROLE_SCALED-minus": model(
            llama(False), {E: TABLE, W: scaled(TABLE, -1.0), **BODY}, flag=False, scale=-1.0),
        # The factor sqrt(hidden) that Gemma applies at run time, baked into the stored embedding.
        "ROLE_SCALED-gemma": model(
            gemma, {E: scaled(TABLE, math.sqrt(HIDDEN)), W: TABLE, **BODY}, flag=True,
            scale=1 / math.sqrt(HIDDEN)),
    }


def shapes() -> dict[str, Case]:
    rows = decode(TABLE)
    zero = [0.0] * HIDDEN
    padded = encode(rows + [zero] * 8, "BF16")
    # 61 tokens over two ranks of 32 rows: 31 and one of padding, then 30 and two.
    ranks = encode(rows[:31] + [zero] + rows[31:61] + [zero, zero], "BF16")
    return {
        "SHAPE_MISMATCH-padded-embedding": model(
            llama(True), {E: padded, W: TABLE, **BODY}, flag=True),
        "SHAPE_MISMATCH-padded-head": model(
            llama(False), {E: TABLE, W: padded, **BODY}, flag=False),
        "SHAPE_MISMATCH-tensor-parallel": model(
            llama(True, vocab_size=61), {E: encode(rows[:61], "BF16"), W: ranks, **BODY},
            flag=True),
    }


def cases() -> dict[str, Case]:
    # As version 4 of transformers writes the configuration of a state-space model: not strict JSON.
    infinite = json.dumps(llama(False) | {"time_step_limit": [0.0, math.inf]}, indent=2) + "\n"
    return {
        **clean(), **run(), **flags(), **one_sided(), **scales(), **shapes(),
        "UNTIED-infinity-in-config": model(infinite, {E: TABLE, W: OTHER, **BODY}, flag=False),
    }
