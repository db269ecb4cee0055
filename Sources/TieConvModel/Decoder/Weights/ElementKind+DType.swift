// Which stored types are plain floats.

internal import TieConv
internal import TieConvKernels

extension ElementKind {
  /// The kind of a stored type; nil for types that are not plain floats.
  init?(_ dtype: DType) {
    switch dtype {
    case .f64: self = .f64
    case .f32: self = .f32
    case .bf16: self = .bf16
    case .f16: self = .f16
    case .f8E4M3: self = .f8e4m3
    case .f8E5M2: self = .f8e5m2
    default: return nil
    }
  }
}
