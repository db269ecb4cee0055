// What characters decompose into, and which pairs compose: the data of the four normal forms.

/// Decompositions and compositions of Unicode 9, which the reference's normalizers know.
///
/// The standard library's normalization is of a later version and has no compatibility forms.
struct DecompositionTable: Sendable {
  /// The one table.
  static let shared = DecompositionTable()

  private var canonical: [UInt32: [UInt32]] = [:]
  private var compatibility: [UInt32: [UInt32]] = [:]
  private var compositions: [UInt64: UInt32] = [:]
  /// Combining classes of U+0000–U+1FFFF; there are none above.
  private var classes = [UInt8](repeating: 0, count: 0x20000)

  private init() {
    canonical = Self.parse(Self.canonicalText)
    compatibility = Self.parse(Self.compatibilityText)
    for value in UInt32(0x300)..<0x20000 {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let combining = scalar.properties.canonicalCombiningClass.rawValue
      if combining != 0, ScalarTable.isKnown(scalar, 9) { classes[Int(value)] = combining }
    }
    for (whole, parts) in canonical {
      guard parts.count >= 2, let scalar = Unicode.Scalar(whole),
        !scalar.properties.isFullCompositionExclusion, let last = parts.last
      else { continue }
      // Full decompositions nest on the left: the first part is what all but the last compose to.
      let head = Array(parts.dropLast())
      guard let first = head.count == 1 ? head[0] : composite(of: head) else { continue }
      compositions[UInt64(first) << 32 | UInt64(last)] = whole
    }
  }

  private func composite(of parts: [UInt32]) -> UInt32? {
    canonical.first { whole, other in
      other == parts
        && !(Unicode.Scalar(whole)?.properties.isFullCompositionExclusion ?? true)
    }?.key
  }

  private static func parse(_ text: String) -> [UInt32: [UInt32]] {
    var table: [UInt32: [UInt32]] = [:]
    var scalar: UInt32 = 0
    for entry in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      let sides = entry.split(separator: "=")
      guard sides.count == 2, let difference = UInt32(sides[0], radix: 16) else { continue }
      scalar += difference
      table[scalar] = sides[1].split(separator: ",").compactMap { UInt32($0, radix: 16) }
    }
    return table
  }

  /// The canonical combining class.
  func combiningClass(_ scalar: UInt32) -> UInt8 {
    scalar < UInt32(classes.count) ? classes[Int(scalar)] : 0
  }

  /// Appends the decomposition of `scalar`, or the scalar itself.
  func decompose(_ scalar: UInt32, isCompatible: Bool, into result: inout [UInt32]) {
    // Nothing decomposes among ASCII, and nothing among the ideographs, of which texts are full.
    if scalar < 0xA0 || (0x3400..<0xA000).contains(scalar) { return result.append(scalar) }
    if (0xAC00...0xD7A3).contains(scalar) {
      let index = scalar - 0xAC00
      result.append(0x1100 + index / 588)
      result.append(0x1161 + index % 588 / 28)
      if index % 28 != 0 { result.append(0x11A7 + index % 28) }
    } else if isCompatible, let parts = compatibility[scalar] {
      result.append(contentsOf: parts)
    } else if let parts = canonical[scalar] {
      result.append(contentsOf: parts)
    } else {
      result.append(scalar)
    }
  }

  /// What two scalars compose to; nil for most pairs.
  func compose(_ first: UInt32, _ second: UInt32) -> UInt32? {
    if (0x1100..<0x1113).contains(first), (0x1161..<0x1176).contains(second) {
      return 0xAC00 + ((first - 0x1100) * 21 + (second - 0x1161)) * 28
    }
    if (0xAC00...0xD7A3).contains(first), (first - 0xAC00) % 28 == 0,
      (0x11A8..<0x11C3).contains(second)
    {
      return first + (second - 0x11A7)
    }
    return compositions[UInt64(first) << 32 | UInt64(second)]
  }
}
