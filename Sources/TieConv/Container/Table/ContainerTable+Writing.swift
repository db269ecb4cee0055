// The table as bytes; FORMAT.md describes them.

extension ContainerTable {
  /// The bytes of the table, before they are compressed.
  var bytes: [UInt8] {
    var writer = TableWriter()
    writer.number(span, 4)
    writer.number(layout == .folder ? 0 : 1, 4)
    for count in [bases.count, blobs.count, chunks.count, tensors.count, files.count] {
      writer.number(count, 4)
    }
    for base in bases {
      writer.text(base.name)
      writer.number(base.size, 8)
      writer.word(base.digest)
    }
    for blob in blobs {
      writer.number(blob.size, 8)
      writer.word(blob.digest)
      writer.number(blob.base ?? Int(ContainerFormat.none), 4)
    }
    for chunk in chunks {
      writer.word(chunk.storedDigest)
      writer.word(chunk.rawDigest)
      writer.number(chunk.storedCount, 4)
    }
    for tensor in tensors { writer.tensor(tensor) }
    for file in files { writer.file(file) }
    return writer.bytes
  }
}

/// Appends little-endian numbers and texts.
private struct TableWriter {
  private(set) var bytes: [UInt8] = []

  mutating func number(_ value: Int, _ width: Int) {
    for place in 0..<width { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place))) }
  }

  mutating func word(_ value: UInt64) { number(Int(truncatingIfNeeded: value), 8) }

  mutating func text(_ text: String) {
    number(text.utf8.count, 4)
    bytes += Array(text.utf8)
  }

  mutating func extent(_ extent: ContainerTable.Extent) {
    number(extent.blob, 4)
    number(extent.offset, 8)
    number(extent.count, 8)
  }

  mutating func tensor(_ tensor: ContainerTable.Tensor) {
    text(tensor.name)
    text(tensor.dtype.rawValue)
    number(tensor.shape.rank, 4)
    for dimension in tensor.shape.dimensions { word(dimension) }
    number(tensor.extents.count, 4)
    for extent in tensor.extents { self.extent(extent) }
  }

  mutating func file(_ file: ContainerTable.File) {
    text(file.path)
    number(Int(file.permissions), 4)
    number(file.segments.count, 4)
    for segment in file.segments {
      switch segment {
      case .extent(let extent):
        number(0, 4)
        self.extent(extent)
      case .tensor(let place):
        number(1, 4)
        number(place, 4)
      }
    }
  }
}
