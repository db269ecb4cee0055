// One chunk of raw bytes into its stored form.

internal import TieConvIO
internal import TieConvKernels

/// What kind of bytes a blob holds, as far as it matters for compressing them.
enum BlobContent: Sendable, Equatable {
  /// Elements of tensors.
  case elements(DType)
  /// Anything else: JSON, tokenizers, unknown files.
  case text
}

/// Encodes chunks, one after another, for one worker.
final class ChunkEncoder {
  /// Elements that an estimate looks at.
  private static let sample = 4096
  /// Elements that the choice of a window looks at: it has one answer, where an estimate has bits.
  private static let windowSample = 2048
  /// Bits a byte from which on a plane is stored raw: coding it would save under 1 %.
  private static let incompressible = 7.92
  /// Bits a byte below which matches may find what a code of single bytes cannot.
  private static let repetitive = 2.0

  private let codec: ContainerCodec
  private let frames: FrameEncoder
  private let literals = LiteralFrames()
  private let planes: AlignedBuffer
  private let delta: AlignedBuffer
  private let trial: AlignedBuffer

  init(codec: ContainerCodec, span: Int) throws(IOFailure) {
    self.codec = codec
    frames = try FrameEncoder()
    planes = AlignedBuffer(count: 2 * span + 64)
    delta = AlignedBuffer(count: span)
    trial = AlignedBuffer(count: FrameEncoder.bound(span))
  }

  /// The room that a chunk of `count` bytes may take.
  static func bound(_ count: Int) -> Int { FrameEncoder.bound(count) + count + 128 }

  /// Writes the stored form of `raw` to `target`, which has ``bound(_:)`` bytes; the result is its
  /// size. Depends on nothing but the arguments.
  func encode(
    _ raw: UnsafeRawBufferPointer, _ content: BlobContent, base: UnsafeRawBufferPointer?,
    into target: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) -> Int {
    guard let base = unsafe base else {
      return unsafe try encode(raw, content, isDelta: false, into: target)
    }
    if unsafe ByteComparison.firstMismatch(raw.bytes, base.bytes) == nil {
      let start = [ChunkTransform.base.rawValue, ChunkHeader.deltaFlag, 0, 0]
      unsafe target.copyBytes(from: start)
      return start.count
    }
    let difference = unsafe delta.bytes(raw.count)
    do { unsafe try BytewiseXor.apply(raw, base, into: difference) } catch {
      throw Self.failure(error)
    }
    // Both ways are worked out; the smaller is kept.
    let plain = unsafe try encode(raw, content, isDelta: false, into: target)
    let saved = unsafe [UInt8](target[..<plain])
    let size = unsafe try encode(
      UnsafeRawBufferPointer(difference), content, isDelta: true, into: target)
    if size < plain { return size }
    unsafe target.copyBytes(from: saved)
    return plain
  }

  private func encode(
    _ raw: UnsafeRawBufferPointer, _ content: BlobContent, isDelta: Bool,
    into target: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) -> Int {
    var transform = ChunkTransform.bytes
    if case .elements(let dtype) = content { transform = ChunkTransform(dtype) }
    if raw.count % transform.width != 0 || raw.count == 0 { transform = .bytes }
    var header = ChunkHeader(transform: transform, isDelta: isDelta)
    do {
      if transform.isWindow, !isDelta {
        let size = unsafe try encodeWindow(raw, &header, into: target)
        if let size { return size }
      }
      header.transform = transform.withoutWindow
      header.windowBase = 0
      header.planes.removeAll()
      return unsafe try encodePlanes(raw, content, &header, into: target)
    } catch { throw Self.failure(error) }
  }

  private static func failure(_ error: KernelError) -> IOFailure {
    IOFailure("compress", "", reason: .other, message: "a block does not fit: \(error)")
  }

  // MARK: Transforms

  private func encodePlanes(
    _ raw: UnsafeRawBufferPointer, _ content: BlobContent, _ header: inout ChunkHeader,
    into target: UnsafeMutableRawBufferPointer
  ) throws(KernelError) -> Int {
    let transform = header.transform
    var place = ChunkHeader.count(transform)
    if let split = BytePlanes(width: transform.width, rotates: transform.isRotated) {
      let parts = unsafe planes.bytes(raw.count)
      unsafe try split.split(raw, into: parts)
      let count = raw.count / transform.width
      for number in 0..<transform.planeCount {
        let plane = unsafe UnsafeRawBufferPointer(
          rebasing: parts[number * count..<(number + 1) * count])
        unsafe store(plane, .estimated, &header, target, &place)
      }
    } else {
      unsafe store(raw, content == .text ? .text : .estimated, &header, target, &place)
    }
    unsafe header.write(to: target)
    return place
  }

  /// Nil where too many elements lie outside the window.
  private func encodeWindow(
    _ raw: UnsafeRawBufferPointer, _ header: inout ChunkHeader,
    into target: UnsafeMutableRawBufferPointer
  ) throws(KernelError) -> Int? {
    let width = header.transform.width
    let count = raw.count / width
    let best = unsafe ExponentWindow.best(for: raw, width: width, sample: Self.windowSample)
    guard let (window, outside) = best, outside < 1.0 / 16 else { return nil }
    let restCount = ExponentWindow.restCount(count)
    let room = unsafe planes.bytes(count + restCount + (width == 4 ? raw.count : 0))
    let symbols = unsafe UnsafeMutableRawBufferPointer(rebasing: room[..<count])
    let rests = unsafe UnsafeMutableRawBufferPointer(rebasing: room[count..<count + restCount])
    let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: room[(count + restCount)...])
    unsafe try window.split(raw, symbols: symbols, rests: rests)
    header.windowBase = UInt16(window.base)
    let coded = UnsafeRawBufferPointer(symbols)
    // The end of the planes' room holds more of them than are worth it.
    let end = unsafe UnsafeMutableRawBufferPointer(
      rebasing: planes.bytes(planes.count)[(planes.count - 2 * (count / 8))...])
    guard let exceptionCount = unsafe try window.gatherExceptions(coded, of: raw, into: end) else {
      return nil
    }
    let exceptions = unsafe UnsafeRawBufferPointer(rebasing: end[..<exceptionCount])
    var place = ChunkHeader.count(header.transform)
    unsafe store(coded, .symbols, &header, target, &place)
    unsafe store(UnsafeRawBufferPointer(rests), .estimated, &header, target, &place)
    if width == 4, let split = BytePlanes(width: 4, rotates: false) {
      let all = unsafe UnsafeMutableRawBufferPointer(rebasing: rest[..<raw.count])
      unsafe try split.split(raw, into: all)
      for number in 2..<4 {
        let plane = unsafe UnsafeRawBufferPointer(
          rebasing: all[number * count..<(number + 1) * count])
        unsafe store(plane, .estimated, &header, target, &place)
      }
    }
    unsafe store(exceptions, .estimated, &header, target, &place)
    unsafe header.write(to: target)
    return place
  }

  // MARK: Planes

  private enum PlaneContent { case symbols, estimated, text }

  /// Stores one plane at `place` of `target` in the smallest way, and notes it in `header`.
  private func store(
    _ plane: UnsafeRawBufferPointer, _ content: PlaneContent, _ header: inout ChunkHeader,
    _ target: UnsafeMutableRawBufferPointer, _ place: inout Int
  ) {
    if unsafe Self.isConstant(plane) {
      let value = unsafe plane.first ?? 0
      header.planes.append(ChunkHeader.Plane(mode: .constant, value: value, storedCount: 0))
      return
    }
    let room = unsafe UnsafeMutableRawBufferPointer(rebasing: target[place...])
    let size = unsafe coded(plane, content, into: room)
    if let size, size < plane.count {
      let mode: PlaneMode = codec == .zstd ? .zstd : .deflate
      header.planes.append(ChunkHeader.Plane(mode: mode, value: 0, storedCount: size))
      place += size
    } else {
      unsafe room.copyMemory(from: plane)
      header.planes.append(ChunkHeader.Plane(mode: .raw, value: 0, storedCount: plane.count))
      place += plane.count
    }
  }

  private static func isConstant(_ plane: UnsafeRawBufferPointer) -> Bool {
    guard plane.count > 1 else { return true }
    // Most planes are told by their ends; a constant one equals itself moved by one.
    guard unsafe plane[0] == plane[plane.count - 1], unsafe plane[0] == plane[plane.count / 2]
    else { return false }
    let head = unsafe UnsafeRawBufferPointer(rebasing: plane[..<(plane.count - 1)])
    let tail = unsafe UnsafeRawBufferPointer(rebasing: plane[1...])
    return unsafe ByteComparison.firstMismatch(head.bytes, tail.bytes) == nil
  }

  private func coded(
    _ plane: UnsafeRawBufferPointer, _ content: PlaneContent,
    into room: UnsafeMutableRawBufferPointer
  ) -> Int? {
    // Below this, a frame's own header outweighs what it saves.
    guard plane.count >= 32 else { return nil }
    if content == .text { return unsafe matched(plane, into: room) }
    let bits = unsafe content == .symbols ? 4 : ByteEntropy.estimate(plane, sample: Self.sample)
    guard bits < Self.incompressible else { return nil }
    let size = unsafe huffman(plane, isSymbols: content == .symbols, into: room)
    guard bits < Self.repetitive else { return size }
    let other = unsafe matched(plane, into: trial.bytes(trial.count))
    guard let other, other < size ?? .max else { return size }
    unsafe room.copyMemory(
      from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(trial.bytes(other))[...]))
    return other
  }

  private func huffman(
    _ plane: UnsafeRawBufferPointer, isSymbols: Bool, into room: UnsafeMutableRawBufferPointer
  ) -> Int? {
    guard codec == .zstd else { return unsafe frames.deflate(plane, matches: false, into: room) }
    // The library's encoder takes what the fast one does not. Symbols are most of what is decoded,
    // and wide frames are read fastest; a plane that saves little cannot spare what they cost.
    return unsafe literals.encode(plane, into: room, isWide: isSymbols)
      ?? frames.huffman(plane, into: room)
  }

  private func matched(
    _ plane: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
  ) -> Int? {
    unsafe codec == .zstd
      ? frames.zstd(plane, level: 3, into: room) : frames.deflate(plane, matches: true, into: room)
  }
}
