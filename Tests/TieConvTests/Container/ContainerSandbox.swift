// A fresh folder for one test, and checkpoints written into it.

import Testing

@testable import TieConv
@testable import TieConvIO

/// A temporary folder with what tests of containers and packed models do in it.
final class ContainerSandbox {
  private let home: TemporaryFolder
  var path: String { home.path }

  init() throws { home = try TemporaryFolder() }

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
