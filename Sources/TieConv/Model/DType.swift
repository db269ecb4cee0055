// Element types, measured in bits because some are narrower than a byte.

/// The type of a tensor's elements, by its safetensors name, or its GGML name where safetensors has
/// no such type: blocks of elements that are packed together with their scales.
public enum DType: String, Sendable, CaseIterable {
  // Declaration order is the reference writer's alignment order, narrowest first.
  case bool = "BOOL"
  case f4 = "F4"
  case f6E2M3 = "F6_E2M3"
  case f6E3M2 = "F6_E3M2"
  case u8 = "U8"
  case i8 = "I8"
  case f8E5M2 = "F8_E5M2"
  case f8E4M3 = "F8_E4M3"
  case f8E8M0 = "F8_E8M0"
  case f8E4M3FNUZ = "F8_E4M3FNUZ"
  case f8E5M2FNUZ = "F8_E5M2FNUZ"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case c64 = "C64"
  case f64 = "F64"
  case i64 = "I64"
  case u64 = "U64"
  case c128 = "C128"

  case q1_0 = "Q1_0"
  case q2_0 = "Q2_0"
  case q4_0 = "Q4_0"
  case q4_1 = "Q4_1"
  case q5_0 = "Q5_0"
  case q5_1 = "Q5_1"
  case q8_0 = "Q8_0"
  case q8_1 = "Q8_1"
  case q2K = "Q2_K"
  case q3K = "Q3_K"
  case q4K = "Q4_K"
  case q5K = "Q5_K"
  case q6K = "Q6_K"
  case q8K = "Q8_K"
  case iq1S = "IQ1_S"
  case iq1M = "IQ1_M"
  case iq2XXS = "IQ2_XXS"
  case iq2XS = "IQ2_XS"
  case iq2S = "IQ2_S"
  case iq3XXS = "IQ3_XXS"
  case iq3S = "IQ3_S"
  case iq4NL = "IQ4_NL"
  case iq4XS = "IQ4_XS"
  case tq1_0 = "TQ1_0"
  case tq2_0 = "TQ2_0"
  case mxfp4 = "MXFP4"
  case nvfp4 = "NVFP4"

  /// The type that a safetensors header spells `name`; nil where it knows none such.
  public init?(safetensors name: String) {
    guard let dtype = DType(rawValue: name), dtype.isInSafetensors else { return nil }
    self = dtype
  }

  /// Whether a safetensors file can hold the type.
  public var isInSafetensors: Bool { self != .c128 && !isBlock }

  /// Whether elements are packed in blocks that carry their own scales.
  public var isBlock: Bool { block.elements > 8 }

  /// The width of one element in bits; of a block type, rounded up.
  public var bitWidth: Int { (block.bytes * 8 + block.elements - 1) / block.elements }

  /// The width of one element in bytes; nil where elements do not stand alone.
  public var byteWidth: Int? { block.elements == 1 ? block.bytes : nil }

  /// The size in bytes of `elements` elements in a row; nil where they do not fill whole bytes or
  /// blocks, or the number of bits is beyond 64 bits.
  public func byteCount(elements: UInt64) -> UInt64? {
    let (width, block) = (UInt64(bitWidth), self.block)
    guard elements.isMultiple(of: UInt64(block.elements)),
      !elements.multipliedReportingOverflow(by: width).overflow
    else { return nil }
    return elements / UInt64(block.elements) * UInt64(block.bytes)
  }

  /// Whether the elements are floating-point numbers.
  public var isFloat: Bool {
    switch self {
    case .f4, .f6E2M3, .f6E3M2, .f8E5M2, .f8E4M3, .f8E8M0, .f8E4M3FNUZ, .f8E5M2FNUZ, .f16, .bf16,
      .f32, .f64:
      true
    default: false
    }
  }
}
