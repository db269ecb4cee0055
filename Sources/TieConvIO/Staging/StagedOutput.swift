// Output that appears whole or not at all: written beside its destination, then renamed.

internal import CLinux
internal import Glibc

/// A file or folder under construction beside the place where it will appear.
///
/// What is written lies in `PARENT/.NAME.tieconv-XXXXXXXX.partial/NAME` until ``commit()`` renames
/// it. The folder is locked while its process lives, so the next run can tell what a killed one
/// left behind and remove it.
package final class StagedOutput: Sendable {
  /// What to do where something lies at the destination already.
  package enum Existing: Sendable { case refuse, replace }

  /// Where the output will appear: resolved parent, given name.
  package let destination: String
  /// Where the output is written until then; nothing lies there yet.
  package let path: String
  private let existing: Existing
  private let folder: String
  private let lock: FolderLock

  /// Removes what killed runs left for this destination and makes a fresh staging folder.
  package init(destination: String, existing: Existing) throws(IOFailure) {
    let (parent, name) = FilePath.split(destination)
    guard !name.isEmpty, name != ".", name != "..", name != "/" else {
      throw IOFailure("create", destination, reason: .other, message: "not a name for an output")
    }
    let root = try FileSystem.realPath(parent)
    self.destination = FilePath.join(root, name)
    self.existing = existing
    if existing == .refuse, try FileSystem.linkKind(of: self.destination) != nil {
      throw IOFailure("create", destination, reason: .exists, message: "exists already")
    }
    try Self.removeAbandoned(for: name, in: root)
    (folder, lock) = try Self.makeFolder(for: name, in: root)
    path = FilePath.join(folder, name)
  }

  /// Puts the output in its place in one step, and waits until the step is on the disk.
  ///
  /// The caller has synced the files it wrote.
  package func commit() throws(IOFailure) {
    if try FileSystem.kind(of: path) == .directory { try syncFolders(path) }
    if existing == .replace, try FileSystem.linkKind(of: destination) != nil {
      // After the exchange the old state lies in the staging folder and goes with it.
      guard unsafe tc_rename_exchange(path, destination) == 0 else {
        throw IOFailure("replace", destination)
      }
    } else {
      try renameToNew()
    }
    try FileSystem.syncDirectory(FilePath.split(destination).parent)
    try? FileSystem.removeTree(folder)
  }

  /// Removes everything that was written.
  package func discard() {
    try? FileSystem.removeTree(folder)
  }

  private func renameToNew() throws(IOFailure) {
    if unsafe tc_rename_new(path, destination) == 0 { return }
    guard errno == EINVAL || errno == ENOSYS else { throw IOFailure("create", destination) }
    // This file system has no rename that refuses to replace; look first, then rename.
    guard try FileSystem.linkKind(of: destination) == nil else {
      throw IOFailure("create", destination, reason: .exists, message: "exists already")
    }
    guard unsafe rename(path, destination) == 0 else { throw IOFailure("create", destination) }
  }

  private func syncFolders(_ path: String) throws(IOFailure) {
    for name in try FileSystem.names(in: path) {
      let child = FilePath.join(path, name)
      if try FileSystem.linkKind(of: child) == .directory { try syncFolders(child) }
    }
    try FileSystem.syncDirectory(path)
  }

  private static func makeFolder(
    for name: String, in root: String
  ) throws(IOFailure) -> (String, FolderLock) {
    for _ in 0..<16 {
      let tag = String(UInt64.random(in: .min ... .max), radix: 16).prefix(8)
      let folder = FilePath.join(root, prefix(name) + tag + suffix)
      do throws(IOFailure) {
        try FileSystem.makeDirectory(folder)
      } catch  where error.reason == .exists { continue }
      // Another run may take the new folder for an abandoned one before it is locked.
      if let lock = FolderLock(folder) { return (folder, lock) }
    }
    throw IOFailure(
      "create", root, reason: .other, message: "cannot make a staging folder beside the output")
  }

  private static func removeAbandoned(for name: String, in root: String) throws(IOFailure) {
    for entry in try FileSystem.names(in: root)
    where entry.hasPrefix(prefix(name)) && entry.hasSuffix(suffix) {
      let folder = FilePath.join(root, entry)
      guard let lock = FolderLock(folder) else { continue }
      try FileSystem.removeTree(folder)
      lock.release()
    }
  }

  private static func prefix(_ name: String) -> String { ".\(name).tieconv-" }
  private static let suffix = ".partial"
}
