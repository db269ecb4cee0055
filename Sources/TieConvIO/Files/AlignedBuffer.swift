// A page-aligned block of memory that one worker reads into again and again.

/// A fixed block of uninitialised memory. Whoever shares one between threads sees to it that one
/// worker at a time uses it.
@safe package final class AlignedBuffer: @unchecked Sendable {
  /// Of the first byte's address: a page.
  static let alignment = 4096

  package let count: Int
  private let storage: UnsafeMutableRawBufferPointer

  package init(count: Int) {
    self.count = count
    unsafe storage = .allocate(byteCount: max(count, 1), alignment: Self.alignment)
  }

  deinit { unsafe storage.deallocate() }

  /// The first `count` bytes, valid while the buffer lives.
  package func bytes(_ count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: storage[..<count])
  }
}
