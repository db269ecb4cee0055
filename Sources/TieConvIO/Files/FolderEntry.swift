// Every file below a folder, with symbolic links judged before they are followed.

internal import Glibc

/// One regular file below a folder.
package struct FolderEntry: Sendable, Hashable {
  /// The path below the folder, components joined by `/`.
  package let relativePath: String
  /// The size in bytes.
  package let size: Int

  package init(relativePath: String, size: Int) {
    self.relativePath = relativePath
    self.size = size
  }
}

extension FileSystem {
  /// Folder names that are bookkeeping of other tools, not part of a model.
  package static let bookkeepingNames: Set<String> = [".git", ".cache"]

  /// Every regular file below `folder`, sorted by path.
  ///
  /// A symbolic link counts as the file it leads to, where `folder` allows it: see
  /// ``resolve(_:inside:)``. Links to folders are not followed, so there are no loops.
  ///
  /// - Throws: `unsafePath` for a link that leaves the folder, `notRegular` for a pipe or device.
  package static func entries(below folder: String) throws(IOFailure) -> [FolderEntry] {
    var found: [FolderEntry] = []
    try collect(folder, prefix: "", depth: 0, into: &found)
    return found
  }

  private static func collect(
    _ folder: String, prefix: String, depth: Int, into found: inout [FolderEntry]
  ) throws(IOFailure) {
    guard depth < 32 else {
      throw IOFailure("list", folder, reason: .other, message: "folders nest deeper than 32")
    }
    let here = prefix.isEmpty ? folder : join(folder, prefix)
    for name in try names(in: here) where !bookkeepingNames.contains(name) {
      let relative = prefix.isEmpty ? name : prefix + "/" + name
      let path = join(folder, relative)
      switch try linkKind(of: path) {
      case .directory: try collect(folder, prefix: relative, depth: depth + 1, into: &found)
      case .file, .symbolicLink:
        let target = try resolve(relative, inside: folder)
        var status = stat()
        guard unsafe stat(target, &status) == 0 else { throw IOFailure("stat", path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
          throw IOFailure("open", path, reason: .notRegular, message: "not a regular file")
        }
        found.append(FolderEntry(relativePath: relative, size: Int(status.st_size)))
      case .other:
        throw IOFailure("open", path, reason: .notRegular, message: "not a regular file")
      case nil: continue
      }
    }
  }

  private static func join(_ folder: String, _ name: String) -> String {
    FilePath.join(folder, name)
  }

  /// Where the file `relativePath` of `folder` really lies.
  ///
  /// It must stay within `folder`. The one exception is a hub cache, where
  /// `…/snapshots/REVISION/` holds links into `…/blobs/` beside `snapshots`.
  ///
  /// - Throws: `unsafePath` where it leads elsewhere.
  package static func resolve(
    _ relativePath: String, inside folder: String
  ) throws(IOFailure) -> String {
    let path = join(folder, relativePath)
    guard try linkKind(of: path) == .symbolicLink else { return path }
    let root = try realPath(folder)
    let target = try realPath(path)
    if FilePath.isInside(target, root) { return target }
    if let blobs = blobFolder(ofSnapshot: root), FilePath.isInside(target, blobs) { return target }
    throw IOFailure(
      "open", path, reason: .unsafePath,
      message: "a symbolic link that leaves the folder (to \(target))")
  }

  /// The `blobs` folder of the hub cache that the resolved folder `root` is a snapshot of.
  private static func blobFolder(ofSnapshot root: String) -> String? {
    // …/models--ORG--NAME/snapshots/REVISION[/subfolder]
    var folder = root
    for _ in 0..<4 {
      let (parent, _) = FilePath.split(folder)
      if FilePath.name(parent) == "snapshots" {
        return join(FilePath.split(parent).parent, "blobs")
      }
      folder = parent
    }
    return nil
  }
}
