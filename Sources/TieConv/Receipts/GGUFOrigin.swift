// What a GGUF file said that a Hugging Face folder has no words for: with it, the way back is exact.

/// A record of the GGUF file that a folder was converted from.
public struct GGUFOrigin: Sendable, Equatable {
  /// A tensor of the folder.
  public struct Tensor: Sendable, Equatable {
    /// Its name in the folder; in the GGUF file, where the folder does not have it.
    public let name: String
    /// How the GGUF file stored it.
    public let type: GGMLType
  }

  /// A key of the metadata.
  struct Entry: Sendable, Equatable {
    let key: String
    /// Nil for what the folder's own files say at length: the vocabulary.
    let value: GGUFValue?
  }

  /// The tensors in the order of the GGUF file.
  public var tensors: [Tensor]
  /// The metadata in the order of the GGUF file.
  var metadata: [Entry]

  /// A record of `metadata` and `tensors`.
  init(_ metadata: GGUFMetadata, tensors: [Tensor]) {
    self.tensors = tensors
    self.metadata = metadata.entries.filter { !Self.isOfTheFile($0.key) }.map { entry in
      Entry(key: entry.key, value: entry.value.json == nil ? nil : entry.value)
    }
  }

  /// `general.architecture`.
  var architecture: String? {
    metadata.first { $0.key == "general.architecture" }?.value?.text
  }

  /// Whether a key is about how a file is stored, not about the model.
  static func isOfTheFile(_ key: String) -> Bool {
    key == Receipt.metadataKey || key.hasPrefix("split.")
  }

  /// The metadata of the GGUF file again, where `made`, made anew of files that did not change,
  /// fills in what is not recorded, and the type of most matrices unless that is kept.
  func metadata(over made: GGUFMetadata, keepsFileType: Bool) -> GGUFMetadata {
    GGUFMetadata(
      metadata.compactMap { entry in
        let isMade = entry.key == GGUFLayout.fileTypeKey && !keepsFileType
        return (isMade ? made[entry.key] : entry.value ?? made[entry.key]).map { (entry.key, $0) }
      })
  }
}

extension GGUFOrigin {
  /// The record as JSON.
  var json: JSONText {
    [
      "tensors": .array(
        tensors.map { ["name": .string($0.name), "type": .string($0.type.name)] }),
      "metadata": .array(
        metadata.map { entry -> JSONText in
          guard let (type, value) = entry.value?.json else {
            return ["key": .string(entry.key), "type": nil, "value": nil]
          }
          return ["key": .string(entry.key), "type": .string(type), "value": value]
        }),
    ]
  }

  /// The record that `node` spells; nil where it is none.
  init?(_ node: JSONNode) {
    guard let tensors = node["tensors"]?.elements, let entries = node["metadata"]?.elements else {
      return nil
    }
    self.tensors = []
    metadata = []
    var names: Set<TokenText> = []
    for tensor in tensors {
      guard let name = tensor["name"]?.string, names.insert(TokenText(name)).inserted,
        let type = tensor["type"]?.string.flatMap(GGMLType.init(name:))
      else { return nil }
      self.tensors.append(Tensor(name: name, type: type))
    }
    var keys: Set<TokenText> = []
    for entry in entries {
      guard let key = entry["key"]?.string, !key.isEmpty, !Self.isOfTheFile(key),
        keys.insert(TokenText(key)).inserted, let value = entry["value"]
      else { return nil }
      if value.value == .null {
        metadata.append(Entry(key: key, value: nil))
        continue
      }
      guard let type = entry["type"]?.string, let read = GGUFValue(type: type, json: value) else {
        return nil
      }
      metadata.append(Entry(key: key, value: read))
    }
  }
}
