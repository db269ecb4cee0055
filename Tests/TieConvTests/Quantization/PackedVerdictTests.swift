// Verdicts on packed pairs: bytes first, then the numbers that they stand for.

import Testing

@testable import TieConv
@testable import TieConvIO

@Suite struct PackedVerdictTests {
  private let sandbox: ContainerSandbox

  init() throws { sandbox = try ContainerSandbox() }

  private func report(
    _ tensors: [SampleTensor], _ settings: String, flag: Bool
  ) throws -> InspectReport {
    try Inspector(
      PackedCheckpoint.open(tensors, settings: settings, in: sandbox, flag: flag)
    ).report()
  }

  private func pair(
    _ sample: PackedSample, _ change: (inout [SampleTensor]) -> Void = { _ in }
  ) -> [SampleTensor] {
    var head = sample.tensors("lm_head")
    change(&head)
    return sample.tensors(PackedSample.stem) + head
  }

  @Test(
    "equal families are a duplicate, and dropping one drops all of it",
    arguments: PackedSample.all)
  func duplicates(_ sample: PackedSample) throws {
    let tied = try report(pair(sample), sample.settings, flag: true)
    #expect(tied.verdict == .tiedDuplicate)
    let untied = try report(pair(sample), sample.settings, flag: false)
    #expect(untied.verdict == .untiedEqual)
    let members = try #require(untied.main?.members)
    #expect(members.map(\.family.count) == [members[0].family.count, members[0].family.count])
    #expect(members[1].family.count == sample.tensors("lm_head").count)
    #expect(members[0].packing?.scheme != nil)
  }

  @Test("one packing and other codes is judged by the numbers", arguments: PackedSample.all)
  func otherCodes(_ sample: PackedSample) throws {
    // The last row's, or for GPTQ and AWQ the last column's, codes are turned over.
    let changed = pair(sample) { head in
      let last = head[0].bytes.count - 1
      for place in stride(from: last, through: 0, by: -7) { head[0].bytes[place] ^= 0x11 }
    }
    for (flag, verdict) in [(true, TieVerdict.tiedConflict), (false, .untied)] {
      let report = try report(changed, sample.settings, flag: flag)
      #expect(report.verdict == verdict)
      let comparison = try #require(report.main?.comparison)
      #expect(comparison.isDequantized)
      #expect(comparison.differingRows.count > 0)
      #expect((comparison.maxAbsDiff ?? 0) > 0)
      #expect(report.main?.explanation?.contains("after dequantization") == true)
    }
  }

  @Test("other codes for the same numbers are near-equal: not bytes, yet nothing differs")
  func otherSpelling() throws {
    // A scale of zero makes every code the bias.
    func zeroed(_ tensors: [SampleTensor]) -> [SampleTensor] {
      tensors.map { tensor in
        var tensor = tensor
        if tensor.name.hasSuffix(".scales") { tensor.bytes = tensor.bytes.map { _ in 0 } }
        return tensor
      }
    }
    let sample = PackedSample.mlx
    let tensors = zeroed(pair(sample) { $0[0].bytes[3] ^= 0x0F })
    let report = try report(tensors, sample.settings, flag: true)
    #expect(report.verdict == .nearEqual)
    #expect(report.main?.explanation == "equal after dequantization")
    #expect(report.main?.isEqual == false)
  }

  @Test("packed apart, but of the same numbers: mixed, and said to be equal")
  func mixed() throws {
    let sample = PackedSample.mlx
    let checkpoint = try PackedCheckpoint.open(
      sample.tensors(PackedSample.stem), settings: sample.settings, in: sandbox)
    let matrix = try #require(try DequantizedMatrix(stem: PackedSample.stem, in: checkpoint))
    var numbers = try matrix.bytes()
    let shape = [matrix.rows, matrix.columns]
    func judged() throws -> InspectReport {
      try report(
        sample.tensors(PackedSample.stem) + [SampleTensor("lm_head.weight", .f32, shape, numbers)],
        sample.settings, flag: false)
    }
    let equal = try judged()
    #expect(equal.verdict == .quantMixed)
    #expect(
      equal.main?.explanation
        == "packed differently (mlx affine, 4 bits, groups of 32 against plain F32): "
        + "equal after dequantization")
    numbers[4 * 70 + 3] ^= 1
    let changed = try judged()
    #expect(changed.verdict == .quantMixed)
    #expect(changed.main?.comparison?.differingRows.ranges == [1..<2])
  }

  @Test("row counts are those of the numbers, not of the codes")
  func rows() throws {
    let sample = PackedSample.gptq
    let tensors =
      sample.tensors(PackedSample.stem)
      + [
        SampleTensor("lm_head.weight", .f32, [33, 64], [UInt8](repeating: 0, count: 33 * 256))
      ]
    #expect(try report(tensors, sample.settings, flag: false).verdict == .shapeMismatch)
  }

  @Test("a packing that is not decoded is judged by its bytes, and named")
  func undecoded() throws {
    let settings = "{\"quant_method\": \"gptq\", \"bits\": 4, \"checkpoint_format\": \"marlin\"}"
    let equal = try report(pair(.gptq), settings, flag: true)
    #expect(equal.verdict == .tiedDuplicate)
    let other = try report(pair(.gptq) { $0[0].bytes[0] ^= 1 }, settings, flag: true)
    #expect(other.verdict == .quantMixed)
    #expect(
      other.problems.contains { $0.code == "packingNotDecoded" && $0.message.contains("marlin") })
  }

  @Test("an MLX checkpoint is called one, by its files or by its settings")
  func format() throws {
    let sample = PackedSample.mlx
    #expect(
      try report(sample.tensors(PackedSample.stem), sample.settings, flag: true).format == "mlx")
    let gptq = PackedSample.gptq
    #expect(
      try report(gptq.tensors(PackedSample.stem), gptq.settings, flag: true).format
        == "safetensors")
  }
}
