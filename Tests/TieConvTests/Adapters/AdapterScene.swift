// A base, an adapter and a merge of small numbers, worked out here in plain loops.

@testable import TieConv

/// Checkpoints of a tiny pair and adapters for it.
struct AdapterScene {
  static let rows = 6
  static let columns = 4
  static let embedding = "model.embed_tokens"
  static let head = "lm_head"

  let sandbox: ContainerSandbox
  let isTied: Bool

  init(isTied: Bool) throws {
    sandbox = try ContainerSandbox()
    self.isTied = isTied
  }

  /// The table, or, for the head of an untied base, another one.
  static func table(_ start: Float = 0) -> [Float] {
    (0..<rows * columns).map { start + Float($0 * $0 % 17) / 8 }
  }

  /// A checkpoint of these matrices; a tied one stores no head.
  func checkpoint(_ name: String, embedding: [Float], head: [Float]?) throws -> Checkpoint {
    var tensors = [Self.tensor("\(Self.embedding).weight", embedding, [Self.rows, Self.columns])]
    if let head {
      tensors.append(Self.tensor("\(Self.head).weight", head, [Self.rows, Self.columns]))
    }
    let config =
      "{\"architectures\": [\"LlamaForCausalLM\"], \"tie_word_embeddings\": \(head == nil)}"
    return try Checkpoint(
      opening: sandbox.folder(
        name,
        ["model.safetensors": SampleBytes.safetensors(tensors), "config.json": Array(config.utf8)]
      ))
  }

  func base() throws -> Checkpoint {
    try checkpoint("base", embedding: Self.table(), head: isTied ? nil : Self.table(3))
  }

  static func tensor(_ name: String, _ values: [Float], _ shape: [Int]) -> SampleTensor {
    SampleTensor(name, .f32, shape, PackedCheckpoint.bytes(values))
  }

  /// An adapter of `tensors`, whose names get PEFT's prefix.
  func adapter(_ name: String, _ tensors: [SampleTensor], config: String = "") throws -> String {
    let named = tensors.map {
      SampleTensor("base_model.model.\($0.name)", $0.dtype, $0.shape, $0.bytes)
    }
    let text = "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4\(config)}"
    return try sandbox.folder(
      name,
      [
        "adapter_config.json": Array(text.utf8),
        "adapter_model.safetensors": SampleBytes.safetensors(named),
      ])
  }

  // MARK: Changes

  /// B is rows × 2, A is 2 × columns; an embedding's A is 2 × rows and its B columns × 2.
  static let tall: [Float] = (0..<rows * 2).map { Float($0 % 5) - 2 }
  static let wide: [Float] = (0..<2 * columns).map { Float($0) / 4 - 1 }

  static let headTensors = [
    tensor("\(head).lora_B.weight", tall, [rows, 2]),
    tensor("\(head).lora_A.weight", wide, [2, columns]),
  ]
  static let embeddingTensors = [
    tensor("\(embedding).lora_embedding_A", transposed(tall, rows, 2), [2, rows]),
    tensor("\(embedding).lora_embedding_B", transposed(wide, 2, columns), [columns, 2]),
  ]

  private static func transposed(_ values: [Float], _ rows: Int, _ columns: Int) -> [Float] {
    (0..<columns).flatMap { column in (0..<rows).map { values[$0 * columns + column] } }
  }

  /// `matrix` with scale × B·A added.
  static func merged(_ matrix: [Float], scale: Float) -> [Float] {
    (0..<rows).flatMap { row in
      (0..<columns).map { column in
        let product = (0..<2).reduce(Float(0)) {
          $0 + tall[row * 2 + $1] * wide[$1 * columns + column]
        }
        return matrix[row * columns + column] + scale * product
      }
    }
  }

  // MARK: Answers

  func report(_ adapter: String, merged: Checkpoint? = nil) throws -> InspectReport {
    var options = Inspector.Options()
    options.adapter = adapter
    options.merged = merged
    return try Inspector(base(), options: options).report()
  }
}
