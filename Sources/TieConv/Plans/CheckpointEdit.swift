// What an edit does to the stored tensors and the flag, before it is known what that does to files.

/// A change of a checkpoint's tensors and tie flag.
struct CheckpointEdit: Sendable, Equatable {
  /// A tensor that gets stored with the bytes of another.
  struct Addition: Sendable, Equatable {
    let name: String
    let source: String
  }

  /// Tensors that are no longer stored.
  var dropped: Set<String> = []
  /// Tensors that are stored in addition, each beside its source.
  var added: [Addition] = []
  /// Tensors stored under another name, old to new.
  var renamed: [String: String] = [:]
  /// What every level of the config is to say; nil where the config stays.
  var flag: Bool?
  /// Whether the index is written anew from the headers.
  var rebuildsIndex = false

  /// Whether it changes nothing.
  var isEmpty: Bool { self == CheckpointEdit() }
}
