// Inputs for the kernel tests: seeded bytes, odd lengths, and spans at odd alignments.

import Testing
import TieConvKernels

/// The lengths around every vector width that the kernels step by.
let lengths = [0, 1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 63, 127, 129, 255, 1023]

/// The levels this machine runs, besides the scalar definition.
let levels = InstructionSet.allCases.filter { $0 != .scalar && KernelSet($0) != nil }

func kernels(_ set: InstructionSet) throws -> KernelSet {
  try #require(KernelSet(set))
}

/// A seeded generator (SplitMix64), so that a failure can be repeated.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

func randomBytes(_ count: Int, seed: UInt64) -> [UInt8] {
  var generator = SplitMix(state: seed)
  return (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
}

func bytes<T: FixedWidthInteger>(_ values: [T]) -> [UInt8] {
  values.flatMap { value in
    (0..<(T.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> T(8 * $0)) }
  }
}

func bytes(_ values: [Float]) -> [UInt8] { bytes(values.map(\.bitPattern)) }
func bytes(_ values: [Double]) -> [UInt8] { bytes(values.map(\.bitPattern)) }

/// Storage that holds `content` at a byte offset; arrays themselves are 16-byte aligned.
struct Shifted {
  let storage: [UInt8]
  let offset: Int

  init(_ content: [UInt8], by offset: Int) {
    storage = [UInt8](repeating: 0, count: offset) + content
    self.offset = offset
  }

  var count: Int { storage.count - offset }

  func withSpan<Result, E: Error>(_ body: (RawSpan) throws(E) -> Result) throws(E) -> Result {
    try unsafe body(storage.span.bytes.extracting(offset..<storage.count))
  }

  func extracting(_ range: Range<Int>) -> Shifted {
    Shifted(Array(storage[offset...].dropFirst(range.lowerBound).prefix(range.count)), by: 1)
  }
}

extension [UInt8] {
  var block: Shifted { Shifted(self, by: 0) }
}
