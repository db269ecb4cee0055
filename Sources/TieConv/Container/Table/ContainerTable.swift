// What the table of a container says, as values.

/// The table of a container: what is in it, and where.
struct ContainerTable: Sendable, Equatable {
  /// A tensor of the base checkpoint that blobs refer to.
  struct Base: Sendable, Equatable {
    let name: String
    let size: Int
    let digest: UInt64
  }

  /// A run of bytes that is stored once.
  struct Blob: Sendable, Equatable {
    let size: Int
    /// XXH3 over the raw digests of its chunks.
    let digest: UInt64
    /// The place in ``bases``; nil where it stands for itself.
    let base: Int?
  }

  /// One stored chunk; its blob and place follow from the order.
  struct Chunk: Sendable, Equatable {
    let storedDigest: UInt64
    let rawDigest: UInt64
    let storedCount: Int
  }

  /// A part of a blob.
  struct Extent: Sendable, Equatable {
    let blob: Int
    let offset: Int
    let count: Int
  }

  /// A name for bytes: two names with the same extents are a tie.
  struct Tensor: Sendable, Equatable {
    let name: String
    let dtype: DType
    let shape: Shape
    let extents: [Extent]
  }

  /// A run of bytes of a file.
  enum Segment: Sendable, Equatable {
    case extent(Extent)
    /// All bytes of the tensor at this place in ``tensors``.
    case tensor(Int)
  }

  /// A file of the checkpoint.
  struct File: Sendable, Equatable {
    let path: String
    let permissions: UInt32
    let segments: [Segment]
  }

  var layout: Checkpoint.Layout
  /// Bytes of a blob in one chunk; the last has the rest.
  var span: Int
  var bases: [Base] = []
  var blobs: [Blob] = []
  var chunks: [Chunk] = []
  var tensors: [Tensor] = []
  var files: [File] = []

  /// The chunks that a blob of `size` bytes has.
  func chunkCount(_ size: Int) -> Int { size / span + (size % span == 0 ? 0 : 1) }
}
