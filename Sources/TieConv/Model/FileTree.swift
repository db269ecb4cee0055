// The files of a checkpoint, wherever they are: in a folder, or in a container.

internal import TieConvIO

/// Files by their path within a checkpoint.
protocol FileTree: Sendable {
  /// Names at the top, sorted by their bytes.
  func names() throws(IOFailure) -> [String]
  /// Every file, sorted by path.
  func entries() throws(IOFailure) -> [FolderEntry]
  /// Whether something is called `name`.
  func contains(_ name: String) throws(IOFailure) -> Bool
  /// The file at `path`, opened.
  func open(_ path: String) throws(IOFailure) -> any ByteSource
}

/// The files of a folder.
struct DiskTree: FileTree {
  let folder: String

  func names() throws(IOFailure) -> [String] { try FileSystem.names(in: folder) }

  func entries() throws(IOFailure) -> [FolderEntry] { try FileSystem.entries(below: folder) }

  func contains(_ name: String) throws(IOFailure) -> Bool {
    try FileSystem.kind(of: try FileSystem.resolve(name, inside: folder)) != nil
  }

  func open(_ path: String) throws(IOFailure) -> any ByteSource {
    try InputFile(try FileSystem.resolve(path, inside: folder))
  }
}

/// The files of a container.
struct ContainerTree: FileTree {
  let container: Container
  private let numbers: [String: Int]

  init(_ container: Container) {
    self.container = container
    numbers = Dictionary(
      container.table.files.enumerated().map { ($1.path, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  func names() -> [String] {
    Set(numbers.keys.map { $0.split(separator: "/").first.map(String.init) ?? $0 })
      .sorted { $0.utf8Precedes($1) }
  }

  func entries() -> [FolderEntry] {
    numbers.map { FolderEntry(relativePath: $0, size: container.fileSizes[$1]) }
      .sorted { $0.relativePath.utf8Precedes($1.relativePath) }
  }

  func contains(_ name: String) -> Bool { numbers[name] != nil }

  func open(_ path: String) throws(IOFailure) -> any ByteSource {
    guard let number = numbers[path] else {
      throw IOFailure(
        "open", FilePath.join(container.file.path, path), reason: .notFound,
        message: "no such file in the container")
    }
    return ContainerEntry(container, file: number)
  }
}
