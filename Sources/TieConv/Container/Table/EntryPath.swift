// Paths within a container: they come from a file, and must not lead out of the output.

/// Rules for the path of a file within a container.
enum EntryPath {
  /// Whether `path` is relative, has no `.`, `..` or empty component, and no control character.
  static func isSafe(_ path: String) -> Bool {
    guard !path.isEmpty, path.utf8.count <= 4096, !path.utf8.contains(where: { $0 < 0x20 }) else {
      return false
    }
    return path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
      !$0.isEmpty && $0 != "." && $0 != ".." && $0.utf8.count <= 255
    }
  }

  /// Every folder above `path`, outermost first.
  static func folders(above path: String) -> [String] {
    let parts = path.split(separator: "/").dropLast()
    return parts.indices.map { parts[...$0].joined(separator: "/") }
  }
}
