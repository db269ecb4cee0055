// The files of an output, each as pieces: literal bytes, and ranges of input files.

/// Every file of an output, decided before the first byte is written.
struct OutputPlan: Sendable {
  /// A run of bytes of an output file.
  enum Piece: Sendable, Equatable {
    case literal([UInt8])
    /// A range of the input file called `file`, relative to the input's folder.
    case copy(file: String, range: Range<Int>)
    /// A range of the output tensor called `tensor`, which is computed from the input's.
    case computed(tensor: String, range: Range<Int>)

    /// The input file that is copied from; nil for literal and computed bytes.
    var source: String? {
      if case .copy(let file, _) = self { file } else { nil }
    }

    var count: Int {
      switch self {
      case .literal(let bytes): bytes.count
      case .copy(_, let range), .computed(_, let range): range.count
      }
    }
  }

  /// One output file.
  struct File: Sendable, Equatable {
    /// The path relative to the output's folder; a lone file's own name.
    let name: String
    /// The contents.
    var pieces: [Piece]
    /// The bytes before the data section, where a weight file's are made anew.
    var start: [UInt8]?

    /// The size in bytes.
    var count: Int { pieces.reduce(0) { $0 + $1.count } }
    /// Adjacent copies out of one file joined, empty pieces left out.
    var normalized: File { File(name: name, pieces: Self.joined(pieces), start: start) }

    private static func joined(_ pieces: [Piece]) -> [Piece] {
      var result: [Piece] = []
      for piece in pieces where piece.count > 0 {
        if case .copy(let file, let range) = piece, case .copy(file, let last)? = result.last,
          last.upperBound == range.lowerBound
        {
          result[result.count - 1] = .copy(file: file, range: last.lowerBound..<range.upperBound)
        } else {
          result.append(piece)
        }
      }
      return result
    }
  }

  /// The files, weights first.
  var files: [File]
  /// What happened to each weight file, as new name for old; nil for one that disappears.
  var shardNames: [String: String?] = [:]
  /// Changes of the config's flag.
  var flagEdits: [ModelConfig.FlagEdit] = []

  /// The size of all files in bytes.
  var count: Int { files.reduce(0) { $0 + $1.count } }
}
