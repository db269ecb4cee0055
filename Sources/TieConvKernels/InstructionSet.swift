// Which kernels this machine runs.

internal import CTieConvKernels

/// An instruction set that the kernels are compiled for. All give equal results.
package enum InstructionSet: CaseIterable, Sendable {
  /// The plain definition of each kernel; for tests.
  case scalar
  case portable, avx2, avx512, neon

  /// The name of the one chosen at run time: `avx512`, `avx2`, `neon` or `portable`.
  package static var name: String { unsafe String(cString: tc_instruction_set()) }

  var level: tc_level {
    switch self {
    case .scalar: TC_SCALAR
    case .portable: TC_PORTABLE
    case .avx2: TC_AVX2
    case .avx512: TC_AVX512
    case .neon: TC_NEON
    }
  }
}
