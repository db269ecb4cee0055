// Reads a config field by field and remembers which were read, so that no field that could change
// the arithmetic is passed over.

internal import TieConv

/// Reads the fields of one object of a config.
struct ConfigReader {
  /// Fields that no decoder's arithmetic at inference depends on. Dropout acts in training alone.
  private static let inert: Set<String> = [
    "_attn_implementation", "_attn_implementation_autoset", "_commit_hash",
    "_flash_attn_2_enabled", "_model_name_or_path", "_name_or_path", "architectures",
    "attention_dropout", "attn_implementation", "attn_pdrop", "auto_map", "bad_words_ids",
    "begin_suppress_tokens", "bos_token_id", "cache_implementation", "chunk_size_feed_forward",
    "classifier_dropout", "decoder_start_token_id", "diversity_penalty", "do_sample", "dtype",
    "early_stopping", "embd_pdrop", "embed_dropout", "encoder_no_repeat_ngram_size",
    "eos_token_id", "exponential_decay_length_penalty", "finetuning_task", "forced_bos_token_id",
    "forced_eos_token_id", "gradient_checkpointing", "hidden_dropout", "id2label",
    "initializer_factor", "initializer_range", "is_decoder", "is_llama_config", "label2id",
    "length_penalty", "max_length", "min_length", "model_type", "no_repeat_ngram_size",
    "num_beam_groups", "num_beams", "num_return_sequences", "output_attentions",
    "output_hidden_states", "output_scores", "pad_token_id", "predict_special_tokens", "prefix",
    "pretraining_tp", "problem_type", "remove_invalid_values", "reorder_and_upcast_attn",
    "repetition_penalty", "resid_pdrop", "return_dict", "return_dict_in_generate", "sep_token_id",
    "summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type",
    "summary_use_proj", "suppress_tokens", "task_specific_params", "temperature",
    "tf_legacy_loss", "tie_word_embeddings", "tokenizer_class", "top_k", "top_p", "torch_dtype",
    "transformers.js_config", "transformers_version", "typical_p", "unk_token_id",
    "unsloth_fixed", "unsloth_version", "use_bfloat16", "use_cache", "use_flash_attn",
  ]
  /// Fields that say nothing new at the value that they nearly always have.
  private static let inertAtValue: [String: JSONNode.Value] = [
    "is_encoder_decoder": .bool(false), "add_cross_attention": .bool(false),
    "tie_encoder_decoder": .bool(false), "pruned_heads": .object([]),
    "torchscript": .bool(false), "rope_interleaved": .bool(false),
    "use_mrope": .bool(false),
    "use_bidirectional_attention": .bool(false),
  ]

  let file: String
  let members: [JSONMember]
  /// Where the object stands in the file; for messages.
  let path: String
  private var seen: Set<String> = []

  init(_ members: [JSONMember], file: String, path: String = "") {
    self.members = members
    self.file = file
    self.path = path
  }

  /// The value of `key`; nil where it is absent or null.
  mutating func value(_ key: String) -> JSONNode? {
    seen.insert(key)
    guard let found = members.first(where: { $0.key == key })?.node, found.value != .null
    else { return nil }
    return found
  }

  /// Whether `key` stands there at all, be it with null.
  func states(_ key: String) -> Bool { members.contains { $0.key == key } }

  mutating func integer(
    _ key: String, in range: ClosedRange<Int> = 1...1 << 24
  ) throws(CheckpointError) -> Int? {
    guard let found = value(key) else { return nil }
    guard let number = found.integer ?? found.double.flatMap({ Int(exactly: $0) }),
      range.contains(number)
    else { throw refusal(key, found, "a whole number from \(range.lowerBound)") }
    return number
  }

  mutating func integer(_ key: String, default value: Int?) throws(CheckpointError) -> Int {
    if let number = try integer(key) { return number }
    guard let value else { throw missing(key) }
    return value
  }

  mutating func number(_ key: String) throws(CheckpointError) -> Double? {
    guard let found = value(key) else { return nil }
    guard let number = found.double, number.isFinite else {
      throw refusal(key, found, "a number")
    }
    return number
  }

  mutating func positive(_ key: String) throws(CheckpointError) -> Double? {
    guard let number = try number(key) else { return nil }
    guard number > 0 else { throw unsupported(key, "is \(number)") }
    return number
  }

  mutating func flag(_ key: String, default value: Bool) throws(CheckpointError) -> Bool {
    guard let found = self.value(key) else { return value }
    guard let flag = found.bool else { throw refusal(key, found, "true or false") }
    return flag
  }

  mutating func text(_ key: String) throws(CheckpointError) -> String? {
    guard let found = value(key) else { return nil }
    guard let text = found.string else { throw refusal(key, found, "a string") }
    return text
  }

  mutating func numbers(_ key: String) throws(CheckpointError) -> [Double]? {
    guard let found = value(key) else { return nil }
    let numbers = found.elements?.compactMap(\.double).filter { $0.isFinite && $0 > 0 }
    guard let numbers, numbers.count == found.elements?.count else {
      throw refusal(key, found, "a list of positive numbers")
    }
    return numbers
  }

  /// Marks a field as dealt with elsewhere.
  mutating func skip(_ keys: String...) { seen.formUnion(keys) }

  /// Refuses the first field that was neither read nor is known to change nothing.
  func refuseUnread() throws(CheckpointError) {
    for member in members {
      if seen.contains(member.key) || Self.inert.contains(member.key) { continue }
      if member.node.value == .null || Self.inertAtValue[member.key] == member.node.value {
        continue
      }
      throw unsupported(member.key, "is not understood, and it could change the arithmetic")
    }
  }

  func unsupported(_ key: String, _ why: String) -> CheckpointError {
    CheckpointError(
      .unsupportedFormat, file: file, "the config's \(path)\(key) \(why)",
      hint: "this version cannot run the model")
  }

  private func missing(_ key: String) -> CheckpointError {
    CheckpointError(.invalidConfig, file: file, "the config states no \(path)\(key)")
  }

  private func refusal(_ key: String, _ found: JSONNode, _ expected: String) -> CheckpointError {
    CheckpointError(
      .invalidConfig, file: file, offset: found.range.lowerBound,
      "the config's \(path)\(key) is not \(expected)")
  }
}
