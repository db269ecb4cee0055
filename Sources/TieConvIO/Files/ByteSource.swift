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
}

extension ByteSource {
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

extension InputFile: ByteSource {}
