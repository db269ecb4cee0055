// Values of ggml's block types, and back.

internal import CTieConvKernels

/// Decoders and encoders of ggml's block types, by the ids that GGUF files store.
package enum GGMLBlocks {
  /// Values and bytes of one block of `type`; nil where there is no decoder for it.
  package static func layout(of type: UInt32) -> (values: Int, bytes: Int)? {
    let values = tc_ggml_block_values(type)
    return values > 0 ? (values, tc_ggml_block_bytes(type)) : nil
  }

  /// Writes every value of the blocks in `source` to `target`, in the arithmetic of ggml and
  /// gguf-py: bit for bit what they give, but for the payloads of NaN.
  package static func dequantize(
    _ source: RawSpan, type: UInt32, into target: inout MutableSpan<Float>,
    set: InstructionSet? = nil
  ) throws(KernelError) {
    guard let block = layout(of: type) else { throw .noDecoder(type: type) }
    let (count, rest) = source.byteCount.quotientAndRemainder(dividingBy: block.bytes)
    guard rest == 0 else { throw .partialElement(bytes: source.byteCount, width: block.bytes) }
    guard count * block.values == target.count else {
      throw .unequalCounts(count * block.values, target.count)
    }
    let chosen = unsafe set.map { unsafe tc_ggml_at($0.level) } ?? tc_ggml()
    guard let kernel = unsafe chosen.flatMap({ unsafe kernel(type, of: $0.pointee) }) else {
      throw .noDecoder(type: type)
    }
    guard count > 0 else { return }
    unsafe source.withUnsafeBytes { blocks in
      unsafe target.withUnsafeMutableBufferPointer { values in
        unsafe kernel(blocks.baseAddress, count, values.baseAddress)
      }
    }
  }

  /// Whether there is an encoder for `type`.
  package static func encodes(_ type: UInt32) -> Bool {
    unsafe tc_ggml().map { unsafe encoder(type, of: $0.pointee) != nil } ?? false
  }

  /// Writes the blocks of `type` that decode to the F32 numbers of `source`, bit for bit.
  ///
  /// - Returns: how many blocks are written: fewer than there is room for where no block stands for
  ///   the numbers of the next one.
  package static func encode(
    _ source: RawSpan, type: UInt32, into target: inout MutableSpan<UInt8>,
    set: InstructionSet? = nil
  ) throws(KernelError) -> Int {
    let chosen = unsafe set.map { unsafe tc_ggml_at($0.level) } ?? tc_ggml()
    guard let block = layout(of: type),
      let kernel = unsafe chosen.flatMap({ unsafe encoder(type, of: $0.pointee) })
    else { throw .noDecoder(type: type) }
    let (count, rest) = source.byteCount.quotientAndRemainder(dividingBy: 4 * block.values)
    guard rest == 0 else { throw .partialElement(bytes: source.byteCount, width: block.values) }
    guard count * block.bytes == target.count else {
      throw .unequalCounts(count * block.bytes, target.count)
    }
    guard count > 0 else { return 0 }
    return unsafe source.withUnsafeBytes { values in
      unsafe target.withUnsafeMutableBufferPointer { blocks in
        unsafe kernel(
          values.baseAddress?.assumingMemoryBound(to: Float.self), count, blocks.baseAddress)
      }
    }
  }

  private static func encoder(
    _ type: UInt32, of table: borrowing tc_ggml_table
  ) -> tc_ggml_encode? {
    unsafe withUnsafeBytes(of: table.encode) { bytes in
      let kernels = unsafe bytes.bindMemory(to: tc_ggml_encode?.self)
      return unsafe Int(type) < kernels.count ? kernels[Int(type)] : nil
    }
  }

  private static func kernel(
    _ type: UInt32, of table: borrowing tc_ggml_table
  ) -> tc_ggml_dequantize? {
    unsafe withUnsafeBytes(of: table.dequantize) { bytes in
      let kernels = unsafe bytes.bindMemory(to: tc_ggml_dequantize?.self)
      return unsafe Int(type) < kernels.count ? kernels[Int(type)] : nil
    }
  }
}
