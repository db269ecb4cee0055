// A tiny GGUF llama whose matrices are packed, as ggml's quantizers leave blocks.

import Testing
import TieConvIO

@testable import TieConv

/// Writes packed models.
struct PackedModel {
  /// The types of the matrices, in turn.
  static let types: [GGMLType] = [.q80, .q40, .q41, .q50, .q51]

  var random = SeededRandom(seed: 11)

  /// Writes a model with tokenizer to `path`.
  mutating func write(to path: String, in folder: TemporaryFolder) throws {
    let plain = "\(folder.path)/unpacked-source.gguf"
    let source = try Checkpoint(opening: "\(Testdata.root)/conversion/byte-level")
    let options = ConvertOptions(execution: ExecutionOptions(threads: 1))
    _ = try Converter(source, options: options).convert(to: plain, as: .gguf)
    let header = try GGUFHeader(opening: plain)
    var metadata = header.metadata
    for (key, value): (String, UInt32) in [
      ("embedding_length", 64), ("feed_forward_length", 96), ("rope.dimension_count", 32),
      ("attention.key_length", 32), ("attention.value_length", 32),
    ] {
      metadata["llama.\(key)"] = .uint32(value)
    }
    // What a folder has no words for.
    metadata["general.name"] = .string("A Name of Its Own")
    metadata["general.tags"] = .array(.string(["one", "two"]))
    metadata["general.file_type"] = .uint32(15)
    metadata["general.quantized_by"] = .string("nobody")
    try write(metadata, header.tensors, to: path)
  }

  private mutating func write(
    _ metadata: GGUFMetadata, _ stored: [GGUFTensorInfo], to path: String
  ) throws {
    var tensors: [GGUFHeaderWriter.Tensor] = []
    for (number, tensor) in stored.enumerated() {
      let extents = tensor.extents.enumerated().map { place, extent -> UInt64 in
        tensor.name.contains("ffn_down") && place == 0
          || tensor.name.contains("ffn_gate.")
            && place == 1
          || tensor.name.contains("ffn_up") && place == 1
          ? 96
          : tensor.name == "token_embd.weight" && place == 1
            ? extent
            : tensor.name.contains("attn_k.") || tensor.name.contains("attn_v.")
              ? (place == 0 ? 64 : 32) : 64
      }
      tensors.append(
        .init(
          name: tensor.name, extents: extents,
          type: extents.count > 1 ? Self.types[number % Self.types.count] : .f32))
    }
    // Another order than the folder's.
    tensors.reverse()
    let header = try GGUFHeaderWriter(metadata: metadata, tensors: tensors).header()
    var bytes = header.bytes
    for tensor in header.tensors {
      let end = header.bytes.count + tensor.offset
      bytes += [UInt8](repeating: 0, count: end - bytes.count)
      bytes +=
        tensor.type == .f32
        ? numbers(tensor.byteCount / 4) : blocks(tensor.type, tensor.byteCount)
    }
    let padding = header.bytes.count + header.dataCount - bytes.count
    bytes += [UInt8](repeating: 0, count: padding)
    let file = try OutputFile(creating: path)
    try file.write(bytes, at: 0)
  }

  private mutating func numbers(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { _ in
      let bits = Float.random(in: 0.5...1.5, using: &random).bitPattern
      return (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * $0)) }
    }
  }

  /// Blocks whose extreme codes are taken, as by ggml's reference quantizers.
  private mutating func blocks(_ type: GGMLType, _ count: Int) -> [UInt8] {
    var bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    for start in stride(from: 0, to: count, by: type.blockBytes) {
      // Scales from 2^-8 to 2^-4, positive but for an offset.
      bytes[start + 1] = 0x1C + bytes[start + 1] % 16
      switch type {
      case .q40: bytes[start + 2] &= 0xF0
      case .q41:
        bytes[start + 3] = 0x98 + bytes[start + 3] % 16
        bytes[start + 4] &= 0xF0
        bytes[start + 5] |= 0x0F
      case .q50:
        bytes[start + 2] &= 0xFE
        bytes[start + 6] &= 0xF0
      case .q51:
        bytes[start + 3] = 0x98 + bytes[start + 3] % 16
        bytes[start + 4] = bytes[start + 4] & 0xFC | 2
        bytes[start + 8] &= 0xF0
        bytes[start + 9] |= 0x0F
      default:
        bytes[start + 2] = 127
        for place in start + 3..<start + 34 where bytes[place] == 0x80 { bytes[place] = 0 }
      }
    }
    return bytes
  }
}
