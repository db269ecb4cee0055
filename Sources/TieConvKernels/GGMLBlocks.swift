// Values of ggml's block types.

internal import CTieConvKernels

/// Decoders of ggml's block types, by the ids that GGUF files store.
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

  private static func kernel(
    _ type: UInt32, of table: borrowing tc_ggml_table
  ) -> tc_ggml_dequantize? {
    unsafe withUnsafeBytes(of: table.dequantize) { bytes in
      let kernels = unsafe bytes.bindMemory(to: tc_ggml_dequantize?.self)
      return unsafe Int(type) < kernels.count ? kernels[Int(type)] : nil
    }
  }
}
