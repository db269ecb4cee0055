// Lines of a generated text table, found by scanning bytes: nothing is built until it is asked for.

/// A newline-separated table that lives in the binary's read-only data.
struct TextTable: Sendable {
  let text: String

  /// The first line whose `column`-th field (0 or 1) is `key`.
  func line(column: Int, key: String) -> Substring? {
    lines(column: column, key: key, limit: 1).first
  }

  /// Lines whose `column`-th field (0 or 1) is `key`, in table order, at most `limit`.
  func lines(column: Int, key: String, limit: Int = .max) -> [Substring] {
    guard !key.isEmpty else { return [] }
    let bytes = text.utf8Span.span
    let wanted = key.utf8Span.span
    var found: [Substring] = []
    var start = 0
    while start < bytes.count, found.count < limit {
      var end = start
      while end < bytes.count, bytes[end] != 0x0A { end += 1 }
      var field = start
      if column == 1 {
        while field < end, bytes[field] != 0x20 { field += 1 }
        field += 1
      }
      if TextTable.field(bytes, from: field, to: end, equals: wanted) {
        let lower = text.utf8.index(text.utf8.startIndex, offsetBy: start)
        let upper = text.utf8.index(lower, offsetBy: end - start)
        found.append(text[lower..<upper])
      }
      start = end + 1
    }
    return found
  }

  /// All lines, for whoever wants the whole table.
  var allLines: [Substring] { text.split(separator: "\n") }

  private static func field(
    _ bytes: Span<UInt8>, from: Int, to end: Int, equals key: Span<UInt8>
  ) -> Bool {
    guard from + key.count <= end else { return false }
    for index in 0..<key.count where bytes[from + index] != key[index] { return false }
    return from + key.count == end || bytes[from + key.count] == 0x20
  }
}
