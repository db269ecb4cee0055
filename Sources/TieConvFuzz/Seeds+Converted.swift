// Folders that convert made of GGUF models: their receipts say which blocks their numbers came from.

import TieConv
import TieConvIO

extension Seeds {
  /// What becomes of each of `folders` by way of GGUF, and of one that is packed there.
  static func converted(
    _ folders: [FolderContents], _ scratch: String
  ) throws -> [FolderContents] {
    var result: [FolderContents] = []
    for folder in folders {
      let input = FilePath.join(scratch, "plain")
      let model = FilePath.join(scratch, "plain.gguf")
      try write(folder, to: input)
      guard try convert(input, to: model, .gguf) else { continue }
      result += try back(model, scratch).map { [$0] } ?? []
      let header = try GGUFHeader(opening: model)
      guard header.metadata.architecture == "llama" else { continue }
      let packed = FilePath.join(scratch, "packed.gguf")
      try FileSystem.removeTree(packed)
      try OutputFile(creating: packed).write(try Self.packed(header), at: 0)
      result += try back(packed, scratch).map { [$0] } ?? []
    }
    return result
  }

  private static func convert(
    _ input: String, to output: String, _ target: ConversionTarget
  ) throws -> Bool {
    try FileSystem.removeTree(output)
    let options = ConvertOptions(execution: ExecutionOptions(threads: 1))
    let report = try? Converter(try Checkpoint(opening: input), options: options)
      .convert(to: output, as: target)
    return report != nil
  }

  private static func back(_ model: String, _ scratch: String) throws -> FolderContents? {
    let output = FilePath.join(scratch, "back")
    guard try convert(model, to: output, .safetensors) else { return nil }
    return try contents(of: output)
  }

  /// The same model with rows of 32 numbers, in blocks of zeros of every type that is packed.
  private static func packed(_ header: GGUFHeader) throws -> [UInt8] {
    var metadata = header.metadata
    for key in ["embedding_length", "feed_forward_length"] {
      metadata["llama.\(key)"] = .uint32(32)
    }
    for key in ["rope.dimension_count", "attention.key_length", "attention.value_length"] {
      metadata["llama.\(key)"] = .uint32(16)
    }
    let types: [GGMLType] = [.q40, .q41, .q50, .q51, .q80]
    let tensors = header.tensors.enumerated().map { number, tensor in
      let isHalf = tensor.name.contains("attn_k.") || tensor.name.contains("attn_v.")
      let rows =
        tensor.name == "token_embd.weight" || tensor.name == "output.weight"
        ? tensor.extents[1] : isHalf ? 16 : 32
      return GGUFHeaderWriter.Tensor(
        name: tensor.name, extents: tensor.extents.count > 1 ? [32, rows] : [32],
        type: tensor.extents.count > 1 ? types[number % types.count] : .f32)
    }
    let written = try GGUFHeaderWriter(metadata: metadata, tensors: tensors).header()
    return written.bytes + [UInt8](repeating: 0, count: written.dataCount)
  }
}
