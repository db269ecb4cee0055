// What a container will hold, decided before the first byte is written.

internal import TieConvIO

/// The blobs, tensors and files of a container to be written.
struct ContainerPlan: Sendable {
  /// A run of bytes of the input.
  struct Piece: Sendable {
    let source: any ByteSource
    let offset: Int
    let count: Int
  }

  /// A blob to be written: the bytes of its pieces, one after another.
  struct Blob: Sendable {
    private(set) var pieces: [Piece] = []
    private(set) var size = 0
    let content: BlobContent
    /// The place in ``bases``.
    let base: Int?

    init(_ pieces: [Piece], _ content: BlobContent, base: Int? = nil) {
      self.content = content
      self.base = base
      for piece in pieces { append(piece) }
    }

    /// Adds `piece`, to the last one where it goes on there.
    mutating func append(_ piece: Piece) {
      size += piece.count
      if let last = pieces.last, last.source === piece.source,
        last.offset + last.count == piece.offset
      {
        pieces[pieces.count - 1] = Piece(
          source: last.source, offset: last.offset, count: last.count + piece.count)
      } else {
        pieces.append(piece)
      }
    }
  }

  /// A tensor of the base that a blob is compared with.
  struct Base: Sendable {
    let name: String
    let piece: Piece
  }

  let layout: Checkpoint.Layout
  var bases: [Base] = []
  var blobs: [Blob] = []
  var tensors: [ContainerTable.Tensor] = []
  var files: [ContainerTable.File] = []
  /// Every file that is read.
  var sources: [any ByteSource] = []
  /// The size of all files in bytes.
  var inputCount = 0
  /// Bytes of tensors and files that another one's blob has already.
  var sharedCount = 0
}

extension [ContainerTable.Extent] {
  /// The part of the bytes from `offset` on.
  func slice(_ offset: Int, _ count: Int) -> [ContainerTable.Extent] {
    var result: [ContainerTable.Extent] = []
    var start = 0
    for extent in self {
      let low = Swift.max(start, offset)
      let high = Swift.min(start + extent.count, offset + count)
      if low < high {
        result.append(
          ContainerTable.Extent(
            blob: extent.blob, offset: extent.offset + low - start, count: high - low))
      }
      start += extent.count
    }
    return result
  }

  /// Neighbours in one blob joined.
  var joined: [ContainerTable.Extent] {
    var result: [ContainerTable.Extent] = []
    for extent in self {
      if let last = result.last, last.blob == extent.blob, last.offset + last.count == extent.offset
      {
        result[result.count - 1] = ContainerTable.Extent(
          blob: last.blob, offset: last.offset, count: last.count + extent.count)
      } else {
        result.append(extent)
      }
    }
    return result
  }
}
