// One weight file of a checkpoint: open, with its header read and checked.

internal import TieConvIO

/// One open weight file, whatever its format.
///
/// Opening reads the header alone; tensor bytes are read only when they are asked for.
public struct Shard: Sendable {
  /// What a weight file's header says, by format.
  public enum Contents: Sendable {
    /// A safetensors file.
    case safetensors(SafetensorsHeader)
    /// A GGUF file.
    case gguf(GGUFHeader)
    /// A PyTorch file.
    case pytorch(PyTorchFile)
  }

  /// The file's name within its checkpoint.
  public let name: String
  /// The header.
  public let contents: Contents
  /// The tensors, in the order of their bytes; of a PyTorch file, of its state dict.
  public let tensors: [TensorInfo]
  /// Where the data section, from which tensors' offsets count, starts within the file.
  public let dataStart: Int
  /// The stored tensors' sizes in bytes, together; bytes that several tensors share count once.
  public let storedBytes: Int
  /// The size of the file in bytes.
  public let fileSize: Int
  /// The open file.
  let file: any ByteSource

  /// Opens `path` and checks its header.
  ///
  /// - Throws: `CheckpointError` with the code of the first rule that the file breaks.
  public init(name: String, path: String) throws(CheckpointError) {
    let file: InputFile
    do { file = try InputFile(path) } catch { throw CheckpointError(error) }
    try self.init(name: name, file: file)
  }

  /// Checks the header of an open file.
  init(name: String, file: any ByteSource) throws(CheckpointError) {
    self.name = name
    fileSize = file.size
    let signature = try reading { () throws(IOFailure) in try FileSignature(reading: file) }
    if signature == .pytorch {
      let opened = try PyTorchFile(reading: file)
      self.file = opened.source
      contents = .pytorch(opened)
      tensors = opened.tensors
      dataStart = 0
      storedBytes = opened.sharing.storedBytes
      return
    }
    self.file = file
    if signature == .gguf {
      let header = try GGUFHeader(reading: file)
      contents = .gguf(header)
      tensors = header.tensors.map(TensorInfo.init)
      dataStart = header.dataStart
      storedBytes = header.tensors.reduce(0) { $0 + $1.byteCount }
      return
    }
    let header = try SafetensorsHeader(reading: file)
    contents = .safetensors(header)
    tensors = header.tensors
    dataStart = header.dataStart
    storedBytes = header.dataCount
  }

  /// Where it was opened.
  public var path: String { file.path }

  /// Whether the tensors stand one after another, each in bytes of its own; in a PyTorch file they
  /// may share bytes, or be put in order only when they are read.
  var isDataSection: Bool {
    if case .pytorch = contents { false } else { true }
  }

  /// What a report calls the format.
  var format: String {
    switch contents {
    case .safetensors: "safetensors"
    case .gguf: "gguf"
    case .pytorch: "pytorch"
    }
  }

  /// The stored tensors' element counts, together; what several names share counts once.
  var storedParameters: Int {
    switch contents {
    case .pytorch(let file): file.sharing.storedElements
    default: tensors.reduce(0) { $0.addingSaturated($1.elementCount) }
    }
  }

  /// The strings that the header carries beside the tensors, in order.
  public var metadata: [(key: String, value: String)] {
    switch contents {
    case .safetensors(let header): header.metadata ?? []
    case .gguf(let header):
      header.metadata.entries.compactMap { entry in entry.value.text.map { (entry.key, $0) } }
    case .pytorch: []
    }
  }

  /// The header of a GGUF file; nil for any other.
  public var gguf: GGUFHeader? {
    if case .gguf(let header) = contents { header } else { nil }
  }

  /// The byte order of the stored numbers.
  var byteOrder: GGUFByteOrder { gguf?.byteOrder ?? .little }

  /// The file's bytes up to its data section.
  func start() throws(CheckpointError) -> [UInt8] {
    try reading { () throws(IOFailure) in try file.bytes(in: 0..<dataStart) }
  }

  /// Where the bytes of `tensor`, one of this shard's, stand in the file.
  func fileRange(of tensor: TensorInfo) -> Range<Int> {
    (dataStart + tensor.dataOffsets.lowerBound)..<(dataStart + tensor.dataOffsets.upperBound)
  }
}
