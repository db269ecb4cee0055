// The table out of bytes that nobody vouches for: every number is checked before it is used.

internal import TieConvIO
internal import TieConvKernels

extension ContainerTable {
  /// Reads and checks a table.
  init(_ bytes: [UInt8]) throws(ContainerFault) {
    var reader = TableReader(bytes)
    span = try reader.number(4)
    guard ContainerFormat.spans.contains(span), span % 8 == 0 else {
      throw ContainerFault("chunks of \(span) bytes are not allowed")
    }
    switch try reader.number(4) {
    case 0: layout = .folder
    case 1: layout = .file
    case let other: throw ContainerFault("unknown layout \(other)")
    }
    // The least that an entry of each list takes: a count that cannot be true is not believed.
    let baseCount = try reader.count(entry: 20)
    let blobCount = try reader.count(entry: 20)
    let chunkCount = try reader.count(entry: 20)
    let tensorCount = try reader.count(entry: 16)
    let fileCount = try reader.count(entry: 12)
    for _ in 0..<baseCount {
      bases.append(
        Base(
          name: try reader.text(), size: try reader.number(8), digest: try reader.word()))
    }
    for _ in 0..<blobCount { blobs.append(try reader.blob(bases)) }
    for _ in 0..<chunkCount {
      chunks.append(
        Chunk(
          storedDigest: try reader.word(), rawDigest: try reader.word(),
          storedCount: try reader.number(4)))
    }
    try checkChunks()
    for _ in 0..<tensorCount { tensors.append(try reader.tensor(blobs)) }
    for _ in 0..<fileCount { files.append(try reader.file(blobs, tensors.count)) }
    guard reader.isAtEnd else { throw ContainerFault("the table has bytes left over") }
    try checkNames()
  }

  /// Every blob has the chunks that its size needs, and their digests give its own.
  private func checkChunks() throws(ContainerFault) {
    var first = 0
    for (number, blob) in blobs.enumerated() {
      let count = chunkCount(blob.size)
      guard count <= chunks.count - first else {
        throw ContainerFault("blob \(number) needs more chunks than there are")
      }
      guard blob.digest == Self.digest(chunks[first..<first + count].map(\.rawDigest)) else {
        throw ContainerFault("the digest of blob \(number) is not that of its chunks")
      }
      first += count
    }
    guard first == chunks.count else { throw ContainerFault("chunks belong to no blob") }
  }

  private func checkNames() throws(ContainerFault) {
    var paths: Set<String> = []
    var folders: Set<String> = []
    for file in files {
      guard EntryPath.isSafe(file.path) else {
        throw ContainerFault("unsafe path \(JSONText.quoted(file.path))")
      }
      guard paths.insert(file.path).inserted else {
        throw ContainerFault("two files are called \(JSONText.quoted(file.path))")
      }
      folders.formUnion(EntryPath.folders(above: file.path))
    }
    if let both = paths.first(where: folders.contains) {
      throw ContainerFault("\(JSONText.quoted(both)) is both a file and a folder")
    }
    guard layout == .folder || (files.count == 1 && folders.isEmpty) else {
      throw ContainerFault("a lone file was expected, \(files.count) are there")
    }
  }

  /// The digest of what has chunks with these raw digests.
  static func digest(_ chunks: [UInt64]) -> UInt64 {
    unsafe chunks.withUnsafeBytes { unsafe ContentDigest.xxh3($0) }
  }
}

/// What is wrong with a container's structure.
struct ContainerFault: Error, Sendable, Equatable {
  let message: String

  init(_ message: String) { self.message = message }
}

/// Reads little-endian numbers and texts, never past the end.
private struct TableReader {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place == bytes.count }

  mutating func word(_ width: Int = 8) throws(ContainerFault) -> UInt64 {
    guard width <= bytes.count - place else { throw ContainerFault("the table ends too soon") }
    var value: UInt64 = 0
    for offset in 0..<width { value |= UInt64(bytes[place + offset]) << UInt64(8 * offset) }
    place += width
    return value
  }

  mutating func number(_ width: Int) throws(ContainerFault) -> Int {
    guard let value = Int(exactly: try word(width)) else {
      throw ContainerFault("a number of the table is out of bounds")
    }
    return value
  }

  /// A count of entries of at least `entry` bytes, which must find room in the table.
  mutating func count(entry: Int) throws(ContainerFault) -> Int {
    let count = try number(4)
    guard count <= bytes.count / entry else {
      throw ContainerFault("the table is too short for \(count) entries")
    }
    return count
  }

  mutating func text() throws(ContainerFault) -> String {
    let count = try number(4)
    guard count <= bytes.count - place else { throw ContainerFault("the table ends too soon") }
    let part = bytes[place..<place + count]
    place += count
    guard let text = String(validating: part, as: UTF8.self) else {
      throw ContainerFault("a name is not UTF-8")
    }
    return text
  }

  mutating func blob(_ bases: [ContainerTable.Base]) throws(ContainerFault) -> ContainerTable.Blob {
    let size = try number(8)
    let digest = try word()
    let base = try number(4)
    guard base != Int(ContainerFormat.none) else {
      return ContainerTable.Blob(size: size, digest: digest, base: nil)
    }
    guard base < bases.count, bases[base].size == size else {
      throw ContainerFault("a blob refers to a base that it does not fit")
    }
    return ContainerTable.Blob(size: size, digest: digest, base: base)
  }

  mutating func extent(
    _ blobs: [ContainerTable.Blob]
  ) throws(ContainerFault) -> ContainerTable.Extent {
    let blob = try number(4)
    let offset = try number(8)
    let count = try number(8)
    guard blob < blobs.count, offset <= blobs[blob].size, count <= blobs[blob].size - offset,
      count > 0
    else { throw ContainerFault("an extent lies outside its blob") }
    return ContainerTable.Extent(blob: blob, offset: offset, count: count)
  }

  mutating func tensor(
    _ blobs: [ContainerTable.Blob]
  ) throws(ContainerFault) -> ContainerTable.Tensor {
    let name = try text()
    let spelled = try text()
    guard let dtype = DType(rawValue: spelled) else {
      throw ContainerFault("unknown dtype \(JSONText.quoted(spelled))")
    }
    var dimensions: [UInt64] = []
    for _ in 0..<(try count(entry: 8)) { dimensions.append(try word()) }
    var extents: [ContainerTable.Extent] = []
    var total = 0
    for _ in 0..<(try count(entry: 20)) {
      let extent = try extent(blobs)
      total = total.addingSaturated(extent.count)
      extents.append(extent)
    }
    let shape = Shape(dimensions)
    guard let elements = shape.elementCount,
      dtype.byteCount(elements: elements) == UInt64(total)
    else { throw ContainerFault("\(JSONText.quoted(name)) has \(total) bytes, which do not fit") }
    return ContainerTable.Tensor(name: name, dtype: dtype, shape: shape, extents: extents)
  }

  mutating func file(
    _ blobs: [ContainerTable.Blob], _ tensorCount: Int
  ) throws(ContainerFault) -> ContainerTable.File {
    let path = try text()
    let permissions = try number(4)
    guard permissions <= 0o777 else { throw ContainerFault("permissions out of bounds") }
    var segments: [ContainerTable.Segment] = []
    for _ in 0..<(try count(entry: 8)) {
      switch try number(4) {
      case 0: segments.append(.extent(try extent(blobs)))
      case 1:
        let place = try number(4)
        guard place < tensorCount else { throw ContainerFault("a file refers to no tensor") }
        segments.append(.tensor(place))
      case let other: throw ContainerFault("unknown kind of segment \(other)")
      }
    }
    return ContainerTable.File(
      path: path, permissions: UInt32(permissions), segments: segments)
  }
}
