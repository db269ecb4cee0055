// Two blocks of any kinds, seen as F32 or F64 a chunk at a time. Chunks are widened into a stack
// buffer that stays in the first-level cache, so no caller needs scratch memory.

internal import CTieConvKernels

@safe struct PairChunks {
  /// Fixed, because sums are rounded once a chunk.
  static let length = 2048

  let kernels: KernelSet
  let a: UnsafeRawPointer
  let b: UnsafeRawPointer
  let kindA: ElementKind
  let kindB: ElementKind
  let count: Int

  /// Whether the chunks are F64: when either block is.
  var isDouble: Bool { kindA == .f64 || kindB == .f64 }

  /// Calls `body` with each chunk's two pointers, its first index and its length, until it
  /// returns false. The pointers are to Double if `isDouble`, else to Float, and may be unaligned.
  func forEach(
    _ body: (_ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ start: Int, _ count: Int) -> Bool
  ) {
    // Each side has a chunk of doubles and, for the way there, a chunk of floats.
    let side = Self.length * 12
    unsafe withUnsafeTemporaryAllocation(byteCount: 2 * side, alignment: 64) { scratch in
      guard let base = scratch.baseAddress else { return }
      var start = 0
      while start < count {
        let length = min(Self.length, count - start)
        let x = unsafe widened(a, kindA, start, length, base)
        let y = unsafe widened(b, kindB, start, length, base + side)
        guard unsafe body(x, y, start, length) else { return }
        start += length
      }
    }
  }

  private func widened(
    _ block: UnsafeRawPointer, _ kind: ElementKind, _ start: Int, _ length: Int,
    _ scratch: UnsafeMutableRawPointer
  ) -> UnsafeRawPointer {
    let source = unsafe block + start * kind.byteWidth
    if kind == .f64 { return unsafe source }
    var floats = unsafe source
    if kind != .f32 {
      let target = unsafe scratch.assumingMemoryBound(to: Float.self)
      unsafe kernels.table.widen(kind.code, source, length, target)
      unsafe floats = UnsafeRawPointer(scratch)
    }
    guard isDouble else { return unsafe floats }
    let wide = unsafe scratch + Self.length * 4
    let target = unsafe wide.assumingMemoryBound(to: Double.self)
    unsafe kernels.table.widen_f64(floats, length, target)
    return UnsafeRawPointer(wide)
  }

  /// Calls `body` with the chunks of two blocks of equal count; not at all if they are empty.
  static func with(
    _ a: RawSpan, _ kindA: ElementKind, _ b: RawSpan, _ kindB: ElementKind, _ kernels: KernelSet,
    _ body: (PairChunks) -> Void
  ) throws(KernelError) {
    let count = try kindA.count(in: a)
    let other = try kindB.count(in: b)
    guard count == other else { throw .unequalCounts(count, other) }
    unsafe a.withUnsafeBytes { p in
      unsafe b.withUnsafeBytes { q in
        guard let x = p.baseAddress, let y = q.baseAddress, count > 0 else { return }
        unsafe body(
          PairChunks(kernels: kernels, a: x, b: y, kindA: kindA, kindB: kindB, count: count))
      }
    }
  }
}
