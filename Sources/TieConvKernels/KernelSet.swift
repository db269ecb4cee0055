// The kernels of one instruction set, as a value that the Swift faces take.

internal import CTieConvKernels

/// The kernels of one instruction set. Every face uses `best` unless a test asks for another.
@safe package struct KernelSet: @unchecked Sendable {
  // A table is constant and lives as long as the program.
  let table: tc_kernel_table
  let gemm: tc_gemm_table
  let rows: tc_row_table

  /// The kernels of the best instruction set of this machine.
  package static let best = unsafe KernelSet(
    table: tc_kernels().pointee, gemm: tc_gemm().pointee, rows: tc_row_kernels().pointee)

  private init(table: tc_kernel_table, gemm: tc_gemm_table, rows: tc_row_table) {
    unsafe self.table = table
    unsafe self.gemm = gemm
    unsafe self.rows = rows
  }

  /// The kernels of one instruction set, or nil where this machine cannot run it.
  package init?(_ set: InstructionSet) {
    guard let table = unsafe tc_kernels_at(set.level), let gemm = unsafe tc_gemm_at(set.level),
      let rows = unsafe tc_row_kernels_at(set.level)
    else { return nil }
    unsafe self.table = table.pointee
    unsafe self.gemm = gemm.pointee
    unsafe self.rows = rows.pointee
  }
}
