// zstd frames of nothing but Huffman-coded bytes.

internal import CTieConvKernels

/// Writes symbols as zstd frames of literals alone, which any zstd library reads, and reads those
/// frames; faster than a general coder, and only for symbols below 128. For one worker at a time.
@safe package final class LiteralFrames {
  private let room = UnsafeMutablePointer<tc_huffman_room>.allocate(capacity: 1)
  private let table: UnsafePointer<tc_entropy_table>

  /// The coder of the best instruction set of this machine. All write the same bytes.
  package init() { unsafe table = tc_entropy() }

  /// The coder of one instruction set; nil where this machine cannot run it.
  package init?(_ set: InstructionSet) {
    guard let table = unsafe tc_entropy_at(set.level) else {
      unsafe room.deallocate()
      return nil
    }
    unsafe self.table = table
  }

  deinit { unsafe room.deallocate() }

  /// Writes `source` as one frame with its content size; the result is its size. Nil where the
  /// bytes are not of the kind (one of 128 or more, fewer than 1024, all alike), or where the frame
  /// would not be shorter, or may not fit: `target` has room for 11 bits a symbol and 4 KiB.
  ///
  /// Where `isWide`, one code serves sixteen blocks, which ``decode(_:into:)`` reads side by side;
  /// otherwise two, which take about 200 bytes less in 128 KiB of symbols.
  package func encode(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer, isWide: Bool
  ) -> Int? {
    let size = unsafe table.pointee.encode_literals(
      source.baseAddress?.assumingMemoryBound(to: UInt8.self), source.count,
      target.baseAddress?.assumingMemoryBound(to: UInt8.self), target.count,
      isWide ? 1 : 0, room)
    return size == 0 ? nil : size
  }

  /// Fills `target` with the content of `frame`, if ``encode(_:into:isWide:)`` wrote it wide and of
  /// 96 KiB or more. False, with anything in `target`, for all other frames, damaged ones, and where
  /// this machine has no decoder faster than a library's.
  package func decode(
    _ frame: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard let decode = unsafe table.pointee.decode_literals else { return false }
    return unsafe decode(
      frame.baseAddress?.assumingMemoryBound(to: UInt8.self), frame.count,
      target.baseAddress?.assumingMemoryBound(to: UInt8.self), target.count, room) != 0
  }
}
