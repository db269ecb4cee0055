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
  /// Bytes of a block before its codes, where these are taken as zero; nil where they are not.
  private let codeStart: Int?

  /// Blocks decoded at a time: a mebibyte of numbers or so.
  private static let elementCount = 256 << 10

  /// The numbers of `info`, one of `shard`'s; nil where they need no decoding. With `minima`, of
  /// types whose blocks have a minimum as a number, every number is its block's minimum.
  ///
  /// - Throws: `unsupportedFormat` where no numbers can be made of them.
  init?(_ shard: Shard, _ info: TensorInfo, minima: Bool = false) throws(CheckpointError) {
    guard info.dtype.isBlock || shard.byteOrder == .big else { return nil }
    guard let decoder = StoredDecoder(info.dtype, order: shard.byteOrder),
      info.byteCount % info.dtype.block.bytes == 0
    else {
      throw CheckpointError(
        .unsupportedFormat, file: shard.path, tensor: info.name,
        "elements of this type are not decoded", found: info.dtype.rawValue)
    }
    codeStart = minima && info.dtype.hasBlockMinima ? 4 : nil
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
    try checkBounds(buffer.count, at: offset)
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
    if let codeStart {
      for start in stride(from: 0, to: input.count, by: block.bytes) {
        let codes = unsafe UnsafeMutableRawBufferPointer(
          rebasing: input[start + codeStart..<start + block.bytes])
        unsafe codes.initializeMemory(as: UInt8.self, repeating: 0)
      }
    }
    do throws(KernelError) { unsafe try decoder.decode(input, into: output) } catch {
      throw IOFailure("decode", path, reason: .unsupported, message: "\(error)")
    }
  }
}

extension DType {
  /// Whether blocks begin with a scale and a minimum, F16 both, and number = scale · code + minimum.
  package var hasBlockMinima: Bool { self == .q4_1 || self == .q5_1 }
}
