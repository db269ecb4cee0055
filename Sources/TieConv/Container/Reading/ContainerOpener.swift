// From a file to a checked table: header, footer, digest, then every number of the table.

internal import TieConvIO

/// Opens a container's table.
struct ContainerOpener {
  private let file: InputFile

  init(_ file: InputFile) { self.file = file }

  /// The table, and where each chunk starts, with the end of the last.
  func open() throws(CheckpointError) -> (ContainerTable, [Int]) {
    let header = try bytes(0..<min(file.size, ContainerFormat.headerCount))
    try checkHeader(header)
    let footerStart = file.size - ContainerFormat.footerCount
    guard footerStart >= ContainerFormat.headerCount else { throw truncated() }
    let footer = try bytes(footerStart..<file.size)
    guard Array(footer[56...]) == ContainerFormat.magic else { throw truncated() }
    let start = Self.number(footer[0..<8])
    let stored = Self.number(footer[8..<16])
    let size = Self.number(footer[16..<24])
    guard let start, let stored, let size, start >= ContainerFormat.headerCount,
      start <= footerStart, stored == footerStart - start
    else { throw invalid("the footer speaks of bytes that are not there") }
    guard size <= ContainerFormat.maximumTableCount,
      stored <= ContainerFormat.maximumTableCount
    else { throw invalid("the table is too large (\(size) bytes)") }
    let frame = try bytes(start..<footerStart)
    let digest = SHA256Digest(of: header + frame + footer[..<24])
    guard digest.bytes == Array(footer[24..<56]) else {
      throw CheckpointError(
        .damagedContainer, file: file.path,
        "the table is damaged: it has another digest than the footer says")
    }
    guard let text = Zstd.decompress(frame, limit: size), text.count == size else {
      throw invalid("the table is not one zstd frame of \(size) bytes")
    }
    let table: ContainerTable
    do { table = try ContainerTable(text) } catch { throw invalid(error.message) }
    return (table, try chunkStarts(table, end: start))
  }

  private func bytes(_ range: Range<Int>) throws(CheckpointError) -> [UInt8] {
    try reading { () throws(IOFailure) in try file.bytes(in: range) }
  }

  private func checkHeader(_ header: [UInt8]) throws(CheckpointError) {
    guard header.count == ContainerFormat.headerCount, header.starts(with: ContainerFormat.magic)
    else { throw invalid("not a .tiepack file") }
    let version = UInt16(header[8]) | UInt16(header[9]) << 8
    guard version == ContainerFormat.version else {
      throw CheckpointError(
        .unsupportedContainer, file: file.path, "unknown format version", found: "\(version)",
        expected: "\(ContainerFormat.version)", hint: "a newer tieconv may read it")
    }
    guard header[10...].allSatisfy({ $0 == 0 }) else {
      throw CheckpointError(
        .unsupportedContainer, file: file.path, "needs features that this version does not know",
        hint: "a newer tieconv may read it")
    }
  }

  /// Chunks lie one after another, from the header to the table: no overlap, no hole.
  private func chunkStarts(
    _ table: ContainerTable, end: Int
  ) throws(CheckpointError) -> [Int] {
    var starts: [Int] = []
    starts.reserveCapacity(table.chunks.count + 1)
    var place = ContainerFormat.headerCount
    for chunk in table.chunks {
      starts.append(place)
      guard (4...4 * table.span).contains(chunk.storedCount) else {
        throw invalid("a chunk takes \(chunk.storedCount) bytes")
      }
      place = place.addingSaturated(chunk.storedCount)
    }
    starts.append(place)
    guard place == end else {
      throw invalid("chunks end at byte \(place), the table starts at \(end)")
    }
    return starts
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int? {
    Int(exactly: bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
  }

  private func invalid(_ message: String) -> CheckpointError {
    CheckpointError(.invalidContainer, file: file.path, message)
  }

  private func truncated() -> CheckpointError {
    CheckpointError(
      .invalidContainer, file: file.path, "no footer at the end of the file",
      hint: "the download may have stopped early")
  }
}

extension SHA256Digest {
  /// The 32 bytes.
  var bytes: [UInt8] {
    let digits = Array(hex.utf8).map { $0 < 0x60 ? $0 - 0x30 : $0 - 0x61 + 10 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
  }
}
