// The bytes of a PyTorch file, and past its end those of tensors that are put in order when read.

internal import Synchronization
internal import TieConvIO

/// A file in which every tensor is one run of little-endian numbers in the order of its indices.
final class PyTorchSource: ByteSource {
  let path: String
  /// The size of the file and of all that is gathered.
  let size: Int
  var permissions: UInt32 { disk.permissions }

  private struct Gathered: Sendable {
    let start: Int
    let tensor: GatheredTensor
    var end: Int { start + tensor.byteCount }
  }

  private struct Slabs {
    var kept: [(place: Int, bytes: AlignedBuffer, count: Int)] = []
  }

  private static let keptSlabs = 4

  private let disk: any ByteSource
  private let gathered: [Gathered]
  private let slabs = Mutex(Slabs())

  /// `disk`, and past its end the `tensors`, one after another.
  init(_ disk: any ByteSource, _ tensors: [GatheredTensor]) {
    self.disk = disk
    path = disk.path
    var place = disk.size
    gathered = tensors.map { tensor in
      defer { place += tensor.byteCount }
      return Gathered(start: place, tensor: tensor)
    }
    size = place
  }

  func checkUnchanged() throws(IOFailure) { try disk.checkUnchanged() }

  func file(holding range: Range<Int>) -> InputFile? {
    range.upperBound <= disk.size ? disk.file(holding: range) : nil
  }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(IOFailure) {
    guard offset >= 0, offset <= size, buffer.count <= size - offset else {
      throw IOFailure(
        "read", path, reason: .unexpectedEnd, message: "the file ends before it should")
    }
    var done = 0
    while done < buffer.count {
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      if offset + done < disk.size {
        let count = min(rest.count, disk.size - offset - done)
        let part = unsafe UnsafeMutableRawBufferPointer(rebasing: rest[..<count])
        unsafe try disk.read(into: part, at: offset + done)
        done += count
      } else {
        done += unsafe try readGathered(rest, at: offset + done)
      }
    }
  }

  /// Fills the start of `buffer` with what one slab has of it; the result is how much.
  private func readGathered(
    _ buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) -> Int {
    var (low, high) = (0, gathered.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if gathered[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    let (start, tensor) = (gathered[low].start, gathered[low].tensor)
    let slab = tensor.slab(at: offset - start)
    let skipped = offset - start - slab.range.lowerBound
    let count = min(buffer.count, slab.range.count - skipped)
    let target = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
    if count == slab.range.count {
      unsafe try tensor.gather(slab, into: target)
      return count
    }
    let bytes = try kept(slab, of: tensor, at: start + slab.range.lowerBound)
    unsafe target.copyMemory(
      from: UnsafeRawBufferPointer(
        rebasing: bytes.bytes(slab.range.count)[skipped..<skipped + count]))
    return count
  }

  private func kept(
    _ slab: GatheredTensor.Slab, of tensor: GatheredTensor, at place: Int
  ) throws(IOFailure) -> AlignedBuffer {
    let known = slabs.withLock { slabs in slabs.kept.first { $0.place == place }?.bytes }
    if let known { return known }
    // Filled before it is shared, and only read from then on.
    let bytes = AlignedBuffer(count: slab.range.count)
    unsafe try tensor.gather(slab, into: bytes.bytes(slab.range.count))
    slabs.withLock { slabs in
      slabs.kept.append((place, bytes, slab.range.count))
      if slabs.kept.count > Self.keptSlabs { slabs.kept.removeFirst() }
    }
    return bytes
  }
}
