// What a model is called on the hub, and where the hub's cache keeps it.

internal import TieConvIO

/// Tells names that mean a model on the hub, or its cache, from paths that are misspelled.
enum HubNames {
  /// Whether `path`, which does not exist, reads as an address or as `owner/name`.
  static func isReference(_ path: String) -> Bool {
    if path.hasPrefix("https://") || path.hasPrefix("hf://") { return true }
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }) else {
      return false
    }
    // Where the first part is a folder here, the second one is misspelled.
    let owner = try? FileSystem.kind(of: String(parts[0]))
    return owner == .some(nil)
  }

  /// The snapshot that a cached repository, a folder with `names`, means: the one that is there;
  /// nil where it is no such folder.
  static func snapshot(in folder: String, _ names: [String]) -> String? {
    guard names.contains("snapshots"), names.contains("blobs") else { return nil }
    let snapshots = FilePath.join(folder, "snapshots")
    guard let found = try? FileSystem.names(in: snapshots), let last = found.last else {
      return nil
    }
    return FilePath.join(snapshots, found.count == 1 ? last : "REVISION")
  }
}
