// A stream into a file through the page cache.

/// Writes a stream as it comes.
package final class BufferedSink: StreamSink, @unchecked Sendable {
  private let file: OutputFile
  package private(set) var count = 0
  package var path: String { file.path }

  package init(_ file: OutputFile) { self.file = file }

  package func append(_ bytes: UnsafeRawBufferPointer) throws(IOFailure) {
    unsafe try file.writeOnward(bytes, at: count)
    count += bytes.count
  }

  package func finish() {}
  package func stop() {}
}
