// The four normal forms of Unicode (UAX #15) on UTF-8 bytes.

/// A normal form.
enum NormalForm: String, Sendable {
  case nfc = "NFC"
  case nfd = "NFD"
  case nfkc = "NFKC"
  case nfkd = "NFKD"

  private var isCompatible: Bool { self == .nfkc || self == .nfkd }
  private var composes: Bool { self == .nfc || self == .nfkc }

  /// `text` in this form. ASCII is in every form already; only the stretches around other
  /// characters are worked on.
  func normalized(_ text: [UInt8]) -> [UInt8] {
    guard let first = text.firstIndex(where: { $0 >= 0x80 }) else { return text }
    var result: [UInt8] = []
    result.reserveCapacity(text.count)
    var place = max(0, first - 1)
    result.append(contentsOf: text[..<place])
    var scalars: [UInt32] = []
    while place < text.count {
      // From the ASCII character before, which may be a base, to the next one.
      var end = place
      while end < text.count, end == place || text[end] >= 0x80 { end += 1 }
      if end - place == 1, text[place] < 0x80 {
        // Nothing but ASCII: copy as far as that goes, and leave its last for what follows.
        while end < text.count, text[end] < 0x80 { end += 1 }
        let stop = end < text.count ? end - 1 : end
        if stop > place {
          result.append(contentsOf: text[place..<stop])
          place = stop
          continue
        }
        while end < text.count, text[end] >= 0x80 { end += 1 }
      }
      normalize(text.span, place..<end, &scalars)
      for scalar in scalars { result.append(scalar: scalar) }
      place = end
    }
    return result
  }

  private func normalize(_ text: Span<UInt8>, _ range: Range<Int>, _ scalars: inout [UInt32]) {
    let table = DecompositionTable.shared
    scalars.removeAll(keepingCapacity: true)
    var place = range.lowerBound
    while place < range.upperBound {
      let (scalar, length) = text.scalar(at: place)
      table.decompose(scalar, isCompatible: isCompatible, into: &scalars)
      place += length
    }
    Self.sortMarks(&scalars, table)
    if composes { Self.compose(&scalars, table) }
  }

  /// Puts marks between two starters in the order of their combining classes.
  private static func sortMarks(_ scalars: inout [UInt32], _ table: DecompositionTable) {
    var start = 0
    while start < scalars.count {
      guard table.combiningClass(scalars[start]) != 0 else {
        start += 1
        continue
      }
      var end = start + 1
      while end < scalars.count, table.combiningClass(scalars[end]) != 0 { end += 1 }
      if end - start > 1 {
        // A stable sort: marks of one class keep their order.
        let sorted = scalars[start..<end].enumerated().sorted {
          (table.combiningClass($0.element), $0.offset)
            < (table.combiningClass($1.element), $1.offset)
        }
        scalars.replaceSubrange(start..<end, with: sorted.map(\.element))
      }
      start = end
    }
  }

  /// Joins starters with the marks behind them that nothing blocks.
  private static func compose(_ scalars: inout [UInt32], _ table: DecompositionTable) {
    var starter = -1
    var lastClass: UInt8 = 0
    var count = 0
    for scalar in scalars {
      let combining = table.combiningClass(scalar)
      let isAdjacent = starter >= 0 && starter == count - 1
      if starter >= 0, isAdjacent || (lastClass < combining && lastClass != 0),
        let whole = table.compose(scalars[starter], scalar)
      {
        scalars[starter] = whole
        continue
      }
      scalars[count] = scalar
      if combining == 0 { starter = count }
      lastClass = combining
      count += 1
    }
    scalars.removeLast(scalars.count - count)
  }
}
