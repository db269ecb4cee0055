// Parting a long text for several threads, where that changes no id.

internal import Synchronization

/// Places at which a text may be parted: behind a line feed that stands between two ASCII letters.
///
/// For the patterns that this is used with, such a line feed is a word of its own whatever else
/// stands around: letters do not join it, and there is no white space for it to join.
enum LineSeams {
  /// Parts are at least this long: long enough that what a part remembers of its words pays.
  private static let partSize = 1 << 20

  /// `text` in parts.
  static func parts(_ text: [UInt8]) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = 0
    var place = partSize
    while place + 1 < text.count {
      if text[place - 1] == 0x0A, isLetter(text[place]), isLetter(text[place - 2]) {
        parts.append(start..<place)
        start = place
        place += partSize
      } else {
        place += 1
      }
    }
    parts.append(start..<text.count)
    return parts
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}

/// Ids of the parts of a text, stored by any thread and joined in order.
final class EncodedParts: Sendable {
  private let parts: Mutex<[[Int32]]>

  init(count: Int) { parts = Mutex(Array(repeating: [], count: count)) }

  func store(_ ids: [Int32], at place: Int) { parts.withLock { $0[place] = ids } }

  var joined: [Int32] { parts.withLock { $0.count == 1 ? $0[0] : Array($0.joined()) } }
}
