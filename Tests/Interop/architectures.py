"""Tiny random models of the architectures that the interop suite covers.

Each entry builds a model of a few hundred kilobytes whose configuration class, parameter names and
ties are those of the real family. Every parameter is random, biases and norms included, so that a
tensor that gets lost, zeroed or exchanged changes the logits.
"""

from dataclasses import dataclass, field

import torch
import transformers as hf

VOCAB = 96
SEQUENCE = 7

_SIZES = dict(
    vocab_size=VOCAB,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=2,
)
_VISION = dict(
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=1,
    num_attention_heads=4,
    image_size=28,
    patch_size=14,
)


def _sizes(**changes):
    sizes = {**_SIZES, **changes}
    return {key: value for key, value in sizes.items() if value is not None}


@dataclass(frozen=True)
class Architecture:
    """One model class with the settings that make it tiny."""

    name: str
    model: str
    config: str
    settings: dict
    inputs: str = "tokens"
    # The class reads no vocabulary tie off the flag: it forces it (T5: formats of v1.0 and v1.1).
    flag_is_forced: bool = False
    # What the flag false costs: nothing, except in T5, where it switches a logit scale off.
    nested: dict = field(default_factory=dict)
    base: str | None = None

    @property
    def model_class(self):
        return getattr(hf, self.model)

    def configuration(self, tied=None):
        """The configuration, with the flag at every level that states one when `tied` is given."""
        settings = dict(self.settings)
        for key, (config, sub_settings) in self.nested.items():
            sub_settings = dict(sub_settings)
            if tied is not None and key == "text_config":
                sub_settings["tie_word_embeddings"] = tied
            settings[key] = getattr(hf, config)(**sub_settings)
        if tied is not None:
            settings["tie_word_embeddings"] = tied
        return getattr(hf, self.config)(**settings)

    def build(self, tied=None, model=None):
        """A model with reproducible random weights; its ties are the class's own."""
        torch.manual_seed(20)
        network = getattr(hf, model or self.model)(self.configuration(tied)).float().eval()
        generator = torch.Generator().manual_seed(11)
        with torch.no_grad():
            for name, parameter in network.named_parameters():
                noise = torch.randn(parameter.shape, generator=generator) * 0.1
                parameter.copy_(noise + 1 if "norm" in name and parameter.ndim == 1 else noise)
        return network

    def batch(self):
        """Inputs that reach the embedding and the head (and the encoder, where there is one)."""
        generator = torch.Generator().manual_seed(5)
        ids = torch.randint(3, VOCAB, (2, SEQUENCE), generator=generator)
        if self.inputs == "seq2seq":
            return {"input_ids": ids, "decoder_input_ids": ids.flip(1)}
        if self.inputs == "audio":
            features = torch.randn(2, 8, 60, generator=generator)
            return {"input_features": features, "decoder_input_ids": ids}
        return {"input_ids": ids}


def _decoder(name, model, config, base=None, **changes):
    return Architecture(name, model, config, _sizes(**changes), base=base)


ARCHITECTURES = [
    _decoder("llama", "LlamaForCausalLM", "LlamaConfig", base="LlamaModel"),
    _decoder("mistral", "MistralForCausalLM", "MistralConfig"),
    _decoder("mixtral", "MixtralForCausalLM", "MixtralConfig", num_local_experts=2),
    _decoder("qwen2", "Qwen2ForCausalLM", "Qwen2Config"),
    _decoder("qwen3", "Qwen3ForCausalLM", "Qwen3Config", head_dim=8),
    _decoder("qwen2_moe", "Qwen2MoeForCausalLM", "Qwen2MoeConfig", num_experts=2,
             moe_intermediate_size=16, shared_expert_intermediate_size=16, num_experts_per_tok=1),
    _decoder("gemma", "GemmaForCausalLM", "GemmaConfig", head_dim=8),
    _decoder("gemma2", "Gemma2ForCausalLM", "Gemma2Config", head_dim=8),
    _decoder("gemma3_text", "Gemma3ForCausalLM", "Gemma3TextConfig", head_dim=8),
    Architecture("gpt2", "GPT2LMHeadModel", "GPT2Config", base="GPT2Model", settings=dict(
        vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=64,
        bos_token_id=1, eos_token_id=2)),
    _decoder("gpt_neox", "GPTNeoXForCausalLM", "GPTNeoXConfig", num_key_value_heads=None),
    Architecture("gptj", "GPTJForCausalLM", "GPTJConfig", settings=dict(
        vocab_size=VOCAB, n_embd=32, n_layer=2, n_head=4, n_positions=64, rotary_dim=4,
        bos_token_id=1, eos_token_id=2)),
    Architecture("gpt_neo", "GPTNeoForCausalLM", "GPTNeoConfig", settings=dict(
        vocab_size=VOCAB, hidden_size=32, num_layers=2, num_heads=4, intermediate_size=48,
        attention_types=[[["global", "local"], 1]], max_position_embeddings=64, window_size=16,
        bos_token_id=1, eos_token_id=2)),
    Architecture("opt", "OPTForCausalLM", "OPTConfig", settings=dict(
        vocab_size=VOCAB, hidden_size=32, ffn_dim=48, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=64, word_embed_proj_dim=32)),
    Architecture("bloom", "BloomForCausalLM", "BloomConfig", settings=dict(
        vocab_size=VOCAB, hidden_size=32, n_layer=2, n_head=4)),
    Architecture("falcon", "FalconForCausalLM", "FalconConfig", settings=dict(
        vocab_size=VOCAB, hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        bos_token_id=1, eos_token_id=2)),
    _decoder("phi", "PhiForCausalLM", "PhiConfig", num_key_value_heads=None),
    _decoder("phi3", "Phi3ForCausalLM", "Phi3Config"),
    _decoder("cohere", "CohereForCausalLM", "CohereConfig"),
    _decoder("granite", "GraniteForCausalLM", "GraniteConfig", logits_scaling=4.0,
             embedding_multiplier=3.0),
    _decoder("olmo", "OlmoForCausalLM", "OlmoConfig"),
    _decoder("olmo2", "Olmo2ForCausalLM", "Olmo2Config"),
    _decoder("stablelm", "StableLmForCausalLM", "StableLmConfig"),
    _decoder("starcoder2", "Starcoder2ForCausalLM", "Starcoder2Config"),
    _decoder("smollm3", "SmolLM3ForCausalLM", "SmolLM3Config"),
    Architecture("t5", "T5ForConditionalGeneration", "T5Config", inputs="seq2seq",
                 flag_is_forced=True, settings=dict(
                     vocab_size=VOCAB, d_model=32, d_kv=8, d_ff=48, num_layers=1, num_heads=4,
                     decoder_start_token_id=0)),
    Architecture("mt5", "MT5ForConditionalGeneration", "MT5Config", inputs="seq2seq",
                 flag_is_forced=True, settings=dict(
                     vocab_size=VOCAB, d_model=32, d_kv=8, d_ff=48, num_layers=1, num_heads=4,
                     decoder_start_token_id=0)),
    Architecture("bart", "BartForConditionalGeneration", "BartConfig", inputs="seq2seq",
                 settings=dict(
                     vocab_size=VOCAB, d_model=32, encoder_layers=1, decoder_layers=1,
                     encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48,
                     decoder_ffn_dim=48, max_position_embeddings=64)),
    _decoder("bert", "BertForMaskedLM", "BertConfig", num_key_value_heads=None, base="BertModel"),
    _decoder("roberta", "RobertaForMaskedLM", "RobertaConfig", num_key_value_heads=None),
    _decoder("albert", "AlbertForMaskedLM", "AlbertConfig", num_key_value_heads=None,
             embedding_size=16),
    Architecture("whisper", "WhisperForConditionalGeneration", "WhisperConfig", inputs="audio",
                 settings=dict(
                     vocab_size=VOCAB, d_model=32, encoder_layers=1, decoder_layers=1,
                     encoder_attention_heads=4, decoder_attention_heads=4, encoder_ffn_dim=48,
                     decoder_ffn_dim=48, num_mel_bins=8, max_source_positions=30,
                     max_target_positions=64, pad_token_id=0, bos_token_id=1, eos_token_id=2,
                     decoder_start_token_id=1, suppress_tokens=None,
                     begin_suppress_tokens=None)),
    Architecture("llava", "LlavaForConditionalGeneration", "LlavaConfig",
                 settings=dict(image_token_index=VOCAB - 1),
                 nested={"text_config": ("LlamaConfig", _sizes()),
                         "vision_config": ("CLIPVisionConfig", _VISION)}),
    Architecture("gemma3", "Gemma3ForConditionalGeneration", "Gemma3Config",
                 settings=dict(mm_tokens_per_image=4, image_token_index=VOCAB - 1),
                 nested={"text_config": ("Gemma3TextConfig", _sizes(head_dim=8)),
                         "vision_config": ("SiglipVisionConfig", _VISION)}),
    Architecture("qwen2_vl", "Qwen2VLForConditionalGeneration", "Qwen2VLConfig",
                 settings=dict(image_token_id=VOCAB - 1, video_token_id=VOCAB - 2),
                 nested={"text_config": ("Qwen2VLTextConfig", _sizes(
                             rope_parameters={"rope_type": "default", "rope_theta": 10000.0,
                                              "mrope_section": [1, 1, 2]})),
                         "vision_config": ("Qwen2VLVisionConfig", dict(
                             depth=1, embed_dim=32, hidden_size=32, num_heads=4, mlp_ratio=2))}),
]

BY_NAME = {architecture.name: architecture for architecture in ARCHITECTURES}
