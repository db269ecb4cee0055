// The few bytes at the start of a stored chunk.

/// Which transform, and how each plane is stored.
struct ChunkHeader: Sendable {
  /// How one plane is stored.
  struct Plane: Sendable {
    let mode: PlaneMode
    /// The byte of a constant plane, else 0.
    let value: UInt8
    let storedCount: Int
  }

  /// Set where the bytes are to be combined with the base's by exclusive or, or are the base's.
  static let deltaFlag: UInt8 = 1

  var transform: ChunkTransform
  var isDelta: Bool
  var windowBase: UInt16 = 0
  var planes: [Plane] = []

  init(transform: ChunkTransform, isDelta: Bool) {
    self.transform = transform
    self.isDelta = isDelta
  }

  /// The bytes that the header of a chunk with `transform` takes.
  static func count(_ transform: ChunkTransform) -> Int { 4 + 8 * transform.planeCount }

  /// Writes the header to the start of `target`.
  func write(to target: UnsafeMutableRawBufferPointer) {
    var bytes = [transform.rawValue, isDelta ? Self.deltaFlag : 0]
    bytes.append(UInt8(windowBase & 255))
    bytes.append(UInt8(windowBase >> 8))
    for plane in planes {
      bytes += [plane.mode.rawValue, plane.value, 0, 0]
      for shift in [0, 8, 16, 24] { bytes.append(UInt8(plane.storedCount >> shift & 255)) }
    }
    unsafe target.copyBytes(from: bytes)
  }

  /// Reads and checks the header of the stored chunk `bytes`, whose planes must fill it exactly.
  init(reading bytes: UnsafeRawBufferPointer, windowLimit: Int) throws(ChunkError) {
    guard bytes.count >= 4 else { throw ChunkError("too short for its header") }
    let start = unsafe [UInt8](bytes[..<4])
    guard let transform = ChunkTransform(rawValue: start[0]) else {
      throw ChunkError("unknown transform \(start[0])")
    }
    self.transform = transform
    guard start[1] & ~Self.deltaFlag == 0 else { throw ChunkError("unknown flags \(start[1])") }
    isDelta = start[1] == Self.deltaFlag
    windowBase = UInt16(start[2]) | UInt16(start[3]) << 8
    guard transform.isWindow ? Int(windowBase) < windowLimit : windowBase == 0 else {
      throw ChunkError("window base \(windowBase) out of bounds")
    }
    guard transform != .base || isDelta else { throw ChunkError("refers to no base") }
    var end = Self.count(transform)
    guard bytes.count >= end else { throw ChunkError("too short for its planes") }
    for number in 0..<transform.planeCount {
      let entry = unsafe [UInt8](bytes[4 + 8 * number..<12 + 8 * number])
      guard let mode = PlaneMode(rawValue: entry[0]) else {
        throw ChunkError("unknown plane mode \(entry[0])")
      }
      let count = entry[4...].reversed().reduce(0) { $0 << 8 | Int($1) }
      guard entry[2] == 0, entry[3] == 0, mode == .constant ? count == 0 : entry[1] == 0 else {
        throw ChunkError("reserved bytes are set")
      }
      planes.append(Plane(mode: mode, value: entry[1], storedCount: count))
      end += count
    }
    guard end == bytes.count else {
      throw ChunkError("planes take \(end) bytes, the chunk has \(bytes.count)")
    }
  }
}

/// What is wrong with a stored chunk.
struct ChunkError: Error, Sendable, Equatable {
  let message: String

  init(_ message: String) { self.message = message }
}
