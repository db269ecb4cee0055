"""SentencePiece vocabularies, unigram and BPE, to GGUF and back: the tokenizers package (or
sentencepiece), llama.cpp and tieconv give the same ids. The vocabularies are trained here."""

import io
import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from tokenizers import (
    AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

import conversion_models
from test_tokenize import SENTENCES, TEXT, line_pairs

sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece is not installed")

HERE = Path(__file__).parent
MARK = "\u2581"
CORPUS = [*conversion_models.CORPUS, *SENTENCES[:-1], *(HERE.parent.parent / "README.md").read_text()
          .splitlines(), *(HERE.parent.parent / "testdata/demo-text.txt").read_text().splitlines()[:200]]
TEXTS = ["\n".join(CORPUS)[:60_000], *conversion_models.CORPUS[:5], *SENTENCES,
    "  leading", "trailing  ", "a  b   c", "tab\tand\nline", "", "x", " x", "x ",
    "A </s> B", "one<s>two", "<think>x</think> y", "e\u0301 \u212b \ufb01 ２０２４ \u00a0nbsp\u3000wide",
    "🙂 unknown \U00010348 letters \u0e01\u0e02", "\u2581mark\u2581s", "a" * 300, "zq" * 50]


@lru_cache(maxsize=None)
def trained(kind="unigram", rule="nmt_nfkc", **settings) -> bytes:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=900, model_type=kind,
        normalization_rule_name=rule, character_coverage=0.98, minloglevel=2, pad_id=3,
        hard_vocab_limit=False, **settings)
    return model.getvalue()


def proto(data: bytes):
    os.environ.setdefault("PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION", "python")
    from sentencepiece import sentencepiece_model_pb2

    message = sentencepiece_model_pb2.ModelProto()
    message.ParseFromString(data)
    return message


def unigram(normalizer, pre_tokenizer, data=None, dummy="always") -> Tokenizer:
    """The pieces of a SentencePiece model, with the steps that a tokenizer.json has for it."""
    message = proto(data or trained())
    tokenizer = Tokenizer(models.Unigram(
        [(piece.piece, piece.score) for piece in message.pieces], unk_id=0, byte_fallback=False))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if pre_tokenizer is not None:
        tokenizer.pre_tokenizer = pre_tokenizer
    return finished(tokenizer, dummy)


def finished(tokenizer, dummy="always") -> Tokenizer:
    tokenizer.decoder = decoders.Metaspace(MARK, dummy)
    tokenizer.add_special_tokens([AddedToken(text, normalized=False, special=True)
                                  for text in ("<s>", "</s>", "<unk>")])
    tokenizer.add_tokens([AddedToken("<think>", normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", tokenizer.token_to_id("</s>"))])
    return tokenizer


def charsmap(data=None):
    return normalizers.Precompiled(proto(data or trained()).normalizer_spec.precompiled_charsmap)


def hugging_face_trained() -> Tokenizer:
    """Scores that no float32 is equal to, and no map of characters."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])
    tokenizer.train_from_iterator(CORPUS, trainers.UnigramTrainer(
        vocab_size=700, special_tokens=["<unk>", "<s>", "</s>"], unk_token="<unk>",
        show_progress=False))
    return finished(tokenizer)


def metaspace(scheme="always", split=True):
    return pre_tokenizers.Metaspace(MARK, scheme, split)


UNIGRAMS = {
    # As transformers turns SentencePiece models into tokenizer.json.
    "converted": lambda: unigram(normalizers.Sequence([
        charsmap(), normalizers.Strip(False, True), normalizers.Replace(Regex(" {2,}"), MARK)]),
        metaspace()),
    # As T5's and XLM-RoBERTa's files have it.
    "white-space": lambda: unigram(
        charsmap(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), metaspace()])),
    "no-prefix": lambda: unigram(
        None, metaspace("never", split=False),
        trained(rule="identity", add_dummy_prefix=False, remove_extra_whitespaces=False), "never"),
    "trained": hugging_face_trained,
}


def folder_of(tokenizer, folder: Path, rows=1024) -> Path:
    """A tiny Llama with this tokenizer.json and no tokenizer.model."""
    import torch
    import transformers

    config = transformers.LlamaConfig(**(conversion_models.SMALL | dict(vocab_size=rows)),
                                      bos_token_id=None, eos_token_id=None)
    transformers.LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>",
        "unk_token": "<unk>"}))
    return folder


def llama_ids(model: Path, texts=tuple(TEXTS)) -> list[list[int]]:
    libraries = os.environ.get("LLAMA_CPP_BIN")
    if not libraries or not (Path(libraries) / "libllama.so").exists():
        pytest.skip("LLAMA_CPP_BIN does not name a folder with libllama.so")
    done = subprocess.run(
        [sys.executable, HERE / "llama_vocabulary.py", libraries, model], errors="replace",
        input=json.dumps(list(texts)), capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-1500:]
    return json.loads(done.stdout)


def our_ids(tieconv, model: Path, tmp_path: Path, texts=tuple(TEXTS)) -> list[list[int]]:
    found = []
    for text in texts:
        (tmp_path / "text").write_bytes(text.encode())
        found.append(tieconv.json("tokenize", model, "--text", tmp_path / "text")["ids"])
    return found


def different(one, other):
    return [(text, *pair) for text, *pair in zip(TEXTS, one, other, strict=True)
            if pair[0] != pair[1]]


@pytest.mark.parametrize("name", UNIGRAMS)
def test_a_unigram_tokenizer_json_becomes_the_same_ids_in_llama_cpp_and_back(
        name, tieconv, tmp_path):
    tokenizer = UNIGRAMS[name]()
    source = folder_of(tokenizer, tmp_path / "in")
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    expected = [tokenizer.encode(text).ids for text in TEXTS]
    assert different(expected, our_ids(tieconv, source, tmp_path)) == []
    model = tmp_path / "m.gguf"
    report = tieconv.json("convert", source, "-o", model, "--to", "gguf")
    if name == "trained":
        # What the note says: spaces alone between two tokens get no mark more.
        assert "nothing but spaces" in " ".join(report["notes"])
        place = TEXTS.index(SENTENCES[-1])
        expected[place] = our_ids(tieconv, model, tmp_path, [SENTENCES[-1]])[0]
    else:
        assert report["notes"] == []
    assert different(expected, our_ids(tieconv, model, tmp_path)) == []
    back = tmp_path / "back"
    tieconv.json("convert", model, "-o", back, "--to", "safetensors")
    again = Tokenizer.from_file(str(back / "tokenizer.json"))
    if name != "trained":
        assert different(expected, [again.encode(text).ids for text in TEXTS]) == []
    # And a second time, out of what was written here.
    tieconv.json("convert", back, "-o", tmp_path / "again.gguf", "--to", "gguf")
    assert different(expected, our_ids(tieconv, tmp_path / "again.gguf", tmp_path)) == []
    assert different(expected, llama_ids(model)) == []
    assert different(expected, llama_ids(tmp_path / "again.gguf")) == []


@pytest.mark.parametrize("rule", ["nmt_nfkc", "identity"])
@pytest.mark.parametrize("merges", [True, False], ids=["merged", "kept"])
def test_a_unigram_tokenizer_model_becomes_the_ids_of_llama_cpp(rule, merges, tieconv, tmp_path):
    data = trained(rule=rule, remove_extra_whitespaces=merges)
    source = folder_of(UNIGRAMS["converted"](), tmp_path / "in")
    (source / "tokenizer.json").unlink()
    (source / "tokenizer.model").write_bytes(data)
    model = tmp_path / "m.gguf"
    tieconv.json("convert", source, "-o", model, "--to", "gguf")
    ours = our_ids(tieconv, model, tmp_path)
    processor = sentencepiece.SentencePieceProcessor(model_proto=data)
    plain = [text for text in TEXTS if "<" not in text]
    # sentencepiece joins unknown characters to one piece, as all of these do; the end is added here.
    expected = [processor.encode(text) for text in plain]
    found = [ids for text, ids in zip(TEXTS, ours, strict=True) if text in plain]
    ends = {ids[-1] for ids in found if ids}
    assert len(ends) <= 1
    assert [ids[:-1] if ends else ids for ids in found] == expected
    assert different(ours, llama_ids(model)) == []


REFUSED = {
    "byte_fallback": lambda state: state["model"].update(byte_fallback=True),
    "Lowercase": lambda state: state.update(normalizer={"type": "Sequence", "normalizers": [
        {"type": "Lowercase"}, state["normalizer"]]}),
    "Digits": lambda state: state.update(pre_tokenizer={"type": "Sequence", "pretokenizers": [
        state["pre_tokenizer"], {"type": "Digits", "individual_digits": True}]}),
    "a piece of two": lambda state: state["model"]["vocab"][40].__setitem__(0, MARK + "of" + MARK + "it"),
    "unknown": lambda state: state["model"].update(unk_id=None),
    "white space of other kinds": lambda state: state.update(normalizer={
        "type": "Sequence", "normalizers": state["normalizer"]["normalizers"][1:]}),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_llama_cpp_would_cut_otherwise_is_refused_by_name(reason, tieconv, tmp_path):
    source = folder_of(UNIGRAMS["converted"](), tmp_path / "in")
    path = source / "tokenizer.json"
    state = json.loads(path.read_text())
    REFUSED[reason](state)
    path.write_text(json.dumps(state))
    report = tieconv.json(
        "convert", source, "-o", tmp_path / "m.gguf", "--to", "gguf", exit_status=2)
    assert report["error"]["code"] == "unsupportedFormat"
    assert reason in report["error"]["message"], report
    assert not (tmp_path / "m.gguf").exists()


def byte_fallback_pairs() -> Tokenizer:
    """SentencePiece BPE as tokenizer.json: all merges that pieces imply, the best piece first."""
    message = proto(trained("bpe", "identity", byte_fallback=True, remove_extra_whitespaces=False))
    pieces = {piece.piece: (place, piece.score) for place, piece in enumerate(message.pieces)}
    normal = {piece.piece for piece in message.pieces if piece.type == 1}
    merges = sorted(
        (-pieces[text][1], pieces[text][0], text[:cut], text[cut:]) for text in normal
        for cut in range(1, len(text)) if text[:cut] in normal and text[cut:] in normal)
    tokenizer = Tokenizer(models.BPE(
        {text: place for text, (place, _) in pieces.items()},
        [(first, second) for _, _, first, second in merges], unk_token="<unk>", fuse_unk=True,
        byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)])
    tokenizer = finished(tokenizer)
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(),
        decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    return tokenizer


def test_a_sentencepiece_bpe_tokenizer_json_alone_becomes_the_same_ids(tieconv, tmp_path):
    tokenizer = byte_fallback_pairs()
    source = folder_of(tokenizer, tmp_path / "in", rows=1280)
    expected = [tokenizer.encode(text).ids for text in TEXTS]
    model = tmp_path / "m.gguf"
    tieconv.json("convert", source, "-o", model, "--to", "gguf")
    assert different(expected, our_ids(tieconv, model, tmp_path)) == []
    assert different(expected, llama_ids(model)) == []
    back = tmp_path / "back"
    tieconv.json("convert", model, "-o", back, "--to", "safetensors")
    again = Tokenizer.from_file(str(back / "tokenizer.json"))
    assert different(expected, [again.encode(text).ids for text in TEXTS]) == []
    tieconv.json("convert", back, "-o", tmp_path / "again.gguf", "--to", "gguf")
    assert different(expected, llama_ids(tmp_path / "again.gguf")) == []


def test_merges_that_pieces_do_not_imply_are_refused(tieconv, tmp_path):
    """Trained by the tokenizers package: one merge a piece, where llama.cpp joins any two."""
    source = folder_of(line_pairs(), tmp_path / "in", rows=3072)
    report = tieconv.json(
        "convert", source, "-o", tmp_path / "m.gguf", "--to", "gguf", exit_status=2)
    assert "without being merged" in report["error"]["message"]


def test_wild_text_is_cut_as_llama_cpp_cuts_it(tieconv, tmp_path):
    """Every plane, runs of everything: where a map of characters meets half of what it holds."""
    source = folder_of(UNIGRAMS["white-space"](), tmp_path / "in")
    model = tmp_path / "m.gguf"
    tieconv.json("convert", source, "-o", model, "--to", "gguf")
    texts = [TEXT[place:place + 5000] for place in range(0, 120_000, 5000)]
    assert our_ids(tieconv, model, tmp_path, texts) == llama_ids(model, texts)
