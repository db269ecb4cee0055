// evaluate: the perplexity of a model on a text.

public import TieConv
internal import TieConvIO

/// Measures perplexity.
public struct PerplexityEvaluator: Sendable {
  private let decoder: Decoder
  private let options: ExecutionOptions

  /// An evaluator of `decoder`.
  public init(_ decoder: Decoder, options: ExecutionOptions = ExecutionOptions()) {
    self.decoder = decoder
    self.options = options
  }

  /// The perplexity on these windows; a token outside the vocabulary is an error.
  public func report(_ windows: EvaluationWindows) throws(CheckpointError) -> PerplexityReport {
    var sum = 0.0
    var squares = 0.0
    var scored = 0
    var tokens = 0
    let total = windows.windows.reduce(0) { $0 + $1.count }
    let start = ContinuousClock.now
    for batch in windows.batches() {
      try options.checkCancellation()
      let losses = try decoder.negativeLogLikelihoods(batch)
      for sequence in batch.sequences {
        for place in sequence where windows.scores(place - sequence.lowerBound, of: sequence.count)
        {
          guard let loss = losses[place] else { continue }
          sum += loss
          squares += loss * loss
          scored += 1
        }
      }
      tokens += batch.count
      options.progress?(Progress(activity: "evaluating", done: tokens, total: total, unit: .tokens))
    }
    let seconds = (ContinuousClock.now - start).inSeconds
    let count = Double(max(1, scored))
    let mean = sum / count
    let variance = max(0, squares / count - mean * mean)
    return PerplexityReport(
      compute: decoder.precision, meanNegativeLogLikelihood: mean,
      standardErrorOfMean: (variance / count).squareRoot(),
      tokens: tokens, scored: scored, tokensPerSecond: Double(tokens) / max(seconds, 1e-9))
  }
}

extension ExecutionOptions {
  /// Throws where a stop was asked for.
  func checkCancellation() throws(CheckpointError) {
    do { try cancellation.check() } catch { throw CheckpointError(error) }
  }
}

extension Duration {
  /// The duration in seconds.
  var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
