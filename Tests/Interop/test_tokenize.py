"""Token ids against the tokenizers package: every kind of model, normalizer and pre-tokenizer, on text
of many scripts. The vocabularies are trained here, on that very text; real ones need downloads."""

import json
import random
import unicodedata

import numpy as np
import pytest
from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

from conftest import ROOT

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
END = r"\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = (CONTRACTIONS + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|" + END)
GPT4O = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+" + CONTRACTIONS
    + r"?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    + CONTRACTIONS + r"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|" + END)
DEEPSEEK3 = (
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
    " ?[\\p{P}\\p{S}]+[\r\n]*|" + END)

SENTENCES = (
    "The quick brown fox jumps; it's what they've SAID, I'LL see — “quoted” ‘text’…",
    "Съешь же ещё этих мягких французских булок, да выпей чаю. Ёлка №5!",
    "Ζαφείρι δέξου πάγκαλο, βαθῶν ψυχῆς τὸ σῆμα. ΣΊΣΥΦΟΣ",
    "いろはにほへと ちりぬるを。カタカナ・ﾊﾝｶｸ 天地玄黃，宇宙洪荒。１２３",
    "다람쥐 헌 쳇바퀴에 타고파. صِف خَلقَ خَودِ ١٢٣ דג סקרן שט",
    "ऋषियों को सताने वाले दुष्ट १२३ เป็นมนุษย์สุดประเสริฐ ཨོཾ་མ་ཎི་པདྨེ་ཧཱུྃ",
    "Příliš žluťoučký kůň; naïve café résumé Ångström ﬁne ß ẞ İstanbul'da ﷺ ½ ² Ⅷ ⑧",
    "🙂👍🏽👩‍👩‍👧‍👦🏳️‍🌈🇩🇪❤️‍🔥 a\u0301e\u0308\u0323 \u1100\u1161\u11a8 \u0958 \u2126 \u0344",
    "$1,234,567.89 + 3.14159e-10 = 0xDEADBEEF; 2024-01-31 12:34:56",
    "for(int i=0;i<n;i++){a[i]+=b[i]*c[i];} // done\n\tdef f(x): return x**2",
    "<s> </s> [CLS]x <mask> a<mask>b <|end|>  <|end|>\n ſ's x'ſ 'Re \u2581under▁score",
)
SPACES = (" ", "  ", "\t", "\n", "\n\n", "\r\n", "\r", "\u00a0", "\u3000", "\u2028", "\x0b", "\x85",
          "    \n", " \t ", "\n \n", "\u202f")


def mixed_text() -> str:
    random_state = random.Random(11)
    words = " ".join(SENTENCES).split(" ")
    parts = [(ROOT / "README.md").read_text(), (ROOT / "testdata/demo-text.txt").read_text()[:20000]]
    for _ in range(6000):
        word = random_state.choice(words)
        if random_state.random() < 0.1:
            word = unicodedata.normalize(random_state.choice(("NFD", "NFKC")), word.upper())
        parts.append(word + random_state.choice(SPACES) * random_state.choice((1, 1, 1, 2, 7)))
    for _ in range(3000):
        # Every plane; the surrogates are no characters.
        scalar = random_state.choice((
            random_state.randrange(0x250), random_state.randrange(0xD800),
            random_state.randrange(0xE000, 0x30000), random_state.randrange(0x1F000, 0x1FB00)))
        parts.append(chr(scalar) + random_state.choice(("", " ", "\n", "x")))
    parts += ["a" * 3000, " " * 500, "\n" * 100, "ab" * 700, "的" * 400, "0" * 301, "\u0301" * 90]
    return "".join(parts)


TEXT = mixed_text()


def isolated(pattern):
    return pre_tokenizers.Split(Regex(pattern), "isolated")


def byte_level(use_regex=False, **options):
    return pre_tokenizers.ByteLevel(add_prefix_space=options.get("prefix", False), use_regex=use_regex)


def byte_pairs(pre_tokenizer, normalizer=None, **settings):
    tokenizer = Tokenizer(models.BPE(**settings))
    tokenizer.pre_tokenizer = pre_tokenizer
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator([TEXT[:150_000]], trainers.BpeTrainer(
        vocab_size=2500, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|end|>"], show_progress=False))
    return tokenizer


def sequence(*parts):
    return pre_tokenizers.Sequence(list(parts))


def line_pairs(pre_tokenizer=None):
    """SentencePiece's form: metaspaces, byte fallback, merges across words."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", "never")
    fallback = [f"<0x{byte:02X}>" for byte in range(256)]
    tokenizer.train_from_iterator([TEXT[:150_000]], trainers.BpeTrainer(
        vocab_size=3000, special_tokens=["<unk>", "<s>"] + fallback, limit_alphabet=300,
        show_progress=False))
    # The bytes are not special: they are part of the model alone.
    state = json.loads(tokenizer.to_str())
    state["added_tokens"] = state["added_tokens"][:2]
    state["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(state))
    if pre_tokenizer:
        tokenizer.pre_tokenizer = pre_tokenizer
    else:
        tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", 1)])
    return tokenizer


def unigram(normalizer, pre_tokenizer):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.train_from_iterator([TEXT[:60_000]], trainers.UnigramTrainer(
        vocab_size=1500, special_tokens=["<unk>", "<s>"], unk_token="<unk>", show_progress=False))
    return tokenizer


def word_piece():
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.train_from_iterator([TEXT[:150_000]], trainers.WordPieceTrainer(
        vocab_size=2000, special_tokens=["[UNK]", "[CLS]", "[SEP]"], limit_alphabet=400,
        show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1))
    return tokenizer


def word_level():
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
        normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator([TEXT], trainers.WordLevelTrainer(
        vocab_size=900, special_tokens=["[UNK]"], show_progress=False))
    return tokenizer


def with_added():
    tokenizer = byte_pairs(byte_level(True, prefix=True), normalizers.NFC())
    tokenizer.add_tokens([
        AddedToken("<mask>", lstrip=True, normalized=False), AddedToken("fox", single_word=True),
        AddedToken("Ångström", normalized=True), AddedToken("</s>", rstrip=True, special=True),
        AddedToken("   ", normalized=False), AddedToken("      ", normalized=False)])
    return tokenizer


def suffixed():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Split(
        Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True)
    tokenizer.decoder = decoders.BPEDecoder()
    tokenizer.train_from_iterator([TEXT[:150_000]], trainers.BpeTrainer(
        vocab_size=2500, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=250,
        show_progress=False))
    return tokenizer


TOKENIZERS = {
    "gpt2": lambda: byte_pairs(byte_level(True)),
    "smollm": lambda: byte_pairs(sequence(pre_tokenizers.Digits(True), byte_level(True))),
    "llama3": lambda: byte_pairs(sequence(isolated(LLAMA3), byte_level()), ignore_merges=True),
    "gpt4o": lambda: byte_pairs(sequence(isolated(GPT4O), byte_level())),
    "qwen": lambda: byte_pairs(
        sequence(isolated(LLAMA3.replace("{1,3}", "")), byte_level()), normalizers.NFC()),
    "deepseek": lambda: byte_pairs(sequence(
        isolated(r"\p{N}{1,3}"), isolated("[一-龥\u3040-ゟ゠-ヿ]+"), isolated(DEEPSEEK3), byte_level())),
    "falcon": lambda: byte_pairs(sequence(
        pre_tokenizers.Punctuation("contiguous"), byte_level(True), pre_tokenizers.Digits(False),
        pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated"))),
    "claude": lambda: byte_pairs(byte_level(True), normalizers.NFKC()),
    "added": with_added,
    "clip": suffixed,
    "llama2": line_pairs,
    "mistral": lambda: line_pairs(pre_tokenizers.Metaspace("▁", "first", split=False)),
    "t5": lambda: unigram(
        normalizers.Sequence([
            normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Metaspace("▁", "always")),
    "xlm": lambda: unigram(
        normalizers.NFKC(),
        sequence(pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace("▁", "always"))),
    "bert": word_piece,
    "words": word_level,
}


@pytest.fixture(scope="module")
def text_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "mixed.txt"
    path.write_bytes(TEXT.encode())
    return path


@pytest.mark.parametrize("name", TOKENIZERS)
def test_ids_are_those_of_the_tokenizers_package(tieconv, tmp_path, text_file, name):
    tokenizer = TOKENIZERS[name]()
    path = tmp_path / "tokenizer.json"
    tokenizer.save(str(path))
    # As the file has it, which is not always as it was built.
    tokenizer = Tokenizer.from_file(str(path))
    for addition, flags in ((True, ()), (False, ("--no-special",))):
        output = tmp_path / f"ids-{addition}.npy"
        report = tieconv.json("tokenize", path, "--text", text_file, "-o", output, *flags)
        expected = tokenizer.encode(TEXT, add_special_tokens=addition).ids
        assert np.array_equal(np.load(output), expected)
        assert report["tokens"] == len(expected) and report["bytes"] == len(TEXT.encode())
        assert report["vocabulary_size"] == tokenizer.get_vocab_size()
    assert len(expected) > 10_000


def test_short_texts_too(tieconv, tmp_path):
    """Beginnings, ends and nothing at all: where prefixes and lookaheads go wrong."""
    for name in ("gpt2", "llama3", "mistral", "added", "xlm", "bert"):
        path = tmp_path / f"{name}.json"
        TOKENIZERS[name]().save(str(path))
        tokenizer = Tokenizer.from_file(str(path))
        for text in ("", " ", "  ", "\n", "a", " a", "a ", "<s>", "<s> a", " <mask> b", "\u0301", "🙂"):
            (tmp_path / "t.txt").write_bytes(text.encode())
            ids = tieconv.json("tokenize", path, "--text", tmp_path / "t.txt")["ids"]
            assert ids == tokenizer.encode(text).ids, (name, text)


def test_a_model_folder_and_bare_numbers(tieconv, tmp_path):
    demo = ROOT / "testdata/demo-model"
    text = tmp_path / "t.txt"
    text.write_text("Once upon a time\n")
    expected = Tokenizer.from_file(str(demo / "tokenizer.json")).encode("Once upon a time\n").ids
    assert tieconv.json("tokenize", demo, "--text", text)["ids"] == expected
    tieconv.json("tokenize", demo, "--text", text, "-o", tmp_path / "ids.bin")
    assert np.fromfile(tmp_path / "ids.bin", "<u2").tolist() == expected
    tieconv.json("tokenize", demo, "--text", text, "-o", tmp_path / "wide", "--as", "uint32")
    assert np.fromfile(tmp_path / "wide", "<u4").tolist() == expected
    lines = tieconv.run("tokenize", demo, "--text", text).stdout.split()
    assert [int(line) for line in lines] == expected


def test_what_cannot_be_done_is_said_in_one_line(tieconv, tmp_path):
    demo = ROOT / "testdata/demo-model"
    text = tmp_path / "t.txt"
    text.write_bytes(b"ab\xff")
    failed = tieconv.run("tokenize", demo, "--text", text, "--json")
    assert failed.returncode == 2
    error = json.loads(failed.stdout)["error"]
    assert error["code"] == "invalidText" and error["offset"] == 2 and str(text) in error["file"]
    text.write_bytes(b"ab")
    (tmp_path / "ids.npy").write_bytes(b"mine")
    exists = tieconv.run("tokenize", demo, "--text", text, "-o", tmp_path / "ids.npy")
    assert exists.returncode == 2 and (tmp_path / "ids.npy").read_bytes() == b"mine"
    state = json.loads((demo / "tokenizer.json").read_text())
    state["pre_tokenizer"] = {"type": "UnicodeScripts"}
    odd = tmp_path / "tokenizer.json"
    odd.write_text(json.dumps(state))
    refused = tieconv.run("tokenize", odd, "--text", text)
    assert refused.returncode == 2 and "UnicodeScripts" in refused.stderr
    assert tieconv.run("tokenize", demo, "--text", text, "--as", "npy").returncode == 64
