// From stored bytes to numbers that the kernels know: blocks are dequantized, foreign byte order is
// turned.

internal import TieConvIO
internal import TieConvKernels

/// Makes numbers of a tensor's bytes, where these are not such numbers as they stand.
struct StoredDecoder: Sendable {
  /// What the numbers are afterwards.
  let kind: ElementKind
  private let dtype: DType
  private let type: UInt32
  private let order: GGUFByteOrder

  /// Nil where the bytes are numbers already, or no numbers can be made of them.
  init?(_ dtype: DType, order: GGUFByteOrder) {
    guard dtype.isBlock || order == .big else { return nil }
    self.dtype = dtype
    self.order = order
    if dtype.isBlock {
      guard let type = GGMLType(dtype), GGMLBlocks.layout(of: type.rawValue) != nil,
        order == .little || Self.scalePlaces(type) != nil
      else { return nil }
      self.type = type.rawValue
      kind = .f32
    } else {
      guard let kind = ElementKind(dtype) else { return nil }
      type = 0
      self.kind = kind
    }
  }

  /// Whether the bytes are blocks.
  var isBlock: Bool { dtype.isBlock }

  /// The bytes of `columns` numbers, decoded.
  func rowCount(_ columns: Int) -> Int { columns * kind.byteWidth }

  /// Dequantizes whole blocks; `packed` is used up.
  func decode(
    _ packed: UnsafeMutableRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) throws(KernelError) {
    unsafe swapScales(packed)
    let floats = unsafe target.bindMemory(to: Float.self)
    var values = unsafe floats.mutableSpan
    try unsafe GGMLBlocks.dequantize(packed.bytes, type: type, into: &values)
  }

  /// Turns plain numbers into this machine's byte order, in place.
  func swap(_ bytes: UnsafeMutableRawBufferPointer) {
    guard order == .big, let width = dtype.byteWidth, width > 1 else { return }
    for start in stride(from: 0, to: bytes.count - width + 1, by: width) {
      for place in 0..<width / 2 {
        unsafe bytes.swapAt(start + place, start + width - 1 - place)
      }
    }
  }

  /// The first block whose scale is an E8M0 without a value; other scales show in the numbers.
  func firstScaleWithoutValue(_ packed: UnsafeMutableRawBufferPointer) -> Int? {
    guard dtype == .mxfp4 else { return nil }
    let width = dtype.block.bytes
    return stride(from: 0, to: packed.count, by: width).first { unsafe packed[$0] == 0xFF }
      .map { $0 / width }
  }

  // MARK: Byte order

  private func swapScales(_ bytes: UnsafeMutableRawBufferPointer) {
    guard order == .big, let type = GGMLType(rawValue: type), let places = Self.scalePlaces(type)
    else { return }
    for start in stride(from: 0, to: bytes.count - type.blockBytes + 1, by: type.blockBytes) {
      for place in places {
        unsafe bytes.swapAt(start + place, start + place + 1)
      }
    }
  }

  /// Where a block has 16-bit scales, for the types that ggml's converter of byte orders knows; nil
  /// for others, which nobody writes in big-endian order.
  private static func scalePlaces(_ type: GGMLType) -> [Int]? {
    switch type {
    case .q40, .q80: [0]
    case .q4K: [0, 2]
    case .q6K: [208]
    case .mxfp4, .nvfp4: []
    default: nil
    }
  }
}
