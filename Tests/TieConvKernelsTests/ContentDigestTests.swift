// The digest is XXH3 on every machine, whatever the length and wherever the bytes lie.

import Testing
import TieConvKernels

@Suite struct ContentDigestTests {
  private static let sets = [InstructionSet.scalar] + levels

  /// Digests by length, of bytes whose number i is (i² + ⌊i ÷ 256⌋) mod 256, made with the Python
  /// package xxhash 4.1.0 (`xxh3_64_intdigest`). Each way of treating a length is here with its
  /// first and last.
  private static let expected: [(count: Int, digest: UInt64)] = [
    (0, 0x2D06_8005_38D3_94C2), (1, 0xC44B_DFF4_074E_ECDB), (2, 0xD664_5FC3_051A_9457),
    (3, 0x3789_2F62_4F40_B19C), (4, 0x5206_B2E6_B553_FE7E), (5, 0x4059_737F_9055_31B6),
    (8, 0xBCFE_131F_A6CB_6952), (9, 0x95A8_B757_2F43_0FEF), (15, 0x098D_4EB9_D2C2_6C60),
    (16, 0xF36D_1380_FC3D_25FD), (17, 0x0666_0D2E_9BD3_60E6), (32, 0x952C_0E58_E053_7A66),
    (33, 0xB715_D2CA_8E7B_FDDA), (64, 0x73F9_7AE9_D002_340E), (65, 0x0661_1338_ED8A_64F2),
    (96, 0x189E_90CA_E28D_35F3), (97, 0x1E25_8DE5_9672_5FF1), (128, 0xBD89_4DF5_D76D_65E1),
    (129, 0x7D62_3BC7_0B99_7B42), (143, 0x68FD_574B_6B34_D9F0), (144, 0x7935_1C58_D8E2_4EA8),
    (239, 0x8A58_CF68_F2F5_1322), (240, 0x2177_1FE5_D37D_93A6), (241, 0x5F23_50AC_407E_387B),
    (256, 0xA8C4_C8BA_609F_2C53), (257, 0x76D4_C0CA_1164_0CF3), (1024, 0x4D70_58D2_9AD3_B4DA),
    (1025, 0xB9BB_8FE3_C724_BB04), (1088, 0x81D3_B029_D8BD_E1F7), (2048, 0x96A0_1EDE_02EC_C1A7),
    (2049, 0x9CCF_95C5_F5B9_D2DD), (4160, 0xA5EC_4871_C858_29A3), (65543, 0xD704_B3B5_943A_7A08),
    (262144, 0xEF0C_C5CE_EF25_37BE), (1052897, 0x6889_8055_AE70_7727),
  ]

  private func digest(_ bytes: ArraySlice<UInt8>, _ kernels: KernelSet) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe ContentDigest.xxh3($0, kernels: kernels) }
  }

  @Test(arguments: sets)
  func `the digest is XXH3`(set: InstructionSet) throws {
    let kernels = try kernels(set)
    let longest = Self.expected.map(\.count).max() ?? 0
    let bytes = (0..<longest).map { UInt8(truncatingIfNeeded: $0 &* $0 &+ $0 / 256) }
    for (count, expected) in Self.expected {
      #expect(digest(bytes[..<count], kernels) == expected, "length \(count)")
    }
  }

  @Test(arguments: levels, [0, 1, 7])
  func `every level agrees with the definition`(set: InstructionSet, offset: Int) throws {
    let (plain, fast) = (try kernels(.scalar), try kernels(set))
    let bytes = randomBytes(3400, seed: UInt64(offset))
    for count in 0..<3390 {
      let part = bytes[offset..<offset + count]
      #expect(digest(part, fast) == digest(part, plain), "length \(count)")
    }
  }
}
