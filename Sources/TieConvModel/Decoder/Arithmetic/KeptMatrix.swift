// Activations that wait for the backward pass.

internal import TieConvKernels

/// A matrix of the forward pass that the backward pass reads once. Where matrix products round what
/// they read to BF16, so is this, in half the memory.
enum KeptMatrix: Sendable {
  case floats(FloatMatrix)
  /// Rows of BF16 elements, two in the place of a float.
  case halves(FloatMatrix, columns: Int)

  init(_ x: FloatMatrix, _ machine: Machine) {
    guard machine.precision == .bf16 else {
      self = .floats(x)
      return
    }
    let halves = machine.matrix(x.rows, (x.columns + 1) / 2)
    machine.forEachRow(of: x.rows) { row in
      let target = UnsafeMutableRawPointer(unsafe halves.pointer(row))
      unsafe Vectors.narrow(
        x.pointer(row), x.columns, into: target.assumingMemoryBound(to: UInt16.self))
    }
    self = .halves(halves, columns: x.columns)
  }

  /// The matrix, as a copy that may be written to.
  func duplicate(_ machine: Machine) -> FloatMatrix {
    switch self {
    case .floats(let x): return x.duplicate()
    case .halves(let halves, let columns):
      let made = machine.matrix(halves.rows, columns)
      machine.forEachRow(of: made.rows) { row in
        let source = UnsafeRawPointer(unsafe halves.pointer(row))
        unsafe Vectors.widen(
          source.assumingMemoryBound(to: UInt16.self), columns, into: made.pointer(row))
      }
      return made
    }
  }
}
