// A container says each tensor twice: in its table, and in the header of the file that holds it.

internal import TieConvIO

/// Compares a container's table with the headers inside.
struct ContainerAudit {
  private let container: Container

  init(_ container: Container) { self.container = container }

  /// Checks that every tensor that the table puts into a shard stands in its header, with the same
  /// name, dtype, shape and place.
  func check(_ checkpoint: Checkpoint) throws(CheckpointError) {
    let table = container.table
    let files = Dictionary(
      table.files.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
    for shard in checkpoint.shards {
      guard let number = files[shard.name] else { continue }
      var stated: [Int: TensorInfo] = [:]
      for info in shard.tensors where info.byteCount > 0 {
        stated[shard.fileRange(of: info).lowerBound] = info
      }
      var place = 0
      for segment in table.files[number].segments {
        switch segment {
        case .extent(let extent): place += extent.count
        case .tensor(let index):
          let tensor = table.tensors[index]
          if !tensor.extents.isEmpty { try compare(tensor, with: stated[place], in: shard) }
          place += tensor.extents.reduce(0) { $0 + $1.count }
        }
      }
    }
  }

  private func compare(
    _ tensor: ContainerTable.Tensor, with info: TensorInfo?, in shard: Shard
  ) throws(CheckpointError) {
    guard let info, tensor.name == info.name, tensor.dtype == info.dtype,
      tensor.shape == info.shape
    else {
      throw CheckpointError(
        .invalidContainer, file: container.file.path, tensor: tensor.name,
        "the table and the header of \(shard.name) disagree")
    }
  }
}
