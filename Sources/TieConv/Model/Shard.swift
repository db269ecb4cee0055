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
  }

  /// The file's name within its checkpoint.
  public let name: String
  /// The header.
  public let contents: Contents
  /// The tensors, in the order of their bytes.
  public let tensors: [TensorInfo]
  /// Where the data section, from which tensors' offsets count, starts within the file.
  public let dataStart: Int
  /// The stored tensors' sizes in bytes, together; bytes that several tensors share count once.
  public let storedBytes: Int
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
    self.file = file
    let start = try reading { () throws(IOFailure) in
      try file.bytes(in: 0..<min(16, file.size))
    }
    if FileSignature(start) == .gguf {
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
  /// The size of the file in bytes.
  public var fileSize: Int { file.size }

  /// The strings that the header carries beside the tensors, in order.
  public var metadata: [(key: String, value: String)] {
    switch contents {
    case .safetensors(let header): header.metadata ?? []
    case .gguf(let header):
      header.metadata.entries.compactMap { entry in entry.value.text.map { (entry.key, $0) } }
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
