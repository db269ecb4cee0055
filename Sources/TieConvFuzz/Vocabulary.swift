// Words that the parsers react to, so that splicing reaches past the first check.

/// Keys, strings and numbers with a meaning for some parser.
enum Vocabulary {
  static let keys = [
    "tie_word_embeddings", "tie_embedding", "text_config", "language_config", "decoder",
    "llm_config",
    "architectures", "model_type", "vocab_size", "hidden_size", "quantization_config",
    "quantization", "group_size", "bits", "weight_map", "metadata", "total_size",
    "total_parameters", "__metadata__", "dtype", "shape", "data_offsets", "tieconv.receipt",
    "receipt_format", "operation", "restore", "files", "pieces", "data", "begin", "end", "file",
    "zstd", "base64", "bytes", "absent", "tensors", "action", "name", "counterpart", "sha256",
    "config_edits", "path", "before", "after", "model", "vocab", "added_tokens", "id", "content",
    "modules_to_save", "target_modules", "peft_type", "format", "scale_embedding",
    "embedding_multiplier", "logit_scale", "d_model", "is_encoder_decoder", "", "quant_method",
    "config_groups", "weights", "num_bits", "strategy", "block_structure", "version",
    "checkpoint_format", "weight_block_size", "mode", "w_bit", "q_group_size", "blocksize",
    "nested_blocksize", "nested_offset", "lora_alpha", "alpha_pattern", "use_rslora", "use_dora",
    "trainable_token_indices", "ensure_weight_tying", "gguf", "key", "type", "value",
    "general.architecture", "general.alignment", "split.count",
  ]

  static let tensors = [
    "lm_head.weight", "model.embed_tokens.weight", "lm_head.bias", "lm_head.scales",
    "lm_head.qweight", "lm_head.qzeros", "lm_head.g_idx", "lm_head.SCB",
    "lm_head.weight.absmax", "lm_head.weight.quant_map", "lm_head.weight_scale_inv",
    "lm_head.weight_zero_point", "lm_head.weight_g_idx", "lm_head.weight_global_scale",
    "lm_head.biases", "lm_head.weight_packed", "lm_head.weight_scale", "lm_head.weight_shape",
    "model.embed_tokens.scales", "model.embed_tokens.biases", "model.embed_tokens.weight_scale",
    "transformer.wte.weight", "wte.weight", "shared.weight", "encoder.embed_tokens.weight",
    "decoder.embed_tokens.weight", "bert.embeddings.word_embeddings.weight",
    "cls.predictions.decoder.weight", "cls.predictions.decoder.bias", "cls.predictions.bias",
    "model.norm.weight", "model.layers.0.mlp.up_proj.weight", "embed_out.weight",
    "language_model.model.embed_tokens.weight", "language_model.lm_head.weight",
    "model.layers.61.embed_tokens.weight", "output.weight", "tok_embeddings.weight", "é",
    "e\u{301}",
  ]

  static let strings =
    tensors + keys + [
      ".", "..", "../x", "/etc/passwd", "a/b", "a\\b", "model.safetensors", "config.json",
      "model-00001-of-00002.safetensors", "model-99999-of-00001.safetensors",
      "model-0-of-0.safetensors", "tieconv-receipt.json", "model.safetensors.index.json", "\u{0}",
      "\u{1b}[31m", "\u{202e}x", "-rf", "tie", "untie", "dropped", "added", "renamed", "F32",
      "BF16",
      "F16", "F4", "F6_E2M3", "I64", "BOOL", "U8", "LlamaForCausalLM", "GemmaForCausalLM",
      "T5ForConditionalGeneration", "GPT2LMHeadModel", "BertForMaskedLM", "llama", "mlx",
      "compressed-tensors", "gptq", "awq", "bitsandbytes", "fp8", "gemm", "gptq_v2", "marlin",
      "convert", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q6_K", "IQ2_XXS", "uint32", "uint8",
      "string", "string[]", "float32[]", "array", "bool",
      "group", "block", "channel", "int", "float", "KLUv/QBYAQAA", "AAAA", "====",
      String(repeating: "x", count: 4000),
      String(repeating: "0", count: 64), String(repeating: "model.", count: 300),
    ]

  static let numbers =
    ByteMutator.limits.map { String($0) } + [
      "-1", "-0", "0.0", "1.5", "1e2", "1E400", "-9223372036854775808", "18446744073709551616",
      "9223372036854775806", "340282366920938463463374607431768211456", "00", "1e-400", "NaN",
      "-Infinity", "0x10", "+1", String(repeating: "9", count: 400),
    ]

  static let dtypes = [
    "BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "I16", "U16",
    "F16", "BF16", "I32", "U32", "F32", "C64", "F64", "I64", "U64",
  ]
}
