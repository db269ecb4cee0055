// Copying bytes from file to file inside the kernel, where it can.

internal import CLinux
internal import Glibc

/// Copies ranges of one file into another.
///
/// `copy_file_range` shares extents where the file system can (reflink) and otherwise copies
/// without a detour through this process; what it refuses is read and written in blocks.
package struct RangeCopy: Sendable {
  package let source: any ByteSource
  package let target: OutputFile

  package init(from source: any ByteSource, to target: OutputFile) {
    self.source = source
    self.target = target
  }

  /// Copies `range` of the source to `offset` of the target.
  package func copy(_ range: Range<Int>, to offset: Int) throws(IOFailure) {
    guard let source = source.file(holding: range) else {
      return try copyThroughMemory(range, to: offset)
    }
    var done = 0
    while done < range.count {
      let count = tc_copy_file_range(
        source.descriptor, Int64(range.lowerBound + done), target.descriptor,
        Int64(offset + done), range.count - done)
      if count > 0 { done += count; continue }
      if count == 0 {
        throw IOFailure(
          "read", source.path, reason: .unexpectedEnd,
          message: "the file ends at byte \(range.lowerBound + done), while it was being copied")
      }
      switch errno {
      case EINTR: continue
      case EXDEV, EINVAL, ENOSYS, EOPNOTSUPP, EBADF, EPERM:
        let rest = (range.lowerBound + done)..<range.upperBound
        return try copyThroughMemory(rest, to: offset + done)
      default: throw IOFailure("write", target.path)
      }
    }
  }

  private func copyThroughMemory(_ range: Range<Int>, to offset: Int) throws(IOFailure) {
    let block = AlignedBuffer(count: min(range.count, 1 << 20))
    var done = 0
    while done < range.count {
      let count = min(block.count, range.count - done)
      let bytes = unsafe block.bytes(count)
      unsafe try source.read(into: bytes, at: range.lowerBound + done)
      unsafe try target.write(UnsafeRawBufferPointer(bytes), at: offset + done)
      done += count
    }
  }
}
