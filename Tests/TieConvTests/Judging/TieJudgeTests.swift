// The truth table and its order of precedence.

import Testing

@testable import TieConv

@Suite struct TieJudgeTests {
  private let difference = PackingDifference(
    packings: ("plain BF16", "mlx affine, 4 bits, groups of 64"), comparison: nil)

  private func flag(_ text: String, _ architecture: String? = nil) throws -> TieFlag {
    TieFlag(
      config: try ModelConfig(path: "", text: Array(text.utf8)),
      convention: architecture.flatMap { TieConventions.convention(architecture: $0) })
  }

  private func comparison(
    rows: (Int, Int) = (100, 100), differing: Int = 100, scale: Double? = nil,
    cast: MatrixComparison.Cast? = nil
  ) -> MatrixComparison {
    var ranges = RowRanges()
    ranges.append(0..<differing)
    return MatrixComparison(
      orientation: .same, rows: (embedding: rows.0, head: rows.1), isEqual: false,
      differingRows: ranges, maxAbsDiff: 1, scale: scale, cast: cast)
  }

  private func verdict(
    _ flag: TieFlag, _ embedding: Bool, _ head: Bool,
    _ evidence: TieJudge.Evidence = .equal(transposed: false), headless: Bool = false
  ) -> TieVerdict {
    TieJudge(
      flag: flag, embeddingStored: embedding, headStored: head, isHeadless: headless,
      evidence: evidence
    ).verdict
  }

  @Test("flag × names × bytes")
  func table() throws {
    let tied = try flag("{\"tie_word_embeddings\": true}")
    let untied = try flag("{\"tie_word_embeddings\": false}")
    let unknown = try flag("{}")
    let different = TieJudge.Evidence.different(comparison())
    #expect(verdict(tied, true, false) == .tied)
    #expect(verdict(tied, false, true) == .tiedReversed)
    #expect(verdict(tied, true, true) == .tiedDuplicate)
    #expect(verdict(tied, true, true, different) == .tiedConflict)
    #expect(verdict(untied, true, true, different) == .untied)
    #expect(verdict(untied, true, true) == .untiedEqual)
    #expect(verdict(untied, true, false) == .headMissing)
    #expect(verdict(unknown, true, true) == .flagUnknown)
    #expect(verdict(unknown, true, false) == .flagUnknown)
    #expect(verdict(tied, false, false) == .notAModel)
    #expect(verdict(untied, true, false, headless: true) == .noHead)
    // What was not compared is not called equal.
    #expect(verdict(tied, true, true, .notCompared) == .tiedConflict)
    #expect(verdict(untied, true, true, .notCompared) == .untied)
  }

  @Test("precedence: shape, packing, split, unknown, scale, near-equal, then the table")
  func precedence() throws {
    let split = try flag(
      "{\"tie_word_embeddings\": true, \"text_config\": {\"tie_word_embeddings\": false}}")
    let unknown = try flag("{}")
    let tied = try flag("{\"tie_word_embeddings\": true}")
    let near = comparison(differing: 5)
    #expect(verdict(split, true, true, .different(comparison(rows: (100, 108)))) == .shapeMismatch)
    #expect(verdict(split, true, true, .otherShape) == .shapeMismatch)
    #expect(verdict(split, true, true, .otherPacking(difference)) == .quantMixed)
    #expect(verdict(split, true, true, .different(near)) == .flagSplit)
    #expect(verdict(unknown, true, true, .different(near)) == .flagUnknown)
    #expect(
      verdict(tied, true, true, .different(comparison(differing: 100, scale: 2))) == .roleScaled)
    #expect(verdict(tied, true, true, .different(near)) == .nearEqual)
    #expect(verdict(tied, true, true, .different(comparison(differing: 10))) == .nearEqual)
    #expect(verdict(tied, true, true, .different(comparison(differing: 11))) == .tiedConflict)
    #expect(verdict(tied, true, true, .different(comparison(cast: .exact(.f32)))) == .nearEqual)
    #expect(
      verdict(tied, true, true, .different(comparison(cast: .rounded(.bf16)))) == .tiedConflict)
  }

  @Test("T5 ties whatever its flag says, unless two different matrices are stored")
  func forced() throws {
    let stored = try flag("{\"tie_word_embeddings\": false}", "T5ForConditionalGeneration")
    #expect(stored.isForced && stored.effective == true)
    #expect(verdict(stored, true, false) == .tied)
    #expect(verdict(stored, true, true, .different(comparison())) == .untied)
    #expect(stored.yielding(to: .untied).effective == false)
  }

  @Test("an absent flag takes the class's default, and says so")
  func defaults() throws {
    let gemma = try flag("{}", "Gemma2ForCausalLM")
    #expect(gemma.effective == true)
    #expect(gemma.source?.contains("Gemma2ForCausalLM") == true)
    #expect(try flag("{}", "LlamaForCausalLM").effective == false)
  }
}
