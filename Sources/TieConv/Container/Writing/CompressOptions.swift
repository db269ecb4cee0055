// Choices of compress and decompress.

/// How a container is written.
public struct CompressOptions: Sendable {
  /// The checkpoint that tensors are stored as differences to.
  public var base: Checkpoint?
  /// The coder of compressed planes.
  public var codec = ContainerCodec.zstd
  /// Whether every chunk is decoded again and compared before it is written.
  public var verifies = true
  /// Whether nothing is written: all is encoded, to know its size.
  public var isDryRun = false
  /// Whether an existing output is replaced.
  public var replaces = false
  /// Threads, progress, cancellation.
  public var execution: ExecutionOptions

  /// The usual choices.
  public init(execution: ExecutionOptions = ExecutionOptions()) { self.execution = execution }
}

/// How a container is unpacked.
public struct DecompressOptions: Sendable {
  /// Whether only the plan is worked out.
  public var isDryRun = false
  /// Whether an existing output is replaced.
  public var replaces = false
  /// Threads, progress, cancellation.
  public var execution: ExecutionOptions

  /// The usual choices.
  public init(execution: ExecutionOptions = ExecutionOptions()) { self.execution = execution }
}
