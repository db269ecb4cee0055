// A weight file's new header, and the order of what follows it, in the way of its format.

/// A shard after an edit of its tensors: how the file starts, and what its data section holds.
struct ShardEdit: Sendable {
  /// A tensor to store in addition, with the bytes of `source`.
  struct Addition: Sendable {
    let name: String
    let source: TensorInfo
  }

  /// A run of the data section.
  enum Part: Sendable, Equatable {
    /// The bytes of a stored tensor, by its name before the edit, in whatever shard it is.
    case tensor(String)
    /// Zeros that align what follows.
    case padding(Int)
    /// A range of the shard's file as it is: a tensor with its padding, or what stands behind all.
    case bytes(Range<Int>)
  }

  /// A run of `start` that the shard's file has too, so that it can be copied from there.
  struct Carried: Sendable, Equatable {
    /// Where it begins in `start`.
    let place: Int
    /// Where it stands in the file.
    let source: Range<Int>
  }

  /// The file up to its data section.
  let start: [UInt8]
  /// Runs of `start` that are worth copying, in order.
  let carried: [Carried]
  /// The data section.
  let parts: [Part]

  /// Edits `shard`, of a checkpoint whose number of tensors changes by `change`. Of `metadata`, the string is stated in the header beside the tensors, or taken
  /// away where it is nil.
  init(
    _ shard: Shard, dropping dropped: Set<String> = [], renaming renamed: [String: String] = [:],
    adding added: [Addition] = [], metadata: (key: String, value: String?)? = nil,
    change: Int = 0
  ) throws(CheckpointError) {
    switch shard.contents {
    case .safetensors(let header):
      let edit = try SafetensorsHeaderEdit(
        header, text: Array(try shard.start().dropFirst(8)), dropping: dropped, renaming: renamed,
        adding: added, metadata: metadata)
      start = edit.start
      carried = []
      parts = edit.slots.map { .tensor($0.source) }
    case .gguf(let header):
      let edit = try GGUFHeaderEdit(
        shard, header, dropping: dropped, renaming: renamed, adding: added, metadata: metadata,
        change: change)
      start = edit.start
      carried = edit.carried
      parts = edit.parts
    case .pytorch:
      throw CheckpointError(
        .unsupportedFormat, file: shard.path, "PyTorch files are read, not written",
        hint: "tieconv convert --to safetensors first")
    }
  }
}
