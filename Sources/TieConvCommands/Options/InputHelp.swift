// What a command takes, said once for all of them.

internal import ArgumentParser

/// The help texts of inputs.
enum InputHelp {
  /// Whatever a checkpoint can be. The format is told from the content, never from the name.
  static let checkpoint: ArgumentHelp =
    "A model folder, a .safetensors, .gguf, .bin, .pt or .pth file, an index, or a .tiepack."
}
