// The input's files, opened as an output needs them.

internal import TieConvIO

/// Opens files of a checkpoint by their path within it.
struct SourceFiles: Sendable {
  private let open: [String: any ByteSource]
  private let computed: [String: any ByteSource]

  /// Opens every file that `plan` copies from, beside the tensors that it computes.
  init(
    _ checkpoint: Checkpoint, for plan: OutputPlan, computed: [String: any ByteSource] = [:]
  ) throws(CheckpointError) {
    self.computed = computed
    var open: [String: any ByteSource] = [:]
    for shard in checkpoint.shards { open[shard.name] = shard.file }
    for file in plan.files {
      for case .copy(let name, let range) in file.pieces {
        let source: any ByteSource
        if let known = open[name] {
          source = known
        } else {
          source = try reading { () throws(IOFailure) in
            try checkpoint.tree.open(name)
          }
          open[name] = source
        }
        guard range.upperBound <= source.size else {
          throw CheckpointError(.inputChanged, file: source.path, "file is shorter than it was")
        }
      }
    }
    self.open = open
  }

  /// The open file called `name`.
  func file(_ name: String) throws(IOFailure) -> any ByteSource {
    guard let file = open[name] else {
      throw IOFailure("open", name, reason: .notFound, message: "no such file")
    }
    return file
  }

  /// The tensor of the output called `name`.
  func tensor(_ name: String) throws(IOFailure) -> any ByteSource {
    guard let tensor = computed[name] else {
      throw IOFailure("open", name, reason: .notFound, message: "no such tensor")
    }
    return tensor
  }

  /// Checks that none of them was written to since it was opened.
  func checkUnchanged() throws(CheckpointError) {
    for file in open.values {
      try reading { () throws(IOFailure) in try file.checkUnchanged() }
    }
  }
}
