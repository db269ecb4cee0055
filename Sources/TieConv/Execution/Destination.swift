// Where an output may go: never over, into or around its own input.

internal import TieConvIO

/// Checks a destination before anything is written.
enum Destination {
  /// Checks that writing to `path` cannot touch the input, and that what it would replace is a
  /// checkpoint.
  static func check(
    _ path: String, for checkpoint: Checkpoint, replacing: Bool, as layout: Checkpoint.Layout? = nil
  ) throws(CheckpointError) {
    if path.isEmpty { throw CheckpointError(.writeFailed, "the output's path is empty") }
    let target = try reading { () throws(IOFailure) in try resolved(path) }
    guard let target else {
      throw CheckpointError(
        .writeFailed, file: path, "the folder that is to hold it does not exist",
        hint: "make it first")
    }
    let input = try reading { () throws(IOFailure) in
      // The parts of a split GGUF model may have been named by one of them.
      let isNamedByPart = checkpoint.isGGUF && checkpoint.path != checkpoint.folder
      let isFolder =
        checkpoint.layout == .folder && checkpoint.container == nil && !isNamedByPart
      return try FileSystem.realPath(isFolder ? checkpoint.folder : checkpoint.path)
    }
    if FilePath.isInside(target, input) || FilePath.isInside(input, target) {
      let what = target == input ? "the output is the input" : "output and input overlap"
      throw CheckpointError(
        .outputInsideInput, file: path, what,
        hint: "inputs are never modified; write to another place")
    }
    guard let kind = try reading({ () throws(IOFailure) in try FileSystem.linkKind(of: target) })
    else { return }
    guard replacing else {
      throw CheckpointError(
        .outputExists, file: path, "exists already",
        hint: "give another name, or --force to replace it")
    }
    try checkReplaceable(target, kind, layout ?? checkpoint.layout)
  }

  /// `path` with its parent resolved, or wholly where it exists; nil where the parent is missing.
  private static func resolved(_ path: String) throws(IOFailure) -> String? {
    if try FileSystem.kind(of: path) != nil { return try FileSystem.realPath(path) }
    guard try FileSystem.kind(of: FilePath.split(path).parent) == .directory else { return nil }
    return try FileSystem.realParentPath(path)
  }

  /// `--force` replaces an output, not a home folder by a slip of the hand.
  private static func checkReplaceable(
    _ target: String, _ kind: FileSystem.Kind, _ layout: Checkpoint.Layout
  ) throws(CheckpointError) {
    switch (layout, kind) {
    case (.file, .file): return
    case (.folder, .directory):
      let names = try reading { () throws(IOFailure) in try FileSystem.names(in: target) }
      let isCheckpoint =
        names.isEmpty
        || names.contains { name in
          name == "config.json" || name.hasSuffix(".safetensors") || name.hasSuffix(".gguf")
            || name.hasSuffix(".safetensors.index.json")
        }
      if isCheckpoint { return }
      throw CheckpointError(
        .outputExists, file: target, "a folder that holds no checkpoint is not replaced",
        hint: "remove it yourself if it is the right place")
    default:
      throw CheckpointError(
        .outputExists, file: target,
        layout == .folder
          ? "a folder is to be written, but a file is there"
          : "a file is to be written, but a folder is there",
        hint: "give another name")
    }
  }
}
