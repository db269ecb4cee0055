// Path arithmetic on text, without asking the file system.

/// Pure functions on POSIX paths.
package enum FilePath {
  /// `base` and `name` with one separator between them.
  package static func join(_ base: String, _ name: String) -> String {
    if base.isEmpty || base == "." { return name }
    return base.utf8.last == UInt8(ascii: "/") ? base + name : base + "/" + name
  }

  /// The folder and the last component of `path`; trailing separators do not count.
  package static func split(_ path: String) -> (parent: String, name: String) {
    var trimmed = path[...]
    while trimmed.utf8.count > 1, trimmed.utf8.last == UInt8(ascii: "/") { trimmed.removeLast() }
    guard let slash = trimmed.utf8.lastIndex(of: UInt8(ascii: "/")) else {
      return (".", String(trimmed))
    }
    let name = String(trimmed[trimmed.utf8.index(after: slash)...])
    let parent = String(trimmed[..<slash])
    return (parent.isEmpty ? "/" : parent, name)
  }

  /// The last component of `path`.
  package static func name(_ path: String) -> String { split(path).name }

  /// Whether `path` is `folder` or lies below it; both are resolved paths.
  package static func isInside(_ path: String, _ folder: String) -> Bool {
    path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
  }
}
