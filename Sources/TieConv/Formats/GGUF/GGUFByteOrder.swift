// The byte order of a GGUF file: everything in it follows, the tensors' numbers too.

/// The byte order of a GGUF file.
public enum GGUFByteOrder: Sendable, Hashable {
  case little, big
}
