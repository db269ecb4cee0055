// Where a stream of bytes goes, from the first to the last.

/// Takes a stream of bytes from one caller at a time, who ends it with ``finish()`` or ``stop()``.
package protocol StreamSink: AnyObject, Sendable {
  /// What failures name.
  var path: String { get }
  /// The bytes that came so far.
  var count: Int { get }
  /// Takes `bytes`, which may be changed once this returns.
  func append(_ bytes: UnsafeRawBufferPointer) throws(IOFailure)
  /// Returns once everything is written, though perhaps not synced.
  func finish() throws(IOFailure)
  /// Returns once nothing is being written any more; what is missing stays so.
  func stop()
}

extension StreamSink {
  /// Takes `bytes`.
  package func append(_ bytes: [UInt8]) throws(IOFailure) {
    var failure: IOFailure?
    unsafe bytes.withUnsafeBytes { raw in
      do throws(IOFailure) { unsafe try append(raw) } catch { failure = error }
    }
    if let failure { throw failure }
  }
}

extension OutputFile {
  /// The way into this new file that suits its file system.
  package func stream() -> any StreamSink { DirectSink(self) ?? BufferedSink(self) }
}
