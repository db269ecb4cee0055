// The rules of ggml that readers and writers share: sizes, names, alignment.

/// Checks on parts of a header.
enum GGUFRules {
  /// The alignment that `metadata` states, or the default.
  static func alignment(_ metadata: GGUFMetadata) throws(GGUFError) -> Int {
    guard let value = metadata[GGUFHeader.alignmentKey] else { return GGUFHeader.defaultAlignment }
    guard case .uint32(let stated) = value, stated.nonzeroBitCount == 1,
      stated <= GGUFHeader.maximumAlignment
    else { throw .invalidAlignment(value) }
    return Int(stated)
  }

  /// The size of a tensor in bytes.
  static func byteCount(
    _ name: String, _ extents: [UInt64], _ type: GGMLType
  ) throws(GGUFError) -> Int {
    guard name.utf8.count <= GGUFTensorInfo.maximumNameLength else {
      throw .nameTooLong(name)
    }
    guard !name.utf8.contains(0) else { throw .nameWithNUL(name) }
    guard extents.count <= GGUFTensorInfo.maximumRank else {
      throw .tooManyDimensions(tensor: name, found: UInt64(extents.count))
    }
    var count: UInt64 = 1
    for extent in extents {
      // ggml counts in signed 64 bits.
      guard extent <= UInt64(Int64.max) else {
        throw .negativeExtent(tensor: name, found: Int64(bitPattern: extent))
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard !overflow, product <= UInt64(Int64.max) else {
        throw .sizeOverflow(tensor: name, type, extents)
      }
      count = product
    }
    guard (extents.first ?? 1) % UInt64(type.blockElements) == 0 else {
      throw .partialBlock(tensor: name, type, extents)
    }
    guard let bytes = type.byteCount(elements: count) else {
      throw .sizeOverflow(tensor: name, type, extents)
    }
    return bytes
  }

  /// Where the tensor after one of `size` bytes at `place` has to start.
  static func end(
    of name: String, at place: Int, _ size: Int, _ alignment: Int
  ) throws(GGUFError) -> Int {
    let (end, overflow) = place.addingReportingOverflow(size)
    let (padded, wrapped) = end.addingReportingOverflow(alignment - 1)
    guard !overflow, !wrapped else { throw .dataOverflow(tensor: name) }
    return padded / alignment * alignment
  }
}
