// A fresh folder for one test, and checkpoints written into it.

import Testing

@testable import TieConv
@testable import TieConvIO

/// A folder that goes with the value.
final class ContainerSandbox {
  let path: String

  init() throws {
    let root = Environment.value("TMPDIR", default: "/tmp")
    path = "\(root)/tieconv-container-\(UInt64.random(in: 0 ... .max))"
    try FileSystem.makeDirectory(path)
  }

  deinit { try? FileSystem.removeTree(path) }

  func path(_ name: String) -> String { "\(path)/\(name)" }

  /// Writes files into a new folder `name`.
  @discardableResult
  func folder(_ name: String, _ files: [String: [UInt8]]) throws -> String {
    try FileSystem.makeDirectory(path(name))
    for (file, bytes) in files.sorted(by: { $0.key < $1.key }) {
      for parent in EntryPath.folders(above: file)
      where try FileSystem.kind(of: path("\(name)/\(parent)")) == nil {
        try FileSystem.makeDirectory(path("\(name)/\(parent)"))
      }
      try OutputFile(creating: path("\(name)/\(file)")).write(bytes, at: 0)
    }
    return path(name)
  }

  @discardableResult
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    try OutputFile(creating: path(name)).write(bytes, at: 0)
    return path(name)
  }

  /// Every file below `folder`, by path.
  func contents(_ folder: String) throws -> [String: [UInt8]] {
    var result: [String: [UInt8]] = [:]
    for entry in try FileSystem.entries(below: folder) {
      result[entry.relativePath] = try bytes("\(folder)/\(entry.relativePath)")
    }
    return result
  }

  func bytes(_ path: String) throws -> [UInt8] {
    let file = try InputFile(path)
    return try file.bytes(in: 0..<file.size)
  }

  /// Compresses `input` to `name`.
  @discardableResult
  func compress(
    _ input: String, to name: String, threads: Int = 2, codec: ContainerCodec = .zstd,
    base: String? = nil
  ) throws -> CompressReport {
    var options = CompressOptions(execution: ExecutionOptions(threads: threads))
    options.codec = codec
    options.base = try base.map { path throws(CheckpointError) in try Checkpoint(opening: path) }
    return try Compressor(try Checkpoint(opening: input), options: options).compress(
      to: path(name))
  }

  /// Unpacks the container `input` to `name` and gives what is there.
  func decompressed(_ input: String, to name: String, base: String? = nil) throws
    -> [String: [UInt8]]
  {
    let given = try base.map { path throws(CheckpointError) in try Checkpoint(opening: path) }
    _ = try Decompressor(opening: input, base: given).decompress(to: path(name))
    return try contents(path(name))
  }
}

/// A tensor to be written.
struct SampleTensor {
  let name: String
  let dtype: DType
  let shape: [Int]
  let bytes: [UInt8]

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
  /// Seeded bytes (SplitMix64).
  static func random(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    return (0..<count).map { _ in
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return UInt8(truncatingIfNeeded: z ^ (z >> 31))
    }
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
