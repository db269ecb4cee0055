// A tensor whose elements do not lie in the file as they are wanted: a strided view, big-endian
// numbers, a deflated storage.

internal import TieConvIO

/// Elements of a ``TensorLayout``, put in order while they are read.
///
/// Read in slabs: whole rows of the two fastest dimensions, or parts of one row, a few megabytes
/// together. Within a slab the source is read along whichever of the two has the shorter stride, so
/// that a transposed matrix is read in long runs too.
struct GatheredTensor: Sendable {
  /// A run of the tensor that is gathered at a time.
  struct Slab: Sendable {
    /// The bytes of the tensor that it holds.
    let range: Range<Int>
    /// The place of the first element in the storage's source, in bytes.
    fileprivate let start: Int
    fileprivate let rows: Int
    fileprivate let columns: Int
  }

  /// What a slab takes at most, in bytes, unless a single element takes more.
  static let slabCount = 2 << 20

  private let storage: StoredBytes
  private let width: Int
  private let swapWidth: Int
  private let start: Int
  /// Extents and strides (in bytes), slowest first; at least two.
  private let extents: [Int]
  private let strides: [Int]
  let byteCount: Int

  init(_ layout: TensorLayout) {
    storage = layout.storage
    width = layout.type.byteWidth
    swapWidth = layout.storage.isBigEndian ? layout.type.swapWidth : 1
    start = layout.storage.start + layout.offset
    byteCount = layout.byteCount
    var extents: [Int] = []
    var strides: [Int] = []
    for (extent, stride) in zip(layout.shape, layout.strides) where extent != 1 {
      if let slower = strides.last, let last = extents.last,
        slower == stride.multipliedSaturated(extent)
      {
        // Two dimensions that are stepped through as one.
        extents[extents.count - 1] = last * extent
        strides[strides.count - 1] = stride
      } else {
        extents.append(extent)
        strides.append(stride)
      }
    }
    while extents.count < 2 {
      extents.insert(1, at: 0)
      strides.insert(0, at: 0)
    }
    self.extents = extents
    // A stride along which nothing moves may be any number.
    self.strides = strides.map { $0.multipliedSaturated(layout.type.byteWidth) }
  }

  private var columns: Int { extents[extents.count - 1] }
  private var rows: Int { extents[extents.count - 2] }
  private var rowStride: Int { strides[strides.count - 2] }
  private var columnStride: Int { strides[strides.count - 1] }

  /// The slab that holds byte `place` of the tensor, which has it.
  func slab(at place: Int) -> Slab {
    let element = place / width
    let (line, column) = element.quotientAndRemainder(dividingBy: columns)
    let (plane, row) = line.quotientAndRemainder(dividingBy: rows)
    var start = self.start
    var rest = plane
    for dimension in (0..<extents.count - 2).reversed() {
      start += rest % extents[dimension] * strides[dimension]
      rest /= extents[dimension]
    }
    let perSlab = max(1, Self.slabCount / width)
    if columns > perSlab {
      let first = column / perSlab * perSlab
      let count = min(perSlab, columns - first)
      let begin = (line * columns + first) * width
      return Slab(
        range: begin..<begin + count * width,
        start: start + row * rowStride + first * columnStride, rows: 1, columns: count)
    }
    let height = max(1, perSlab / columns)
    let first = row / height * height
    let count = min(height, rows - first)
    let begin = (plane * rows + first) * columns * width
    return Slab(
      range: begin..<begin + count * columns * width, start: start + first * rowStride,
      rows: count, columns: columns)
  }

  /// Fills `target`, of the slab's size, with the elements of `slab`.
  func gather(_ slab: Slab, into target: UnsafeMutableRawBufferPointer) throws(IOFailure) {
    let rowStep = slab.columns * width
    if slab.rows == 1 || columnStride <= rowStride {
      for row in 0..<slab.rows {
        unsafe try run(
          from: slab.start + row * rowStride, count: slab.columns, stride: columnStride,
          into: UnsafeMutableRawBufferPointer(rebasing: target[(row * rowStep)...]), step: width)
      }
    } else {
      for column in 0..<slab.columns {
        unsafe try run(
          from: slab.start + column * columnStride, count: slab.rows, stride: rowStride,
          into: UnsafeMutableRawBufferPointer(rebasing: target[(column * width)...]),
          step: rowStep)
      }
    }
    if swapWidth > 1 { unsafe Self.swap(target, swapWidth) }
  }

  /// What is read at a time where elements are picked out of it, and beyond which stride they are
  /// read one by one.
  private static let runCount = 64 << 10
  private static let longStride = 4 << 10

  /// Copies `count` elements that stand `stride` bytes apart to places `step` bytes apart.
  private func run(
    from start: Int, count: Int, stride: Int, into target: UnsafeMutableRawBufferPointer, step: Int
  ) throws(IOFailure) {
    if stride == width && step == width {
      let whole = unsafe UnsafeMutableRawBufferPointer(rebasing: target[..<(count * width)])
      return unsafe try storage.source.read(into: whole, at: start)
    }
    let perRead =
      stride == 0 ? count : stride > Self.longStride ? 1 : max(1, Self.runCount / stride)
    let room = AlignedBuffer(count: Self.runCount + Self.longStride)
    var done = 0
    while done < count {
      let part = min(perRead, count - done)
      let bytes = unsafe room.bytes((part - 1) * stride + width)
      unsafe try storage.source.read(into: bytes, at: start + done * stride)
      for index in 0..<part {
        let element = unsafe UnsafeRawBufferPointer(
          rebasing: bytes[(index * stride)..<(index * stride + width)])
        let place = (done + index) * step
        unsafe UnsafeMutableRawBufferPointer(rebasing: target[place..<place + width])
          .copyMemory(from: element)
      }
      done += part
    }
  }

  /// Turns every `width` bytes around.
  private static func swap(_ bytes: UnsafeMutableRawBufferPointer, _ width: Int) {
    for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
      for index in 0..<width / 2 {
        unsafe bytes.swapAt(start + index, start + width - 1 - index)
      }
    }
  }
}
