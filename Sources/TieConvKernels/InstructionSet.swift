// Which kernels this machine runs.

internal import CTieConvKernels

/// The instruction set chosen at run time for the dispatched kernels.
package enum InstructionSet {
  /// Its name: `avx512`, `avx2`, `neon` or `portable`.
  package static var name: String { unsafe String(cString: tc_instruction_set()) }
}
