# Families where names, flag or packing leave the plain pattern: encoders, encoder-decoders, vision
# models, extra heads, quantized tables.

from safetensors_bytes import Tensor
from tiny_models import (HIDDEN, VOCABULARY, compressed_tensors_int4, layers, llama, mlx_affine, t5,
                         table, vector, vision_language)
from verdict_case import E, W, Case, model

TABLE, OTHER, THIRD = table("embedding"), table("head"), table("third head")
BODY = layers()
BYTES = len(TABLE.data)


def bert() -> dict[str, Case]:
    config = {"architectures": ["BertForMaskedLM"], "model_type": "bert", "hidden_size": HIDDEN,
              "intermediate_size": 16, "max_position_embeddings": 16, "num_attention_heads": 2,
              "num_hidden_layers": 1, "type_vocab_size": 2, "vocab_size": VOCABULARY}
    inner = {
        "embeddings.word_embeddings.weight": TABLE,
        "embeddings.position_embeddings.weight": table("positions", 16),
        "embeddings.token_type_embeddings.weight": table("types", 2),
        "embeddings.LayerNorm.weight": vector([1.0] * HIDDEN),
        "embeddings.LayerNorm.bias": vector([0.0] * HIDDEN),
        "encoder.layer.0.attention.self.query.weight": table("query", 8)}
    bias = vector([i / 64 for i in range(VOCABULARY)])
    return {
        "TIED-bert-two-biases": model(
            config, {f"bert.{name}": value for name, value in inner.items()} | {
                "cls.predictions.bias": bias, "cls.predictions.decoder.bias": bias,
                "cls.predictions.transform.dense.weight": table("dense", 8)},
            embedding="bert.embeddings.word_embeddings.weight",
            head="cls.predictions.decoder.weight", flag=True,
            kept=["cls.predictions.bias", "cls.predictions.decoder.bias"]),
        "NO_HEAD-bert": model(
            config | {"architectures": ["BertModel"]}, inner,
            embedding="embeddings.word_embeddings.weight", head=None, flag=True),
        "NO_HEAD-llama-backbone": model(
            llama(False, "LlamaModel"),
            {name.removeprefix("model."): value for name, value in ({E: TABLE} | BODY).items()},
            embedding="embed_tokens.weight", head=None, flag=False),
        "TIED-gpt2-without-prefix": model(
            {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_ctx": 16,
             "n_embd": HIDDEN, "n_head": 2, "n_layer": 1, "n_positions": 16,
             "vocab_size": VOCABULARY},
            {"wte.weight": TABLE, "wpe.weight": table("positions", 16),
             "h.0.attn.c_attn.weight": table("c_attn", 8, 24),
             "ln_f.weight": vector([1.0] * HIDDEN), "ln_f.bias": vector([0.0] * HIDDEN)},
            embedding="wte.weight", flag=True),
        "TIED-gemma-flag-absent": model(
            llama(None, "GemmaForCausalLM", model_type="gemma"), {E: TABLE, **BODY}, flag=True),
        "NOT_A_MODEL-vision-encoder": model(
            {"architectures": ["SiglipVisionModel"], "model_type": "siglip_vision_model",
             "hidden_size": HIDDEN, "image_size": 8, "patch_size": 4, "num_hidden_layers": 1},
            {"vision_model.embeddings.patch_embedding.weight":
                 Tensor("BF16", (HIDDEN, 3, 4, 4), table("patches", 8, 48).data),
             "vision_model.embeddings.patch_embedding.bias": vector([0.0] * HIDDEN),
             "vision_model.embeddings.position_embedding.weight": table("positions", 4),
             "vision_model.post_layernorm.weight": vector([1.0] * HIDDEN)},
            embedding=None, head=None, flag=None),
        "NOT_A_MODEL-layers-only": model(
            llama(True), BODY, embedding=None, head=None, flag=True),
    }


def encoder_decoder() -> dict[str, Case]:
    shared, names = "shared.weight", ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
    body = {"encoder.block.0.layer.0.SelfAttention.q.weight": table("q", 8),
            "decoder.final_layer_norm.weight": vector([1.0] * HIDDEN)}
    tables = {name: TABLE for name in names}
    return {
        "TIED-t5-shared-only": model(
            t5(None), {shared: TABLE, **body}, embedding=shared, flag=True),
        # For this family a stored `false` says how logits are scaled, not that the head is apart.
        "TIED-longt5-stored-false": model(
            t5(False, "LongT5ForConditionalGeneration", model_type="longt5"),
            {shared: TABLE, **body}, embedding=shared, flag=True),
        "TIED_DUPLICATE-t5-four-names": model(
            t5(True), {shared: TABLE, **tables, W: TABLE, **body}, embedding=shared, flag=True,
            reclaimable_bytes=3 * BYTES, members=[shared, *names, W]),
        "UNTIED-t5-v1.1": model(
            t5(False, feed_forward_proj="gated-gelu"), {shared: TABLE, W: OTHER, **body},
            embedding=shared, flag=False),
        "UNTIED-t5-v1.1-four-names": model(
            t5(False, feed_forward_proj="gated-gelu"), {shared: TABLE, **tables, W: OTHER, **body},
            embedding=shared, flag=False, members=[shared, *names, W],
            reclaimable_bytes=2 * BYTES),
    }


def extra_tables() -> dict[str, Case]:
    mtp = "model.layers.1."
    extra = {mtp + "embed_tokens.weight": TABLE, mtp + "shared_head.head.weight": THIRD,
             mtp + "enorm.weight": vector([1.0] * HIDDEN),
             mtp + "hnorm.weight": vector([1.0] * HIDDEN),
             mtp + "eh_proj.weight": table("eh_proj", 8, 16)}
    vision = "model.vision_embed_tokens.wte.weight"
    return {
        "UNTIED-mtp-third-head": model(
            llama(False, "DeepseekV3ForCausalLM", model_type="deepseek_v3",
                  num_nextn_predict_layers=1),
            {E: TABLE, W: OTHER, **BODY, **extra}, flag=False,
            members=[E, W, mtp + "embed_tokens.weight", mtp + "shared_head.head.weight"]),
        # A vision table equal to the embedding on purpose: listed, never acted on.
        "UNTIED-vision-table": model(
            llama(False, "Phi3VForCausalLM", model_type="phi3_v"),
            {E: TABLE, vision: TABLE, W: OTHER, **BODY}, flag=False, members=[E, W, vision]),
    }


def nested() -> dict[str, Case]:
    prefix = "language_model.model."
    inner = {prefix + "embed_tokens.weight": TABLE} | layers(prefix)
    positions = "vision_tower.vision_model.embeddings.position_embedding.weight"
    tower = {positions: table("positions", 4),
             "multi_modal_projector.linear_1.weight": table("projector", 8)}
    llava = ("LlavaForConditionalGeneration", "llava")
    mistral = ("Mistral3ForConditionalGeneration", "mistral3")
    names = {"embedding": prefix + "embed_tokens.weight", "head": "language_model.lm_head.weight"}
    qwen = {name: value for name, value in ({E: TABLE} | BODY).items()} | {
        "visual.patch_embed.proj.weight": table("patches", 8)}
    return {
        "TIED-llava-flag-inside": model(
            vision_language(*llava, None, True), inner | tower, flag=True, **names),
        "UNTIED_EQUAL-llava": model(
            vision_language(*llava, False, False), inner | tower | {names["head"]: TABLE},
            flag=False, **names),
        "UNTIED-mistral3-flag-on-both-levels": model(
            vision_language(*mistral, False, False), inner | tower | {names["head"]: OTHER},
            flag=False, **names),
        "FLAG_SPLIT-mistral3": model(
            vision_language(*mistral, True, False), inner | tower | {names["head"]: OTHER},
            flag=True, **names),
        "FLAG_SPLIT-qwen2-vl": model(
            vision_language("Qwen2VLForConditionalGeneration", "qwen2_vl", False, True), qwen,
            flag=True),
    }


def compressed(group: int) -> dict:
    return {
        "quant_method": "compressed-tensors", "format": "pack-quantized",
        "quantization_status": "compressed", "ignore": [], "version": "0.20.0",
        "config_groups": {"group_0": {
            "targets": ["re:.*lm_head"], "input_activations": None, "output_activations": None,
            "weights": {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group",
                        "group_size": group, "dynamic": False}}}}


def mlx(flag: bool, tensors: dict, head_bits: int = 4, **facts) -> Case:
    scheme: dict = {"group_size": 32, "bits": 4, "mode": "affine"}
    if head_bits != 4:
        scheme["lm_head"] = {"group_size": 32, "bits": head_bits}
    config = llama(flag, hidden_size=32, num_hidden_layers=0, quantization=scheme,
                   quantization_config=scheme)
    tensors = tensors | {"model.norm.weight": vector([1.0] * 32)}
    return model(config, tensors, flag=flag, metadata={"format": "mlx"}, **facts)


def quantized() -> dict[str, Case]:
    wide = table("wide embedding", VOCABULARY, 32)
    embedding, head = mlx_affine(E.removesuffix(".weight"), wide, 4), mlx_affine("lm_head", wide, 4)
    leftovers = {name: value for name, value in head.items() if name != W}
    return {
        "QUANT_MIXED-compressed-tensors-head": model(
            llama(False, quantization_config=compressed(HIDDEN)),
            {E: TABLE, **BODY, **compressed_tensors_int4("lm_head", TABLE)},
            flag=False, head="lm_head.weight_packed", equal=False),
        "QUANT_MIXED-mlx-embedding": mlx(False, embedding | {W: wide}, equal=False),
        "QUANT_MIXED-mlx-bits": mlx(
            False, embedding | mlx_affine("lm_head", wide, 8), head_bits=8, equal=False),
        "TIED-mlx": mlx(True, embedding),
        "UNTIED_EQUAL-mlx": mlx(
            False, embedding | head,
            reclaimable_bytes=sum(len(value.data) for value in head.values())),
        # Only `.weight` was dropped; scales and biases stayed, and strict loaders stop at them.
        "TIED-mlx-leftover-companions": mlx(
            True, embedding | leftovers, problems=["leftoverCompanion"],
            leftovers=sorted(leftovers)),
    }


def cases() -> dict[str, Case]:
    return {**bert(), **encoder_decoder(), **extra_tables(), **nested(), **quantized()}
