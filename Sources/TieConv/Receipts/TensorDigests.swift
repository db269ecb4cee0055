// Digests of the tensors that a receipt names, taken while the copy runs.

internal import TieConvIO

/// SHA-256 of tensors, in the making.
struct TensorDigests: Sendable {
  private let work: BackgroundWork<[String: SHA256Digest]>

  /// Starts to hash the bytes that `tensors` speak of.
  init(_ checkpoint: Checkpoint, _ tensors: [Receipt.Tensor], _ options: ExecutionOptions) {
    let names = Set(tensors.map(\.sourceName))
    work = BackgroundWork { () throws(IOFailure) in
      var digests: [String: SHA256Digest] = [:]
      for name in names {
        guard let (shard, info) = checkpoint.tensor(name) else { continue }
        digests[name] = try SHA256Digest(
          of: shard.file, range: shard.fileRange(of: info), cancellation: options.cancellation)
      }
      return digests
    }
  }

  /// Waits, and writes the digests into `receipt`.
  func fill(_ receipt: inout Receipt) throws(CheckpointError) {
    let digests = try reading { () throws(IOFailure) in try work.value() }
    for place in receipt.tensors.indices {
      receipt.tensors[place].digest = digests[receipt.tensors[place].sourceName]
    }
  }
}

extension Receipt.Tensor {
  /// The tensor of the original that has the bytes spoken of.
  var sourceName: String { action == .added ? counterpart ?? name : name }
}
