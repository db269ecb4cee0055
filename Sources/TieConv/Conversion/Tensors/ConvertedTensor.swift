// A tensor as it will be written, computed while it is read: whoever copies it writes the output,
// whoever compares it checks one.

internal import TieConvIO

/// The bytes of an output tensor, made of the input's bytes whenever they are asked for.
///
/// Nothing is kept between reads, so any thread may read any part; one read takes as much memory as
/// the part that is asked for, and a block beside it.
final class ConvertedTensor: ByteSource {
  /// Rows of the input, one matrix on top of another.
  struct Part: Sendable {
    let source: any ByteSource
    let offset: Int
    let rows: Int
  }

  /// The most that is read aside to gather permuted rows.
  static let gatherCount = 4 << 20

  let path: String
  let size: Int
  let permissions: UInt32 = 0o666
  private let parts: [Part]
  /// The matrix before it is transposed.
  private let columns: Int
  private let width: Int
  private let outputWidth: Int
  private let cast: ElementCast
  private let layout: RowLayout
  private let isTransposed: Bool

  /// The tensor `name`: the rows of `parts`, each of `columns` elements, laid out anew and cast.
  init?(
    name: String, parts: [Part], columns: Int, layout: RowLayout, isTransposed: Bool,
    cast: ElementCast
  ) {
    guard let width = cast.source.byteWidth, let outputWidth = cast.target.byteWidth,
      columns >= 0,
      case let (count, overflow) = layout.rows.multipliedReportingOverflow(by: columns),
      !overflow
    else { return nil }
    path = name
    self.parts = parts
    self.columns = columns
    self.width = width
    self.outputWidth = outputWidth
    self.cast = cast
    self.layout = layout
    self.isTransposed = isTransposed
    size = count * outputWidth
  }

  /// Where the bytes stand as they are; nil where they are made.
  var verbatim: (source: any ByteSource, range: Range<Int>)? {
    guard cast.isVerbatim, layout.isIdentity, !isTransposed, parts.count == 1,
      let part = parts.first
    else { return nil }
    let start = part.offset + layout.start * columns * width
    return (part.source, start..<start + size)
  }

  func checkUnchanged() throws(IOFailure) {
    for part in parts { try part.source.checkUnchanged() }
  }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    guard buffer.count > 0 else { return }
    try checkBounds(buffer.count, at: offset)
    let first = offset / outputWidth
    let last = (offset + buffer.count + outputWidth - 1) / outputWidth
    let isWhole = offset % outputWidth == 0 && buffer.count % outputWidth == 0
    if isWhole {
      unsafe try compute(first..<last, into: buffer)
    } else {
      // A read that cuts an element in two: compute it whole, and hand out its part.
      let scratch = AlignedBuffer(count: (last - first) * outputWidth)
      let whole = unsafe scratch.bytes((last - first) * outputWidth)
      unsafe try compute(first..<last, into: whole)
      let skip = offset - first * outputWidth
      unsafe buffer.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: whole[skip..<skip + buffer.count]))
    }
  }

  /// Computes the elements of `range`.
  private func compute(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    if cast.isVerbatim {
      return unsafe try gather(range, into: buffer)
    }
    let scratch = AlignedBuffer(count: min(range.count * width, Self.gatherCount))
    let step = max(1, Self.gatherCount / width)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let end = min(start + step, range.upperBound)
      let input = unsafe scratch.bytes((end - start) * width)
      unsafe try gather(start..<end, into: input)
      let place = (start - range.lowerBound) * outputWidth
      unsafe try cast.apply(
        UnsafeRawBufferPointer(input),
        to: UnsafeMutableRawBufferPointer(
          rebasing: buffer[place..<place + (end - start) * outputWidth]))
    }
  }

  // MARK: Elements in the input's type and the output's order

  private func gather(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    if isTransposed {
      return unsafe try gatherTransposed(range, into: buffer)
    }
    if layout.isIdentity {
      let start = layout.start * columns + range.lowerBound
      return unsafe try read(start..<start + range.count, into: buffer)
    }
    unsafe try gatherRows(range, into: buffer)
  }

  /// Rows out of their order: whole groups are read aside where they are small, else each run of
  /// neighbouring rows by itself.
  private func gatherRows(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    guard columns > 0 else { return }
    let groupCount = layout.groupRows * columns * width
    let readsGroups = groupCount <= Self.gatherCount
    let scratch = AlignedBuffer(count: readsGroups ? groupCount : 0)
    var held = -1
    var element = range.lowerBound
    while element < range.upperBound {
      let row = element / columns
      let run = layout.run(at: row)
      let end = min((row + run.count) * columns, range.upperBound)
      let skip = element - row * columns
      let place = (element - range.lowerBound) * width
      let room = unsafe UnsafeMutableRawBufferPointer(
        rebasing: buffer[place..<place + (end - element) * width])
      if readsGroups {
        let group = row / layout.groupRows
        let start = (layout.start + group * layout.groupRows) * columns
        let bytes = unsafe scratch.bytes(groupCount)
        if group != held {
          unsafe try read(start..<start + layout.groupRows * columns, into: bytes)
          held = group
        }
        let from = ((run.source * columns + skip) - start) * width
        unsafe room.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: bytes[from..<from + room.count]))
      } else {
        let start = run.source * columns + skip
        unsafe try read(start..<start + (end - element), into: room)
      }
      element = end
    }
  }

  /// Columns of the input as rows of the output: a stripe of a few of them at a time.
  private func gatherTransposed(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    let rows = layout.rows
    guard rows > 0 else { return }
    let first = range.lowerBound / rows
    let last = (range.upperBound - 1) / rows
    let stripe = max(1, Self.gatherCount / (rows * width))
    let wide = min(stripe, last - first + 1)
    let scratch = AlignedBuffer(count: rows * wide * width)
    for column in stride(from: first, through: last, by: wide) {
      let count = min(wide, last + 1 - column)
      let bytes = unsafe scratch.bytes(rows * count * width)
      for row in 0..<rows {
        let start = (layout.start + row) * columns + column
        let line = unsafe UnsafeMutableRawBufferPointer(
          rebasing: bytes[row * count * width..<(row + 1) * count * width])
        unsafe try read(start..<start + count, into: line)
      }
      let low = max(range.lowerBound, column * rows)
      let high = min(range.upperBound, (column + count) * rows)
      unsafe scatter(
        UnsafeRawBufferPointer(bytes), count, (low - column * rows)..<(high - column * rows),
        to: UnsafeMutableRawBufferPointer(
          rebasing: buffer[(low - range.lowerBound) * width..<(high - range.lowerBound) * width]))
    }
  }

  /// Elements of `range`, counted in the stripe's transpose, out of a stripe of `count` columns.
  private func scatter(
    _ stripe: UnsafeRawBufferPointer, _ count: Int, _ range: Range<Int>,
    to buffer: UnsafeMutableRawBufferPointer
  ) {
    let rows = layout.rows
    var place = 0
    for element in range {
      let from = (element % rows * count + element / rows) * width
      for byte in 0..<width { unsafe buffer[place + byte] = stripe[from + byte] }
      place += width
    }
  }

  /// Elements as they are stored, counted over all parts.
  private func read(
    _ range: Range<Int>, into buffer: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    var base = 0
    for part in parts {
      let count = part.rows * columns
      let low = max(range.lowerBound, base)
      let high = min(range.upperBound, base + count)
      if low < high {
        let place = (low - range.lowerBound) * width
        let room = unsafe UnsafeMutableRawBufferPointer(
          rebasing: buffer[place..<place + (high - low) * width])
        unsafe try part.source.read(into: room, at: part.offset + (low - base) * width)
      }
      base += count
    }
  }
}
