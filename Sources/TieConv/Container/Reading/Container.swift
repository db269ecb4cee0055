// An open .tiepack: its table checked, its chunks decoded when they are asked for.

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Where the bytes of base tensors come from.
struct BaseTensor: Sendable {
  let source: any ByteSource
  let offset: Int
}

/// An open container.
final class Container: Sendable {
  let file: InputFile
  let table: ContainerTable
  /// Where each chunk starts in the file, and where the last one ends.
  let chunkStarts: [Int]
  /// The number of each blob's first chunk.
  let firstChunks: [Int]
  /// The size of each file.
  let fileSizes: [Int]
  /// The base's tensors, in the order of the table; empty where no base was given.
  let bases: [BaseTensor]
  private let decoders = Mutex<[ChunkDecoder]>([])
  private let cache: ChunkCache

  /// Opens the container `path`. Without `base`, the checkpoint that it was compressed against,
  /// only what stands for itself can be read.
  ///
  /// - Throws: `CheckpointError` with the first rule that the file breaks.
  init(_ path: String, base: Checkpoint? = nil) throws(CheckpointError) {
    file = try reading { () throws(IOFailure) in try InputFile(path) }
    (table, chunkStarts) = try ContainerOpener(file).open()
    var number = 0
    firstChunks = table.blobs.map { [table] blob in
      defer { number += table.chunkCount(blob.size) }
      return number
    }
    fileSizes = try Self.sizes(table, path)
    cache = ChunkCache(span: table.span)
    bases =
      try base.map { [table] (base) throws(CheckpointError) in
        try Self.baseTensors(table, base, container: path)
      } ?? []
  }

  /// Whether parts of it stand for a difference to another checkpoint.
  var needsBase: Bool { !table.bases.isEmpty }

  private static func sizes(
    _ table: ContainerTable, _ path: String
  ) throws(CheckpointError) -> [Int] {
    var sizes: [Int] = []
    var total = 0
    for file in table.files {
      var size = 0
      for segment in file.segments {
        switch segment {
        case .extent(let extent): size = size.addingSaturated(extent.count)
        case .tensor(let place):
          for extent in table.tensors[place].extents { size = size.addingSaturated(extent.count) }
        }
      }
      sizes.append(size)
      total = total.addingSaturated(size)
    }
    guard total < Int.max else {
      throw CheckpointError(.invalidContainer, file: path, "its files have no end")
    }
    return sizes
  }

  private static func baseTensors(
    _ table: ContainerTable, _ base: Checkpoint, container: String
  ) throws(CheckpointError) -> [BaseTensor] {
    var tensors: [BaseTensor] = []
    for wanted in table.bases {
      guard let (shard, info) = base.tensor(wanted.name), info.byteCount == wanted.size else {
        throw CheckpointError(
          .wrongBase, file: base.path, tensor: wanted.name,
          "not the base of \(container): it has no such tensor of \(wanted.size) bytes",
          hint: "give the checkpoint that it was compressed against")
      }
      tensors.append(
        BaseTensor(source: shard.file, offset: shard.fileRange(of: info).lowerBound))
    }
    return tensors
  }

  // MARK: Chunks

  /// The blob that chunk `number` belongs to.
  func blob(ofChunk number: Int) -> Int {
    var low = 0
    var high = firstChunks.count
    while low < high {
      let middle = (low + high) / 2
      if firstChunks[middle] <= number { low = middle + 1 } else { high = middle }
    }
    return low - 1
  }

  /// The bytes of the blob that chunk `number` holds.
  func range(ofChunk number: Int, in blob: Int) -> Range<Int> {
    let start = (number - firstChunks[blob]) * table.span
    return start..<min(start + table.span, table.blobs[blob].size)
  }

  /// Fills `target` with the raw bytes of chunk `number`, checked on the way in and on the way out.
  func decode(
    chunk number: Int, of blob: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    let chunk = table.chunks[number]
    let decoder: ChunkDecoder
    if let free = decoders.withLock({ $0.popLast() }) {
      decoder = free
    } else {
      decoder = try ChunkDecoder(span: table.span)
    }
    defer { decoders.withLock { $0.append(decoder) } }
    let stored = unsafe decoder.stored(chunk.storedCount)
    unsafe try file.read(into: stored, at: chunkStarts[number])
    let found = unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(stored))
    guard found == chunk.storedDigest else {
      throw damage(number, blob, "stored bytes have another digest than the table says")
    }
    do {
      unsafe try decoder.decode(UnsafeRawBufferPointer(stored), into: target) { room in
        unsafe try readBase(of: number, blob, into: room)
      }
    } catch let error as ChunkError {
      throw damage(number, blob, error.message)
    } catch let error as IOFailure {
      throw error
    } catch {
      throw damage(number, blob, "\(error)")
    }
    guard unsafe ContentDigest.xxh3(UnsafeRawBufferPointer(target)) == chunk.rawDigest else {
      if table.blobs[blob].base != nil {
        throw IOFailure(
          "read", file.path, reason: .wrongBase,
          message: "\(describe(number, blob)): the base is not the checkpoint that it was "
            + "compressed against")
      }
      throw damage(number, blob, "decoded bytes have another digest than the table says")
    }
  }

  private func readBase(
    of number: Int, _ blob: Int, into target: UnsafeMutableRawBufferPointer
  ) throws {
    guard let base = table.blobs[blob].base else { throw ChunkError("refers to no base") }
    guard base < bases.count else {
      throw IOFailure(
        "read", file.path, reason: .wrongBase,
        message: "\(describe(number, blob)): stands for a difference to a base; "
          + "decompress it with --base")
    }
    let start = range(ofChunk: number, in: blob).lowerBound
    unsafe try bases[base].source.read(into: target, at: bases[base].offset + start)
  }

  private func damage(_ number: Int, _ blob: Int, _ message: String) -> IOFailure {
    IOFailure(
      "read", file.path, reason: .damaged,
      message: "\(describe(number, blob)): \(message)")
  }

  /// A chunk in words: which bytes of the file, and a tensor or file that needs them.
  private func describe(_ number: Int, _ blob: Int) -> String {
    let bytes = range(ofChunk: number, in: blob)
    func needs(_ extent: ContainerTable.Extent) -> Bool {
      extent.blob == blob && extent.offset < bytes.upperBound
        && extent.offset + extent.count > bytes.lowerBound
    }
    let tensor = table.tensors.first { $0.extents.contains(where: needs) }?.name
    let owner =
      tensor
      ?? table.files.first {
        $0.segments.contains {
          if case .extent(let extent) = $0 { needs(extent) } else { false }
        }
      }?.path ?? "unused bytes"
    return "\(TextSafety.escaped(owner)): chunk \(number) at byte \(chunkStarts[number])"
  }

  // MARK: Blobs

  /// Fills `target` with the bytes of a blob from `offset`.
  func read(
    blob: Int, at offset: Int, into target: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    var done = 0
    while done < target.count {
      let place = offset + done
      let number = firstChunks[blob] + place / table.span
      let bytes = range(ofChunk: number, in: blob)
      let count = min(bytes.upperBound - place, target.count - done)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: target[done..<done + count])
      if count == bytes.count {
        unsafe try decode(chunk: number, of: blob, into: part)
      } else {
        let whole = try cached(number, blob, bytes.count)
        let from = place - bytes.lowerBound
        unsafe part.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: whole.bytes(bytes.count)[from..<from + count]))
      }
      done += count
    }
  }

  private func cached(_ number: Int, _ blob: Int, _ count: Int) throws(IOFailure) -> AlignedBuffer {
    if let known = cache.chunk(number) { return known }
    let buffer = cache.room()
    unsafe try decode(chunk: number, of: blob, into: buffer.bytes(count))
    cache.keep(buffer, as: number)
    return buffer
  }
}
