// A .bin, .pt or .pth file: what torch.save put there, read without running any of it.

internal import TieConvIO

/// The state dict of a PyTorch file, checked: every tensor has a place in the file.
public struct PyTorchFile: Sendable {
  /// How torch.save laid the file out.
  public enum Form: String, Sendable {
    /// A zip archive, since torch 1.6.
    case zip
    /// Pickles one after another, before that.
    case stacked
  }

  /// How the file is laid out.
  public let form: Form
  /// The keys that lead to the state dict from what was saved: `["model"]`, or none.
  public let stateDictPath: [String]
  /// Keys beside it that hold tensors too and were not read.
  public let otherStateDicts: [String]
  /// Single numbers and texts beside the tensors: an epoch, a step.
  public let values: [(name: String, value: String)]
  /// What the optimizer that was saved with the model remembers; nil where there is none.
  public let optimizer: OptimizerState?
  /// Tensors that stand on common bytes.
  public let sharing: StorageSharing
  /// The tensors, in the order of the state dict. Offsets count from the start of the file; what
  /// is put in order while it is read lies past its end.
  let tensors: [TensorInfo]
  /// The bytes that the offsets speak of.
  let source: any ByteSource
  /// The size of the file itself.
  let fileSize: Int
  /// The archive, where it is one.
  private let archive: TorchArchive?

  /// What a view may repeat of its storage, all of them together, as a multiple of the file's size:
  /// `expand` repeats a row as often as it is told to.
  private static let expansionLimit = 64
  private static let expansionAllowance = 1 << 20

  /// Reads the pickle of `file` and checks all that it says of tensors.
  init(reading file: any ByteSource) throws(CheckpointError) {
    do {
      try self.init(parsing: file)
    } catch let fault as PyTorchFault {
      throw fault.checkpointError(file: file.path)
    } catch let failure as IOFailure {
      throw CheckpointError(failure)
    } catch {
      throw CheckpointError(.unreadable, file: file.path, "\(error)")
    }
  }

  private init(parsing file: any ByteSource) throws {
    let start = try file.bytes(in: 0..<min(StackedPickles.magic.count, file.size))
    let graph: PickleGraph
    let storages: [StoredBytes]
    if start == StackedPickles.magic {
      form = .stacked
      archive = nil
      let stacked = try StackedPickles(file)
      graph = stacked.graph
      storages = try stacked.storages()
    } else {
      form = .zip
      let opened = try TorchArchive(file)
      archive = opened
      graph = try opened.graph()
      storages = try opened.storages(of: graph)
    }
    let found = try StateDict(graph)
    stateDictPath = found.path
    otherStateDicts = found.others
    values = found.values
    optimizer = found.optimizer == .none ? nil : OptimizerState(found.optimizer, graph)
    var layouts: [TensorLayout] = []
    layouts.reserveCapacity(found.tensors.count)
    for (name, number) in found.tensors {
      let tensor = graph.tensors[number]
      layouts.append(
        try TensorLayout(
          name, tensor, in: storages[tensor.storage], of: graph.storages[tensor.storage].type))
    }
    sharing = StorageSharing(layouts)
    fileSize = file.size
    (tensors, source) = try Self.arranged(layouts, file)
  }

  /// What makes two gathered tensors the same bytes.
  private struct View: Hashable {
    let root: Int
    let start: Int
    let type: TorchDType
    let shape: [Int]
    let strides: [Int]
  }

  /// Each tensor with its range: of the file, or past its end.
  private static func arranged(
    _ layouts: [TensorLayout], _ file: any ByteSource
  ) throws -> ([TensorInfo], any ByteSource) {
    var gathered: [GatheredTensor] = []
    var places: [View: Int] = [:]
    var end = file.size
    let limit = file.size.multipliedSaturated(expansionLimit).addingSaturated(expansionAllowance)
    let tensors = try layouts.map { layout in
      var start = 0
      if layout.isPlain {
        start = layout.count == 0 ? 0 : layout.storage.start + layout.offset
      } else {
        let view = View(
          root: layout.storage.root, start: layout.rootRange.lowerBound, type: layout.type,
          shape: layout.shape, strides: layout.strides)
        if let known = places[view] {
          start = known
        } else {
          start = end
          places[view] = start
          end = end.addingSaturated(layout.byteCount)
          guard end - file.size <= limit else {
            throw PyTorchFault(
              .tooLarge, tensor: layout.name, "views repeat far more than the file holds",
              found: "\(layout.shape) of strides \(layout.strides)")
          }
          gathered.append(GatheredTensor(layout))
        }
      }
      return TensorInfo(
        name: layout.name, dtype: layout.dtype, shape: layout.stored,
        dataOffsets: start..<start + layout.byteCount)
    }
    return (tensors, gathered.isEmpty ? file : PyTorchSource(file, gathered))
  }

  /// How many entries of the archive have the CRC-32 that it states, and which do not; each is read
  /// whole. Nil where the file is no archive.
  func entriesByChecksum(
    _ cancellation: Cancellation
  ) throws(CheckpointError) -> (intact: Int, damaged: [String])? {
    guard let archive else { return nil }
    return try reading { () throws(IOFailure) in try archive.entriesByChecksum(cancellation) }
  }
}
