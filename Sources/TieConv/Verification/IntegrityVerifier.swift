// verify MODEL: is one checkpoint whole, consistent, and what its receipt says?

internal import Synchronization
internal import TieConvIO
internal import TieConvKernels

/// Verifies one checkpoint.
public struct IntegrityVerifier: Sendable {
  private let checkpoint: Checkpoint
  private let checksFinite: Bool
  private let options: ExecutionOptions

  /// A verifier of `checkpoint`, whose headers were checked when it was opened.
  ///
  /// - Parameters:
  ///   - checkpoint: the checkpoint.
  ///   - checksFinite: whether every number is read to find NaN and infinity.
  ///   - options: threads, progress, cancellation.
  public init(
    _ checkpoint: Checkpoint, checksFinite: Bool = false,
    options: ExecutionOptions = ExecutionOptions()
  ) {
    self.checkpoint = checkpoint
    self.checksFinite = checksFinite
    self.options = options
  }

  /// The report.
  public func report() throws(CheckpointError) -> VerifyReport {
    var checks = [headerCheck(), indexCheck()]
    if let container = checkpoint.container {
      checks.append(try ContainerVerifier(container: container, options: options).check())
    }
    checks += try checksumChecks()
    if checkpoint.config != nil || checkpoint.isGGUF { checks.append(try tieCheck()) }
    if let receipt = try Receipt(of: checkpoint) { checks += try receiptChecks(receipt) }
    var differences: [VerifyReport.Difference] = []
    if checksFinite {
      differences = try nonFinite()
      checks.append(
        VerifyReport.Check(
          name: "finite", passed: differences.isEmpty,
          message: differences.isEmpty
            ? "no NaN and no infinity"
            : "NaN or infinity in \(counted(differences.count, "tensor"))"))
    }
    return VerifyReport(
      checks: checks, isEqual: nil,
      tensorsCompared: checksFinite ? checkpoint.locations.count : 0, maxAbsDiff: nil,
      differences: differences)
  }

  private func headerCheck() -> VerifyReport.Check {
    VerifyReport.Check(
      name: "headers", passed: true,
      message: "\(counted(checkpoint.locations.count, "tensor")) in "
        + "\(counted(checkpoint.shards.count, "file")), every offset accounted for")
  }

  private func indexCheck() -> VerifyReport.Check {
    let faults = IndexAudit(checkpoint).faults
    let message =
      faults.first.map { [$0.tensor, $0.message].compactMap { $0 }.joined(separator: ": ") }
      ?? (checkpoint.index == nil ? "no index is needed" : "index and files agree")
    return VerifyReport.Check(
      name: "index", passed: faults.isEmpty,
      message: faults.count > 1 ? "\(message), and \(faults.count - 1) more" : message)
  }

  /// The CRC-32 of every entry of PyTorch's archives. torch.save can be told to leave them out, and
  /// then none is right.
  private func checksumChecks() throws(CheckpointError) -> [VerifyReport.Check] {
    var checks: [VerifyReport.Check] = []
    for shard in checkpoint.shards {
      guard case .pytorch(let file) = shard.contents,
        let found = try file.entriesByChecksum(options.cancellation)
      else { continue }
      let message =
        found.damaged.isEmpty
        ? "\(found.intact) entries of \(shard.name) have their CRC-32"
        : found.intact == 0
          ? "\(shard.name) was written without checksums"
          : "another CRC-32 than stated: \(found.damaged.prefix(4).joined(separator: ", "))"
      checks.append(
        VerifyReport.Check(
          name: "checksums", passed: found.damaged.isEmpty || found.intact == 0, message: message))
    }
    return checks
  }

  private func tieCheck() throws(CheckpointError) -> VerifyReport.Check {
    let detector = TieDetector(checkpoint: checkpoint, options: options)
    let main = try detector.groups().groups.first(where: \.isMain)
    let verdict = main?.verdict ?? .notAModel
    // An architecture that always ties takes an equal copy for what it is.
    let isHarmless = verdict == .tiedDuplicate && detector.flag.isForced
    // Both are stored and the flag says two: nothing is lost, whatever their likeness means.
    let isKept = detector.keepsBoth(verdict)
    return VerifyReport.Check(
      name: "tie", passed: verdict.isSound || verdict == .notAModel || isHarmless || isKept,
      message: "\(verdict.rawValue): \(main?.explanation ?? verdict.meaning)"
        + (isKept ? "; the flag keeps both" : ""))
  }

  // MARK: Receipt

  private func receiptChecks(
    _ receipt: Receipt
  ) throws(CheckpointError) -> [VerifyReport.Check] {
    let changed = try receipt.changedFiles(in: checkpoint)
    var wrong: [String] = []
    for tensor in receipt.tensors {
      guard let digest = tensor.digest, let name = tensor.holder,
        let (shard, info) = checkpoint.tensor(name)
      else { continue }
      let found = try reading { () throws(IOFailure) in
        try SHA256Digest(
          of: shard.file, range: shard.fileRange(of: info), cancellation: options.cancellation)
      }
      if found != digest { wrong.append(name) }
    }
    let checks = [
      VerifyReport.Check(
        // What a conversion records is for the way back, and does not forbid to change anything.
        name: "receipt", passed: changed.isEmpty || receipt.operation == .convert,
        message: changed.isEmpty
          ? "describes these files (\(receipt.operation.rawValue): \(receipt.reason))"
          : "changed since the receipt: \(changed.joined(separator: ", "))"),
      VerifyReport.Check(
        name: "digests", passed: wrong.isEmpty,
        message: wrong.isEmpty
          ? receipt.tensors.isEmpty
            ? "no tensor was touched"
            : "\(counted(receipt.tensors.count, "tensor")) with the recorded SHA-256"
          : "not the recorded bytes: \(wrong.joined(separator: ", "))"),
    ]
    // A conversion records types, not bytes.
    return receipt.tensors.isEmpty ? Array(checks.prefix(1)) : checks
  }

  // MARK: Numbers

  private func nonFinite() throws(CheckpointError) -> [VerifyReport.Difference] {
    let tensors = checkpoint.shards.flatMap { shard in
      shard.tensors.map { (shard: shard, info: $0) }
    }
    let found = Mutex<[Int: Int]>([:])
    let meter = ProgressMeter("reading", total: checkpoint.storedBytes, options)
    do {
      try ParallelLoop.run(blocks: tensors.count, threads: options.threads) { number, _ in
        let (shard, info) = tensors[number]
        let decoder = StoredDecoder(info.dtype, order: shard.byteOrder)
        if let decoder, decoder.isBlock {
          let first = try Self.firstNonFinite(shard, info, decoder, options)
          if let first { found.withLock { $0[number] = first } }
        } else if let kind = decoder?.kind ?? ElementKind(info.dtype) {
          let first = try Self.firstNonFinite(shard, info, kind, decoder, options)
          if let first { found.withLock { $0[number] = first } }
        }
        meter.advance(info.byteCount)
      }
    } catch {
      throw CheckpointError(whileReading: error)
    }
    return found.withLock { $0 }.sorted { $0.key < $1.key }.map { number, element in
      let info = tensors[number].info
      let width = info.shape.rank > 1 ? info.elementCount / Int(info.shape.dimensions[0]) : 0
      let place = width > 0 ? "row \(element / width)" : "element \(element)"
      return VerifyReport.Difference(
        tensor: info.name, maxAbsDiff: nil, reason: "NaN or infinity, first in \(place)")
    }
  }

  /// What one worker reads at a time: it fits the second-level cache.
  private static let readCount = 256 << 10

  private static func firstNonFinite(
    _ shard: Shard, _ info: TensorInfo, _ kind: ElementKind, _ decoder: StoredDecoder?,
    _ options: ExecutionOptions
  ) throws -> Int? {
    let range = shard.fileRange(of: info)
    let buffer = AlignedBuffer(count: min(max(range.count, 8), Self.readCount))
    var place = range.lowerBound
    while place < range.upperBound {
      try options.cancellation.check()
      let bytes = unsafe buffer.bytes(min(buffer.count, range.upperBound - place))
      unsafe try shard.file.read(into: bytes, at: place)
      if let decoder { unsafe decoder.swap(bytes) }
      if let index = unsafe try NonFinite.firstIndex(in: bytes.bytes, kind: kind) {
        return (place - range.lowerBound) / kind.byteWidth + index
      }
      place += bytes.count
    }
    return nil
  }

  /// The first value of a packed tensor that is no number, or whose scale is none.
  private static func firstNonFinite(
    _ shard: Shard, _ info: TensorInfo, _ decoder: StoredDecoder, _ options: ExecutionOptions
  ) throws -> Int? {
    let (values, bytes) = info.dtype.block
    let range = shard.fileRange(of: info)
    let perRead = max(1, readCount / bytes)
    let packed = AlignedBuffer(count: perRead * bytes)
    let numbers = AlignedBuffer(count: perRead * values * 4)
    for place in stride(from: range.lowerBound, to: range.upperBound, by: perRead * bytes) {
      try options.cancellation.check()
      let count = min(perRead, (range.upperBound - place) / bytes)
      let source = unsafe packed.bytes(count * bytes)
      let target = unsafe numbers.bytes(count * values * 4)
      unsafe try shard.file.read(into: source, at: place)
      unsafe try decoder.decode(source, into: target)
      let first = unsafe try NonFinite.firstIndex(in: target.bytes, kind: .f32)
      let block = unsafe decoder.firstScaleWithoutValue(source)
      if let index = [first, block.map { $0 * values }].compactMap({ $0 }).min() {
        return (place - range.lowerBound) / bytes * values + index
      }
    }
    return nil
  }
}

extension Receipt.Tensor {
  /// The tensor of the edited checkpoint that has the bytes spoken of; nil where they are gone.
  var holder: String? { action == .added ? name : counterpart }
}
