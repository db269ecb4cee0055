// A file within a container, read as if it lay on the disk.

internal import TieConvIO

/// One file of a container.
final class ContainerEntry: ByteSource {
  let path: String
  let size: Int
  let permissions: UInt32
  private let container: Container
  /// The parts of blobs that make up the file, and where in the file each starts.
  private let extents: [ContainerTable.Extent]
  private let starts: [Int]

  init(_ container: Container, file number: Int) {
    self.container = container
    let file = container.table.files[number]
    path = FilePath.join(container.file.path, file.path)
    size = container.fileSizes[number]
    permissions = file.permissions
    extents = file.segments.flatMap { segment in
      switch segment {
      case .extent(let extent): [extent]
      case .tensor(let place): container.table.tensors[place].extents
      }
    }
    var place = 0
    starts = extents.map { extent in
      defer { place += extent.count }
      return place
    }
  }

  /// Where parts of the file begin that are best read from their start.
  var seams: [Int] { starts }

  func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(IOFailure) {
    guard offset >= 0, buffer.count <= size - offset else {
      throw IOFailure(
        "read", path, reason: .unexpectedEnd, message: "the file ends at byte \(size)")
    }
    var done = 0
    var number = index(of: offset)
    while done < buffer.count {
      let extent = extents[number]
      let within = offset + done - starts[number]
      let count = min(extent.count - within, buffer.count - done)
      let part = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      unsafe try container.read(blob: extent.blob, at: extent.offset + within, into: part)
      done += count
      number += 1
    }
  }

  /// The extent that holds byte `offset`.
  private func index(of offset: Int) -> Int {
    var low = 0
    var high = starts.count
    while low < high {
      let middle = (low + high) / 2
      if starts[middle] <= offset { low = middle + 1 } else { high = middle }
    }
    return max(0, low - 1)
  }

  func checkUnchanged() throws(IOFailure) { try container.file.checkUnchanged() }
}
