// The work on a few chunks: read, encode, decode again, compare.

internal import TieConvIO
internal import TieConvKernels

/// A chunk that is to be written.
struct PlannedChunk: Sendable {
  let number: Int
  let blob: Int
  /// Its bytes within the blob.
  let range: Range<Int>
}

/// One worker's buffers and coders. Whoever shares one between threads sees to it that one worker
/// at a time uses it.
final class ChunkGroupWorker: @unchecked Sendable {
  private let encoder: ChunkEncoder
  private let decoder: ChunkDecoder
  private let verifies: Bool
  private let raw: AlignedBuffer
  private let base: AlignedBuffer
  private let back: AlignedBuffer
  /// The stored form of the chunks of the last run, one after another; whoever takes it puts
  /// another of ``targetCount(_:)`` bytes in its place.
  var target: AlignedBuffer
  /// The bytes of ``target`` that are filled.
  private(set) var storedCount = 0
  /// What the table says of the chunks of the last run, by chunk.
  private(set) var records: [(number: Int, chunk: ContainerTable.Chunk)] = []
  /// Digests of the base's bytes beside those chunks, by chunk.
  private(set) var baseDigests: [(chunk: Int, digest: UInt64)] = []

  init(codec: ContainerCodec, verifies: Bool, capacity: Int) throws(IOFailure) {
    let span = ContainerFormat.span
    encoder = try ChunkEncoder(codec: codec, span: span)
    decoder = try ChunkDecoder(span: span)
    self.verifies = verifies
    raw = AlignedBuffer(count: span)
    base = AlignedBuffer(count: span)
    back = AlignedBuffer(count: span)
    target = AlignedBuffer(count: Self.targetCount(capacity))
  }

  /// The room that `capacity` chunks may take.
  static func targetCount(_ capacity: Int) -> Int {
    capacity * ChunkEncoder.bound(ContainerFormat.span)
  }

  /// Encodes `chunks`.
  func run(_ chunks: [PlannedChunk], _ plan: ContainerPlan) throws(IOFailure) {
    storedCount = 0
    records.removeAll(keepingCapacity: true)
    baseDigests.removeAll(keepingCapacity: true)
    for chunk in chunks { try encode(chunk, plan) }
  }

  private func encode(_ chunk: PlannedChunk, _ plan: ContainerPlan) throws(IOFailure) {
    let blob = plan.blobs[chunk.blob]
    let bytes = unsafe raw.bytes(chunk.range.count)
    unsafe try Self.read(blob.pieces, chunk.range, into: bytes)
    var twin: UnsafeRawBufferPointer?
    if let number = blob.base {
      let room = unsafe base.bytes(chunk.range.count)
      unsafe try Self.read([plan.bases[number].piece], chunk.range, into: room)
      unsafe twin = UnsafeRawBufferPointer(room)
      baseDigests.append(
        (chunk.number, unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(room))))
    }
    let room = unsafe UnsafeMutableRawBufferPointer(
      rebasing: target.bytes(target.count)[storedCount...])
    let count = unsafe try encoder.encode(
      UnsafeRawBufferPointer(bytes), blob.content, base: twin, into: room)
    let result = unsafe UnsafeRawBufferPointer(rebasing: room[..<count])
    if verifies { unsafe try verify(result, UnsafeRawBufferPointer(bytes), twin) }
    let record = ContainerTable.Chunk(
      storedDigest: unsafe ContentDigest.xxh3(result),
      rawDigest: unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(bytes)), storedCount: count)
    records.append((chunk.number, record))
    storedCount += count
  }

  private static func read(
    _ pieces: [ContainerPlan.Piece], _ range: Range<Int>,
    into target: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    var start = 0
    for piece in pieces {
      let low = max(start, range.lowerBound)
      let high = min(start + piece.count, range.upperBound)
      if low < high {
        let part = unsafe UnsafeMutableRawBufferPointer(
          rebasing: target[low - range.lowerBound..<high - range.lowerBound])
        unsafe try piece.source.read(into: part, at: piece.offset + low - start)
      }
      start += piece.count
    }
  }

  private func verify(
    _ stored: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer,
    _ twin: UnsafeRawBufferPointer?
  ) throws(IOFailure) {
    let room = unsafe back.bytes(bytes.count)
    do {
      unsafe try decoder.decode(stored, into: room) { target in
        guard let twin = unsafe twin else { throw ChunkError("refers to no base") }
        unsafe target.copyMemory(from: twin)
      }
    } catch { throw Self.mismatch("\(error)") }
    guard unsafe ByteComparison.firstMismatch(room.bytes, bytes.bytes) == nil else {
      throw Self.mismatch("decoded bytes differ")
    }
  }

  private static func mismatch(_ message: String) -> IOFailure {
    IOFailure(
      "verify", "", reason: .other,
      message: "a chunk does not come back as it went in (\(message)); please report this")
  }
}
