#!/usr/bin/env python3
"""Makes testdata/conversion: two models of a few kilobytes with real tokenizers, for the tests and the
fuzzer of convert. Needs torch, transformers, tokenizers and sentencepiece."""

import json
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Interop"))

import torch
import transformers

import conversion_models as models

TINY = dict(
    hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=64)


def main():
    folder = ROOT / "testdata/conversion"
    shutil.rmtree(folder, ignore_errors=True)
    models.VOCABULARY = 288
    for name, tokenizer, tied in [("byte-level", "llama-bpe", True),
                                  ("sentencepiece", "sentencepiece", False)]:
        vocabulary = 288 if tokenizer != "sentencepiece" else 360
        models.VOCABULARY = vocabulary
        family = models.Family(
            name, transformers.LlamaConfig, transformers.LlamaForCausalLM,
            TINY | dict(vocab_size=vocabulary), tokenizer)
        models.write(family, folder / name, torch.bfloat16, tied=tied)
        (folder / name / "generation_config.json").unlink(missing_ok=True)
    print(json.dumps({str(path.relative_to(folder)): path.stat().st_size
                      for path in sorted(folder.rglob("*")) if path.is_file()}, indent=2))


if __name__ == "__main__":
    main()
