// One optimizer step on a table: AdamW from rest.

internal import TieConvKernels

/// The settings of the step that a verification takes.
struct TableStep: Sendable {
  var rate: Float = 1e-2
  var epsilon: Float = 1e-8
  /// Large, so that decaying twice shows.
  var decay: Float = 0.5

  private var kernel: AdamWStep {
    AdamWStep(rate: rate, beta1: 0.9, beta2: 0.999, epsilon: epsilon, decay: decay, number: 1)
  }

  /// The table after the step, in memory of its own.
  func applied(
    to table: WeightMatrix, gradient: TableRows, decays: Int = 1
  ) throws(KernelError) -> WeightMatrix {
    let moved = try table.duplicate()
    var first = [Float](repeating: 0, count: table.columns)
    var second = first
    for row in 0..<table.rows {
      let start = row * table.columns
      let weights = unsafe UnsafeMutableBufferPointer(
        rebasing: moved.floats[start..<start + table.columns])
      for _ in 1..<max(1, decays) {
        for column in 0..<table.columns { unsafe weights[column] *= 1 - rate * decay }
      }
      first = first.map { _ in 0 }
      second = first
      let slopes = gradient.row(row).map { Float($0) }
      try unsafe slopes.withUnsafeBufferPointer { slopes throws(KernelError) in
        try unsafe first.withUnsafeMutableBufferPointer { first throws(KernelError) in
          try unsafe second.withUnsafeMutableBufferPointer { second throws(KernelError) in
            try unsafe RowKernels.best.adamW(
              weights, first: first, second: second, gradient: slopes, step: kernel)
          }
        }
      }
    }
    return moved
  }

  /// What one step makes of the table, by the formula: at rest the corrected moments are g and g²,
  /// so w becomes w − rate · decay · w − rate · g / (|g| + ε).
  func expected(_ table: WeightMatrix, gradient: TableRows) -> TableRows {
    let old = TableRows(table)
    let (rate, decay, epsilon) = (Double(rate), Double(decay), Double(epsilon))
    return TableRows(rows: old.rows, columns: old.columns) { row in
      zip(old.row(row), gradient.row(row)).map { w, g in
        // The moments are made of the gradient in F32.
        let g = Double(Float(g))
        return w - rate * decay * w - rate * g / (abs(g) + epsilon)
      }
    }
  }
}
