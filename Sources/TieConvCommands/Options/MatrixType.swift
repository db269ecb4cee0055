// Element types and sizes as they are typed.

internal import ArgumentParser
internal import TieConv

/// A type that float matrices can be cast to.
enum MatrixType: String, ExpressibleByArgument, CaseIterable {
  case f32, bf16, f16

  /// The type, as the library knows it.
  var dtype: DType {
    switch self {
    case .f32: .f32
    case .bf16: .bf16
    case .f16: .f16
    }
  }
}

/// A number of bytes with a unit: `5GB`, `1.5 GiB`, `1000000`.
struct ByteSize {
  let bytes: Int

  /// Reads what was typed after `--max-shard-size`.
  init(typed: String) throws {
    let units: [(String, Int)] = [
      ("KIB", 1 << 10), ("MIB", 1 << 20), ("GIB", 1 << 30), ("TIB", 1 << 40), ("KB", 1000),
      ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000), ("B", 1),
    ]
    let text = typed.uppercased()
    let unit = units.first { text.hasSuffix($0.0) }
    let digits = text.dropLast(unit?.0.count ?? 0).filter { $0 != " " }
    let isNumber = digits.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    guard isNumber, let number = Double(digits), number > 0,
      let bytes = Int(exactly: (number * Double(unit?.1 ?? 1)).rounded()), bytes > 0
    else {
      throw ValidationError("Not a size, such as 5GB, 1.5GiB or 300000000.")
    }
    self.bytes = bytes
  }
}
