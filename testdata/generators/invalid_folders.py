# The malformed model folders: error code -> slug -> file name -> content (a path is a symlink).
# Every folder is a loadable one-tensor model but for its one fault.

import json
import pathlib

from safetensors_bytes import Tensor, dump, pack

INDEX, CONFIG = "model.safetensors.index.json", "config.json"
SHARD = "model-00001-of-00001.safetensors"
NAME = "model.embed_tokens.weight"
WEIGHTS = pack({NAME: Tensor("BF16", (4, 2), bytes(16))}, {"format": "pt"})
PLAIN_CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 4,
                "hidden_size": 2, "tie_word_embeddings": True}


def indexed(text: str | bytes, **more) -> dict:
    return {CONFIG: dump(PLAIN_CONFIG), SHARD: WEIGHTS, INDEX: text, **more}


def configured(text: str | bytes) -> dict:
    return {CONFIG: text, "model.safetensors": WEIGHTS}


def flagged(flag: str) -> dict:
    fields = {key: value for key, value in PLAIN_CONFIG.items() if key != "tie_word_embeddings"}
    return configured(json.dumps(fields)[:-1] + f', "tie_word_embeddings": {flag}}}\n')


def index_cases() -> dict[str, dict]:
    entry = f'"{NAME}": "{SHARD}"'
    total = '"metadata": {"total_size": %s}'
    texts = {
        "empty-file": "",
        "not-json": "weight_map\n",
        "cut-short": '{"metadata": {}, "weight_map": {' + entry,
        "array": "[]\n",
        "null": "null\n",
        "byte-order-mark": "\ufeff{" + f'"weight_map": {{{entry}}}' + "}\n",
        "not-utf8": b'{"metadata": {}, "weight_map": {"\xff": "' + SHARD.encode() + b'"}}\n',
        "trailing-text": '{"weight_map": {' + entry + "}} x\n",
        "trailing-comma": '{"weight_map": {' + entry + ",}}\n",
        "too-deep": '{"metadata": {"x": ' + "[" * 200 + "]" * 200 + "}, "
        '"weight_map": {' + entry + "}}\n",
        "no-weight-map": '{"metadata": {"total_size": 16}}\n',
        "weight-map-null": '{"weight_map": null}\n',
        "weight-map-array": f'{{"weight_map": ["{SHARD}"]}}\n',
        "file-is-a-number": f'{{"weight_map": {{"{NAME}": 1}}}}\n',
        "file-is-null": f'{{"weight_map": {{"{NAME}": null}}}}\n',
        "file-is-an-array": f'{{"weight_map": {{"{NAME}": ["{SHARD}"]}}}}\n',
        "duplicate-name": '{"weight_map": {' + entry + ", " + entry + "}}\n",
        "duplicate-name-escaped": '{"weight_map": {' + entry + ", "
        + entry.replace("model.embed", "\\u006dodel.embed", 1) + "}}\n",
        "duplicate-weight-map": '{"weight_map": {}, "weight_map": {' + entry + "}}\n",
        "total-size-string": "{" + total % '"16"' + ', "weight_map": {' + entry + "}}\n",
        "total-size-negative": "{" + total % "-16" + ', "weight_map": {' + entry + "}}\n",
        "total-size-bool": "{" + total % "true" + ', "weight_map": {' + entry + "}}\n",
        "total-size-two-to-the-64": "{" + total % (1 << 64) + ', "weight_map": {' + entry + "}}\n",
    }
    return {slug: indexed(text) for slug, text in texts.items()}


def path_cases() -> dict[str, dict]:
    files = {
        "parent": "../model.safetensors",
        "grandparent": "../../valid/rank-0.safetensors",
        "parent-in-the-middle": "shards/../../model.safetensors",
        "trailing-parent": "shards/..",
        "only-dots": "..",
        "only-dot": ".",
        "empty": "",
        "absolute": "/model.safetensors",
        "subfolder": "shards/model.safetensors",
        "dot-slash": f"./{SHARD}",
        "trailing-slash": f"{SHARD}/",
        "double-slash": f"//{SHARD}",
        "backslash-parent": "..\\model.safetensors",
        "backslash": f"shards\\{SHARD}",
        "drive-letter": "C:\\model.safetensors",
        "unc-path": "\\\\server\\share\\model.safetensors",
        "url": "https://example.com/model.safetensors",
        "nul": f"{SHARD}\0.txt",
        "home": "~/model.safetensors",
    }
    found = {slug: indexed(dump({"metadata": {"total_size": 16}, "weight_map": {NAME: file}}))
             for slug, file in files.items()}
    outside = pathlib.PurePath("../../../valid/rank-0.safetensors")
    found["symlink-leaving"] = {
        CONFIG: dump(PLAIN_CONFIG), SHARD: outside,
        INDEX: dump({"metadata": {"total_size": 4}, "weight_map": {"a": SHARD}})}
    return found


def config_cases() -> dict[str, dict]:
    whole = dump(PLAIN_CONFIG)
    nested = {"architectures": ["LlavaForConditionalGeneration"], "model_type": "llava",
              "text_config": {"tie_word_embeddings": "true"}}
    found = {
        "empty-file": "",
        "array": "[]\n",
        "null": "null\n",
        "string": '"LlamaForCausalLM"\n',
        "cut-short": whole[: len(whole) // 2],
        "trailing-comma": whole.replace("true\n}", "true,\n}"),
        "trailing-text": whole + "}\n",
        "comment": "// Llama\n" + whole,
        "byte-order-mark": "\ufeff" + whole,
        "not-utf8": whole.encode().replace(b"llama", b"ll\xffma"),
        "utf-16": whole.encode("utf-16-le"),
        "lone-surrogate": whole.replace("llama", "\\ud800"),
        "leading-zero": whole.replace(": 4", ": 04"),
        "arrays-200": whole.replace("{\n", '{\n  "x": ' + "[" * 200 + "]" * 200 + ",\n", 1),
        "arrays-30000": '{"x": ' + "[" * 30_000 + "]" * 30_000 + "}\n",
        "objects-8000": '{"x":' * 8000 + "{}" + "}" * 8000 + "\n",
        "duplicate-flag": whole.replace("true\n", 'true,\n  "tie_word_embeddings": false\n'),
        "duplicate-flag-same-value": whole.replace(
            "true\n", 'true,\n  "tie_word_embeddings": true\n'),
        "duplicate-flag-escaped": whole.replace(
            "true\n", 'true,\n  "\\u0074ie_word_embeddings": false\n'),
        "duplicate-nested": '{"text_config": {"vocab_size": 4, "vocab_size": 5}}\n',
    }
    cases = {slug: configured(text) for slug, text in found.items()}
    for slug, flag in {"string-false": '"false"', "string-true": '"true"', "zero": "0", "one": "1",
                       "array": "[]", "object": "{}", "float": "1.0"}.items():
        cases[f"flag-{slug}"] = flagged(flag)
    cases["flag-nested-string"] = configured(dump(nested))
    return cases


def cases() -> dict[str, dict[str, dict]]:
    return {
        "invalidIndex": index_cases(), "unsafePath": path_cases(), "invalidConfig": config_cases(),
        "notAModel": {
            "config-without-weights": {CONFIG: dump(PLAIN_CONFIG)},
            "only-a-readme": {"README.md": "# Weights to follow\n"},
        },
    }
