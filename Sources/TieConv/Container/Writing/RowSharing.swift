// Matrices that share rows without being equal: a head with added tokens beside its embedding, a
// table that was extended.

internal import TieConvIO
internal import TieConvKernels

/// Finds, for a matrix, an earlier one with many equal rows at equal places.
struct RowSharing {
  /// A matrix as runs of bytes.
  struct Matrix: Sendable {
    let piece: ContainerPlan.Piece
    let rows: Int
    let rowCount: Int
  }

  /// Rows of a matrix, and whether an earlier one has them.
  struct Run: Sendable, Equatable {
    let rows: Range<Int>
    let isShared: Bool
  }

  private struct Key: Hashable {
    let rowCount: Int
    let row: Int
    let digest: UInt64
  }

  /// Matrices below this are not worth a look.
  static let leastCount = 1 << 20
  /// Shared runs below this stay with their neighbours: an extent and a broken chunk cost as much.
  private static let leastRun = 16 << 10
  /// Places that two matrices are compared at: near the start, and further and further apart.
  private static let places = Set((0..<48).map { Int(3 * growth($0)) }).sorted()
  /// Those of them that say whether two are worth comparing: one in four.
  private static let firstPlaces = stride(from: 1, to: places.count, by: 4).map { places[$0] }

  private var seen: [Key: Int] = [:]
  private var matrices: [Matrix] = []
  private let options: ExecutionOptions

  init(options: ExecutionOptions) { self.options = options }

  /// 1.32 to the power of `exponent`: 48 places reach a million rows.
  private static func growth(_ exponent: Int) -> Double {
    (0..<exponent).reduce(1.0) { value, _ in value * 1.32 }
  }

  /// The earlier matrix, as its number in the order of the calls, and the runs of `matrix`; nil
  /// where it shares little or nothing.
  mutating func add(_ matrix: Matrix) throws(CheckpointError) -> (other: Int, runs: [Run])? {
    let keys = try keys(of: matrix, at: Self.firstPlaces)
    var votes: [Int: Int] = [:]
    for key in keys {
      if let earlier = seen[key] { votes[earlier, default: 0] += 1 }
    }
    let number = matrices.count
    matrices.append(matrix)
    for key in keys where seen[key] == nil { seen[key] = number }
    let best = votes.max { ($0.value, -$0.key) < ($1.value, -$1.key) }
    guard let earlier = best?.key, try isLike(matrix, matrices[earlier]) else { return nil }
    let runs = try runs(of: matrix, against: matrices[earlier])
    let shared = runs.reduce(0) { $1.isShared ? $0 + $1.rows.count : $0 }
    return 8 * shared >= matrix.rows ? (earlier, runs) : nil
  }

  /// Whether a quarter of the rows that are looked at are equal.
  private func isLike(_ matrix: Matrix, _ other: Matrix) throws(CheckpointError) -> Bool {
    let keys = try keys(of: matrix, at: Self.places)
    let count = Set(try self.keys(of: other, at: Self.places)).intersection(keys).count
    return count >= 2 && 4 * count >= keys.count
  }

  private func keys(
    of matrix: Matrix, at places: [Int]
  ) throws(CheckpointError) -> [Key] {
    try reading { () throws(IOFailure) in
      let buffer = AlignedBuffer(count: matrix.rowCount)
      var keys: [Key] = []
      for row in places where row < matrix.rows {
        let bytes = unsafe buffer.bytes(matrix.rowCount)
        unsafe try matrix.piece.source.read(
          into: bytes, at: matrix.piece.offset + row * matrix.rowCount)
        // Rows of zeros are alike in matrices that have nothing to do with each other.
        if unsafe bytes.allSatisfy({ $0 == 0 }) { continue }
        keys.append(
          Key(
            rowCount: matrix.rowCount, row: row,
            digest: unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(bytes))))
      }
      return keys
    }
  }

  private func runs(
    of matrix: Matrix, against other: Matrix
  ) throws(CheckpointError) -> [Run] {
    let common = min(matrix.rows, other.rows)
    var flags: [Bool] = []
    flags.reserveCapacity(matrix.rows)
    let block = max(1, ContainerFormat.span / matrix.rowCount)
    let one = AlignedBuffer(count: block * matrix.rowCount)
    let two = AlignedBuffer(count: block * matrix.rowCount)
    try reading { () throws(IOFailure) in
      for start in stride(from: 0, to: common, by: block) {
        try options.cancellation.check()
        let rows = min(block, common - start)
        let left = unsafe one.bytes(rows * matrix.rowCount)
        let right = unsafe two.bytes(rows * matrix.rowCount)
        unsafe try matrix.piece.source.read(
          into: left, at: matrix.piece.offset + start * matrix.rowCount)
        unsafe try other.piece.source.read(
          into: right, at: other.piece.offset + start * matrix.rowCount)
        for row in 0..<rows {
          let bytes = row * matrix.rowCount..<(row + 1) * matrix.rowCount
          let a = unsafe UnsafeRawBufferPointer(rebasing: left[bytes])
          let b = unsafe UnsafeRawBufferPointer(rebasing: right[bytes])
          flags.append(unsafe ByteComparison.firstMismatch(a.bytes, b.bytes) == nil)
        }
      }
    }
    flags += Array(repeating: false, count: matrix.rows - common)
    return Self.runs(flags, least: max(1, Self.leastRun / matrix.rowCount))
  }

  /// Runs of equal flags; those of fewer than `least` shared rows count as not shared.
  static func runs(_ flags: [Bool], least: Int) -> [Run] {
    var runs: [Run] = []
    func append(_ rows: Range<Int>, _ isShared: Bool) {
      if let last = runs.last, last.isShared == isShared {
        runs[runs.count - 1] = Run(
          rows: last.rows.lowerBound..<rows.upperBound, isShared: isShared)
      } else {
        runs.append(Run(rows: rows, isShared: isShared))
      }
    }
    var start = 0
    for row in flags.indices where row + 1 == flags.count || flags[row + 1] != flags[row] {
      append(start..<row + 1, flags[row] && row + 1 - start >= least)
      start = row + 1
    }
    return runs
  }
}
