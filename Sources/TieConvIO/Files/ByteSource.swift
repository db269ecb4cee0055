// Bytes that are read at any offset from any thread: a file, or one that is made up while it is read.

/// A run of bytes of a known size.
package protocol ByteSource: AnyObject, Sendable {
  /// Where it is, for messages.
  var path: String { get }
  /// The size in bytes.
  var size: Int { get }
  /// The permission bits that a copy gets.
  var permissions: UInt32 { get }

  /// Fills `buffer` from `offset`.
  ///
  /// - Throws: `unexpectedEnd` where the bytes end before the buffer is full.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(IOFailure)

  /// Checks that what is read now is what was there at first.
  func checkUnchanged() throws(IOFailure)

  /// The file on the disk that holds `range` of these bytes at the same offset, so that it can be
  /// mapped or copied by the kernel; nil where they lie in no file of their own.
  func file(holding range: Range<Int>) -> InputFile?
}

extension ByteSource {
  package func file(holding range: Range<Int>) -> InputFile? { nil }

  /// The bytes of `range`, which lies within the source.
  package func bytes(in range: Range<Int>) throws(IOFailure) -> [UInt8] {
    var failure: IOFailure?
    let result = unsafe [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
      do throws(IOFailure) {
        let raw = unsafe UnsafeMutableRawBufferPointer(
          UnsafeMutableBufferPointer(rebasing: buffer[..<range.count]))
        unsafe try read(into: raw, at: range.lowerBound)
        count = range.count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return result
  }
}

extension InputFile: ByteSource {
  package func file(holding range: Range<Int>) -> InputFile? { self }
}
