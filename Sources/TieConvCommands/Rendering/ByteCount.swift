// Sizes as people read them.

/// Byte counts and large numbers in words.
enum ByteCount {
  /// "538 MB", in powers of a thousand as disks are sold and shards are named.
  static func described(_ bytes: Int) -> String {
    scaled(bytes, ["B", "kB", "MB", "GB", "TB", "PB"])
  }

  /// "134.5 M", for parameters.
  static func count(_ number: Int) -> String {
    number < 10_000 ? "\(number)" : scaled(number, ["", "K", "M", "B", "T"])
  }

  private static func scaled(_ number: Int, _ units: [String]) -> String {
    var value = Double(number)
    var unit = 0
    while value >= 999.5 && unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    if unit == 0 { return "\(number) \(units[0])" }
    let tenths = (value * 10).rounded() / 10
    let digits = value < 100 && tenths != tenths.rounded() ? "\(tenths)" : "\(Int(value.rounded()))"
    return "\(digits) \(units[unit])"
  }
}
