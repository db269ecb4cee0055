// The receipt as JSON. Reading trusts nothing: the file travels with the checkpoint.

internal import TieConvIO

extension Receipt {
  /// The receipt as a JSON value.
  func json() -> JSONText {
    var members: [(String, JSONText)] = [
      ("receipt_format", .integer(Self.currentFormat)), ("tieconv", .string(version)),
      ("operation", .string(operation.rawValue)), ("verdict", .string(verdict)),
      ("reason", .string(reason)),
      ("tensors", .array(tensors.map(Self.json(of:)))),
      ("config_edits", .array(flagEdits.map(Self.json(of:)))),
      (
        "files",
        .array(files.map { ["name": .string($0.name), "sha256": .string($0.digest.hex)] })
      ),
    ]
    members.append(("restore", restoration.map(Self.json(of:)) ?? .null))
    if let origin { members.append(("gguf", origin.json)) }
    return .object(members)
  }

  private static func json(of tensor: Tensor) -> JSONText {
    [
      "action": .string(tensor.action.rawValue), "name": .string(tensor.name),
      "counterpart": .optional(tensor.counterpart), "dtype": .string(tensor.dtype.rawValue),
      "shape": .array(tensor.shape.dimensions.map { .integer(Int(clamping: $0)) }),
      "sha256": .optional(tensor.digest?.hex),
    ]
  }

  private static func json(of edit: ModelConfig.FlagEdit) -> JSONText {
    ["path": .string(edit.path), "before": .optional(edit.before), "after": .bool(edit.after)]
  }

  private static func json(of restoration: Restoration) -> JSONText {
    [
      "files": .array(
        restoration.files.map { file in
          ["name": .string(file.name), "pieces": .array(file.pieces.map(json(of:)))]
        }),
      "absent": .array(restoration.absent.map { .string($0) }),
    ]
  }

  private static func json(of piece: Piece) -> JSONText {
    switch piece {
    case .literal(let bytes):
      // Headers repeat themselves: zstd makes a tenth of them.
      if let frame = Zstd.compress(bytes), frame.count < bytes.count {
        ["zstd": .string(Base64.encode(frame)), "bytes": .integer(bytes.count)]
      } else {
        ["base64": .string(Base64.encode(bytes))]
      }
    case .data(let file, let range): json(of: range, of: file, as: "data")
    case .head(let file, let range): json(of: range, of: file, as: "head")
    case .file(let name): ["file": .string(name)]
    }
  }

  private static func json(of range: Range<Int>, of file: String, as key: String) -> JSONText {
    .object([
      (key, .string(file)), ("begin", .integer(range.lowerBound)),
      ("end", .integer(range.upperBound)),
    ])
  }
}

extension Receipt {
  /// The largest piece of text that is unpacked; a header may not be longer.
  private static let maximumLiteral = SafetensorsHeader.maximumLength + 8

  /// Reads a receipt.
  ///
  /// - Throws: `invalidReceipt` where it is not one, or not of a form that this version knows.
  init(text: [UInt8], path: String) throws(CheckpointError) {
    func invalid(_ message: String) -> CheckpointError {
      CheckpointError(
        .invalidReceipt, file: path, "receipt is damaged: \(message)",
        hint: "without it the checkpoint is edited as any other")
    }
    let root: JSONNode
    do { root = try JSONNode.parse(text) } catch { throw invalid(error.message) }
    guard let format = root["receipt_format"]?.integer else { throw invalid("no receipt_format") }
    guard format == Self.currentFormat else {
      throw CheckpointError(
        .invalidReceipt, file: path, "receipt of an unknown form", found: "\(format)",
        expected: "\(Self.currentFormat)", hint: "a newer tieconv wrote it")
    }
    guard let operation = root["operation"]?.string.flatMap(Operation.init(rawValue:)),
      let tensors = root["tensors"]?.elements?.map(Self.tensor(from:)),
      let edits = root["config_edits"]?.elements?.map(Self.flagEdit(from:)),
      let files = root["files"]?.elements?.map(Self.fileState(from:)),
      !tensors.contains(nil), !edits.contains(nil), !files.contains(nil)
    else { throw invalid("a field is missing or of a wrong type") }
    var restoration: Restoration?
    if let node = root["restore"], node.value != .null {
      guard let read = Self.restoration(from: node, length: text.count) else {
        throw invalid("restore")
      }
      restoration = read
    }
    var origin: GGUFOrigin?
    if let node = root["gguf"], node.value != .null {
      guard let read = GGUFOrigin(node) else { throw invalid("gguf") }
      origin = read
    }
    self.init(
      version: root["tieconv"]?.string ?? "", operation: operation,
      verdict: root["verdict"]?.string ?? "", reason: root["reason"]?.string ?? "",
      tensors: tensors.compactMap { $0 }, flagEdits: edits.compactMap { $0 },
      files: files.compactMap { $0 }, restoration: restoration, origin: origin)
  }

  private static func tensor(from node: JSONNode) -> Tensor? {
    guard let action = node["action"]?.string.flatMap(Tensor.Action.init(rawValue:)),
      let name = node["name"]?.string,
      let dtype = node["dtype"]?.string.flatMap(DType.init(rawValue:)),
      let shape = node["shape"]?.elements?.compactMap({ $0.integer }),
      shape.allSatisfy({ $0 >= 0 })
    else { return nil }
    return Tensor(
      action: action, name: name, counterpart: node["counterpart"]?.string, dtype: dtype,
      shape: Shape(shape.map(UInt64.init)),
      digest: node["sha256"]?.string.flatMap(SHA256Digest.init(hex:)))
  }

  private static func flagEdit(from node: JSONNode) -> ModelConfig.FlagEdit? {
    guard let path = node["path"]?.string, let after = node["after"]?.bool else { return nil }
    return ModelConfig.FlagEdit(path: path, before: node["before"]?.bool, after: after)
  }

  private static func fileState(from node: JSONNode) -> FileState? {
    guard let name = node["name"]?.string,
      let digest = node["sha256"]?.string.flatMap(SHA256Digest.init(hex:))
    else { return nil }
    return FileState(name: name, digest: digest)
  }

  private static func restoration(from node: JSONNode, length: Int) -> Restoration? {
    guard let files = node["files"]?.elements, let absent = node["absent"]?.elements else {
      return nil
    }
    var restoration = Restoration()
    var names: Set<String> = []
    var budget = literalBudget(forTextOf: length)
    for file in files {
      guard let name = file["name"]?.string, isPlainName(name), names.insert(name).inserted,
        let nodes = file["pieces"]?.elements
      else { return nil }
      var pieces: [Piece] = []
      for node in nodes {
        guard let piece = piece(from: node, budget: &budget) else { return nil }
        pieces.append(piece)
      }
      restoration.files.append((name, pieces))
    }
    restoration.absent = absent.compactMap(\.string)
    return restoration
  }

  /// How many bytes the packed pieces of a receipt of `length` bytes may come to. Headers shrink to
  /// a tenth or so; what shrinks to a thousandth is there to fill the memory.
  private static func literalBudget(forTextOf length: Int) -> Int { 1 << 20 + 64 * length }

  private static func piece(from node: JSONNode, budget: inout Int) -> Piece? {
    if let text = node["base64"]?.string { return Base64.decode(text).map { .literal($0) } }
    if let text = node["zstd"]?.string {
      let limit = min(budget, maximumLiteral)
      guard let bytes = Base64.decode(text).flatMap({ Zstd.decompress($0, limit: limit) }) else {
        return nil
      }
      budget -= bytes.count
      return .literal(bytes)
    }
    if let name = node["file"]?.string { return .file(name) }
    let head = node["head"]?.string
    guard let name = head ?? node["data"]?.string, let begin = node["begin"]?.integer,
      let end = node["end"]?.integer, begin >= 0, end >= begin
    else { return nil }
    return head == nil
      ? .data(file: name, range: begin..<end) : .head(file: name, range: begin..<end)
  }

  /// A restored file is written, so its name must not lead out of the output.
  private static func isPlainName(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && name.utf8.count <= 255
      && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }
  }
}
