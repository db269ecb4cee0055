"""Tiny random models of every family that tieconv runs, with options that are not the defaults."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
import transformers

COMMON = dict(
    vocab_size=131, hidden_size=48, intermediate_size=80, num_hidden_layers=3,
    num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
    attn_implementation="eager", bos_token_id=1, eos_token_id=2, pad_token_id=0)
GPT2 = dict(
    vocab_size=131, n_embd=48, n_layer=3, n_head=4, n_positions=64, attn_implementation="eager")
NEOX = {key: value for key, value in COMMON.items() if key != "num_key_value_heads"}
NEOX |= dict(hidden_size=64)


@dataclass(frozen=True)
class Case:
    """A config class with settings, and edits of the config.json that is written."""

    name: str
    kind: str
    settings: dict
    written: dict = field(default_factory=dict)

    def model(self) -> torch.nn.Module:
        config = getattr(transformers, f"{self.kind}Config")(**self.settings)
        torch.manual_seed(7)
        classes = {"GPT2": "GPT2LMHeadModel", "Gemma3Text": "Gemma3ForCausalLM"}
        name = classes.get(self.kind, f"{self.kind}ForCausalLM")
        model = getattr(transformers, name)(config).float().eval()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                # Every parameter is random, biases and gains too, at sizes that a layer can bear.
                scale = 0.3 if parameter.dim() == 1 else 1.5 / parameter.shape[-1] ** 0.5
                shift = 1.0 if name.endswith("norm.weight") and "Gemma" not in self.kind else 0.0
                parameter.copy_(torch.randn_like(parameter) * scale + shift)
        return model

    def save(self, folder: Path) -> torch.nn.Module:
        model = self.model()
        model.save_pretrained(folder, safe_serialization=True)
        if self.written:
            path = folder / "config.json"
            config = json.loads(path.read_text())
            config.update(self.written)
            path.write_text(json.dumps({k: v for k, v in config.items() if v != "absent"}))
        return model


def case(name: str, kind: str, base: dict = COMMON, written: dict | None = None, **settings):
    return Case(name, kind, {**base, **settings}, written or {})


def rope(kind: str, **more) -> dict:
    return {"rope_type": kind, "rope_theta": 500.0, **more}


LLAMA3 = rope(
    "llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
    original_max_position_embeddings=32)
LONG = {
    "rope_type": "longrope", "rope_theta": 1000.0,
    "short_factor": [1.0, 1.1, 1.2, 1.3, 1.4, 1.5], "long_factor": [2.0, 2.5, 3.0, 4.0, 5.0, 6.0]}

CASES = [
    case("llama", "Llama"),
    case("llama-tied-biases", "Llama", tie_word_embeddings=True, attention_bias=True,
         mlp_bias=True, head_dim=16, hidden_act="gelu"),
    case("llama-linear", "Llama", rope_parameters=rope("linear", factor=3.0)),
    case("llama-dynamic", "Llama", max_position_embeddings=16,
         rope_parameters=rope("dynamic", factor=2.0)),
    case("llama-llama3", "Llama", rope_parameters=LLAMA3),
    case("llama-yarn", "Llama", rope_parameters=rope(
        "yarn", factor=4.0, original_max_position_embeddings=16, beta_fast=16.0)),
    case("llama-yarn-mscale", "Llama", rope_parameters=rope(
        "yarn", factor=4.0, original_max_position_embeddings=16, mscale=0.7, mscale_all_dim=0.9,
        truncate=False)),
    case("llama-old-config", "Llama", rope_parameters=rope("linear", factor=3.0), written={
        "rope_parameters": "absent", "rope_theta": 500.0,
        "rope_scaling": {"type": "linear", "factor": 3.0}}),
    case("mistral", "Mistral", sliding_window=7),
    case("mistral-no-window", "Mistral", sliding_window=None, head_dim=20),
    case("qwen2", "Qwen2", tie_word_embeddings=True),
    case("qwen2-windows", "Qwen2", use_sliding_window=True, sliding_window=5,
         max_window_layers=1),
    case("qwen3", "Qwen3", head_dim=16, attention_bias=True),
    case("gemma", "Gemma", head_dim=16, num_key_value_heads=1),
    case("gemma2", "Gemma2", head_dim=16, sliding_window=6, query_pre_attn_scalar=20,
         attn_logit_softcapping=5.0, final_logit_softcapping=4.0),
    case("gemma2-no-caps", "Gemma2", head_dim=12, sliding_window=6, attn_logit_softcapping=None,
         final_logit_softcapping=None, tie_word_embeddings=False),
    case("gemma3", "Gemma3Text", head_dim=16, sliding_window=6, num_hidden_layers=4,
         layer_types=["sliding_attention", "full_attention"] * 2, query_pre_attn_scalar=30,
         final_logit_softcapping=6.0),
    case("gemma3-scaled", "Gemma3Text", head_dim=16, sliding_window=6, rope_parameters={
        "full_attention": rope("linear", factor=8.0),
        "sliding_attention": {"rope_type": "default", "rope_theta": 77.0}}),
    case("phi3", "Phi3", sliding_window=9),
    case("phi3-partial", "Phi3", tie_word_embeddings=True, rope_parameters={
        "rope_type": "default", "rope_theta": 900.0, "partial_rotary_factor": 0.5}),
    case("phi3-longrope-short", "Phi3", rope_parameters=dict(LONG),
         original_max_position_embeddings=48),
    case("phi3-longrope-long", "Phi3", rope_parameters=dict(LONG),
         original_max_position_embeddings=12),
    case("gpt2", "GPT2", GPT2),
    case("gpt2-by-layer", "GPT2", GPT2, scale_attn_by_inverse_layer_idx=True, n_inner=100,
         activation_function="gelu", tie_word_embeddings=False),
    case("gpt_neox", "GPTNeoX", NEOX),
    case("gpt_neox-sequential", "GPTNeoX", NEOX, use_parallel_residual=False,
         attention_bias=False, tie_word_embeddings=True,
         rope_parameters={"rope_type": "default", "partial_rotary_factor": 0.5}),
    case("olmo2", "Olmo2"),
    case("granite", "Granite", embedding_multiplier=3.0, residual_multiplier=0.4,
         attention_multiplier=0.2, logits_scaling=2.5, attention_bias=True, mlp_bias=True),
    case("cohere", "Cohere", logit_scale=0.3),
    case("cohere-norms", "Cohere", use_qk_norm=True, tie_word_embeddings=False,
         attention_bias=True),
    case("smollm3", "SmolLM3", num_hidden_layers=5),
    case("smollm3-windows", "SmolLM3", use_sliding_window=True, sliding_window=6,
         no_rope_layers=[1, 0, 1]),
]
