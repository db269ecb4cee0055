// Factors, offsets or zero points that serve blocks of a matrix.

internal import TieConvIO
internal import TieConvKernels

/// A grid of numbers, each of which serves some rows and some columns.
struct FactorGrid: Sendable {
  /// How a stored factor is spelled.
  enum Spelling: Sendable {
    /// In its own floating-point type.
    case float
    /// As the exponent e of 2^(e − 127), in a byte.
    case exponent
    /// As a signed byte.
    case signed
  }

  let matrix: StoredMatrix
  var spelling = Spelling.float
  /// Rows of the decoded matrix that one row of the grid serves.
  let rowsPerBlock: Int
  /// What every factor is divided by (the global scale of NVFP4); nil for nothing.
  var divisor: Float?

  /// Columns of the grid.
  var groups: Int { matrix.columns }

  /// 2^(e − 127) for every e. The greatest is infinite, as 2^128 is in BF16: compressed-tensors and
  /// MLX both compute it so, though the MX specification calls that code NaN.
  private static let powers: [Float] = (0..<256).map { code in
    code == 0 ? 0x1p-127 : Float(bitPattern: UInt32(code) << 23)
  }

  /// The grid's rows that serve `rows`: `subscript` finds each one's.
  func values(of rows: Range<Int>) throws(IOFailure) -> Values {
    let first = rows.lowerBound / rowsPerBlock
    let last = (rows.upperBound - 1) / rowsPerBlock
    let bytes = try matrix.bytes(rows: first..<last + 1)
    var numbers: [Float]
    switch spelling {
    case .float: numbers = try matrix.floats(bytes)
    case .exponent: numbers = bytes.map { Self.powers[Int($0)] }
    case .signed: numbers = bytes.map { Float(Int8(bitPattern: $0)) }
    }
    if let divisor { for place in numbers.indices { numbers[place] /= divisor } }
    return Values(numbers: numbers, groups: groups, first: first, rowsPerBlock: rowsPerBlock)
  }

  /// Some rows of a grid.
  struct Values {
    fileprivate let numbers: [Float]
    private let groups: Int
    private let first: Int
    private let rowsPerBlock: Int

    init(numbers: [Float], groups: Int, first: Int, rowsPerBlock: Int) {
      self.numbers = numbers
      self.groups = groups
      self.first = first
      self.rowsPerBlock = rowsPerBlock
    }

    /// Where the numbers for row `row` of the decoded matrix are.
    func range(_ row: Int) -> Range<Int> {
      let start = (row / rowsPerBlock - first) * groups
      return start..<start + groups
    }

    /// All numbers.
    var all: [Float] { numbers }
  }
}

/// What is subtracted from a code before it is scaled.
enum ZeroPoints: Sendable {
  /// One number for all.
  case constant(Float)
  case grid(FactorGrid)
  /// Codes that are packed down each column of words, one column a group.
  case packedDown(StoredMatrix, PackedKernels.Order)

  /// The zero points of `rows`, `groups` each.
  func values(of rows: Range<Int>, groups: Int) throws(IOFailure) -> FactorGrid.Values {
    switch self {
    case .constant(let zero):
      return FactorGrid.Values(
        numbers: [Float](repeating: zero, count: groups), groups: groups, first: 0,
        rowsPerBlock: .max)
    case .grid(let grid): return try grid.values(of: rows)
    case .packedDown(let matrix, let order): return try Self.unpacked(matrix, order, rows)
    }
  }

  private static func unpacked(
    _ matrix: StoredMatrix, _ order: PackedKernels.Order, _ rows: Range<Int>
  ) throws(IOFailure) -> FactorGrid.Values {
    // Words and codes start together at multiples of `each` codes, which `step` words hold.
    let (each, step): (Int, Int) =
      switch order {
      case .stream(let bits): (32, bits)
      case .words(let bits): (32 / bits, 1)
      case .highNibbleFirst, .interleaved: (8, 1)
      }
    let start = rows.lowerBound / each
    let count = rows.upperBound - start * each
    let words = (order.byteCount(count) ?? 0) / 4
    let needed = (order.byteCount(count) ?? 0) % 4 == 0 ? words : words + 1
    let bytes = try matrix.bytes(rows: start * step..<start * step + needed)
    let groups = matrix.columns
    let columns = try Transposition.transposed(
      bytes, rows: needed, columns: groups, width: 4, path: matrix.source.path)
    var numbers = [Float](repeating: 0, count: rows.count * groups)
    var codes = [UInt8](repeating: 0, count: count)
    for group in 0..<groups {
      try decoding(matrix.source.path) { () throws(KernelError) in
        var span = codes.mutableSpan
        unsafe try PackedKernels.best.unpack(
          columns.span.bytes.extracting(group * needed * 4..<(group + 1) * needed * 4), order,
          into: &span)
      }
      let skipped = rows.lowerBound - start * each
      for row in 0..<rows.count { numbers[row * groups + group] = Float(codes[skipped + row]) }
    }
    return FactorGrid.Values(
      numbers: numbers, groups: groups, first: rows.lowerBound, rowsPerBlock: 1)
  }
}

/// Turning a block of elements over.
enum Transposition {
  /// The transpose of `bytes`, rows × columns elements of `width` bytes.
  static func transposed(
    _ bytes: [UInt8], rows: Int, columns: Int, width: Int, path: String
  ) throws(IOFailure) -> [UInt8] {
    var target = [UInt8](repeating: 0, count: bytes.count)
    try decoding(path) { () throws(KernelError) in
      let tile = try TileComparison(rows: rows, columns: columns, elementSize: width)
      var span = target.mutableSpan
      var raw = unsafe span.mutableBytes
      unsafe try tile.transpose(
        bytes.span.bytes, stride: columns * width, into: &raw, targetStride: rows * width)
    }
    return target
  }
}
