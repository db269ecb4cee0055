// Damage to GGUF files: mostly to the header, where every field counts.

/// Mutations of GGUF files.
enum GGUFMutator {
  static func mutate(_ file: inout [UInt8], _ random: inout RandomSource) {
    switch random.below(8) {
    case 0: ByteMutator.mutate(&file, &random)
    case 1: setField(&file, at: random.pick([4, 8, 16]), &random)
    case 2, 3: setField(&file, at: random.below(max(1, min(file.count, 1200))), &random)
    case 4: swapRecords(&file, &random)
    default:
      // Short files, so that the header is what is hit.
      var head = Array(file.prefix(1200))
      ByteMutator.mutate(&head, &random)
      file.replaceSubrange(0..<min(1200, file.count), with: head)
    }
  }

  /// Writes a number at a limit, or next to what stands there, over a field of 4 or 8 bytes.
  private static func setField(
    _ file: inout [UInt8], at place: Int, _ random: inout RandomSource
  ) {
    let width = random.pick([4, 8])
    guard place + width <= file.count else { return }
    var value = random.pick(ByteMutator.limits)
    if random.once(in: 3) {
      value = 0
      for offset in (0..<width).reversed() { value = value << 8 | UInt64(file[place + offset]) }
      value = random.once(in: 2) ? value &+ 1 : value &- 1
    }
    for offset in 0..<width {
      file[place + offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * offset))
    }
  }

  /// Lets one stretch of the header stand twice, in the place of another.
  private static func swapRecords(_ file: inout [UInt8], _ random: inout RandomSource) {
    let head = min(file.count, 1200)
    guard head > 200 else { return }
    let count = 8 + random.below(60)
    let from = 24 + random.below(head - count - 24)
    let to = 24 + random.below(head - count - 24)
    let piece = Array(file[from..<from + count])
    file.replaceSubrange(to..<to + count, with: piece)
  }
}
