// The version that `--version`, receipts and reports state.

/// tieconv's own version.
public enum TieConvVersion {
  /// Semantic version of the library and the command line.
  public static let current = "0.1.0"
}
