// A stream into nowhere.

/// Counts a stream.
package final class CountingSink: StreamSink, @unchecked Sendable {
  package private(set) var count = 0
  package var path: String { "" }

  package init() {}

  package func append(_ bytes: UnsafeRawBufferPointer) { count += bytes.count }
  package func finish() {}
  package func stop() {}
}
