// The constants of a .tiepack file; FORMAT.md says what they mean.

/// Numbers that the format fixes.
enum ContainerFormat {
  /// The first and the last eight bytes. The first is not ASCII, and a transfer that changes line
  /// ends changes these too; as a safetensors header length they are far out of bounds.
  static let magic: [UInt8] = [0x89, 0x54, 0x50, 0x4B, 0x0D, 0x0A, 0x1A, 0x0A]
  static let version: UInt16 = 1
  static let headerCount = 16
  static let footerCount = 64
  /// Bytes of a blob in one chunk, in what this version writes. No power of two: the streams of a
  /// chunk of BF16 are then no power of two apart, and do not push one another out of the cache.
  static let span = 248 << 10
  /// What a reader accepts.
  static let spans = 4 << 10...4 << 20
  /// The largest table that a reader takes into memory.
  static let maximumTableCount = 256 << 20
  /// Stands for "no base tensor".
  static let none: UInt32 = .max
}
