// Questions about paths: what lies there, where it really is, what a folder holds.

internal import Glibc

/// Stateless questions to the file system.
package enum FileSystem {
  /// What a path names.
  package enum Kind: Sendable, Equatable { case file, directory, symbolicLink, other }

  /// What lies at `path`, a symbolic link followed; nil where nothing does.
  package static func kind(of path: String) throws(IOFailure) -> Kind? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return try absence("stat", path) }
    return kind(of: status)
  }

  /// What lies at `path`, a symbolic link not followed; nil where nothing does.
  package static func linkKind(of path: String) throws(IOFailure) -> Kind? {
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return try absence("stat", path) }
    return kind(of: status)
  }

  /// Device, inode, size and time of what lies at `path`; nil where nothing does.
  package static func identity(of path: String) throws(IOFailure) -> FileIdentity? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else {
      let _: Kind? = try absence("stat", path)
      return nil
    }
    return FileIdentity(status)
  }

  private static func absence(_ operation: String, _ path: String) throws(IOFailure) -> Kind? {
    if errno == ENOENT || errno == ENOTDIR { return nil }
    throw IOFailure(operation, path)
  }

  private static func kind(of status: stat) -> Kind {
    switch status.st_mode & S_IFMT {
    case S_IFREG: .file
    case S_IFDIR: .directory
    case S_IFLNK: .symbolicLink
    default: .other
    }
  }

  /// `path` without symbolic links, `.` and `..`; it must exist.
  package static func realPath(_ path: String) throws(IOFailure) -> String {
    guard let resolved = unsafe realpath(path, nil) else { throw IOFailure("resolve", path) }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// `path`, which need not exist, with everything above its last component resolved.
  package static func realParentPath(_ path: String) throws(IOFailure) -> String {
    let (parent, name) = FilePath.split(path)
    return FilePath.join(try realPath(parent), name)
  }

  /// Names in the folder `path`, sorted by their bytes, `.` and `..` left out.
  package static func names(in path: String) throws(IOFailure) -> [String] {
    guard let stream = unsafe opendir(path) else { throw IOFailure("list", path) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = unsafe readdir(stream) else { break }
      let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    if errno != 0 { throw IOFailure("list", path) }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Makes the folder `path`.
  package static func makeDirectory(_ path: String) throws(IOFailure) {
    guard unsafe mkdir(path, 0o777) == 0 else { throw IOFailure("create the folder", path) }
  }

  /// Removes the file, link or whole folder at `path`; nothing there is success.
  package static func removeTree(_ path: String) throws(IOFailure) {
    guard let kind = try linkKind(of: path) else { return }
    if kind == .directory {
      for name in try names(in: path) { try removeTree(FilePath.join(path, name)) }
      guard unsafe rmdir(path) == 0 || errno == ENOENT else { throw IOFailure("remove", path) }
    } else {
      guard unsafe unlink(path) == 0 || errno == ENOENT else { throw IOFailure("remove", path) }
    }
  }

  /// Writes a folder's own entries to the disk, so that a rename in it survives a power cut.
  package static func syncDirectory(_ path: String) throws(IOFailure) {
    let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw IOFailure("open", path) }
    defer { close(descriptor) }
    // EINVAL: some file systems cannot sync a folder and keep its entries safe by other means.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw IOFailure("sync", path) }
  }
}
