// Which kernels this machine runs.

internal import CTieConvKernels

/// An instruction set that the kernels are compiled for. All give equal results,
/// but for the roundings that `MatrixProduct` and `RowKernels` name.
package enum InstructionSet: CaseIterable, Sendable {
  /// The plain definition of each kernel; for tests.
  case scalar
  case portable, avx2, avx512
  /// AVX-512 with the BF16 dot product, which matrix products use.
  case avx512bf16
  case neon

  /// The name of the one chosen at run time: `avx512`, `avx2`, `neon` or `portable`.
  package static var name: String { unsafe String(cString: tc_instruction_set()) }

  var level: tc_level {
    switch self {
    case .scalar: TC_SCALAR
    case .portable: TC_PORTABLE
    case .avx2: TC_AVX2
    case .avx512: TC_AVX512
    case .avx512bf16: TC_AVX512_BF16
    case .neon: TC_NEON
    }
  }
}
