// Comparing file ranges in place, without a copy through this process's memory.

internal import CLinux
internal import Glibc

/// Compares ranges of files through windows that are mapped for as long as they are read.
///
/// Reading through `pread` copies every byte once more, which halves the speed and worse. A mapping
/// has a price of its own: a file that shrinks meanwhile raises SIGBUS. The comparison runs under
/// a guard that makes an error of that.
@safe package struct MappedComparison: Sendable {
  /// A comparison as C sees it: the index of the first byte that differs, or the count.
  package typealias Kernel =
    @convention(c) (UnsafeRawPointer?, UnsafeRawPointer?, Int) -> Int

  private let kernel: Kernel
  private static let guardInstalled: Void = tc_guard_install()

  /// A comparison that runs `kernel`, which owns nothing and may be left in its middle.
  package init(_ kernel: Kernel) {
    unsafe self.kernel = kernel
    _ = Self.guardInstalled
  }

  /// The place of the first byte that differs, of `count` bytes in each file; nil where none does.
  package func firstMismatch(
    _ one: any ByteSource, at oneOffset: Int, _ other: any ByteSource, at otherOffset: Int,
    count: Int
  ) throws(IOFailure) -> Int? {
    guard count > 0 else { return nil }
    guard let one = one.file(holding: oneOffset..<oneOffset + count),
      let other = other.file(holding: otherOffset..<otherOffset + count)
    else {
      return try firstMismatchInMemory(one, at: oneOffset, other, at: otherOffset, count: count)
    }
    let left = try MappedWindow(one, oneOffset..<oneOffset + count)
    let right = try MappedWindow(other, otherOffset..<otherOffset + count)
    var found = 0
    let status = unsafe tc_guarded_compare(kernel, left.start, right.start, count, &found)
    guard status == 0 else {
      throw IOFailure(
        "read", one.path, reason: .unexpectedEnd,
        message: "a file became shorter while it was being read")
    }
    return found < count ? found : nil
  }

  /// What is read at a time of bytes that lie in no file of their own.
  private static let readCount = 256 << 10

  /// The same for bytes that lie in no file of their own.
  private func firstMismatchInMemory(
    _ one: any ByteSource, at oneOffset: Int, _ other: any ByteSource, at otherOffset: Int,
    count: Int
  ) throws(IOFailure) -> Int? {
    let left = AlignedBuffer(count: min(Self.readCount, count))
    let right = AlignedBuffer(count: min(Self.readCount, count))
    for start in stride(from: 0, to: count, by: Self.readCount) {
      let part = min(Self.readCount, count - start)
      unsafe try one.read(into: left.bytes(part), at: oneOffset + start)
      unsafe try other.read(into: right.bytes(part), at: otherOffset + start)
      let found = unsafe kernel(left.bytes(part).baseAddress, right.bytes(part).baseAddress, part)
      if found < part { return start + found }
    }
    return nil
  }
}

/// A range of a file, mapped while the value lives.
@safe private final class MappedWindow {
  private let base: UnsafeMutableRawPointer
  private let length: Int
  let start: UnsafeRawPointer

  init(_ file: InputFile, _ range: Range<Int>) throws(IOFailure) {
    guard range.upperBound <= file.size else {
      throw IOFailure(
        "read", file.path, reason: .unexpectedEnd, message: "the file ends before it should")
    }
    let page = Int(getpagesize())
    let lead = range.lowerBound % page
    length = lead + range.count
    let mapped = unsafe mmap(
      nil, length, PROT_READ, MAP_SHARED, file.descriptor, range.lowerBound - lead)
    guard let mapped = unsafe mapped, unsafe mapped != MAP_FAILED else {
      throw IOFailure("map", file.path)
    }
    unsafe base = mapped
    unsafe start = UnsafeRawPointer(mapped + lead)
    // What is not in memory yet is read ahead, in large folios. MADV_WILLNEED would read ahead too,
    // but in single pages, and mapping those one by one takes four times as long.
    unsafe madvise(mapped, length, MADV_SEQUENTIAL)
  }

  deinit { unsafe munmap(base, length) }
}
