// Where the bytes of a storage lie, after they were found to be there.

internal import TieConvIO

/// The bytes of a storage.
struct StoredBytes: Sendable {
  /// What tells one storage from another: views of one have its number.
  let root: Int
  /// The bytes that hold it.
  let source: any ByteSource
  /// Where in the source it starts.
  let start: Int
  /// Its size in bytes.
  let count: Int
  /// Where it starts within its root.
  let rootOffset: Int
  /// Whether the source is the file itself, not what an entry of it inflates to.
  let isPlain: Bool
  /// Whether numbers stand with their most significant byte first.
  let isBigEndian: Bool

  /// The bytes from `offset` on, `count` of them, as a storage of their own.
  func view(at offset: Int, count: Int) -> StoredBytes? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      return nil
    }
    return StoredBytes(
      root: root, source: source, start: start + offset, count: count,
      rootOffset: rootOffset + offset, isPlain: isPlain, isBigEndian: isBigEndian)
  }
}

extension PickledStorage {
  /// The size in bytes that the pickle states.
  func byteCount() throws(PyTorchFault) -> Int {
    let (bytes, overflow) = count.multipliedReportingOverflow(by: type.byteWidth)
    guard count >= 0, !overflow else {
      throw PyTorchFault(
        .invalidStorage, "storage \(key) has no possible size", found: "\(count) elements")
    }
    return bytes
  }
}
