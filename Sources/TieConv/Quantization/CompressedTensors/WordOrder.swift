// How many bits pack-quantized codes have, and whether they cross the borders of words.

internal import TieConvKernels

/// The width and order of packed integers. From version 0.20 codes of 3, 5, 6 and 7 bits follow one
/// another densely; before, each word held as many whole ones as fit.
struct WordOrder: Sendable {
  let bits: Int
  let order: PackedKernels.Order

  /// Tells both from the number of words that `columns` codes take, with the configuration's help
  /// where that leaves a choice.
  init(_ family: PackedFamily, columns: Int, words: Int) throws(CheckpointError) {
    let stated = Set(
      family.settings.weightGroups.filter { $0["type"]?.string != "float" }
        .compactMap { $0["num_bits"]?.integer }.filter { (1...8).contains($0) })
    let fitting = (stated.isEmpty ? Set(1...8) : stated).filter { bits in
      Self.words(.stream(bits: bits), columns) == words
        || Self.words(.words(bits: bits), columns) == words
    }
    guard let bits = fitting.first, fitting.count == 1 else {
      throw family.fault(
        "weight_packed",
        fitting.isEmpty
          ? "does not have the words for its codes" : "has codes of unknown width",
        found: "\(words) words for \(columns) codes",
        expected: stated.isEmpty ? nil : "codes of \(stated.sorted()) bits")
    }
    self.bits = bits
    order = try Self.order(family, bits, columns, words)
  }

  private static func order(
    _ family: PackedFamily, _ bits: Int, _ columns: Int, _ words: Int
  ) throws(CheckpointError) -> PackedKernels.Order {
    let isDense = self.words(.stream(bits: bits), columns) == words
    let isPadded = self.words(.words(bits: bits), columns) == words
    // The two are one where words hold whole codes, or where there is one word.
    if 32 % bits == 0 || words == 1 || !isPadded { return .stream(bits: bits) }
    if !isDense { return .words(bits: bits) }
    guard let version = family.settings.version else {
      throw family.unsupported(
        "compressed-tensors of \(bits) bits by a version that is not stated")
    }
    return (version.major, version.minor) >= (0, 20) ? .stream(bits: bits) : .words(bits: bits)
  }

  private static func words(_ order: PackedKernels.Order, _ columns: Int) -> Int? {
    order.byteCount(columns).map { ($0 + 3) / 4 }
  }
}

extension PackedFamily {
  /// The extents that `weight_shape` states.
  func weightShape() throws(CheckpointError) -> (rows: Int, columns: Int) {
    let bytes = try bytes("weight_shape", [.i64, .i32])
    let width = info("weight_shape")?.dtype == .i64 ? 8 : 4
    guard bytes.count == 2 * width else {
      throw fault("weight_shape", "is not two numbers", found: "\(bytes.count) bytes")
    }
    let extents = stride(from: 0, to: bytes.count, by: width).map { start in
      (0..<width).reduce(UInt64(0)) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
    }
    guard let rows = Int(exactly: extents[0]), let columns = Int(exactly: extents[1]), rows > 0,
      columns > 0, columns <= PackedFamily.maximumColumns
    else {
      throw fault("weight_shape", "states no extents of a matrix", found: "\(extents)")
    }
    return (rows, columns)
  }
}
