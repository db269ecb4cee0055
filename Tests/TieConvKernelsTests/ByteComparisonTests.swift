// Laws of the byte comparison.

import Testing
import TieConvKernels

@Suite struct ByteComparisonTests {
  @Test(arguments: levels, [0, 1, 3])
  func `every planted difference is found where it is`(set: InstructionSet, offset: Int) throws {
    let kernels = try kernels(set)
    for length in lengths {
      let content = randomBytes(length, seed: UInt64(length))
      let a = Shifted(content, by: offset)
      let equal = Shifted(content, by: 3 - offset)
      #expect(ByteComparison.firstMismatch(a, equal, kernels: kernels) == nil)
      for position in 0..<length {
        var changed = content
        changed[position] ^= UInt8(1 << (position % 8))
        changed[length - 1] ^= 0x80
        guard changed[position] != content[position] else { continue }
        let b = Shifted(changed, by: 3 - offset)
        let found = ByteComparison.firstMismatch(a, b, kernels: kernels)
        #expect(found == position, "length \(length)")
      }
    }
  }

  @Test func `a prefix differs where it ends`() {
    let long: [UInt8] = [1, 2, 3]
    let short: [UInt8] = [1, 2]
    let empty: [UInt8] = []
    #expect(ByteComparison.firstMismatch(long.block, short.block) == 2)
    #expect(ByteComparison.firstMismatch(empty.block, short.block) == 0)
    #expect(ByteComparison.firstMismatch(empty.block, empty.block) == nil)
  }

  @Test func `the best level is one that this machine runs`() {
    #expect(["avx512", "avx2", "neon", "portable"].contains(InstructionSet.name))
    #expect(KernelSet(.scalar) != nil)
    #expect(!levels.isEmpty)
  }
}
