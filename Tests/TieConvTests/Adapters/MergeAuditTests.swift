// Laws of `inspect --adapter --merged`: each role must hold the changes that were trained for it, and no
// others; scales are exact, and variants that are no plain product are refused by name.

import Testing

@testable import TieConv

@Suite struct MergeAuditTests {
  private typealias Scene = AdapterScene

  /// The outcome for a merge of `tensors` in which the roles hold these matrices.
  private func outcome(
    _ tensors: [SampleTensor], isTied: Bool, embedding: [Float], head: [Float]?, config: String = ""
  ) throws -> MergeReport.Outcome? {
    let scene = try Scene(isTied: isTied)
    let merged = try scene.checkpoint("merged", embedding: embedding, head: head)
    return try scene.report(scene.adapter("adapter", tensors, config: config), merged: merged)
      .merge?.outcome
  }

  private static let plain = Scene.table()
  private static let changed = Scene.merged(Scene.table(), scale: 2)
  private static let headChanged = Scene.merged(Scene.table(3), scale: 2)

  @Test func overATiedPairAHeadsChangeReachesTheEmbedding() throws {
    #expect(
      try outcome(Scene.headTensors, isTied: true, embedding: Self.changed, head: nil)
        == .changedBoth)
    #expect(
      try outcome(Scene.headTensors, isTied: true, embedding: Self.plain, head: Self.changed)
        == .applied)
    #expect(
      try outcome(Scene.headTensors, isTied: true, embedding: Self.plain, head: nil) == .lost)
  }

  @Test func overATiedPairAnEmbeddingsChangeReachesTheHead() throws {
    #expect(
      try outcome(Scene.embeddingTensors, isTied: true, embedding: Self.changed, head: nil)
        == .changedBoth)
    #expect(
      try outcome(Scene.embeddingTensors, isTied: true, embedding: Self.changed, head: Self.plain)
        == .applied)
    #expect(
      try outcome(Scene.embeddingTensors, isTied: true, embedding: Self.plain, head: nil) == .lost)
  }

  @Test func eachSideOfAnUntiedPairHasItsOwn() throws {
    let both = Scene.headTensors + Scene.embeddingTensors
    #expect(
      try outcome(both, isTied: false, embedding: Self.changed, head: Self.headChanged) == .applied)
    #expect(
      try outcome(both, isTied: false, embedding: Self.changed, head: Scene.table(3)) == .lost)
    #expect(
      try outcome(both, isTied: false, embedding: Scene.table(9), head: Self.headChanged)
        == .unexplained)
    #expect(
      try outcome(
        Scene.headTensors, isTied: false, embedding: Self.plain, head: Self.headChanged) == .applied
    )
  }

  @Test func aChangeThatBothSidesShareIsAddedOnce() throws {
    let both = Scene.headTensors + Scene.embeddingTensors
    let config = ", \"ensure_weight_tying\": true"
    let twice = Scene.merged(Self.changed, scale: 2)
    #expect(
      try outcome(both, isTied: true, embedding: twice, head: nil, config: config) == .appliedTwice)
    #expect(
      try outcome(both, isTied: true, embedding: Self.changed, head: nil, config: config)
        == .applied)
  }

  @Test func aSavedModuleTakesItsPlace() throws {
    let saved = [
      Scene.tensor(
        "\(Scene.head).modules_to_save.weight", Scene.table(1), [Scene.rows, Scene.columns])
    ]
    #expect(
      try outcome(saved, isTied: false, embedding: Self.plain, head: Scene.table(1)) == .applied)
    #expect(
      try outcome(saved, isTied: true, embedding: Self.plain, head: Scene.table(1)) == .applied)
    #expect(
      try outcome(saved, isTied: true, embedding: Scene.table(1), head: nil) == .changedBoth)
    #expect(try outcome(saved, isTied: true, embedding: Self.plain, head: nil) == .lost)
  }

  // MARK: Scales

  private static let scales: [(config: String, scale: Float)] = [
    (", \"use_rslora\": true", 4 / Float(2).squareRoot()),
    (", \"alpha_pattern\": {\"lm_head\": 6}", 3), (", \"alpha_pattern\": {\"^lm_head\": 7}", 3.5),
    (", \"alpha_pattern\": {\"head\": 6}", 2), (", \"alpha_pattern\": {\"q_proj\": 6}", 2),
    (", \"rank_pattern\": {\"lm_head\": 2}", 2),
    (", \"use_rslora\": true, \"alpha_pattern\": {\"lm_head\": 8}", 8 / Float(2).squareRoot()),
  ]

  @Test(arguments: scales) func scalesAreTheConfigs(config: String, scale: Float) throws {
    let head = Scene.merged(Scene.table(3), scale: scale)
    #expect(
      try outcome(
        Scene.headTensors, isTied: false, embedding: Self.plain, head: head, config: config)
        == .applied)
    // A thousandth more is another scale.
    let other = Scene.merged(Scene.table(3), scale: scale * 1.001)
    #expect(
      try outcome(
        Scene.headTensors, isTied: false, embedding: Self.plain, head: other, config: config)
        == .unexplained)
  }

  @Test(arguments: [
    (", \"use_dora\": true", "DoRA"), (", \"fan_in_fan_out\": true", "transposed"),
    (", \"alpha_pattern\": {\"lm_.*\": 6}", "regular expression"),
    (", \"use_qalora\": true", "QALoRA"),
  ])
  func whatIsNoPlainProductIsRefusedByName(config: String, name: String) throws {
    let error = #expect(throws: CheckpointError.self) {
      try outcome(
        Scene.headTensors, isTied: false, embedding: Self.plain, head: Self.headChanged,
        config: config)
    }
    #expect(error?.code == .unsupportedFormat)
    #expect(error?.message.contains(name) == true)
  }

  @Test func magnitudesAreDoRAWhateverTheConfigSays() throws {
    let tensors =
      Scene.headTensors + [
        Scene.tensor("\(Scene.head).lora_magnitude_vector", Scene.table(), [24])
      ]
    let error = #expect(throws: CheckpointError.self) {
      try outcome(tensors, isTied: false, embedding: Self.plain, head: Self.headChanged)
    }
    #expect(error?.message.contains("DoRA") == true)
  }

  @Test func matricesThatDoNotFitAreRefused() throws {
    var tensors = Scene.headTensors
    tensors[1] = Scene.tensor(
      "\(Scene.head).lora_A.weight", [Float](repeating: 1, count: 12), [3, 4])
    let error = #expect(throws: CheckpointError.self) {
      try outcome(tensors, isTied: false, embedding: Self.plain, head: Self.headChanged)
    }
    #expect(error?.code == .invalidAdapter)
  }
}
