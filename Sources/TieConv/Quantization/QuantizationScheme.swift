// How a matrix is packed, in the words of the format that packs it.

/// The packing of one matrix. Two matrices with equal schemes and equal bytes are equal; with
/// different schemes they were quantized apart.
public struct QuantizationScheme: Sendable, Hashable, CustomStringConvertible {
  /// Who defines the packing.
  public enum Method: String, Sendable, Hashable, CaseIterable {
    case compressedTensors = "compressed-tensors"
    case gptq, awq, mlx
    case bitsAndBytes = "bitsandbytes"
    /// E4M3 with one factor a block, as DeepSeek releases them.
    case blockFP8 = "fp8"
  }

  /// What one factor serves.
  public enum Granularity: Sendable, Hashable {
    case tensor, row
    /// This many columns of a row.
    case group(Int)
    /// A block of rows × columns.
    case block(rows: Int, columns: Int)
    /// This many elements in row-major order, whatever the rows are.
    case run(Int)
    /// Columns share a factor by an index of their own, groups in all.
    case indexed(groups: Int)
  }

  /// Who defines the packing.
  public let method: Method
  /// The format's own name: `pack-quantized`, `affine`, `nf4`…
  public let format: String
  /// Bits of one code.
  public let bits: Int
  /// What one factor serves.
  public let granularity: Granularity
  /// The type that the format's reference implementation dequantizes to, and which the numbers are
  /// exact in.
  public let result: DType

  /// The scheme in words: `mlx affine, 4 bits, groups of 64`.
  public var description: String {
    let shared =
      switch granularity {
      case .tensor: "one factor"
      case .row: "a factor a row"
      case .group(let size): "groups of \(size)"
      case .block(let rows, let columns): "blocks of \(rows)×\(columns)"
      case .run(let size): "runs of \(size)"
      case .indexed(let groups): "\(groups) groups by index"
      }
    let name = format == method.rawValue ? format : "\(method.rawValue) \(format)"
    return "\(name), \(bits) bits, \(shared)"
  }
}
