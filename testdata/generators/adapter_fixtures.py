# Four LoRA adapters for the fixtures' Llama, in the spelling that PEFT 0.21 writes: it adds the
# base matrix of an adapted embedding or head, and an embedding's factors carry no `.weight`.

from safetensors_bytes import Tensor, dump, pack
from tiny_models import VOCABULARY, HIDDEN, table

RANK = 2
PREFIX = "base_model.model."
TABLE = table("embedding", dtype="F32")


def config(targets: list[str], saved: list[str] | None = None) -> str:
    return dump({
        "auto_mapping": None, "base_model_name_or_path": None, "bias": "none",
        "ensure_weight_tying": False, "fan_in_fan_out": False, "inference_mode": True,
        "init_lora_weights": True, "lora_alpha": 4, "lora_bias": False, "lora_dropout": 0.0,
        "modules_to_save": saved, "peft_type": "LORA", "peft_version": "0.21.2", "r": RANK,
        "rank_pattern": {}, "target_modules": targets, "task_type": "CAUSAL_LM",
        "use_dora": False, "use_rslora": False})


def factor(name: str, rows: int, columns: int) -> Tensor:
    return table(f"adapter {name}", rows, columns, "F32")


def linear(module: str, outputs: int) -> dict[str, Tensor]:
    return {f"{PREFIX}{module}.lora_A.weight": factor(module + "A", RANK, HIDDEN),
            f"{PREFIX}{module}.lora_B.weight": factor(module + "B", outputs, RANK)}


def folders() -> dict[str, dict]:
    embedding, query = PREFIX + "model.embed_tokens", "model.layers.0.self_attn.q_proj"
    adapters = {
        "lora-head": (config(["lm_head"]), linear("lm_head", VOCABULARY) | {
            PREFIX + "lm_head.base_layer.weight": TABLE}),
        "lora-embedding": (config(["embed_tokens"]), {
            embedding + ".lora_embedding_A": factor("embedding A", RANK, VOCABULARY),
            embedding + ".lora_embedding_B": factor("embedding B", HIDDEN, RANK),
            embedding + ".base_layer.weight": TABLE}),
        "saved-embedding-and-head": (config(["q_proj"], ["embed_tokens", "lm_head"]),
                                     linear(query, HIDDEN) | {
            embedding + ".weight": factor("saved embedding", VOCABULARY, HIDDEN),
            PREFIX + "lm_head.weight": factor("saved head", VOCABULARY, HIDDEN)}),
        "lora-query": (config(["q_proj"]), linear(query, HIDDEN)),
    }
    return {name: {"adapter_config.json": text,
                   "adapter_model.safetensors": pack(tensors, {"format": "pt"})}
            for name, (text, tensors) in adapters.items()}
