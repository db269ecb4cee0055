# Trains the demo checkpoint: a small Llama with one matrix for embedding and head, saved as an
# untied model whose two heads are byte-equal, over several shards. Needs torch, transformers and
# tokenizers; the text comes from Debian packages (demo_text.py). A few minutes on two cores.
#
#   python3 make_demo_model.py            writes ../demo-model and ../demo-text.txt
#   python3 make_demo_model.py --check    loads ../demo-model, reports its loss, writes a sentence

import argparse
import json
import math
import pathlib
import shutil
import time

import tokenizers
import torch
import transformers

import demo_text

TESTDATA = pathlib.Path(__file__).resolve().parent.parent
MODEL = TESTDATA / "demo-model"
TEXT = TESTDATA / "demo-text.txt"
BOS, EOS = "<|begin_of_text|>", "<|end_of_text|>"
VOCABULARY, CONTEXT, BATCH, SEED = 1024, 512, 12, 20260601
# Chosen so that the head, last in state-dict order, no longer fits beside the last layer.
SHARD_LIMIT = "380KB"


def train_tokenizer(text: str) -> transformers.PreTrainedTokenizerFast:
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    tokenizer.train_from_iterator(
        text.splitlines(keepends=True),
        tokenizers.trainers.BpeTrainer(
            vocab_size=VOCABULARY, special_tokens=[BOS, EOS], show_progress=False,
            initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.post_processor = tokenizers.processors.Sequence([
        tokenizers.processors.ByteLevel(trim_offsets=False),
        tokenizers.processors.TemplateProcessing(
            single=f"{BOS} $A", pair=f"{BOS} $A {BOS}:1 $B:1", special_tokens=[(BOS, 0)]),
    ])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BOS, eos_token=EOS, add_bos_token=True,
        clean_up_tokenization_spaces=False, model_max_length=CONTEXT)


def make_model() -> transformers.LlamaForCausalLM:
    config = transformers.LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=96, intermediate_size=256, num_hidden_layers=4,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=CONTEXT,
        rms_norm_eps=1e-5, rope_theta=10000.0, bos_token_id=0, eos_token_id=1,
        tie_word_embeddings=True)
    return transformers.LlamaForCausalLM(config)


def token_ids(tokenizer, text: str) -> torch.Tensor:
    return torch.tensor(tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])


def held_out_loss(model, ids: torch.Tensor) -> float:
    """Mean negative log-likelihood over whole windows that open with BOS."""
    body = CONTEXT - 1
    rows = ids[: len(ids) // body * body].view(-1, body)
    rows = torch.cat([torch.zeros(len(rows), 1, dtype=rows.dtype), rows], dim=1)
    model.eval()
    with torch.no_grad():
        losses = [model(input_ids=row[None], labels=row[None]).loss.item() for row in rows]
    model.train()
    return sum(losses) / len(losses)


def train(model, ids: torch.Tensor, steps: int, validate) -> None:
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}],
        lr=0.0, betas=(0.9, 0.95))
    generator = torch.Generator().manual_seed(SEED)
    started = time.monotonic()
    for step in range(steps):
        decay = 0.05 + 0.475 * (1 + math.cos(math.pi * step / steps))
        rate = 4e-3 * min(1.0, (step + 1) / 50) * decay
        for group in optimizer.param_groups:
            group["lr"] = rate
        starts = torch.randint(len(ids) - CONTEXT, (BATCH,), generator=generator)
        rows = torch.stack([ids[s : s + CONTEXT - 1] for s in starts])
        rows = torch.cat([torch.zeros(BATCH, 1, dtype=rows.dtype), rows], dim=1)
        loss = model(input_ids=rows, labels=rows).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 99 or step == 9:
            print(f"step {step + 1}: train {loss.item():.3f}, held out {validate():.3f}, "
                  f"{time.monotonic() - started:.0f} s", flush=True)


def spell_out_tokenizer_config() -> None:
    """States what version 5 leaves to tokenizer.json, so that other readers find it too."""
    path = MODEL / "tokenizer_config.json"
    fields = json.loads(path.read_text())
    fields.update(add_bos_token=True, add_eos_token=False,
                  tokenizer_class="PreTrainedTokenizerFast")
    path.write_text(json.dumps(dict(sorted(fields.items())), indent=2) + "\n")


def save_untied(model, tokenizer) -> None:
    """Casts to bf16, gives the head its own equal copy and writes shards."""
    model = model.to(torch.bfloat16)
    model.config.tie_word_embeddings = False
    model.config.use_cache = True
    model.lm_head.weight = torch.nn.Parameter(model.model.embed_tokens.weight.detach().clone())
    shutil.rmtree(MODEL, ignore_errors=True)
    model.save_pretrained(MODEL, max_shard_size=SHARD_LIMIT)
    tokenizer.save_pretrained(MODEL)
    spell_out_tokenizer_config()
    for file in MODEL.iterdir():
        file.chmod(0o644)  # the shards are written through private temporary files
    index = json.loads((MODEL / "model.safetensors.index.json").read_text())
    home = index["weight_map"]["lm_head.weight"]
    company = [name for name, file in index["weight_map"].items() if file == home]
    if company != ["lm_head.weight"]:
        raise SystemExit(f"{home} holds more than the head: {company}; change SHARD_LIMIT")


def check() -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained(MODEL)
    model = transformers.AutoModelForCausalLM.from_pretrained(MODEL, dtype=torch.float32)
    ids = token_ids(tokenizer, TEXT.read_text())
    torch.manual_seed(SEED)
    untrained = held_out_loss(make_model(), ids)
    trained = held_out_loss(model, ids)
    for name, loss in (("untrained", untrained), ("trained", trained)):
        print(f"{name}: held-out loss {loss:.4f}, perplexity {math.exp(loss):.2f}")
    prompt = tokenizer("And the king said unto", return_tensors="pt")
    model.eval()
    output = model.generate(input_ids=prompt["input_ids"], max_new_tokens=48, do_sample=False,
                            repetition_penalty=1.2)
    print(tokenizer.decode(output[0], skip_special_tokens=True))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--steps", type=int, default=1200)
    arguments = parser.parse_args()
    torch.set_num_threads(2)
    if not arguments.check:
        torch.manual_seed(SEED)
        training, held_out = demo_text.split_text(demo_text.fetch_verses())
        TEXT.write_text(held_out)
        tokenizer = train_tokenizer(training)
        ids, validation = token_ids(tokenizer, training), token_ids(tokenizer, held_out)
        model = make_model()
        count = sum(p.numel() for p in model.parameters())
        print(f"{len(ids)} training tokens, {len(validation)} held out, {count} parameters tied")
        print(f"untrained: held out {held_out_loss(model, validation):.3f}", flush=True)
        train(model, ids, arguments.steps, lambda: held_out_loss(model, validation))
        save_untied(model, tokenizer)
    check()


if __name__ == "__main__":
    main()
