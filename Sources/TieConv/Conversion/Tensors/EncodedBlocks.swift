// Plain numbers as the blocks of ggml that they came out of, computed while they are read.

internal import TieConvIO
internal import TieConvKernels

/// A tensor packed again. A number that no block stands for is an error, never rounded.
final class EncodedBlocks: ByteSource {
  let path: String
  let size: Int
  let permissions: UInt32 = 0o666
  /// The number of blocks.
  let count: Int
  /// The number of elements.
  var elementCount: Int { count * type.blockElements }
  private let numbers: ConvertedTensor
  private let type: GGMLType

  /// Blocks encoded at a time: a mebibyte of numbers.
  private static let elementCount = 256 << 10

  /// The blocks of `type` that `numbers`, which are F32, came out of; nil where there is no encoder,
  /// or the numbers do not fill blocks.
  init?(_ numbers: ConvertedTensor, _ type: GGMLType) {
    let (count, rest) = numbers.size.quotientAndRemainder(dividingBy: 4 * type.blockElements)
    guard GGMLBlocks.encodes(type.rawValue), rest == 0 else { return nil }
    path = numbers.path
    size = count * type.blockBytes
    self.count = count
    self.numbers = numbers
    self.type = type
  }

  func checkUnchanged() throws(IOFailure) { try numbers.checkUnchanged() }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    try checkBounds(buffer.count, at: offset)
    let end = (offset + buffer.count + type.blockBytes - 1) / type.blockBytes
    var done = 0
    unsafe try forEachRun(of: offset / type.blockBytes..<end) {
      (run, blocks, found) throws(IOFailure) in
      guard found == run.count else {
        throw IOFailure(
          "convert", path, reason: .unrepresentable,
          message: "no block of \(type.name) stands for its numbers")
      }
      let skip = offset + done - run.lowerBound * type.blockBytes
      let taken = min(blocks.count - skip, buffer.count - done)
      unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + taken]).copyMemory(
        from: UnsafeRawBufferPointer(rebasing: blocks[skip..<skip + taken]))
      done += taken
      return true
    }
  }

  /// Whether blocks stand for the numbers of all of `range`, counted in blocks.
  func isExact(_ range: Range<Int>) throws(IOFailure) -> Bool {
    var isExact = true
    unsafe try forEachRun(of: range) { (run, _, found) throws(IOFailure) in
      isExact = found == run.count
      return isExact
    }
    return isExact
  }

  /// Encodes `range`, counted in blocks, a run at a time, until `body` has had enough.
  private func forEachRun(
    of range: Range<Int>,
    _ body: (Range<Int>, UnsafeRawBufferPointer, Int) throws(IOFailure) -> Bool
  ) throws(IOFailure) {
    let step = max(1, min(range.count, Self.elementCount / type.blockElements))
    let plain = AlignedBuffer(count: step * type.blockElements * 4)
    let packed = AlignedBuffer(count: step * type.blockBytes)
    for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
      let run = start..<min(start + step, range.upperBound)
      let input = unsafe plain.bytes(run.count * type.blockElements * 4)
      unsafe try numbers.read(into: input, at: start * type.blockElements * 4)
      let output = unsafe packed.bytes(run.count * type.blockBytes)
      let found: Int
      do throws(KernelError) { found = unsafe try encode(input, into: output) } catch {
        throw IOFailure("encode", path, reason: .unsupported, message: "\(error)")
      }
      guard unsafe try body(run, UnsafeRawBufferPointer(output), found) else { return }
    }
  }

  private func encode(
    _ input: UnsafeMutableRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) throws(KernelError) -> Int {
    let bytes = unsafe output.bindMemory(to: UInt8.self)
    var target = unsafe bytes.mutableSpan
    return unsafe try GGMLBlocks.encode(input.bytes, type: type.rawValue, into: &target)
  }
}
