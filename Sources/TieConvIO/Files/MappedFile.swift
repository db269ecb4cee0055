// A whole file in the address space, for what is read again and again where it lies.

internal import CLinux
internal import Glibc

/// A read-only mapping of a file, for as long as the value lives.
///
/// A file that another process cuts short raises SIGBUS where it is mapped. Here the missing pages
/// become zeros instead, and ``check()`` tells: whoever computes on the bytes asks afterwards and
/// throws the result away.
@safe package final class MappedFile: @unchecked Sendable {
  private let file: InputFile
  private let base: UnsafeMutableRawPointer
  private let slot: Int32

  /// Maps `file`; nil where it is empty, cannot be mapped, or too many others are.
  package init?(_ file: InputFile) {
    guard file.size > 0 else { return nil }
    tc_guard_install()
    let mapped = unsafe mmap(nil, file.size, PROT_READ, MAP_SHARED, file.descriptor, 0)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else { return nil }
    let slot = unsafe tc_guard_keep(mapped, file.size)
    guard slot >= 0 else {
      unsafe munmap(mapped, file.size)
      return nil
    }
    self.file = file
    self.slot = slot
    unsafe base = mapped
  }

  deinit {
    tc_guard_release(slot)
    unsafe munmap(base, file.size)
  }

  /// The size in bytes.
  package var size: Int { file.size }

  /// The bytes of `range`; nil where the file has no such.
  package func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer? {
    guard range.lowerBound >= 0, range.upperBound <= size else { return nil }
    return unsafe UnsafeRawBufferPointer(start: base + range.lowerBound, count: range.count)
  }

  /// Reads the pages of `range` ahead, in order, and enters them in the page table. Advice alone:
  /// what cannot be read is found out when it is used.
  package func prefetch(_ range: Range<Int>) {
    guard let start = unsafe bytes(range)?.baseAddress else { return }
    let lead = Int(bitPattern: start) % Int(getpagesize())
    let page = unsafe UnsafeMutableRawPointer(mutating: start - lead)
    unsafe madvise(page, lead + range.count, Self.populateRead)
  }

  /// MADV_POPULATE_READ of Linux 5.14, which older headers lack.
  private static let populateRead: Int32 = 22

  /// Checks that all bytes were there, and that the file is still the one that was opened.
  package func check() throws(IOFailure) {
    guard tc_guard_was_cut(slot) == 0 else {
      throw IOFailure(
        "read", file.path, reason: .unexpectedEnd,
        message: "a file became shorter while it was being read")
    }
    try file.checkUnchanged()
  }
}
