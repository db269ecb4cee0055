// How a member of a tie group is packed, as far as that can be told.

/// The packing of one stored matrix.
public struct MemberPacking: Sendable, Equatable {
  /// The packing; nil where it is not one that is decoded.
  public let scheme: QuantizationScheme?
  /// Rows and columns of the numbers that the codes stand for.
  public let shape: Shape?
  /// Why it is not decoded.
  public let problem: CheckpointError?

  /// The packing of `family`; nil where it is plain.
  init?(_ family: TensorFamily, in checkpoint: Checkpoint) {
    guard family.isPacked(in: checkpoint) else { return nil }
    do throws(CheckpointError) {
      let matrix = try DequantizedMatrix(family, in: checkpoint)
      (scheme, shape, problem) = (matrix.scheme, matrix.shape, nil)
    } catch {
      (scheme, shape, problem) = (nil, nil, error)
    }
  }

  /// The packing in words.
  public var description: String { scheme?.description ?? problem?.message ?? "unknown" }
}

extension TensorFamily {
  /// Whether the main tensor holds codes: numbers with scales of activations beside them are plain.
  func isPacked(in checkpoint: Checkpoint) -> Bool {
    guard isQuantized, let main, let info = checkpoint.tensor(main)?.info else { return false }
    return !(format == .compressedTensors && [.f32, .f16, .bf16].contains(info.dtype))
  }
}
