#!/usr/bin/env python3
"""Makes testdata/conversion: four models of a few kilobytes with real tokenizers, for the tests and the
fuzzer of convert. Needs torch, transformers, tokenizers and sentencepiece."""

import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Interop"))

import sentencepiece
import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models as kinds, normalizers, pre_tokenizers

os.environ["PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION"] = "python"
from sentencepiece import sentencepiece_model_pb2

import conversion_models as models

TINY = dict(
    hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=64)


MARK = "\u2581"
# White space of every kind, and one letter for two.
RULES = [([code], [0x20]) for code in (
    0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0xA0, 0x1680, *range(0x2000, 0x200B), 0x2028, 0x2029, 0x202F,
    0x205F, 0x3000, 0x2581)] + [([0xFB01], [0x66, 0x69]), ([0x65, 0x301], [0xE9])]


def trained(kind, **settings):
    """A small SentencePiece model with a small map of characters."""
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
        for source, target in RULES if kind == "unigram" else []:
            rules.write("\t".join(" ".join(f"{code:X}" for code in side)
                                  for side in (source, target)) + "\n")
        rules.flush()
        if kind == "unigram":
            settings["normalization_rule_tsv"] = rules.name
        data = io.BytesIO()
        sentencepiece.SentencePieceTrainer.Train(
            sentence_iterator=iter(models.CORPUS), model_writer=data, model_type=kind,
            character_coverage=0.98, hard_vocab_limit=False, minloglevel=2, num_threads=1, **settings)
    message = sentencepiece_model_pb2.ModelProto()
    message.ParseFromString(data.getvalue())
    return message


def unigram():
    message = trained("unigram", vocab_size=120)
    tokenizer = Tokenizer(kinds.Unigram(
        [(piece.piece, piece.score) for piece in message.pieces], unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Precompiled(message.normalizer_spec.precompiled_charsmap),
        normalizers.Strip(False, True), normalizers.Replace(Regex(" {2,}"), MARK)])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(MARK, "always")
    tokenizer.decoder = decoders.Metaspace(MARK, "always")
    return tokenizer


def pairs():
    message = trained(
        "bpe", vocab_size=360, byte_fallback=True, remove_extra_whitespaces=False,
        normalization_rule_name="identity")
    scores = {piece.piece: piece.score for piece in message.pieces}
    normal = {piece.piece for piece in message.pieces if piece.type == 1}
    merges = sorted((-scores[text], text[:cut], text[cut:]) for text in normal
                    for cut in range(1, len(text)) if {text[:cut], text[cut:]} <= normal)
    tokenizer = Tokenizer(kinds.BPE(
        {piece.piece: place for place, piece in enumerate(message.pieces)},
        [(first, second) for _, first, second in merges], unk_token="<unk>", fuse_unk=True,
        byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    return tokenizer


def write(name, tokenizer, folder):
    """A model with nothing but a tokenizer.json."""
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True)
                                  for text in ("<unk>", "<s>", "</s>")])
    tokenizer.add_tokens([AddedToken("<think>", normalized=False)])
    transformers.set_seed(len(name))
    config = transformers.LlamaConfig(**TINY, vocab_size=tokenizer.get_vocab_size() + 4)
    transformers.LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder / name)
    (folder / name / "generation_config.json").unlink(missing_ok=True)
    tokenizer.save(str(folder / name / "tokenizer.json"), pretty=False)


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
    write("unigram", unigram(), folder)
    write("pairs", pairs(), folder)
    print(json.dumps({str(path.relative_to(folder)): path.stat().st_size
                      for path in sorted(folder.rglob("*")) if path.is_file()}, indent=2))


if __name__ == "__main__":
    main()
