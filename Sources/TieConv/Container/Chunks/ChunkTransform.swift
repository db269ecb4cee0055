// How a chunk's bytes are taken apart into planes.

/// The transforms of the format; the raw value is the byte that stands in a chunk.
enum ChunkTransform: UInt8, Sendable {
  /// One plane: the bytes as they are.
  case bytes = 0
  case planes2 = 1
  case planes4 = 2
  case planes8 = 3
  case rotatedPlanes2 = 4
  case rotatedPlanes4 = 5
  case rotatedPlanes8 = 6
  /// Symbols, rests and exceptions of 16-bit elements.
  case window2 = 7
  /// Symbols, rests, the two lower byte planes and exceptions of 32-bit elements.
  case window4 = 8
  /// No planes: the bytes of the base.
  case base = 9

  /// Bytes of one element.
  var width: Int {
    switch self {
    case .bytes, .base: 1
    case .planes2, .rotatedPlanes2, .window2: 2
    case .planes4, .rotatedPlanes4, .window4: 4
    case .planes8, .rotatedPlanes8: 8
    }
  }

  var planeCount: Int {
    switch self {
    case .base: 0
    case .window2: 3
    case .window4: 5
    default: width
    }
  }

  var isRotated: Bool {
    switch self {
    case .rotatedPlanes2, .rotatedPlanes4, .rotatedPlanes8: true
    default: false
    }
  }

  var isWindow: Bool { self == .window2 || self == .window4 }

  /// What is tried first for elements of `dtype`.
  init(_ dtype: DType) {
    self =
      switch dtype {
      case .bf16: .window2
      case .f32: .window4
      case .f16: .rotatedPlanes2
      case .f64: .rotatedPlanes8
      case .c64: .rotatedPlanes4
      case .i16, .u16: .planes2
      case .i32, .u32: .planes4
      case .i64, .u64: .planes8
      default: .bytes
      }
  }

  /// The transform with plain planes for elements that do not fit a window.
  var withoutWindow: ChunkTransform {
    switch self {
    case .window2: .rotatedPlanes2
    case .window4: .rotatedPlanes4
    default: self
    }
  }
}

/// How one plane is stored; the raw value is the byte that stands in a chunk.
enum PlaneMode: UInt8, Sendable {
  /// Every byte is the same; nothing is stored.
  case constant = 0
  case raw = 1
  /// One zstd frame.
  case zstd = 2
  /// One raw deflate stream.
  case deflate = 3
}

/// Which coder compresses planes.
public enum ContainerCodec: String, Sendable, CaseIterable {
  case zstd
  case zlib
}
