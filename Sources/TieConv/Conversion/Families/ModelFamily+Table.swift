// The families, as data. Facts: llama.cpp's conversion/*.py and gguf-py's tensor_mapping.py for names
// and layouts; the config classes of transformers for defaults.

extension ModelFamily {
  /// Every family, in no order that matters.
  static let all: [ModelFamily] = [
    llama, mistral, qwen2, qwen3, gemma, gemma2, gemma3, phi3, gpt2, gptNeoX, starcoder2, olmo2,
  ]

  private static let embedding = TensorRule("model.embed_tokens", "token_embd")
  private static let head = TensorRule("lm_head", "output")
  private static let gatedFeedForward = [
    TensorRule("model.layers.#.mlp.gate_proj", "blk.#.ffn_gate"),
    TensorRule("model.layers.#.mlp.up_proj", "blk.#.ffn_up"),
    TensorRule("model.layers.#.mlp.down_proj", "blk.#.ffn_down"),
  ]
  private static let queryKeyNorms = [
    TensorRule("model.layers.#.self_attn.q_norm", "blk.#.attn_q_norm"),
    TensorRule("model.layers.#.self_attn.k_norm", "blk.#.attn_k_norm"),
  ]
  private static let preNorms = [
    TensorRule("model.layers.#.input_layernorm", "blk.#.attn_norm"),
    TensorRule("model.layers.#.post_attention_layernorm", "blk.#.ffn_norm"),
    TensorRule("model.norm", "output_norm"),
  ]

  private static func attention(
    query: TensorRule.Change? = nil, key: TensorRule.Change? = nil
  ) -> [TensorRule] {
    [
      TensorRule("model.layers.#.self_attn.q_proj", "blk.#.attn_q", query),
      TensorRule("model.layers.#.self_attn.k_proj", "blk.#.attn_k", key),
      TensorRule("model.layers.#.self_attn.v_proj", "blk.#.attn_v"),
      TensorRule("model.layers.#.self_attn.o_proj", "blk.#.attn_output"),
    ]
  }

  private static func changed(_ rules: [TensorRule], _ change: TensorRule.Change) -> [TensorRule] {
    rules.map { TensorRule($0.huggingFace, $0.gguf, change) }
  }

  private static let llamaRules =
    [embedding, head] + preNorms + gatedFeedForward
    + attention(query: .rotaryQuery, key: .rotaryKey)

  private static let llama = ModelFamily(
    architectures: ["LlamaForCausalLM", "LLaMAForCausalLM", "LlamaModel"], modelType: "llama",
    ggufArchitecture: "llama", basePrefix: "model.", rules: llamaRules,
    defaults: [
      "num_key_value_heads": .field("num_attention_heads"), "rms_norm_eps": .number(1e-6),
      "rope_theta": .number(10000), "max_position_embeddings": .number(2048),
      "head_dim": .headWidth,
    ], isReadFromGGUF: true)

  private static let mistral = ModelFamily(
    architectures: ["MistralForCausalLM"], modelType: "mistral", ggufArchitecture: "llama",
    basePrefix: "model.", rules: llamaRules,
    defaults: [
      "num_key_value_heads": .number(8), "rms_norm_eps": .number(1e-6),
      "rope_theta": .number(10000), "max_position_embeddings": .number(131_072),
      "head_dim": .headWidth,
    ])

  private static let qwen2 = ModelFamily(
    architectures: ["Qwen2ForCausalLM", "Qwen2Model"], modelType: "qwen2",
    ggufArchitecture: "qwen2", basePrefix: "model.",
    rules: [embedding, head] + preNorms + gatedFeedForward + attention(),
    defaults: [
      "num_key_value_heads": .number(32), "rms_norm_eps": .number(1e-6),
      "rope_theta": .number(10000), "max_position_embeddings": .number(32768),
    ], isReadFromGGUF: true)

  private static let qwen3 = ModelFamily(
    architectures: ["Qwen3ForCausalLM", "Qwen3Model"], modelType: "qwen3",
    ggufArchitecture: "qwen3", basePrefix: "model.",
    rules: [embedding, head] + preNorms + gatedFeedForward + attention() + queryKeyNorms,
    defaults: [
      "num_key_value_heads": .number(32), "rms_norm_eps": .number(1e-6),
      "rope_theta": .number(10000), "max_position_embeddings": .number(32768),
      "head_dim": .number(128),
    ], isReadFromGGUF: true)

  private static let gemma = ModelFamily(
    architectures: ["GemmaForCausalLM"], modelType: "gemma", ggufArchitecture: "gemma",
    basePrefix: "model.",
    rules: [embedding, head] + changed(preNorms, .plusOne) + gatedFeedForward + attention(),
    defaults: [
      "num_key_value_heads": .number(16), "rms_norm_eps": .number(1e-6),
      "max_position_embeddings": .number(8192), "head_dim": .number(256),
    ])

  /// Norms on both sides of attention and feed-forward.
  private static let sandwichNorms = [
    TensorRule("model.layers.#.input_layernorm", "blk.#.attn_norm"),
    TensorRule("model.layers.#.post_attention_layernorm", "blk.#.post_attention_norm"),
    TensorRule("model.layers.#.pre_feedforward_layernorm", "blk.#.ffn_norm"),
    TensorRule("model.layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm"),
    TensorRule("model.norm", "output_norm"),
  ]

  private static let gemma2 = ModelFamily(
    architectures: ["Gemma2ForCausalLM"], modelType: "gemma2", ggufArchitecture: "gemma2",
    basePrefix: "model.",
    rules: [embedding, head] + changed(sandwichNorms, .plusOne) + gatedFeedForward + attention(),
    defaults: [
      "num_key_value_heads": .number(4), "rms_norm_eps": .number(1e-6),
      "max_position_embeddings": .number(8192), "head_dim": .number(256),
      "attn_logit_softcapping": .number(50), "final_logit_softcapping": .number(30),
      "sliding_window": .number(4096),
    ])

  private static let gemma3 = ModelFamily(
    architectures: ["Gemma3ForCausalLM", "Gemma3ForConditionalGeneration"],
    modelType: "gemma3_text", ggufArchitecture: "gemma3", basePrefix: "model.",
    rules: [embedding, head] + changed(sandwichNorms + queryKeyNorms, .plusOne)
      + gatedFeedForward + attention(),
    defaults: [
      "num_key_value_heads": .number(4), "rms_norm_eps": .number(1e-6),
      "max_position_embeddings": .number(131_072), "head_dim": .number(256),
      "num_attention_heads": .number(8), "sliding_window": .number(4096),
      "rope_theta": .number(1_000_000), "rope_local_base_freq": .number(10000),
    ], isReadFromGGUF: true)

  private static let phi3 = ModelFamily(
    architectures: ["Phi3ForCausalLM"], modelType: "phi3", ggufArchitecture: "phi3",
    basePrefix: "model.",
    rules: [embedding, head] + preNorms + [
      TensorRule("model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv"),
      TensorRule("model.layers.#.self_attn.o_proj", "blk.#.attn_output"),
      TensorRule("model.layers.#.mlp.gate_up_proj", "blk.#.ffn_up"),
      TensorRule("model.layers.#.mlp.down_proj", "blk.#.ffn_down"),
    ],
    defaults: [
      "num_key_value_heads": .field("num_attention_heads"), "rms_norm_eps": .number(1e-5),
      "rope_theta": .number(10000), "max_position_embeddings": .number(4096),
      "original_max_position_embeddings": .number(4096),
    ])

  private static let gpt2 = ModelFamily(
    architectures: ["GPT2LMHeadModel", "GPT2Model"], modelType: "gpt2", ggufArchitecture: "gpt2",
    basePrefix: "transformer.",
    rules: [
      TensorRule("transformer.wte", "token_embd"), head,
      TensorRule("transformer.wpe", "position_embd"),
      TensorRule("transformer.h.#.ln_1", "blk.#.attn_norm"),
      TensorRule("transformer.h.#.attn.c_attn", "blk.#.attn_qkv", .transposed),
      TensorRule("transformer.h.#.attn.c_proj", "blk.#.attn_output", .transposed),
      TensorRule("transformer.h.#.ln_2", "blk.#.ffn_norm"),
      TensorRule("transformer.h.#.mlp.c_fc", "blk.#.ffn_up", .transposed),
      TensorRule("transformer.h.#.mlp.c_proj", "blk.#.ffn_down", .transposed),
      TensorRule("transformer.ln_f", "output_norm"),
    ], ignoredSuffixes: [".attn.bias", ".attn.masked_bias"],
    defaults: [
      "n_positions": .number(1024), "n_ctx": .field("n_positions"),
      "layer_norm_epsilon": .number(1e-5),
    ], isReadFromGGUF: true)

  private static let gptNeoX = ModelFamily(
    architectures: ["GPTNeoXForCausalLM"], modelType: "gpt_neox", ggufArchitecture: "gptneox",
    basePrefix: "gpt_neox.",
    rules: [
      TensorRule("gpt_neox.embed_in", "token_embd"), TensorRule("embed_out", "output"),
      TensorRule("gpt_neox.layers.#.input_layernorm", "blk.#.attn_norm"),
      TensorRule(
        "gpt_neox.layers.#.attention.query_key_value", "blk.#.attn_qkv", .partedByKind),
      TensorRule("gpt_neox.layers.#.attention.dense", "blk.#.attn_output"),
      TensorRule("gpt_neox.layers.#.post_attention_layernorm", "blk.#.ffn_norm"),
      TensorRule("gpt_neox.layers.#.mlp.dense_h_to_4h", "blk.#.ffn_up"),
      TensorRule("gpt_neox.layers.#.mlp.dense_4h_to_h", "blk.#.ffn_down"),
      TensorRule("gpt_neox.final_layer_norm", "output_norm"),
    ],
    defaults: [
      "rotary_pct": .number(0.25), "layer_norm_eps": .number(1e-5),
      "max_position_embeddings": .number(2048), "use_parallel_residual": .bool(true),
    ])

  private static let starcoder2 = ModelFamily(
    architectures: ["Starcoder2ForCausalLM"], modelType: "starcoder2",
    ggufArchitecture: "starcoder2", basePrefix: "model.",
    rules: [embedding, head] + preNorms + attention() + [
      TensorRule("model.layers.#.mlp.c_fc", "blk.#.ffn_up"),
      TensorRule("model.layers.#.mlp.c_proj", "blk.#.ffn_down"),
    ],
    defaults: [
      "num_key_value_heads": .number(2), "norm_epsilon": .number(1e-5),
      "rope_theta": .number(10000), "max_position_embeddings": .number(4096),
    ])

  private static let olmo2 = ModelFamily(
    architectures: ["Olmo2ForCausalLM"], modelType: "olmo2", ggufArchitecture: "olmo2",
    basePrefix: "model.",
    rules: [embedding, head] + gatedFeedForward + attention() + queryKeyNorms + [
      TensorRule("model.layers.#.post_attention_layernorm", "blk.#.post_attention_norm"),
      TensorRule("model.layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm"),
      TensorRule("model.norm", "output_norm"),
    ],
    defaults: [
      "num_key_value_heads": .field("num_attention_heads"), "rms_norm_eps": .number(1e-5),
      "rope_theta": .number(10000), "max_position_embeddings": .number(2048),
    ])
}
