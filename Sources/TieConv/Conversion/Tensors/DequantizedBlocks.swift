// ggml's blocks, or numbers of foreign byte order, as plain numbers while they are read.

internal import TieConvIO
internal import TieConvKernels

/// A GGUF tensor's numbers, decoded whenever they are asked for.
final class DequantizedBlocks: ByteSource {
  let path: String
  let size: Int
  let permissions: UInt32 = 0o666
  private let source: any ByteSource
  private let start: Int
  private let decoder: StoredDecoder
  private let block: (elements: Int, bytes: Int)
  private let width: Int

  /// Blocks decoded at a time: a mebibyte of numbers or so.
  private static let elementCount = 256 << 10

  /// The numbers of `info`, one of `shard`'s; nil where they need no decoding.
  ///
  /// - Throws: `unsupportedFormat` where no numbers can be made of them.
  init?(_ shard: Shard, _ info: TensorInfo) throws(CheckpointError) {
    guard info.dtype.isBlock || shard.byteOrder == .big else { return nil }
    guard let decoder = StoredDecoder(info.dtype, order: shard.byteOrder),
      info.byteCount % info.dtype.block.bytes == 0
    else {
      throw CheckpointError(
        .unsupportedFormat, file: shard.path, tensor: info.name,
        "elements of this type are not decoded", found: info.dtype.rawValue)
    }
    source = shard.file
    path = shard.path
    start = shard.fileRange(of: info).lowerBound
    self.decoder = decoder
    block = info.dtype.block
    width = decoder.kind.byteWidth
    size = info.elementCount * width
  }

  func checkUnchanged() throws(IOFailure) { try source.checkUnchanged() }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    guard offset >= 0, buffer.count <= size - offset else {
      throw IOFailure("read", path, reason: .unexpectedEnd, message: "past the end of a tensor")
    }
    let decoded = block.elements * width
    let step = max(1, Self.elementCount / block.elements)
    let packed = AlignedBuffer(count: step * block.bytes)
    let plain = AlignedBuffer(count: step * decoded)
    var done = 0
    while done < buffer.count {
      let first = (offset + done) / decoded
      let last = (offset + buffer.count - 1) / decoded
      let count = min(step, last + 1 - first)
      let input = unsafe packed.bytes(count * block.bytes)
      unsafe try source.read(into: input, at: start + first * block.bytes)
      let output = unsafe plain.bytes(count * decoded)
      unsafe try decode(input, into: output)
      let skip = offset + done - first * decoded
      let taken = min(output.count - skip, buffer.count - done)
      let room = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + taken])
      unsafe room.copyMemory(
        from: UnsafeRawBufferPointer(rebasing: output[skip..<skip + taken]))
      done += taken
    }
  }

  private func decode(
    _ input: UnsafeMutableRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    guard decoder.isBlock else {
      unsafe decoder.swap(input)
      unsafe output.copyMemory(from: UnsafeRawBufferPointer(input))
      return
    }
    do throws(KernelError) { unsafe try decoder.decode(input, into: output) } catch {
      throw IOFailure("decode", path, reason: .unsupported, message: "\(error)")
    }
  }
}
