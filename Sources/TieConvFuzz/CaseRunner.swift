// What an input must lead to: an answer that keeps its promises, or a CheckpointError.

import TieConv
import TieConvIO
import TieConvModel

/// Runs every public operation on one input.
struct CaseRunner {
  let scratch: String
  private(set) var codes: [String: Int] = [:]
  /// Whether the input carries a receipt that it did not come with.
  private var trustsReceipt = false

  init(scratch: String) { self.scratch = scratch }

  /// Where the supervisor finds the input of a case that ended its process.
  static func inputPath(_ scratch: String) -> String { FilePath.join(scratch, "input") }
  static func adapterPath(_ scratch: String) -> String { FilePath.join(scratch, "adapter") }

  /// Writes the input, so that it is there whatever happens next.
  func write(_ fuzzCase: FuzzCase) throws {
    try Seeds.write(fuzzCase.contents, to: Self.inputPath(scratch))
    try FileSystem.removeTree(Self.adapterPath(scratch))
    if let adapter = fuzzCase.adapter { try Seeds.write(adapter, to: Self.adapterPath(scratch)) }
  }

  /// Runs the input.
  ///
  /// - Throws: `Violation` where a law is broken.
  mutating func run(_ fuzzCase: FuzzCase) throws {
    if fuzzCase.kind == .json {
      return try ScannerOracle.check(fuzzCase.contents["text.json"] ?? [])
    }
    if fuzzCase.kind == .tokenizer {
      return try TokenizerCheck.run(fuzzCase.contents["tokenizer.json"] ?? [])
    }
    if fuzzCase.kind == .tokens {
      return try TokenizerCheck.runIDs(fuzzCase.contents["tokens.npy"] ?? [])
    }
    trustsReceipt =
      fuzzCase.kind == .gguf || fuzzCase.kind == .receipt || fuzzCase.kind == .fileReceipt
      || fuzzCase.contents[Receipt.fileName] != nil
    let folder = Self.inputPath(scratch)
    let path = fuzzCase.file.map { FilePath.join(folder, $0) } ?? folder
    let opened = try attempt { () throws(CheckpointError) in try Checkpoint(opening: path) }
    guard let checkpoint = opened else { return }
    try Self.checkLayout(checkpoint)
    if let header = checkpoint.shards.first?.gguf { try TokenizerCheck.run(header.metadata) }
    try judge(checkpoint, hasAdapter: fuzzCase.adapter != nil)
    if fuzzCase.kind == .adapter { return }
    if fuzzCase.kind == .conversion || fuzzCase.kind == .gguf {
      try convert(checkpoint)
      try runModel(checkpoint)
    }
    if fuzzCase.kind == .packed { try runModel(checkpoint) }
    if fuzzCase.kind == .conversion { return }
    try edit(checkpoint, path)
  }

  /// Runs the model over three tokens, where it can be run.
  private mutating func runModel(_ checkpoint: Checkpoint) throws {
    let loaded = try attempt { () throws(CheckpointError) in
      try Decoder(of: checkpoint, options: ExecutionOptions(threads: 1))
    }
    guard let decoder = loaded else { return }
    let size = decoder.configuration.vocabularySize
    let losses = try attempt { () throws(CheckpointError) in
      try decoder.negativeLogLikelihoods(TokenBatch([[0, size / 2, size - 1]]))
    }
    if let losses, losses.map({ $0 == nil }) != [true, false, false] {
      throw Violation("losses of the wrong positions")
    }
  }

  /// `body`'s result; nil where it throws the one error that it may.
  private mutating func attempt<T>(
    _ body: () throws(CheckpointError) -> T
  ) throws -> T? {
    do throws(CheckpointError) {
      return try body()
    } catch {
      codes[error.code.rawValue, default: 0] += 1
      if error.line.contains("\n") { throw Violation("an error of more than one line") }
      // A receipt may promise what the files do not hold; nothing else may come this far.
      if error.code == .verificationFailed, !trustsReceipt {
        throw Violation("own output refused: \(error.line)")
      }
      return nil
    }
  }

  private mutating func judge(_ checkpoint: Checkpoint, hasAdapter: Bool) throws {
    var options = Inspector.Options()
    if hasAdapter { options.adapter = Self.adapterPath(scratch) }
    try readPacked(checkpoint)
    if hasAdapter {
      // The base again is a merge in which everything is lost.
      var merge = options
      merge.merged = checkpoint
      _ = try attempt { () throws(CheckpointError) in
        try Inspector(checkpoint, options: merge).report()
      }
    }
    if let report = try attempt({ () throws(CheckpointError) in
      try Inspector(checkpoint, options: options).report()
    }) {
      guard (try? JSONNode.parse(Array(report.json.pretty.utf8))) != nil else {
        throw Violation("the report is not JSON")
      }
      codes[report.verdict.rawValue, default: 0] += 1
    }
    _ = try attempt { () throws(CheckpointError) in
      try IntegrityVerifier(checkpoint, checksFinite: true).report()
    }
  }

  /// Reads every packed matrix twice: as a whole, and row by row.
  private mutating func readPacked(_ checkpoint: Checkpoint) throws {
    let stems = Set(checkpoint.tensors.compactMap { TensorFamily.part(of: $0.name)?.stem })
    for stem in stems.sorted().prefix(16) {
      let found = try attempt { () throws(CheckpointError) in
        try DequantizedMatrix(stem: String(stem), in: checkpoint)
      }
      // What is read here is small; a shape that claims more than its bytes hold is refused before.
      guard let matrix = found ?? nil, matrix.rows <= 4096 else { continue }
      guard let whole = try attempt({ () throws(CheckpointError) in try matrix.bytes() }) else {
        throw Violation("a packed matrix that was accepted cannot be read")
      }
      var rows: [UInt8] = []
      for row in 0..<matrix.rows {
        rows +=
          try attempt { () throws(CheckpointError) in
            try matrix.bytes(rows: row..<row + 1)
          } ?? []
      }
      if rows != whole { throw Violation("rows differ from the whole of \(stem)") }
    }
  }

  /// Converts to every format; what comes out must open again.
  private mutating func convert(_ checkpoint: Checkpoint) throws {
    for target in [ConversionTarget.gguf, .safetensors, .mlx] {
      let output = FilePath.join(scratch, "converted")
      try FileSystem.removeTree(output)
      let report = try attempt { () throws(CheckpointError) in
        try Converter(checkpoint, options: ConvertOptions(execution: ExecutionOptions(threads: 1)))
          .convert(to: output, as: target)
      }
      guard report != nil else { continue }
      codes["converted", default: 0] += 1
      do throws(CheckpointError) { _ = try Checkpoint(opening: output) } catch {
        throw Violation("own output is not read: \(error.line)")
      }
    }
  }

  private mutating func edit(_ checkpoint: Checkpoint, _ path: String) throws {
    for operation in [Receipt.Operation.tie, .untie] {
      let output = FilePath.join(scratch, "out")
      let back = FilePath.join(scratch, "back")
      try FileSystem.removeTree(output)
      try FileSystem.removeTree(back)
      guard
        let report = try attempt({ () throws(CheckpointError) in
          try Self.edit(checkpoint, operation, output)
        })
      else { continue }
      guard report.receipt != nil, !report.restoredOriginal else { continue }
      let equality = try attempt { () throws(CheckpointError) in
        try EqualityVerifier(checkpoint, try Checkpoint(opening: output)).report()
      }
      // Where the names mean nothing to this library, equality through the tie cannot be seen.
      if let equality, equality.isEqual != true { codes["notEqual", default: 0] += 1 }
      try checkUndo(of: operation, from: path, output, back)
    }
    let stray = try FileSystem.names(in: scratch).filter { $0.hasSuffix(".partial") }
    if !stray.isEmpty { throw Violation("left behind: \(stray)") }
  }

  /// Undoes an edit: byte for byte, or with a refusal where that would lose a matrix.
  private mutating func checkUndo(
    of operation: Receipt.Operation, from input: String, _ output: String, _ back: String
  ) throws {
    let receipt = try attempt { () throws(CheckpointError) in
      try Receipt(of: try Checkpoint(opening: output))
    }
    // Bytes that are kept in another order only (a transposed head) do not come back.
    guard let receipt = receipt ?? nil, receipt.isReversible else { return }
    let conflicts = codes["conflict", default: 0]
    guard
      let restored = try attempt({ () throws(CheckpointError) in
        try Self.edit(try Checkpoint(opening: output), operation == .tie ? .untie : .tie, back)
      })
    else {
      if operation == .untie, codes["conflict", default: 0] > conflicts { return }
      throw Violation("what \(operation.rawValue) made cannot be undone")
    }
    // The parts of a split model were named by one of them.
    let isFolder = try FileSystem.kind(of: back) == .directory
    let original = isFolder && trustsReceipt ? Self.inputPath(scratch) : input
    guard restored.restoredOriginal, try Self.isSame(original, back) else {
      throw Violation("undoing \(operation.rawValue) does not give the input's bytes")
    }
  }

  private static func edit(
    _ checkpoint: Checkpoint, _ operation: Receipt.Operation, _ output: String
  ) throws(CheckpointError) -> EditReport {
    let editor = TieEditor(checkpoint)
    return try operation == .tie ? editor.tie(to: output) : editor.untie(to: output)
  }

  /// The layout rules, worked out anew from what the library says it read.
  private static func checkLayout(_ checkpoint: Checkpoint) throws {
    for shard in checkpoint.shards {
      if let header = shard.gguf {
        try checkLayout(shard, alignment: header.alignment)
        continue
      }
      if case .pytorch = shard.contents {
        try checkTensors(shard, checkpoint)
        continue
      }
      var place = 0
      for tensor in shard.tensors {
        guard tensor.dataOffsets.lowerBound == place else { throw Violation("a hole or overlap") }
        var bits: UInt64 = UInt64(tensor.dtype.bitWidth)
        for extent in tensor.shape.dimensions {
          let (product, overflow) = bits.multipliedReportingOverflow(by: extent)
          // Only behind a zero may a product be anything.
          bits = overflow && tensor.shape.dimensions.contains(0) ? 0 : product
          if overflow && !tensor.shape.dimensions.contains(0) { throw Violation("an overflow") }
        }
        guard bits == UInt64(tensor.byteCount) * 8 else { throw Violation("a wrong size") }
        place = tensor.dataOffsets.upperBound
      }
      guard shard.dataStart + place == shard.fileSize else {
        throw Violation("the file is not covered")
      }
    }
  }

  /// The tensors of a GGUF file stand side by side, aligned, and within the file.
  private static func checkLayout(_ shard: Shard, alignment: Int) throws {
    var place = 0
    for tensor in shard.tensors {
      guard tensor.dataOffsets.lowerBound == place else { throw Violation("a hole or overlap") }
      let count = tensor.shape.elementCount.flatMap(tensor.dtype.byteCount(elements:))
      guard count == UInt64(tensor.byteCount) else { throw Violation("a wrong size") }
      guard shard.dataStart + tensor.dataOffsets.upperBound <= shard.fileSize else {
        throw Violation("a tensor outside the file")
      }
      place = (tensor.dataOffsets.upperBound + alignment - 1) / alignment * alignment
    }
  }

  /// Tensors of a file in which they may stand anywhere: each has bytes, and as many as it says.
  private static func checkTensors(_ shard: Shard, _ checkpoint: Checkpoint) throws {
    for tensor in shard.tensors {
      let size = tensor.shape.elementCount.flatMap { tensor.dtype.byteCount(elements: $0) }
      guard size == UInt64(tensor.byteCount) else { throw Violation("a wrong size") }
      guard tensor.byteCount <= 64 * shard.fileSize + 1 << 20 else { throw Violation("too large") }
      let bytes: [UInt8]?
      do throws(CheckpointError) {
        bytes = try checkpoint.bytes(of: tensor.name)
      } catch {
        // Deflated bytes may be damaged; nothing else can be wrong by now.
        guard error.code == .damagedContainer else { throw Violation("unread: \(error.line)") }
        continue
      }
      guard bytes?.count == tensor.byteCount else { throw Violation("not all bytes are read") }
    }
  }

  /// Whether two files, or two folders, have the same bytes under the same names.
  private static func isSame(_ one: String, _ other: String) throws -> Bool {
    guard try FileSystem.kind(of: one) == .directory else {
      return try Seeds.bytes(one) == Seeds.bytes(other)
    }
    let names = try FileSystem.names(in: one)
    guard try FileSystem.names(in: other) == names else { return false }
    for name in names {
      let left = try Seeds.bytes(FilePath.join(one, name))
      guard try left == Seeds.bytes(FilePath.join(other, name)) else { return false }
    }
    return true
  }
}
