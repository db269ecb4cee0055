// Tiny checkpoints of packed matrices, written tensor by tensor.

@testable import TieConv
@testable import TieConvIO

/// Makes checkpoints of packed matrices, and of what is wrong with them.
enum PackedCheckpoint {
  /// Opens a folder of `tensors` with these settings.
  static func open(
    _ tensors: [SampleTensor], settings: String?, in sandbox: ContainerSandbox,
    flag: Bool = false
  ) throws -> Checkpoint {
    let name = "model-\(UInt64.random(in: 0 ... .max))"
    let quantization = settings.map { ", \"quantization_config\": \($0)" } ?? ""
    let config =
      "{\"architectures\": [\"LlamaForCausalLM\"], \"tie_word_embeddings\": \(flag)\(quantization)}"
    return try Checkpoint(
      opening: sandbox.folder(
        name,
        ["model.safetensors": SampleBytes.safetensors(tensors), "config.json": Array(config.utf8)]))
  }

  static func bytes(_ values: [Int32]) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  }

  static func bytes(_ values: [Float]) -> [UInt8] {
    bytes(values.map { Int32(bitPattern: $0.bitPattern) })
  }

  static func bytes(_ values: [Float16]) -> [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0.bitPattern), UInt8($0.bitPattern >> 8)] }
  }

  static func floats(_ bytes: [UInt8]) -> [Float] {
    stride(from: 0, to: bytes.count, by: 4).map { start in
      Float(bitPattern: (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) })
    }
  }
}

/// One family of each method, small enough to damage in every way.
struct PackedSample: Sendable, CustomStringConvertible {
  let description: String
  let tensors: @Sendable (_ stem: String) -> [SampleTensor]
  let settings: String

  static let stem = "model.embed_tokens"

  private static func random(_ count: Int, _ seed: UInt64) -> [UInt8] {
    SampleBytes.random(count, seed: seed)
  }

  /// `count` factors between 1/64 and 1/2 as F32.
  private static func factors(_ count: Int, _ seed: UInt64) -> [UInt8] {
    PackedCheckpoint.bytes(random(count, seed).map { Float($0 % 31 + 1) / 64 })
  }

  static let all: [PackedSample] = [mlx, packQuantized, gptq, awq, nested, int8, blockFP8, nvfp4]

  /// 6 × 64, 4 bits in groups of 32.
  static let mlx = PackedSample(
    description: "mlx",
    tensors: { stem in
      [
        SampleTensor("\(stem).weight", .u32, [6, 8], random(192, 1)),
        SampleTensor("\(stem).scales", .f32, [6, 2], factors(12, 2)),
        SampleTensor("\(stem).biases", .f32, [6, 2], factors(12, 3)),
      ]
    }, settings: "{\"group_size\": 32, \"bits\": 4}")

  /// 40 × 32, 3 bits dense in groups of 16, with zero points.
  static let packQuantized = PackedSample(
    description: "pack-quantized",
    tensors: { stem in
      [
        SampleTensor("\(stem).weight_packed", .i32, [40, 3], random(480, 4)),
        SampleTensor("\(stem).weight_scale", .f32, [40, 2], factors(80, 5)),
        SampleTensor("\(stem).weight_zero_point", .i32, [4, 2], random(32, 6)),
        SampleTensor(
          "\(stem).weight_shape", .i64, [2], PackedCheckpoint.bytes([40, 0, 32, 0] as [Int32])),
      ]
    },
    settings: """
      {"quant_method": "compressed-tensors", "format": "pack-quantized", "version": "0.20.0",
       "config_groups": {"group_0": {"weights": {"num_bits": 3, "type": "int",
       "strategy": "group", "group_size": 16, "symmetric": false}}}}
      """)

  /// 32 × 64 (presented), 4 bits, 2 groups that an index mixes.
  static let gptq = PackedSample(
    description: "gptq",
    tensors: { stem in
      [
        SampleTensor("\(stem).qweight", .i32, [8, 32], random(1024, 7)),
        SampleTensor("\(stem).qzeros", .i32, [2, 4], random(32, 8)),
        SampleTensor("\(stem).scales", .f32, [2, 32], factors(64, 9)),
        SampleTensor(
          "\(stem).g_idx", .i32, [64], PackedCheckpoint.bytes((0..<64).map { Int32($0 % 2) })),
      ]
    }, settings: "{\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32}")

  /// 40 × 32 (presented), groups of 16.
  static let awq = PackedSample(
    description: "awq",
    tensors: { stem in
      [
        SampleTensor("\(stem).qweight", .i32, [32, 5], random(640, 10)),
        SampleTensor("\(stem).qzeros", .i32, [2, 5], random(40, 11)),
        SampleTensor("\(stem).scales", .f32, [2, 40], factors(80, 12)),
      ]
    }, settings: "{\"quant_method\": \"awq\", \"bits\": 4, \"version\": \"gemm\"}")

  /// 7 × 33 NF4 in runs of 64, the factors packed in runs of 2.
  static let nested = PackedSample(
    description: "nf4",
    tensors: { stem in
      let state = """
        {"quant_type": "nf4", "blocksize": 64, "dtype": "float32", "shape": [7, 33],
         "nested_blocksize": 2, "nested_dtype": "float32", "nested_offset": 0.25}
        """
      let map = FourBitState.maps["nf4"] ?? []
      return [
        SampleTensor("\(stem).weight", .u8, [116, 1], random(116, 13)),
        SampleTensor("\(stem).weight.absmax", .u8, [4], random(4, 14)),
        SampleTensor("\(stem).weight.quant_map", .f32, [16], PackedCheckpoint.bytes(map)),
        SampleTensor("\(stem).weight.nested_absmax", .f32, [2], factors(2, 15)),
        SampleTensor("\(stem).weight.nested_quant_map", .f32, [256], factors(256, 16)),
        SampleTensor(
          "\(stem).weight.quant_state.bitsandbytes__nf4", .u8, [state.utf8.count],
          Array(state.utf8)),
      ]
    }, settings: "{\"quant_method\": \"bitsandbytes\", \"load_in_4bit\": true}")

  /// 5 × 12, a factor a row.
  static let int8 = PackedSample(
    description: "int8",
    tensors: { stem in
      [
        SampleTensor("\(stem).weight", .i8, [5, 12], random(60, 17)),
        SampleTensor("\(stem).SCB", .f32, [5], factors(5, 18)),
        SampleTensor("\(stem).weight_format", .u8, [], [0]),
      ]
    }, settings: "{\"quant_method\": \"bitsandbytes\", \"load_in_8bit\": true}")

  /// 10 × 12 in blocks of 4 × 8.
  static let blockFP8 = PackedSample(
    description: "fp8 in blocks",
    tensors: { stem in
      [
        // No NaN among the codes: 0x7F and 0xFF are the only ones.
        SampleTensor("\(stem).weight", .f8E4M3, [10, 12], random(120, 19).map { $0 & 0xBF }),
        SampleTensor("\(stem).weight_scale_inv", .f32, [3, 2], factors(6, 20)),
      ]
    }, settings: "{\"quant_method\": \"fp8\", \"weight_block_size\": [4, 8]}")

  /// 6 × 32.
  static let nvfp4 = PackedSample(
    description: "nvfp4",
    tensors: { stem in
      [
        SampleTensor("\(stem).weight_packed", .u8, [6, 16], random(96, 21)),
        SampleTensor("\(stem).weight_scale", .f8E4M3, [6, 2], random(12, 22).map { $0 & 0x3F }),
        SampleTensor("\(stem).weight_global_scale", .f32, [1], factors(1, 23)),
      ]
    },
    settings: "{\"quant_method\": \"compressed-tensors\", \"format\": \"nvfp4-pack-quantized\"}")
}
