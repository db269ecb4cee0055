// Classes whose loading was read in the source, by how they tie; see LOADER_RULES.md.

/// Which class of which loader follows which rule.
enum LoaderTables {
  /// vLLM classes that tie by flag with `tie_weights`, their plain subclasses, and wrappers whose
  /// language model is one of them.
  static let vllmByFlag: Set<String> = [
    "ApertusForCausalLM", "BloomForCausalLM", "DeciLMForCausalLM", "Ernie4_5ForCausalLM",
    "Ernie4_5_MoeForCausalLM", "ExaoneForCausalLM", "Exaone4ForCausalLM", "FalconForCausalLM",
    "FalconH1ForCausalLM", "FalconMambaForCausalLM", "GPT2LMHeadModel", "Gemma3ForCausalLM",
    "GemmaForCausalLM", "Glm4ForCausalLM", "GraniteForCausalLM", "GraniteMoeForCausalLM",
    "GraniteMoeHybridForCausalLM", "GraniteMoeSharedForCausalLM", "InternLM3ForCausalLM",
    "LlamaForCausalLM", "Mamba2ForCausalLM", "MambaForCausalLM", "MiMoForCausalLM",
    "MiniCPM3ForCausalLM", "MiniCPMForCausalLM", "MistralForCausalLM", "MixtralForCausalLM",
    "NemotronForCausalLM", "OPTForCausalLM", "OrionForCausalLM", "Phi3ForCausalLM",
    "Phi4MMForCausalLM", "Qwen2ForCausalLM", "Qwen2MoeForCausalLM", "Qwen3ForCausalLM",
    "Qwen3MoeForCausalLM", "SolarForCausalLM", "StableLmForCausalLM", "TeleChat3ForCausalLM",
  ]

  /// vLLM classes that compute logits with the embedding itself.
  static let vllmAlwaysTied: Set<String> = [
    "Gemma2ForCausalLM", "CohereForCausalLM", "Cohere2ForCausalLM",
  ]

  /// SGLang classes that set `lm_head = embed_tokens` when the flag is true.
  static let sglangByFlag: Set<String> = [
    "ApertusForCausalLM", "ExaoneForCausalLM", "Exaone4ForCausalLM", "Glm4ForCausalLM",
    "GraniteForCausalLM", "GraniteSWAForCausalLM", "IQuestCoderForCausalLM",
    "InternLM3ForCausalLM", "LlamaForCausalLM", "MiMoForCausalLM", "MiniCPM3ForCausalLM",
    "MiniCPMForCausalLM", "MistralForCausalLM", "OPTForCausalLM", "Olmo2ForCausalLM",
    "OlmoForCausalLM", "Phi3ForCausalLM", "Qwen2ForCausalLM", "Qwen3ForCausalLM",
    "Starcoder2ForCausalLM",
  ]

  /// SGLang classes that use the embedding as head and skip a stored one.
  static let sglangAlwaysTied: Set<String> = [
    "CohereForCausalLM", "Cohere2ForCausalLM", "GPT2LMHeadModel", "GPTBigCodeForCausalLM",
    "Gemma2ForCausalLM", "GemmaForCausalLM",
  ]

  /// SGLang classes that build a head of their own and never look at the flag.
  static let sglangNeverTied: Set<String> = [
    "MixtralForCausalLM", "PersimmonForCausalLM", "PhiForCausalLM", "Qwen2MoeForCausalLM",
    "Qwen3MoeForCausalLM", "StableLmForCausalLM", "XverseForCausalLM",
  ]

  /// TensorRT-LLM classes built on the common decoder class of the PyTorch backend.
  static let tensorRTByFlag: Set<String> = [
    "LlamaForCausalLM", "MistralForCausalLM", "MixtralForCausalLM", "Qwen2ForCausalLM",
    "Qwen3ForCausalLM", "Qwen3MoeForCausalLM",
  ]

  /// How an mlx-lm model file ties.
  struct MLXRule: Sendable {
    enum Style: String, Sendable {
      /// `as_linear` of the embedding, always.
      case always
      /// A head of its own, always.
      case never
      /// By whether a head is stored.
      case presence
      /// By flag; a stored head is an unexpected name.
      case byFlag = "flag"
      /// By flag; `lm_head.weight`, and only that name, is dropped first.
      case byFlagAndDrops = "drops"
    }
    let style: Style
    let flagDefault: Bool?

    init?(modelType: String) {
      let aliases = [
        "mistral": "llama", "falcon_mamba": "mamba", "iquestcoder": "llama", "xverse": "llama",
        "minimax_m2": "minimax", "kimi_k2": "deepseek_v3",
      ]
      let name = aliases[modelType] ?? modelType
      guard let line = TextTable(text: LoaderTables.mlx).line(column: 0, key: name) else {
        return nil
      }
      let fields = line.split(separator: " ")
      guard fields.count == 3, let style = Style(rawValue: String(fields[1])) else { return nil }
      self.style = style
      flagDefault = fields[2] == "t" ? true : fields[2] == "f" ? false : nil
    }
  }

  /// Model file, style, and the flag's default (- where the config must state it, or unused).
  static let mlx = """
    afmoe drops f
    apertus drops -
    bailing_moe drops f
    bitnet drops t
    cohere always -
    cohere2 always -
    dbrx never -
    deepseek never -
    deepseek_v2 never -
    deepseek_v3 never -
    dots1 drops f
    ernie4_5 flag -
    ernie4_5_moe flag -
    exaone flag t
    exaone4 flag -
    exaone_moe drops f
    gemma always -
    gemma2 always -
    gemma3_text presence -
    glm drops t
    glm4 never -
    glm4_moe never -
    gpt2 always -
    gpt_bigcode flag t
    gpt_neox never -
    gpt_oss never -
    gptj never -
    granite drops t
    granitemoe drops t
    granitemoehybrid drops t
    helium flag -
    hunyuan_v1_dense drops f
    internlm2 flag f
    internlm3 flag f
    jamba drops t
    kimi_linear drops f
    lfm2 always -
    lfm2_moe always -
    llama drops t
    mamba flag t
    mamba2 flag -
    mimo drops f
    minicpm3 flag f
    minimax flag f
    ministral3 drops t
    mixtral drops f
    nemotron flag f
    nemotron-nas drops f
    nemotron_h never -
    olmo2 flag t
    olmo3 flag f
    olmo_hybrid drops -
    olmoe flag t
    phi never -
    phi3 flag f
    phimoe never -
    plamo never -
    plamo2 flag t
    plamo3 drops t
    qwen never -
    qwen2 drops t
    qwen2_moe never -
    qwen3 drops -
    qwen3_moe drops -
    qwen3_next drops f
    recurrent_gemma presence -
    smollm3 drops t
    stablelm never -
    starcoder2 flag t
    telechat3 flag f
    youtu_llm drops t
    """
}
