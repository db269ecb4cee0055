// The faces under test, taking blocks: a span cannot stand in an expectation's expression.

import TieConvKernels

extension ByteComparison {
  static func firstMismatch(_ a: Shifted, _ b: Shifted, kernels: KernelSet = .best) -> Int? {
    a.withSpan { x in b.withSpan { y in firstMismatch(x, y, kernels: kernels) } }
  }
}

extension NonFinite {
  static func firstIndex(
    in block: Shifted, kind: ElementKind, kernels: KernelSet
  ) throws -> Int? {
    try block.withSpan { try firstIndex(in: $0, kind: kind, kernels: kernels) }
  }
}

extension Widening {
  static func toFloat32(
    _ source: Shifted, kind: ElementKind, into target: inout MutableSpan<Float>,
    kernels: KernelSet = .best
  ) throws {
    try source.withSpan { try toFloat32($0, kind: kind, into: &target, kernels: kernels) }
  }

  static func float32ToFloat64(
    _ source: Shifted, into target: inout MutableSpan<Double>, kernels: KernelSet
  ) throws {
    try source.withSpan { try float32ToFloat64($0, into: &target, kernels: kernels) }
  }
}

extension Narrowing {
  static func fromFloat32(
    _ source: Shifted, to kind: ElementKind, into target: inout MutableSpan<UInt16>,
    kernels: KernelSet
  ) throws {
    try source.withSpan { try fromFloat32($0, to: kind, into: &target, kernels: kernels) }
  }
}

extension PairStatistics {
  init(
    of a: Shifted, _ kindA: ElementKind, _ b: Shifted, _ kindB: ElementKind,
    kernels: KernelSet = .best
  ) throws {
    self = try a.withSpan { x in
      try b.withSpan { y in try PairStatistics(of: x, kindA, y, kindB, kernels: kernels) }
    }
  }
}

extension ScaleCheck {
  func firstMismatch(
    embedding e: Shifted, _ kindE: ElementKind, head w: Shifted, _ kindW: ElementKind,
    kernels: KernelSet
  ) throws -> Int? {
    try e.withSpan { x in
      try w.withSpan { y in
        try firstMismatch(embedding: x, kindE, head: y, kindW, kernels: kernels)
      }
    }
  }
}

extension TileComparison {
  func firstMismatch(
    _ a: Shifted, strideA: Int, transposed b: Shifted, strideB: Int, kernels: KernelSet = .best
  ) throws -> Position? {
    try a.withSpan { x in
      try b.withSpan { y in
        try firstMismatch(
          x, strideA: strideA, transposed: y, strideB: strideB, kernels: kernels)
      }
    }
  }

  func transpose(
    _ source: Shifted, stride: Int, into target: inout [UInt8], targetStride: Int,
    kernels: KernelSet
  ) throws {
    var span = target.mutableSpan
    var raw = unsafe span.mutableBytes
    try source.withSpan {
      try transpose(
        $0, stride: stride, into: &raw, targetStride: targetStride, kernels: kernels)
    }
  }
}
