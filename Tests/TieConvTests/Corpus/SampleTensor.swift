// Tensors to be written into checkpoints, and bytes for them.

@testable import TieConv

/// A tensor to be written.
struct SampleTensor {
  var name: String
  var dtype: DType
  var shape: [Int]
  var bytes: [UInt8]

  init(_ name: String, _ dtype: DType, _ shape: [Int], _ bytes: [UInt8]) {
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.bytes = bytes
  }

  /// Random bytes of the right count.
  init(_ name: String, _ dtype: DType, _ shape: [Int], seed: UInt64) {
    let count = shape.reduce(1, *) * dtype.bitWidth / 8
    self.init(name, dtype, shape, SampleBytes.random(count, seed: seed))
  }
}

enum SampleBytes {
  /// Seeded bytes.
  static func random(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  /// BF16 numbers with the exponents of trained weights.
  static func weights(_ count: Int, seed: UInt64) -> [UInt8] {
    let noise = random(3 * count, seed: seed)
    return (0..<count).flatMap { i -> [UInt8] in
      let exponent = 118 + noise[3 * i].trailingZeroBitCount % 8
      let x =
        UInt16(exponent) << 7 | UInt16(noise[3 * i + 1] & 127)
        | UInt16(noise[3 * i + 2] & 1) << 15
      return [UInt8(x & 255), UInt8(x >> 8)]
    }
  }

  /// A safetensors file.
  static func safetensors(_ tensors: [SampleTensor], metadata: String = "") -> [UInt8] {
    var place = 0
    let entries = tensors.map { tensor in
      defer { place += tensor.bytes.count }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      return "\"\(tensor.name)\":{\"dtype\":\"\(tensor.dtype.rawValue)\",\"shape\":[\(shape)],"
        + "\"data_offsets\":[\(place),\(place + tensor.bytes.count)]}"
    }
    let header = Array("{\(metadata)\(entries.joined(separator: ", "))}  ".utf8)
    let length = (0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) }
    return length + header + tensors.flatMap(\.bytes)
  }

  static let llama = """
    {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "hidden_size": 64,
     "vocab_size": 512, "tie_word_embeddings": false}
    """
}
