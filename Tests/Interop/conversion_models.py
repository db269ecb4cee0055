"""Tiny decoders of every family that convert knows, each with a tokenizer trained on the spot."""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import torch
import transformers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

# Letters with accents, digits in runs, several scripts, line breaks and code: what tokenizers differ in.
CORPUS = [
    "The quick brown fox jumps over the lazy dog. It's 12345 o'clock, they've said.",
    "Größe über Maß; l'été où ça naît; señor, ¿qué tal? Привет, мир! 你好，世界。",
    "def f(x):\n    return x ** 2  # squared\n\n\nprint(f(10), 3.14159, 0xFF)\n",
    "    indented\ttabs\r\nand   spaces,  and \"quotes\" -- (brackets) [1, 2, 3]",
    "aaaa bbbb cccc the the the then them there these those this that with within without",
] * 8

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")

VOCABULARY = 480


def _split(pattern):
    return pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


PRE_TOKENIZERS = {
    "gpt-2": lambda: pre_tokenizers.ByteLevel(add_prefix_space=False),
    "smollm": lambda: pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False)]),
    "llama-bpe": lambda: _split(LLAMA3),
    "dbrx": lambda: _split(LLAMA3),
    "qwen2": lambda: _split(QWEN2),
}


def byte_level(pre: str, folder: Path):
    """A byte-level BPE tokenizer whose pre-tokenizer GGUF calls `pre`."""
    tokenizer = Tokenizer(models.BPE(ignore_merges=pre == "llama-bpe"))
    tokenizer.pre_tokenizer = PRE_TOKENIZERS[pre]()
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY - 12, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"], show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    # Not special, and found in the middle of text: GGUF's user-defined tokens.
    tokenizer.add_tokens([AddedToken("<think>", normalized=False), AddedToken("</think>")])
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<|im_start|>", eos_token="<|im_end|>",
        unk_token="<|endoftext|>", pad_token="<|endoftext|>")
    fast.chat_template = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
    fast.save_pretrained(folder)


@lru_cache(maxsize=None)
def _sentencepiece_bytes(dummy_prefix: bool) -> bytes:
    import io

    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.Train(
        sentence_iterator=iter(CORPUS), model_writer=model, vocab_size=VOCABULARY - 12,
        model_type="bpe", byte_fallback=True, add_dummy_prefix=dummy_prefix,
        remove_extra_whitespaces=False, normalization_rule_name="identity", pad_id=-1,
        minloglevel=2)
    return model.getvalue()


def sentencepiece_model(folder: Path, dummy_prefix=True):
    """tokenizer.model with the config beside it, as releases before tokenizer.json had them."""
    folder.mkdir(exist_ok=True)
    (folder / "tokenizer.model").write_bytes(_sentencepiece_bytes(dummy_prefix))
    config = {"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>",
              "unk_token": "<unk>", "add_bos_token": True, "add_eos_token": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


@dataclass(frozen=True)
class Family:
    """A family, the smallest config of it, and its tokenizer."""

    name: str
    config: type
    model: type
    settings: dict = field(default_factory=dict)
    tokenizer: str = "gpt-2"
    ties: bool = True
    """Whether a tied model of it is usual."""
    back: bool = False
    """Whether it is turned back from GGUF."""


SMALL = dict(
    vocab_size=VOCABULARY, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256)

FAMILIES = [
    Family("llama", transformers.LlamaConfig, transformers.LlamaForCausalLM, SMALL, "smollm",
           back=True),
    Family("llama3", transformers.LlamaConfig, transformers.LlamaForCausalLM, SMALL | dict(
        rope_parameters=dict(
            rope_type="llama3", rope_theta=500000.0, factor=8.0, low_freq_factor=1.0,
            high_freq_factor=4.0, original_max_position_embeddings=8192),
        head_dim=16), "llama-bpe", back=True),
    Family("mistral", transformers.MistralConfig, transformers.MistralForCausalLM,
           SMALL | dict(sliding_window=None), "sentencepiece", back=True),
    Family("qwen2", transformers.Qwen2Config, transformers.Qwen2ForCausalLM, SMALL | dict(
        rope_parameters=dict(
            rope_type="yarn", rope_theta=1000000.0, factor=4.0,
            original_max_position_embeddings=64)), "qwen2", back=True),
    Family("qwen3", transformers.Qwen3Config, transformers.Qwen3ForCausalLM,
           SMALL | dict(head_dim=16), "qwen2", back=True),
    Family("gemma", transformers.GemmaConfig, transformers.GemmaForCausalLM,
           SMALL | dict(head_dim=16), "sentencepiece"),
    Family("gemma2", transformers.Gemma2Config, transformers.Gemma2ForCausalLM,
           SMALL | dict(head_dim=16, query_pre_attn_scalar=16, sliding_window=32),
           "sentencepiece"),
    Family("gemma3", transformers.Gemma3TextConfig, transformers.Gemma3ForCausalLM,
           SMALL | dict(head_dim=16, query_pre_attn_scalar=16, sliding_window=32,
                        num_hidden_layers=7), "sentencepiece", back=True),
    Family("phi3", transformers.Phi3Config, transformers.Phi3ForCausalLM,
           SMALL | dict(pad_token_id=0, original_max_position_embeddings=256), "sentencepiece",
           ties=False),
    Family("gpt2", transformers.GPT2Config, transformers.GPT2LMHeadModel, dict(
        vocab_size=VOCABULARY, n_embd=64, n_layer=2, n_head=4, n_positions=256, n_ctx=256),
        "gpt-2", back=True),
    Family("gpt_neox", transformers.GPTNeoXConfig, transformers.GPTNeoXForCausalLM, dict(
        vocab_size=VOCABULARY, hidden_size=64, intermediate_size=256, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=256), "gpt-2", ties=False),
    Family("starcoder2", transformers.Starcoder2Config, transformers.Starcoder2ForCausalLM,
           SMALL | dict(sliding_window=None), "smollm"),
    Family("olmo2", transformers.Olmo2Config, transformers.Olmo2ForCausalLM, SMALL, "dbrx",
           ties=False),
]
BY_NAME = {family.name: family for family in FAMILIES}


def write(family: Family, folder: Path, dtype=torch.float32, tied=None) -> Path:
    """Saves a random model of `family`; `tied` is the family's own habit by default."""
    tied = family.ties if tied is None else tied
    transformers.set_seed(len(family.name))
    ids = dict(bos_token_id=1, eos_token_id=2)
    config = family.config(**(ids | family.settings), tie_word_embeddings=tied)
    model = family.model(config).to(torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Random norms and biases too: ones and zeros would hide a swap.
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
            else:
                parameter.mul_(4)
    model.to(dtype).save_pretrained(folder)
    if family.tokenizer == "sentencepiece":
        sentencepiece_model(folder, dummy_prefix=not family.name.startswith("gemma"))
    else:
        byte_level(family.tokenizer, folder)
    return folder
