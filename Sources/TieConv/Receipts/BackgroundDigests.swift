// Digests of the tensors that a receipt names, taken while the copy runs.

internal import Dispatch
internal import Synchronization
internal import TieConvIO

/// Hashes tensors on a thread of its own.
final class BackgroundDigests: Sendable {
  private let group = DispatchGroup()
  private let result = Mutex<Result<[String: SHA256Digest], IOFailure>>(.success([:]))

  /// Starts to hash the bytes that `tensors` speak of.
  init(_ checkpoint: Checkpoint, _ tensors: [Receipt.Tensor], _ options: ExecutionOptions) {
    let names = Set(tensors.map(\.sourceName))
    DispatchQueue.global().async(group: group) { [self] in
      let digests = Self.digests(of: names, in: checkpoint, options.cancellation)
      result.withLock { $0 = digests }
    }
  }

  private static func digests(
    of names: Set<String>, in checkpoint: Checkpoint, _ cancellation: Cancellation
  ) -> Result<[String: SHA256Digest], IOFailure> {
    Result { () throws(IOFailure) in
      var digests: [String: SHA256Digest] = [:]
      for name in names {
        guard let (shard, info) = checkpoint.tensor(name) else { continue }
        digests[name] = try SHA256Digest(
          of: shard.file, range: shard.fileRange(of: info), cancellation: cancellation)
      }
      return digests
    }
  }

  /// Waits, and writes the digests into `receipt`.
  func fill(_ receipt: inout Receipt) throws(CheckpointError) {
    group.wait()
    let digests = try reading { () throws(IOFailure) in try result.withLock { $0 }.get() }
    for place in receipt.tensors.indices {
      receipt.tensors[place].digest = digests[receipt.tensors[place].sourceName]
    }
  }
}

extension Receipt.Tensor {
  /// The tensor of the original that has the bytes spoken of.
  var sourceName: String { action == .added ? counterpart ?? name : name }
}
