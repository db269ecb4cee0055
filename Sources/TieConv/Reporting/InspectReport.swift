// What `inspect` finds out, as data.

/// Everything that can be said of a checkpoint's ties from its files.
public struct InspectReport: Sendable {
  /// The checkpoint's path, as given.
  public let path: String
  /// The file format: `safetensors`.
  public let format: String
  /// The verdict on the main group, or on the files where they contradict each other.
  public let verdict: TieVerdict
  /// The flag in effect.
  public let flag: TieFlag
  /// The file that the flag was read from; nil where there is none.
  public let flagFile: String?
  /// The architecture that the config names.
  public let architecture: String?
  /// The groups, the main one first.
  public let groups: [TieGroup]
  /// Everything else that its owner should know, worst first.
  public let problems: [TieProblem]
  /// What loaders would do with exactly these files.
  public let targets: [LoaderPrediction]
  /// Where an adapter's changes ended up in a merged checkpoint; nil where none was given.
  public let merge: MergeReport?
  /// The number of weight files.
  public let fileCount: Int
  /// The number of stored tensors.
  public let tensorCount: Int
  /// Elements stored, and elements that are left when equal copies count once.
  public let parameters: (stored: Int, unique: Int)
  /// Sizes in bytes: of the weight files, of the tensors in them, and of what a lossless tie saves.
  public let bytes: (files: Int, stored: Int, reclaimable: Int)

  /// Whether the checkpoint is sound as it is, and a merge is what was trained.
  public var isSound: Bool { verdict.isSound && merge?.isSound != false }

  /// The group that the verdict speaks of.
  public var main: TieGroup? { groups.first { $0.isMain } }
}
