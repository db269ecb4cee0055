// Laws that hold for every decoder, whatever its weights.

internal import Testing

@testable internal import TieConv
internal import TieConvKernels
@testable internal import TieConvModel

struct DecoderLawTests {
  private let batch = TokenBatch([TinyDecoder.tokens(70), TinyDecoder.tokens(41, seed: 3)])

  @Test("Logits, losses and gradients do not depend on the thread count", arguments: [1, 3])
  func threads(count: Int) throws {
    let one = try TinyDecoder().made()
    let other = try TinyDecoder(threads: count).made()
    #expect(try one.logits(batch) == other.logits(batch))
    #expect(try one.negativeLogLikelihoods(batch) == other.negativeLogLikelihoods(batch))
    let (a, b) = (try one.namedGradients(batch), try other.namedGradients(batch))
    for (x, y) in zip(a, b) { #expect(x.values == y.values, "\(x.name)") }
  }

  @Test(
    "Activations that are computed again give the same gradients, to the bit",
    arguments: [ComputePrecision.f32, .bf16])
  func recomputation(precision: ComputePrecision) throws {
    let decoder = try TinyDecoder(type: "qwen3", precision: precision).made()
    var request = GradientRequest()
    let kept = try decoder.gradients(batch, request)
    request.activationBytes = 0
    let again = try decoder.gradients(batch, request)
    for binding in decoder.weights.bindings {
      #expect(
        kept.values(of: binding, isTied: true) == again.values(of: binding, isTied: true),
        "\(binding.name)")
    }
  }

  @Test("A prediction depends on nothing that comes after it, nor on other sequences")
  func causality() throws {
    let decoder = try TinyDecoder().made()
    let whole = try decoder.logits(batch)
    let prefix = try decoder.logits(TokenBatch([Array(batch.tokens[..<50])]))
    let last = try decoder.logits(TokenBatch([Array(batch.tokens[70...])]))
    // Products of other sizes may be cut otherwise, so not to the bit.
    for (x, y) in zip(whole, prefix) { #expect(abs(x - y) < 1e-4) }
    for (x, y) in zip(whole[(70 * 97)...], last) { #expect(abs(x - y) < 1e-4) }
  }

  @Test("A window of the sequence's length is no window; a shorter one forgets")
  func windows() throws {
    let tokens = TokenBatch([TinyDecoder.tokens(300)])
    let open = try TinyDecoder(type: "mistral", fields: ", \"sliding_window\": null").made()
    let wide = try TinyDecoder(type: "mistral", fields: ", \"sliding_window\": 300").made()
    let short = try TinyDecoder(type: "mistral", fields: ", \"sliding_window\": 9").made()
    let logits = try open.logits(tokens)
    #expect(try wide.logits(tokens) == logits)
    #expect(try short.logits(tokens) != logits)
  }

  @Test("Untied with equal matrices, the two gradients sum to the tied one")
  func paths() throws {
    let decoder = try TinyDecoder(type: "gemma2").made()
    var request = GradientRequest()
    request.isWide = true
    let tied = try decoder.gradients(batch, request)
    let separate = try decoder.with(decoder.weights.separatingHead()).gradients(batch, request)
    for row in 0..<97 {
      let sum = zip(separate.input.row(row), separate.output.row(row)).map { $0 + $1 }
      for (x, y) in zip(tied.input.row(row), sum) { #expect(abs(x - y) < 1e-12) }
    }
  }

  @Test("BF16 factors change logits a little, not much")
  func precision() throws {
    let exact = try TinyDecoder().made().logits(batch)
    let rounded = try TinyDecoder(precision: .bf16).made().logits(batch)
    let most = exact.map(abs).max() ?? 0
    let error = zip(exact, rounded).map { abs($0 - $1) }.max() ?? 0
    #expect(error > 0)
    #expect(error < 0.1 * most)
  }

  @Test("In ggml's arithmetic, rows of a matrix have the products that they have alone")
  func stretches() throws {
    let decoder = try TinyDecoder(precision: .ggml).made()
    let machine = decoder.machine
    let matrix = try #require(decoder.weights[.up, 0])
    let x = machine.matrix(5, matrix.columns)
    var state: UInt64 = 4
    for index in 0..<x.count { unsafe x.elements[index] = TinyDecoder.next(&state) }
    let half = matrix.rows / 2
    func products(_ stretches: [WeightMatrix.Stretch]) throws -> [Float] {
      matrix.stretches = stretches
      let made = machine.matrix(5, matrix.rows)
      try machine.multiply(x, matrix, into: made)
      return unsafe Array(made.elements)
    }
    let all = 0..<matrix.rows
    let exact = try products([.init(rows: all)])
    let coarse = try products([.init(rows: all, rounding: .q8_0)])
    let mixed = try products([
      .init(rows: 0..<half, rounding: .q8_0), .init(rows: half..<matrix.rows),
    ])
    #expect(exact != coarse)
    for index in mixed.indices {
      #expect(mixed[index] == (index % matrix.rows < half ? coarse : exact)[index])
    }
    #expect(throws: CheckpointError.self) { _ = try decoder.gradients(batch) }
  }

  @Test("Losses summed in F64 are the losses", arguments: ["llama", "gemma2"])
  func wideLosses(type: String) throws {
    let decoder = try TinyDecoder(type: type).made()
    let losses = try decoder.negativeLogLikelihoods(batch).compactMap { $0 }
    let mean = losses.reduce(0, +) / Double(losses.count)
    #expect(abs(try decoder.wideLoss(batch) - mean) < 1e-5)
  }

  @Test("A token outside the vocabulary is an error")
  func vocabulary() throws {
    let decoder = try TinyDecoder().made()
    for token in [97, -1] {
      #expect(throws: CheckpointError.self) {
        _ = try decoder.negativeLogLikelihoods(TokenBatch([[1, token]]))
      }
    }
  }
}
