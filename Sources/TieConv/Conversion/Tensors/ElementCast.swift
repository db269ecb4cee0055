// From one element type to another, in blocks, without a silent infinity.

internal import TieConvIO
internal import TieConvKernels

/// Casts runs of elements: exactly to a wider type, to nearest (ties to even) to a narrower one.
struct ElementCast: Sendable {
  /// Elements cast at a time: their F32 form stays in the cache.
  private static let blockCount = 32 << 10

  let source: DType
  let target: DType
  /// Added to every element, in F32.
  let addend: Float
  /// What the elements belong to, for messages.
  let name: String

  /// Whether nothing changes.
  var isVerbatim: Bool { source == target && addend == 0 }

  /// Whether there is a cast from `source` to `target` at all.
  static func isPossible(from source: DType, to target: DType) -> Bool {
    if source == target { return true }
    guard let kind = ElementKind(source), kind != .f64 else { return false }
    return target == .f32 || target == .bf16 || target == .f16
  }

  /// Casts all of `input` to `output`, which has room for as many elements.
  ///
  /// - Throws: `unrepresentable` where a finite number becomes an infinity.
  func apply(
    _ input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer
  ) throws(IOFailure) {
    if isVerbatim {
      unsafe output.copyMemory(from: input)
      return
    }
    guard let width = source.byteWidth, let outputWidth = target.byteWidth,
      let kind = ElementKind(source)
    else { throw failure("no conversion from \(source.rawValue) to \(target.rawValue)") }
    let count = input.count / width
    var floats: [Float] = []
    for start in stride(from: 0, to: count, by: Self.blockCount) {
      let end = min(start + Self.blockCount, count)
      if floats.count != end - start { floats = [Float](repeating: 0, count: end - start) }
      let part = unsafe UnsafeRawBufferPointer(rebasing: input[start * width..<end * width])
      let room = unsafe UnsafeMutableRawBufferPointer(
        rebasing: output[start * outputWidth..<end * outputWidth])
      do {
        unsafe try cast(part, kind, through: &floats, to: room)
      } catch let error as IOFailure {
        throw error
      } catch { throw failure("\(error)") }
    }
  }

  private func cast(
    _ input: UnsafeRawBufferPointer, _ kind: ElementKind,
    through floats: inout [Float], to output: UnsafeMutableRawBufferPointer
  ) throws {
    let count = floats.count
    var wide = floats.mutableSpan
    try Widening.toFloat32(unsafe input.bytes, kind: kind, into: &wide)
    if addend != 0 {
      for index in 0..<count { wide[index] += addend }
    }
    if target == .f32 {
      let bytes = unsafe wide.span.bytes
      unsafe bytes.withUnsafeBytes { unsafe output.copyMemory(from: $0) }
      return
    }
    let narrow: ElementKind = target == .bf16 ? .bf16 : .f16
    unsafe try output.withMemoryRebound(to: UInt16.self) { buffer in
      var room = unsafe buffer.mutableSpan
      unsafe try Narrowing.fromFloat32(wide.span.bytes, to: narrow, into: &room)
      let bytes = unsafe UnsafeRawBufferPointer(buffer).bytes
      guard let first = try NonFinite.firstIndex(in: bytes, kind: narrow) else { return }
      for index in first..<count where wide[index].isFinite && isInfinite(room[index]) {
        throw failure("\(wide[index]) is beyond what \(target.rawValue) can hold")
      }
    }
  }

  private func isInfinite(_ bits: UInt16) -> Bool {
    bits & 0x7FFF == (target == .bf16 ? 0x7F80 : 0x7C00)
  }

  private func failure(_ message: String) -> IOFailure {
    IOFailure("convert", name, reason: .unrepresentable, message: message)
  }
}
