// How many elements of a type stand together, and in how many bytes.

extension DType {
  /// The smallest run of elements that fills whole bytes, or the block of a packed type.
  ///
  /// Sizes of block types: `ggml.c`, type traits.
  public var block: (elements: Int, bytes: Int) {
    switch self {
    case .f4: (2, 1)
    case .f6E2M3, .f6E3M2: (4, 3)
    case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ: (1, 1)
    case .i16, .u16, .f16, .bf16: (1, 2)
    case .i32, .u32, .f32: (1, 4)
    case .c64, .f64, .i64, .u64: (1, 8)
    case .c128: (1, 16)
    default: packedBlock
    }
  }

  private var packedBlock: (elements: Int, bytes: Int) {
    switch self {
    case .q1_0: (128, 18)
    case .q2_0: (64, 18)
    case .q4_0, .iq4NL: (32, 18)
    case .q4_1: (32, 20)
    case .q5_0: (32, 22)
    case .q5_1: (32, 24)
    case .q8_0: (32, 34)
    case .q8_1: (32, 36)
    case .mxfp4: (32, 17)
    case .nvfp4: (64, 36)
    case .q2K: (256, 84)
    case .q3K, .iq3S: (256, 110)
    case .q4K: (256, 144)
    case .q5K: (256, 176)
    case .q6K: (256, 210)
    case .q8K: (256, 292)
    case .iq1S: (256, 50)
    case .iq1M: (256, 56)
    case .iq2XXS, .tq2_0: (256, 66)
    case .iq2XS: (256, 74)
    case .iq2S: (256, 82)
    case .iq3XXS: (256, 98)
    case .iq4XS: (256, 136)
    case .tq1_0: (256, 54)
    default: (1, 1)
    }
  }
}
