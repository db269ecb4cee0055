// A stored chunk back into its raw bytes.

internal import TieConvIO
internal import TieConvKernels

/// Decodes chunks, one after another. Whoever shares one between threads sees to it that one worker
/// at a time uses it.
final class ChunkDecoder: @unchecked Sendable {
  private let frames: FrameDecoder
  private let literals = LiteralFrames()
  private let planes: AlignedBuffer
  private var storedRoom: AlignedBuffer

  init(span: Int) throws(IOFailure) {
    frames = try FrameDecoder()
    planes = AlignedBuffer(count: 3 * span + 64)
    storedRoom = AlignedBuffer(count: span + 4096)
  }

  /// Room for a stored chunk of `count` bytes.
  func stored(_ count: Int) -> UnsafeMutableRawBufferPointer {
    if count > storedRoom.count { storedRoom = AlignedBuffer(count: count) }
    return unsafe storedRoom.bytes(count)
  }

  /// Fills `target` with what `stored` stands for. The base's bytes are asked for where they are
  /// needed; `base` throws where there is none.
  func decode(
    _ stored: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer,
    base: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    let header = unsafe try ChunkHeader(
      reading: stored, windowLimit: ExponentWindow.valueCount)
    if header.transform == .base { return unsafe try base(target) }
    guard target.count % header.transform.width == 0 else {
      throw ChunkError("raw size is no multiple of the element's")
    }
    if header.transform.isWindow {
      unsafe try decodeWindow(header, stored, into: target)
    } else {
      unsafe try decodePlanes(header, stored, into: target)
    }
    guard header.isDelta else { return }
    let delta = unsafe planes.bytes(target.count)
    unsafe delta.copyMemory(from: UnsafeRawBufferPointer(target))
    let other = unsafe UnsafeMutableRawBufferPointer(
      rebasing: planes.bytes(2 * target.count)[target.count...])
    unsafe try base(other)
    unsafe try BytewiseXor.apply(
      UnsafeRawBufferPointer(delta), UnsafeRawBufferPointer(other), into: target)
  }

  private func decodePlanes(
    _ header: ChunkHeader, _ stored: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer
  ) throws {
    let width = header.transform.width
    var place = ChunkHeader.count(header.transform)
    guard let split = BytePlanes(width: width, rotates: header.transform.isRotated) else {
      return unsafe try fill(target, header.planes[0], stored, &place)
    }
    var room = unsafe planes.bytes(target.count)
    var parts: [UnsafeRawBufferPointer] = unsafe []
    for plane in header.planes {
      unsafe parts.append(
        try part(plane, count: target.count / width, stored, &place, &room))
    }
    unsafe try split.merge(parts, into: target)
  }

  private func decodeWindow(
    _ header: ChunkHeader, _ stored: UnsafeRawBufferPointer,
    into target: UnsafeMutableRawBufferPointer
  ) throws {
    let width = header.transform.width
    let count = target.count / width
    guard let window = ExponentWindow(base: Int(header.windowBase), width: width) else {
      throw ChunkError("window base out of bounds")
    }
    var place = ChunkHeader.count(header.transform)
    var room = unsafe planes.bytes(planes.count)
    var lower: [UnsafeRawBufferPointer] = unsafe []
    let symbols = unsafe try part(header.planes[0], count: count, stored, &place, &room)
    let rests = unsafe try part(
      header.planes[1], count: ExponentWindow.restCount(count), stored, &place, &room)
    for plane in header.planes[2..<header.planes.count - 1] {
      unsafe lower.append(try part(plane, count: count, stored, &place, &room))
    }
    unsafe try window.merge(symbols: symbols, rests: rests, lower: lower, into: target)
    let last = header.planes[header.planes.count - 1]
    let exceptions = unsafe try part(
      last, count: 2 * ExponentWindow.exceptionCount(symbols), stored, &place, &room)
    if unsafe !exceptions.isEmpty {
      unsafe try window.scatterExceptions(symbols, from: exceptions, into: target)
    }
  }

  /// The bytes of one plane: where they are stored, if raw, else decoded into the start of `room`,
  /// which then begins behind them.
  private func part(
    _ plane: ChunkHeader.Plane, count: Int, _ stored: UnsafeRawBufferPointer, _ place: inout Int,
    _ room: inout UnsafeMutableRawBufferPointer
  ) throws -> UnsafeRawBufferPointer {
    if plane.mode == .raw {
      guard plane.storedCount == count else { throw Self.wrongSize(plane, count) }
      defer { place += count }
      return unsafe UnsafeRawBufferPointer(rebasing: stored[place..<place + count])
    }
    guard count <= room.count else { throw ChunkError("planes are too large") }
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<count])
    unsafe room = UnsafeMutableRawBufferPointer(rebasing: room[count...])
    unsafe try fill(target, plane, stored, &place)
    return UnsafeRawBufferPointer(target)
  }

  private func fill(
    _ target: UnsafeMutableRawBufferPointer, _ plane: ChunkHeader.Plane,
    _ stored: UnsafeRawBufferPointer, _ place: inout Int
  ) throws {
    let source = unsafe UnsafeRawBufferPointer(
      rebasing: stored[place..<place + plane.storedCount])
    place += plane.storedCount
    switch plane.mode {
    case .constant:
      _ = unsafe target.initializeMemory(as: UInt8.self, repeating: plane.value)
    case .raw:
      guard source.count == target.count else { throw Self.wrongSize(plane, target.count) }
      unsafe target.copyMemory(from: source)
    case .zstd:
      // What the fast decoder does not take, damage among it, is for the library to judge.
      guard unsafe literals.decode(source, into: target) || frames.zstd(source, into: target)
      else {
        throw ChunkError("not one zstd frame of \(target.count) bytes")
      }
    case .deflate:
      guard unsafe frames.inflate(source, into: target) else {
        throw ChunkError("not one deflate stream of \(target.count) bytes")
      }
    }
  }

  private static func wrongSize(_ plane: ChunkHeader.Plane, _ count: Int) -> ChunkError {
    ChunkError("a raw plane has \(plane.storedCount) bytes, not \(count)")
  }
}
