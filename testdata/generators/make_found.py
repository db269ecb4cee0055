# Writes ../found: models that something was once wrong with, most of them found by the fuzzer. Each
# must lead to an answer or an error; ../README.md says what each did before. Standard library only.

import base64
import json
import pathlib

from safetensors_bytes import Tensor, frame, fresh_folder, pack

FOUND = pathlib.Path(__file__).resolve().parent.parent / "found"
TABLE = bytes(range(256)) * 4
# 8 MiB of zeros as one zstd frame.
ZEROS = base64.b64decode(
    "KLUv/YBgAACAAEwAAAgAAQD8/+ROCAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAg"
    "AQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAAC"
    "ABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAA"
    "IAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAAAgAQAAIAEAACABAA"
    "AwAQAA==")


def config(**values) -> str:
    return json.dumps({
        "architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 8,
        "tie_word_embeddings": False, "vocab_size": 64, **values}, indent=2)


def untied(**shapes) -> bytes:
    """Embedding and head, equal unless told."""
    return pack({
        "lm_head.weight": Tensor("BF16", shapes.get("head", (64, 8)), shapes.get("data", TABLE)),
        "model.embed_tokens.weight": Tensor(
            "BF16", shapes.get("embedding", (64, 8)), shapes.get("data", TABLE))})


def receipt(pieces: list, times: int = 1) -> str:
    """A receipt that promises to restore model.safetensors out of `pieces`."""
    return json.dumps({
        "receipt_format": 1, "tieconv": "0", "operation": "tie", "verdict": "", "reason": "",
        "tensors": [], "config_edits": [], "files": [], "restore": {
            "files": [{"name": "model.safetensors", "pieces": pieces}] * times, "absent": []}})


def cases() -> dict[str, dict[str, bytes | str]]:
    first = {"dtype": "BF16", "shape": [64, 8], "data_offsets": [0, 1024]}
    second = {"dtype": "BF16", "shape": [64, 8], "data_offsets": [1024, 2048]}
    head_first = json.dumps(
        {"lm_head.weight": first, "model.embed_tokens.weight": second}, separators=(",", ":"))
    vast = 2**62
    packed = {"zstd": base64.b64encode(ZEROS).decode(), "bytes": 8 << 20}
    return {
        "first-tensor-goes-and-receipt-comes": {
            "model.safetensors": frame(head_first, TABLE + TABLE)},
        "vocabulary-of-minus-2-to-the-63": {
            "model.safetensors": untied(), "config.json": config(vocab_size=-2**63)},
        "vast-beside-zero": {
            "model.safetensors": untied(embedding=(0, vast), head=(vast, 0), data=b""),
            "config.json": config()},
        "vast-beside-zero-alike": {
            "model.safetensors": untied(embedding=(0, vast), head=(0, vast), data=b""),
            "config.json": config()},
        "receipt-unpacks-to-gigabytes": {
            "model.safetensors": untied(), "config.json": config(),
            "tieconv-receipt.json": receipt([packed] * 400)},
        "receipt-restores-one-file-twice": {
            "model.safetensors": untied(), "config.json": config(),
            "tieconv-receipt.json": receipt([{"file": "model.safetensors"}], times=2)},
        "no-tensors-at-all": {
            "model.safetensors": frame("{}", b""), "config.json": config()},
        "companions-of-other-kinds": {
            "model.safetensors": pack({
                "lm_head.weight": Tensor("BF16", (64, 8), TABLE),
                "lm_head.weight_shape": Tensor("BF16", (16, 8), TABLE[:256]),
                "model.embed_tokens.weight": Tensor("BF16", (64, 8), TABLE),
                "model.embed_tokens.weight_scale": Tensor("BF16", (8,), TABLE[:16])}),
            "config.json": config()},
        "group-size-of-minus-2-to-the-63": {
            "model.safetensors": pack({
                f"{stem}.{name}": Tensor(dtype, (64, width), TABLE[:64 * width * size])
                for stem in ("lm_head", "model.embed_tokens")
                for name, dtype, width, size in (
                    ("biases", "BF16", 1, 2), ("scales", "BF16", 1, 2), ("weight", "U32", 4, 4))}),
            "config.json": config(
                hidden_size=32, quantization={"group_size": -2**63, "bits": 5, "mode": "affine"})},
        "two-embeddings-once-the-head-is-gone": {
            "model.safetensors": pack({
                "language_model.model.embed_tokens.weight": Tensor("BF16", (64, 8), TABLE[::-1]),
                "language_model.lm_head.weight": Tensor("BF16", (64, 8), TABLE),
                "model.embed_tokens.weight": Tensor("BF16", (64, 8), TABLE)})},
    }


if __name__ == "__main__":
    fresh_folder(FOUND)
    for slug, files in cases().items():
        (FOUND / slug).mkdir()
        for name, data in files.items():
            (FOUND / slug / name).write_bytes(data if isinstance(data, bytes) else data.encode())
