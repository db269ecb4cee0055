// Numbers out of ggml's types, for whoever holds the bytes.

internal import TieConvKernels

/// Dequantizes ggml tensors.
public enum GGMLDequantizer {
  /// Whether values of `type` can be made.
  public static func supports(_ type: GGMLType) -> Bool {
    GGMLBlocks.layout(of: type.rawValue) != nil || plainKind(type) != nil
  }

  /// Writes the values of `bytes`, whole blocks of `type` in little-endian order, to `target`.
  ///
  /// Bit for bit what gguf-py gives, but for the payloads of NaN.
  ///
  /// - Throws: `unknownDType` where there is no decoder, `tensorSizeMismatch` where the counts do
  ///   not fit.
  public static func dequantize(
    _ bytes: RawSpan, _ type: GGMLType, into target: inout MutableSpan<Float>
  ) throws(CheckpointError) {
    do throws(KernelError) {
      if let kind = plainKind(type) {
        try Widening.toFloat32(bytes, kind: kind, into: &target)
      } else {
        try GGMLBlocks.dequantize(bytes, type: type.rawValue, into: &target)
      }
    } catch {
      switch error {
      case .noDecoder:
        throw CheckpointError(.unknownDType, "\(type.name) is not dequantized")
      default:
        throw CheckpointError(
          .tensorSizeMismatch, "bytes and values of \(type.name) do not fit each other",
          found: "\(bytes.byteCount) bytes for \(target.count) values")
      }
    }
  }

  private static func plainKind(_ type: GGMLType) -> ElementKind? {
    switch type {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    default: nil
    }
  }
}
