// Reading packed matrices: known numbers, any range, any thread; and refusals of what does not fit.

import Foundation
import Testing

@testable import TieConv
@testable import TieConvIO

@Suite struct DequantizedMatrixTests {
  private let sandbox: ContainerSandbox

  init() throws { sandbox = try ContainerSandbox() }

  private func matrix(
    _ tensors: [SampleTensor], _ settings: String?
  ) throws -> DequantizedMatrix {
    let checkpoint = try PackedCheckpoint.open(tensors, settings: settings, in: sandbox)
    return try #require(try DequantizedMatrix(stem: PackedSample.stem, in: checkpoint))
  }

  private func matrix(_ sample: PackedSample) throws -> DequantizedMatrix {
    try matrix(sample.tensors(PackedSample.stem), sample.settings)
  }

  // MARK: Known numbers

  @Test("mlx: scale × code, then + bias, the first code in the lowest nibble")
  func mlxNumbers() throws {
    let stem = PackedSample.stem
    let word = Int32(bitPattern: 0x8765_4321)
    let found = try matrix(
      [
        SampleTensor("\(stem).weight", .u32, [1, 4], PackedCheckpoint.bytes([word, 0, 0, -1])),
        SampleTensor("\(stem).scales", .f32, [1, 1], PackedCheckpoint.bytes([0.5] as [Float])),
        SampleTensor("\(stem).biases", .f32, [1, 1], PackedCheckpoint.bytes([-1] as [Float])),
      ], "{\"group_size\": 32, \"bits\": 4}")
    let expected =
      (1...8).map { Float($0) * 0.5 - 1 }
      + [Float](repeating: -1, count: 16) + [Float](repeating: 6.5, count: 8)
    #expect(PackedCheckpoint.floats(try found.bytes()) == expected)
    #expect(found.scheme.description == "mlx affine, 4 bits, groups of 32")
  }

  @Test("gptq: version 1 adds one to a stored zero point and keeps its width; version 2 does not")
  func gptqNumbers() throws {
    let stem = PackedSample.stem
    for (version, zero) in [("gptq", Float(0)), ("gptq_v2", 15)] {
      let found = try matrix(
        [
          // 8 inputs of 32 outputs, every code 9; every stored zero point 15.
          SampleTensor(
            "\(stem).qweight", .i32, [1, 32],
            [UInt8](repeating: 0x99, count: 128)),
          SampleTensor("\(stem).qzeros", .i32, [1, 4], [UInt8](repeating: 0xFF, count: 16)),
          SampleTensor(
            "\(stem).scales", .f16, [1, 32],
            PackedCheckpoint.bytes((0..<32).map { Float16($0) })),
        ],
        "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": -1, "
          + "\"checkpoint_format\": \"\(version)\"}")
      #expect((found.rows, found.columns, found.dtype) == (32, 8, .f16))
      let expected = (0..<32).flatMap { row in
        [Float16](repeating: Float16((9 - zero) * Float(row)), count: 8)
      }
      #expect(try found.bytes() == PackedCheckpoint.bytes(expected))
    }
  }

  @Test("old compressed-tensors keep codes of 3 bits within words; the version decides a tie")
  func oldWords() throws {
    let stem = PackedSample.stem
    // 11 codes take two words either way; the eleventh lies across them, or at the second's start.
    let dense: [Int32] = [Int32(bitPattern: 0b01 << 30), 0b1]
    let padded: [Int32] = [0, 0b101]
    for (version, words) in [("0.20.1", dense), ("0.13.0", padded)] {
      let found = try matrix(
        [
          SampleTensor("\(stem).weight_packed", .i32, [1, 2], PackedCheckpoint.bytes(words)),
          SampleTensor(
            "\(stem).weight_scale", .f32, [1, 1], PackedCheckpoint.bytes([1] as [Float])),
          SampleTensor(
            "\(stem).weight_shape", .i64, [2], PackedCheckpoint.bytes([1, 0, 11, 0] as [Int32])),
        ],
        "{\"quant_method\": \"compressed-tensors\", \"version\": \"\(version)\", "
          + "\"config_groups\": {\"a\": {\"weights\": {\"num_bits\": 3, \"type\": \"int\"}}}}")
      #expect(
        PackedCheckpoint.floats(try found.bytes()) == [Float](repeating: -4, count: 10) + [1])
    }
  }

  // MARK: Ranges

  @Test("any range of bytes is that range of the whole", arguments: PackedSample.all)
  func ranges(_ sample: PackedSample) throws {
    let found = try matrix(sample)
    let whole = try found.bytes()
    #expect(whole.count == found.size)
    #expect(Set(whole).count > 4)
    var random = SeededRandom(seed: 5)
    for _ in 0..<60 {
      let start = Int.random(in: 0...whole.count, using: &random)
      let end = Int.random(in: start...whole.count, using: &random)
      #expect(try found.bytes(in: start..<end) == Array(whole[start..<end]))
    }
    #expect(throws: IOFailure.self) { try found.bytes(in: 1..<whole.count + 1) }
    #expect(throws: IOFailure.self) { try found.bytes(in: -1..<1) }
    for row in 0..<found.rows {
      let width = whole.count / found.rows
      #expect(
        try found.bytes(rows: row..<row + 1) == Array(whole[row * width..<(row + 1) * width]))
    }
  }

  @Test("threads may read at once", arguments: PackedSample.all)
  func threads(_ sample: PackedSample) throws {
    let found = try matrix(sample)
    let whole = try found.bytes()
    DispatchQueue.concurrentPerform(iterations: 16) { number in
      let start = number * whole.count / 16
      let part = try? found.bytes(in: start..<whole.count)
      #expect(part == Array(whole[start...]))
    }
  }

  // MARK: What does not fit

  @Test(
    "a member that is gone, cut, longer, or of another type is one error",
    arguments: PackedSample.all)
  func misfits(_ sample: PackedSample) throws {
    let tensors = sample.tensors(PackedSample.stem)
    for place in tensors.indices {
      for changed in Self.damaged(tensors, place) {
        let checkpoint = try PackedCheckpoint.open(
          changed, settings: sample.settings, in: sandbox)
        do throws(CheckpointError) {
          let found = try DequantizedMatrix(stem: PackedSample.stem, in: checkpoint)
          // Another width of the rest may be a matrix of its own right; then it reads as a whole.
          if let found { #expect(try found.bytes().count == found.size) }
        } catch {
          #expect([.invalidQuantization, .unsupportedFormat].contains(error.code), "\(error)")
        }
        // And inspect answers, whatever the tensors are.
        _ = try Inspector(checkpoint).report()
      }
    }
  }

  private static func damaged(_ tensors: [SampleTensor], _ place: Int) -> [[SampleTensor]] {
    let tensor = tensors[place]
    let width = tensor.dtype.byteWidth ?? 1
    func replaced(_ shape: [Int], _ dtype: DType, _ bytes: [UInt8]) -> [SampleTensor] {
      var changed = tensors
      changed[place] = SampleTensor(tensor.name, dtype, shape, bytes)
      return changed
    }
    var all: [[SampleTensor]] = []
    var gone = tensors
    gone.remove(at: place)
    all.append(gone)
    all.append(replaced([0], tensor.dtype, []))
    all.append(replaced([0, 5], tensor.dtype, []))
    all.append(replaced([1, 1, tensor.bytes.count / width], tensor.dtype, tensor.bytes))
    all.append(replaced([tensor.bytes.count / width], tensor.dtype, tensor.bytes))
    all.append(replaced([1, tensor.bytes.count / width], tensor.dtype, tensor.bytes))
    all.append(replaced([tensor.bytes.count], .u8, tensor.bytes))
    all.append(replaced([tensor.bytes.count, 1], .i8, tensor.bytes))
    if let first = tensor.shape.first, first > 1 {
      let row = tensor.bytes.count / first
      all.append(
        replaced(
          [first - 1] + tensor.shape.dropFirst(), tensor.dtype, Array(tensor.bytes.dropLast(row))))
      all.append(
        replaced(
          [first + 1] + tensor.shape.dropFirst(), tensor.dtype,
          tensor.bytes + tensor.bytes.prefix(row)))
    }
    all.append(replaced(tensor.shape, tensor.dtype, tensor.bytes.map { _ in 0xFF }))
    all.append(replaced(tensor.shape, tensor.dtype, tensor.bytes.map { _ in 0x80 }))
    return all
  }

  @Test("no flipped byte of a member traps", arguments: PackedSample.all)
  func flips(_ sample: PackedSample) throws {
    let tensors = sample.tensors(PackedSample.stem)
    for place in tensors.indices where tensors[place].bytes.count <= 200 {
      for byte in tensors[place].bytes.indices {
        var changed = tensors
        changed[place].bytes[byte] ^= 0x81
        let checkpoint = try PackedCheckpoint.open(
          changed, settings: sample.settings, in: sandbox)
        do throws(CheckpointError) {
          _ = try DequantizedMatrix(stem: PackedSample.stem, in: checkpoint)?.bytes()
        } catch {
          #expect([.invalidQuantization, .unsupportedFormat].contains(error.code), "\(error)")
        }
      }
    }
  }

  static let refusals: [(PackedSample, String, String)] = [
    (
      .gptq, "{\"quant_method\": \"gptq\", \"bits\": 4, \"checkpoint_format\": \"marlin\"}",
      "marlin"
    ),
    (.gptq, "{\"quant_method\": \"gptq\", \"bits\": 4, \"format\": \"bitblas\"}", "bitblas"),
    (.gptq, "{\"quant_method\": \"auto-round\", \"bits\": 4}", "auto-round"),
    (.awq, "{\"quant_method\": \"awq\", \"bits\": 4, \"version\": \"gemv\"}", "gemv"),
    (.awq, "{\"quant_method\": \"awq\", \"bits\": 4, \"version\": \"exllama\"}", "exllama"),
    (
      .packQuantized, "{\"quant_method\": \"compressed-tensors\", \"format\": \"marlin-24\"}",
      "marlin-24"
    ),
    (.nvfp4, "{\"quant_method\": \"modelopt\"}", "modelopt"),
    (.mlx, "{\"quant_method\": \"hqq\", \"bits\": 4, \"group_size\": 32}", "hqq"),
  ]

  @Test("what is not decoded is refused by its name", arguments: refusals)
  func refusal(_ sample: PackedSample, _ settings: String, _ name: String) throws {
    let error = #expect(throws: CheckpointError.self) {
      try matrix(sample.tensors(PackedSample.stem), settings)
    }
    #expect(error?.code == .unsupportedFormat)
    #expect(error?.message.contains(name) == true, "\(String(describing: error))")
  }

  @Test("a plain matrix, or none, is no packed one")
  func plain() throws {
    let tensors = [SampleTensor("a.weight", .f32, [1, 1], [0, 0, 0, 0])]
    let checkpoint = try PackedCheckpoint.open(tensors, settings: nil, in: sandbox)
    #expect(try DequantizedMatrix(stem: "a", in: checkpoint) == nil)
    #expect(try DequantizedMatrix(stem: "b", in: checkpoint) == nil)
  }
}
