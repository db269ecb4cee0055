// The files that mutation starts from: testdata, and what tieconv itself makes of it.

import TieConv
import TieConvIO

/// A small folder in memory, by relative path.
typealias FolderContents = [String: [UInt8]]

/// Everything that mutation starts from.
struct Seeds {
  /// Model folders, with the places of receipts and adapters as tieconv would find them.
  private(set) var folders: [FolderContents] = []
  /// Model folders of packed matrices, of every method.
  private(set) var packed: [FolderContents] = []
  /// Folders that `tie` or `untie` made: they hold receipts.
  private(set) var edited: [FolderContents] = []
  /// Lone safetensors files.
  private(set) var files: [[UInt8]] = []
  /// Lone files with a receipt under `__metadata__`.
  private(set) var editedFiles: [[UInt8]] = []
  /// GGUF files, with and without receipts.
  private(set) var ggufFiles: [[UInt8]] = []
  /// Files of torch.save.
  private(set) var pytorchFiles: [[UInt8]] = []
  /// The parts of split GGUF models.
  private(set) var ggufFolders: [FolderContents] = []
  /// Models with tokenizers, which convert can turn into GGUF.
  private(set) var convertible: [FolderContents] = []
  /// PEFT adapters.
  private(set) var adapters: [FolderContents] = []
  /// JSON texts of every kind.
  private(set) var texts: [[UInt8]] = []

  /// Reads `testdata`, and ties and unties what can be in `scratch`.
  init(testdata: String, scratch: String) throws {
    for parent in ["verdicts", "invalid"] {
      for path in try Self.folders(below: FilePath.join(testdata, parent)) {
        folders.append(try Self.contents(of: path))
      }
    }
    packed = PackedSeeds.folders
    for path in try Self.folders(below: FilePath.join(testdata, "conversion")) {
      convertible.append(try Self.contents(of: path))
    }
    convertible += try Self.converted(convertible, scratch)
    for path in try Self.folders(below: FilePath.join(testdata, "adapters")) {
      adapters.append(try Self.contents(of: path))
    }
    for parent in ["valid", "invalid", "found"] {
      files += try Self.loneFiles(below: FilePath.join(testdata, parent))
    }
    files += folders.flatMap { $0.filter { $0.key.hasSuffix(".safetensors") }.values }
    try makeGGUF(FilePath.join(testdata, "gguf"), scratch)
    try makeConverted(scratch)
    let pytorch = FilePath.join(testdata, "pytorch")
    for name in try FileSystem.names(in: pytorch) {
      pytorchFiles.append(try Self.bytes(FilePath.join(pytorch, name)))
    }
    // The headers of a real model, without its data.
    let demo = FilePath.join(testdata, "demo-model")
    for name in try FileSystem.names(in: demo) {
      let bytes = try Self.bytes(FilePath.join(demo, name))
      if name.hasSuffix(".json") { texts.append(bytes) }
      if let (header, _) = SafetensorsMutator.split(bytes) {
        files.append(SafetensorsMutator.join(header, []))
      }
    }
    try makeEdited(scratch)
    // Packed zeros: a few hundred bytes that unpack to 8 MiB each.
    if let bomb = Zstd.compress([UInt8](repeating: 0, count: 8 << 20)) {
      let piece = "{\"zstd\":\"\(Base64.encode(bomb))\",\"bytes\":\(8 << 20)}"
      let pieces = repeatElement(piece, count: 40).joined(separator: ",")
      texts.append(Array("[\(piece),\(pieces)]".utf8))
    }
    for folder in folders + packed + adapters + edited {
      texts += folder.filter { $0.key.hasSuffix(".json") }.values
    }
    texts += files.compactMap { SafetensorsMutator.split($0)?.0 }
    // Dictionaries have no order; the same seed must give the same cases.
    texts.sort { $0.lexicographicallyPrecedes($1) }
    files.sort { $0.lexicographicallyPrecedes($1) }
    texts.removeAll { $0.count > 64 << 10 }
  }

  private mutating func makeGGUF(_ folder: String, _ scratch: String) throws {
    for name in try FileSystem.names(in: folder) {
      let path = FilePath.join(folder, name)
      if try FileSystem.linkKind(of: path) == .directory {
        ggufFolders.append(try Self.contents(of: path))
      } else if name.hasSuffix(".gguf") {
        ggufFiles.append(try Self.bytes(path))
        let output = FilePath.join(scratch, "edited")
        for isTie in [true, false] {
          try FileSystem.removeTree(output)
          guard let editor = (try? Checkpoint(opening: path)).map({ TieEditor($0) }),
            let report = isTie ? try? editor.tie(to: output) : try? editor.untie(to: output),
            report.receipt != nil
          else { continue }
          ggufFiles.append(try Self.bytes(output))
        }
      }
    }
  }

  /// GGUF files with tokenizers of every kind, as convert makes them.
  private mutating func makeConverted(_ scratch: String) throws {
    for folder in convertible {
      let (input, output) = (FilePath.join(scratch, "seed"), FilePath.join(scratch, "edited"))
      try Self.write(folder, to: input)
      try FileSystem.removeTree(output)
      let options = ConvertOptions(execution: ExecutionOptions(threads: 1))
      guard let checkpoint = try? Checkpoint(opening: input),
        (try? Converter(checkpoint, options: options).convert(to: output, as: .gguf)) != nil
      else { continue }
      ggufFiles.append(try Self.bytes(output))
    }
  }

  private mutating func makeEdited(_ scratch: String) throws {
    for folder in folders {
      for isFile in [false, true] {
        let input = FilePath.join(scratch, "seed")
        try Self.write(folder, to: input)
        let path = isFile ? FilePath.join(input, "model.safetensors") : input
        if isFile && folder["model.safetensors"] == nil { continue }
        for operation in [Receipt.Operation.tie, .untie] {
          let output = FilePath.join(scratch, "edited")
          try FileSystem.removeTree(output)
          guard let checkpoint = try? Checkpoint(opening: path) else { continue }
          let editor = TieEditor(checkpoint)
          let report =
            operation == .tie
            ? try? editor.tie(to: output) : try? editor.untie(to: output)
          guard report?.receipt != nil else { continue }
          if isFile {
            editedFiles.append(try Self.bytes(output))
          } else {
            edited.append(try Self.contents(of: output))
          }
        }
      }
    }
  }

  /// Every folder below `path` that holds files, sorted.
  private static func folders(below path: String) throws -> [String] {
    var found: [String] = []
    for name in try FileSystem.names(in: path) {
      let child = FilePath.join(path, name)
      guard try FileSystem.linkKind(of: child) == .directory else { continue }
      let names = try FileSystem.names(in: child)
      let isModel = names.contains { $0.hasSuffix(".json") }
      found += isModel ? [child] : try folders(below: child)
    }
    return found
  }

  /// The safetensors files below `path` that are small enough to mutate often.
  private static func loneFiles(below path: String) throws -> [[UInt8]] {
    guard try FileSystem.linkKind(of: path) == .directory else { return [] }
    return try FileSystem.names(in: path).flatMap { name -> [[UInt8]] in
      let child = FilePath.join(path, name)
      switch try FileSystem.linkKind(of: child) {
      case .directory: return try loneFiles(below: child)
      case .file where name.hasSuffix(".safetensors"): return [try bytes(child)]
      default: return []
      }
    }
  }

  /// Regular files of `path`; links are left out.
  static func contents(of path: String) throws -> FolderContents {
    var contents: FolderContents = [:]
    for name in try FileSystem.names(in: path) {
      let file = FilePath.join(path, name)
      guard try FileSystem.linkKind(of: file) == .file else { continue }
      contents[name] = try bytes(file)
    }
    return contents
  }

  static func bytes(_ path: String) throws -> [UInt8] {
    let file = try InputFile(path)
    return try file.bytes(in: 0..<file.size)
  }

  /// Replaces what lies at `path` by `contents`.
  static func write(_ contents: FolderContents, to path: String) throws {
    try FileSystem.removeTree(path)
    try FileSystem.makeDirectory(path)
    for (name, bytes) in contents {
      try OutputFile(creating: FilePath.join(path, name)).write(bytes, at: 0)
    }
  }
}
