// Numbers as people read them, without Foundation.

/// A number with so many digits behind the point, and no more machinery than that.
enum Decimal {
  static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let power = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
    let scaled = (abs(value) * power).rounded()
    let whole = UInt64(scaled / power)
    let rest = UInt64(scaled - Double(whole) * power)
    let text = String(rest)
    let sign = value < 0 && scaled > 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(whole)" }
    return "\(sign)\(whole).\(String(repeating: "0", count: max(0, digits - text.count)))\(text)"
  }

  /// Four digits that count: "0.3782", "1.163e-08".
  static func significant(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : "\(value)" }
    var exponent = 0
    var mantissa = abs(value)
    while mantissa >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
    while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
    var digits = Int((mantissa * 1000).rounded())
    if digits == 10_000 { (digits, exponent) = (1000, exponent + 1) }
    let sign = value < 0 ? "-" : ""
    guard (-4...8).contains(exponent) else {
      let size = abs(exponent)
      return
        "\(sign)\(pointed(digits, 3))e\(exponent < 0 ? "-" : "+")\(size < 10 ? "0" : "")\(size)"
    }
    guard exponent < 3 else {
      return sign + String(digits) + String(repeating: "0", count: exponent - 3)
    }
    return sign + pointed(digits, 3 - exponent)
  }

  /// `digits` with a point before the last `count` of them, and without zeros at the end.
  private static func pointed(_ digits: Int, _ count: Int) -> String {
    let text = String(digits)
    let padded = String(repeating: "0", count: max(0, count + 1 - text.count)) + text
    var fraction = padded.suffix(count)
    while fraction.last == "0" { fraction.removeLast() }
    return padded.dropLast(count) + (fraction.isEmpty ? "" : "." + fraction)
  }
}
