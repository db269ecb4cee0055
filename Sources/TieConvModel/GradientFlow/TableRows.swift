// Gradients of a table as something to compare, row by row.

/// A matrix of doubles that is made a row at a time.
struct TableRows: Sendable {
  let rows: Int
  let columns: Int
  /// The elements of a row.
  let row: @Sendable (_ row: Int) -> [Double]

  init(_ gradient: any TableGradient) {
    self.init(rows: gradient.rows, columns: gradient.columns) { gradient.row($0) }
  }

  init(rows: Int, columns: Int, row: @escaping @Sendable (_ row: Int) -> [Double]) {
    self.rows = rows
    self.columns = columns
    self.row = row
  }

  /// The elements of a matrix of weights, which is not transposed.
  init(_ matrix: WeightMatrix) {
    self.init(rows: matrix.rows, columns: matrix.columns) { row in
      var line = [Float](repeating: .nan, count: matrix.columns)
      unsafe line.withUnsafeMutableBufferPointer { unsafe try? matrix.row(row, into: $0) }
      return line.map(Double.init)
    }
  }

  static func + (one: TableRows, other: TableRows) -> TableRows {
    TableRows(rows: one.rows, columns: one.columns) { row in
      zip(one.row(row), other.row(row)).map { $0 + $1 }
    }
  }

  static func * (factor: Double, table: TableRows) -> TableRows {
    TableRows(rows: table.rows, columns: table.columns) { row in table.row(row).map { factor * $0 }
    }
  }

  /// The square root of the sum of all squares.
  var norm: Double {
    (0..<rows).reduce(0) { $0 + row($1).reduce(0) { $0 + $1 * $1 } }.squareRoot()
  }

  /// The sum of products with another, a factor given to each row.
  func dot(_ other: TableRows, factors: (Int) -> Double = { _ in 1 }) -> Double {
    (0..<rows).reduce(0) { sum, index in
      sum + factors(index) * zip(row(index), other.row(index)).reduce(0) { $0 + $1.0 * $1.1 }
    }
  }

  /// The greatest difference, relative to the greatest magnitude of `reference`; NaN where either
  /// has one.
  func relativeError(to reference: TableRows) -> Double {
    var difference = 0.0
    var magnitude = 0.0
    for index in 0..<rows {
      for (x, y) in zip(row(index), reference.row(index)) {
        let d = abs(x - y)
        if !(d <= difference) { difference = d }
        if difference.isNaN { return .nan }
        magnitude = max(magnitude, abs(y))
      }
    }
    if magnitude == 0 { return difference == 0 ? 0 : .infinity }
    return difference / magnitude
  }
}
