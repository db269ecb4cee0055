# Holds the fixtures against the libraries whose files they imitate: transformers must load the
# decoders and tie as it is known to, PEFT must find every key of the adapters, compressed-tensors
# and mlx must read the packed tables. Prints one line a fixture; exits 1 on a surprise.

import json
import pathlib
import sys
import warnings

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import load_file

TESTDATA = pathlib.Path(__file__).resolve().parent.parent
VERDICTS = TESTDATA / "verdicts"
# transformers 5: verdict -> (one matrix in memory, head reported as missing). With both stored it
# ties only where the two are equal and the flag is true.
OUTCOMES = {
    "TIED": (True, False), "TIED_REVERSED": (True, False), "TIED_DUPLICATE": (True, False),
    "TIED_CONFLICT": (False, False), "UNTIED": (False, False), "UNTIED_EQUAL": (False, False),
    "HEAD_MISSING": (False, True), "ROLE_SCALED": (False, False),
}
EXCEPTIONS = {
    "TIED_DUPLICATE-nan": (False, False),  # torch.equal holds NaN unequal to itself
    "TIED_CONFLICT-inexact-cast": (True, False),  # compared after the cast to the model's dtype
}
NOT_LOADED = {
    "UNTIED_EQUAL-transposed-head",  # a shape error
    "TIED-index-without-metadata",  # a KeyError
    "TIED-vocab-size-above-rows",  # a shape error
}
ODD_KEYS = {"quantization", "quantization_config", "time_step_limit"}
DECODERS = {"LlamaForCausalLM", "GemmaForCausalLM", "Qwen3ForCausalLM", "GPT2LMHeadModel",
            "T5ForConditionalGeneration", "LongT5ForConditionalGeneration"}


def load(folder: pathlib.Path):
    config = transformers.AutoConfig.from_pretrained(folder)
    kind = getattr(transformers, config.architectures[0])
    model, report = kind.from_pretrained(folder, output_loading_info=True)
    head, table = model.get_output_embeddings().weight, model.get_input_embeddings().weight
    return head is table, any(k == "lm_head.weight" for k in report["missing_keys"])


def check_decoders() -> int:
    surprises = 0
    for folder in sorted(path for path in VERDICTS.iterdir() if path.is_dir()):
        outcome = OUTCOMES.get(folder.name.split("-")[0])
        config = json.loads((folder / "config.json").read_text())
        if not outcome or folder.name in NOT_LOADED or ODD_KEYS & config.keys():
            continue
        if config["architectures"][0] not in DECODERS:
            continue
        outcome = EXCEPTIONS.get(folder.name, outcome)
        found = load(folder)
        surprises += found != outcome
        print(f"{folder.name}: tied {found[0]}, head missing {found[1]}"
              + ("" if found == outcome else f" (expected {outcome})"))
    return surprises


def check_adapters() -> int:
    import peft

    surprises = 0
    for folder in sorted((TESTDATA / "adapters").iterdir()):
        base = transformers.AutoModelForCausalLM.from_pretrained(VERDICTS / "TIED")
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            live = peft.PeftModel.from_pretrained(base, folder)
        absent = [str(w.message)[:80] for w in caught if "missing" in str(w.message).lower()]
        again = peft.get_peft_model_state_dict(live, save_embedding_layers="auto")
        with safe_open(folder / "adapter_model.safetensors", "pt") as file:
            stored = set(file.keys())
        good = not absent and set(again) == stored
        surprises += not good
        print(f"{folder.name}: {'same keys' if good else (absent, sorted(set(again) ^ stored))}")
    return surprises


def check_packed() -> int:
    import mlx.core as mx
    from compressed_tensors.compressors.pack_quantized.helpers import unpack_from_int32

    folder = VERDICTS / "QUANT_MIXED-compressed-tensors-head"
    tensors = load_file(folder / "model.safetensors")
    codes = unpack_from_int32(tensors["lm_head.weight_packed"], 4,
                              torch.Size(tensors["lm_head.weight_shape"].tolist()))
    gap = (codes * tensors["lm_head.weight_scale"].float()
           - tensors["model.embed_tokens.weight"].float()).abs().max().item()
    print(f"{folder.name}: largest error {gap:.3f}")
    folder = VERDICTS / "QUANT_MIXED-mlx-embedding"
    arrays = mx.load(str(folder / "model.safetensors"))
    family = [arrays[f"model.embed_tokens.{part}"] for part in ("weight", "scales", "biases")]
    table = mx.dequantize(*family, group_size=32, bits=4)
    head = arrays["lm_head.weight"].astype(mx.float32)
    other = mx.abs(table.astype(mx.float32) - head).max().item()
    print(f"{folder.name}: largest error {other:.3f}")
    return (gap > 0.08) + (other > 0.04)


if __name__ == "__main__":
    transformers.logging.set_verbosity_error()
    sys.exit(1 if check_decoders() + check_adapters() + check_packed() else 0)
