// The model types that the decoder runs.

/// A family of decoder models, by the `model_type` of its config.
public enum DecoderFamily: String, Sendable, CaseIterable {
  case llama, mistral, qwen2, qwen3, gemma, gemma2
  case gemma3 = "gemma3_text"
  case phi3, gpt2
  case gptNeoX = "gpt_neox"
  case olmo2, granite, cohere, smollm3
}
