// verify A B --drift: between two checkpoints of one run, did embedding and head move together?

public import TieConv
internal import TieConvKernels

/// How embedding and head moved from one checkpoint of a run to a later one.
public struct DriftReport: Sendable {
  /// The norm of the embedding's change.
  public let embeddingMovement: Double
  /// The norm of the head's change.
  public let headMovement: Double
  /// The cosine of the two changes; nil where one of them is nothing.
  public let cosine: Double?
  /// The greatest difference of embedding and head in the earlier checkpoint, and in the later.
  public let maxAbsDiff: (before: Double, after: Double)
  /// Whether both checkpoints store one matrix for both roles.
  public let isShared: Bool

  /// Whether the two are one matrix at both ends of the run's stretch.
  public var isTogether: Bool { maxAbsDiff.before == 0 && maxAbsDiff.after == 0 }

  /// The report as one JSON object.
  public var json: JSONText {
    [
      "passed": .bool(isTogether),
      "drift": [
        "together": .bool(isTogether), "shared": .bool(isShared),
        "embedding_movement": .double(embeddingMovement),
        "head_movement": .double(headMovement), "cosine": .optional(cosine),
        "max_abs_diff_before": .double(maxAbsDiff.before),
        "max_abs_diff_after": .double(maxAbsDiff.after),
      ],
    ]
  }
}

/// Measures drift.
public struct DriftMeasurement: Sendable {
  private let before: Checkpoint
  private let after: Checkpoint
  private let options: ExecutionOptions

  /// A measurement between an earlier and a later checkpoint of one run.
  public init(
    _ before: Checkpoint, _ after: Checkpoint, options: ExecutionOptions = ExecutionOptions()
  ) {
    self.before = before
    self.after = after
    self.options = options
  }

  /// The names of embedding and head, which are one where only one is stored.
  private func names(_ checkpoint: Checkpoint) throws(CheckpointError) -> (String, String) {
    var settings = Inspector.Options(execution: options)
    settings.compares = false
    let report = try Inspector(checkpoint, options: settings).report()
    guard let group = report.groups.first(where: \.isMain),
      let embedding = group.embedding ?? group.head, let head = group.head ?? group.embedding
    else {
      throw CheckpointError(.notAModel, file: checkpoint.path, "no embedding is known here")
    }
    return (embedding, head)
  }

  /// The report.
  ///
  /// - Throws: `CheckpointError` where a matrix cannot be read, or the shapes differ.
  public func report() throws(CheckpointError) -> DriftReport {
    let (first, second) = (try names(before), try names(after))
    let sources = [
      (before, first.0), (before, first.1), (after, second.0), (after, second.1),
    ]
    let readers = try sources.map { (checkpoint, name) throws(CheckpointError) in
      try RowReader(checkpoint, name, options)
    }
    guard Set(readers.map(\.rows)).count == 1, Set(readers.map(\.columns)).count == 1 else {
      throw CheckpointError(.conflict, file: after.path, "the matrices differ in shape")
    }
    var sums = MovementSums()
    for rows in readers[0].blocks {
      try options.checkCancellation()
      let blocks = try readers.map { reader throws(CheckpointError) in try reader.floats(rows) }
      sums.add(blocks[0], blocks[1], blocks[2], blocks[3])
    }
    return sums.report(isShared: first.0 == first.1 && second.0 == second.1)
  }
}

/// The sums that a drift is made of.
private struct MovementSums {
  private var embedding = 0.0
  private var head = 0.0
  private var product = 0.0
  private var before = 0.0
  private var after = 0.0

  mutating func add(_ e0: [Float], _ w0: [Float], _ e1: [Float], _ w1: [Float]) {
    for i in e0.indices {
      let de = Double(e1[i]) - Double(e0[i])
      let dw = Double(w1[i]) - Double(w0[i])
      embedding += de * de
      head += dw * dw
      product += de * dw
      let (x, y) = (abs(Double(e0[i]) - Double(w0[i])), abs(Double(e1[i]) - Double(w1[i])))
      if !(x <= before) { before = x }
      if !(y <= after) { after = y }
    }
  }

  func report(isShared: Bool) -> DriftReport {
    let norms = embedding.squareRoot() * head.squareRoot()
    return DriftReport(
      embeddingMovement: embedding.squareRoot(), headMovement: head.squareRoot(),
      cosine: norms > 0 ? product / norms : nil, maxAbsDiff: (before, after), isShared: isShared)
  }
}
