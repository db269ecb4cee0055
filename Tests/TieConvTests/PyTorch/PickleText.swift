// Pickles put together opcode by opcode, valid and not.

/// The bytes of a pickle.
struct PickleText {
  private(set) var bytes: [UInt8] = []

  /// A pickle of protocol 2 without its STOP.
  init() { bytes = [0x80, 2] }

  private static func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  func raw(_ more: [UInt8]) -> PickleText {
    var result = self
    result.bytes += more
    return result
  }

  func raw(_ more: String) -> PickleText { raw(Array(more.utf8)) }
  func text(_ value: String) -> PickleText {
    raw(Array("X".utf8) + Self.little(value.utf8.count, 4) + Array(value.utf8))
  }
  func global(_ module: String, _ name: String) -> PickleText { raw("c\(module)\n\(name)\n") }
  /// An integer as BININT, or as LONG1 where it needs more.
  func integer(_ value: Int) -> PickleText {
    Int(Int32(truncatingIfNeeded: value)) == value
      ? raw([0x4A] + Self.little(value, 4)) : raw([0x8A, 8] + Self.little(value, 8))
  }
  func tuple(_ values: [Int]) -> PickleText {
    values.reduce(raw("(")) { $0.integer($1) }.raw("t")
  }

  /// A persistent id of a storage.
  func storage(
    _ key: String, _ count: Int, type: String = "FloatStorage", tag: String = "storage",
    legacyView: (key: String, offset: Int, count: Int)?? = .none
  ) -> PickleText {
    let start = raw("(").text(tag).global("torch", type).text(key).text("cpu").integer(count)
    switch legacyView {
    case .none: return start.raw("tQ")
    case .some(.none): return start.raw("NtQ")
    case .some(.some(let view)):
      return start.raw("(").text(view.key).integer(view.offset).integer(view.count).raw("ttQ")
    }
  }

  /// What follows a storage within the arguments of `_rebuild_tensor_v2`.
  func rest(_ offset: Int, _ shape: [Int], _ strides: [Int]) -> PickleText {
    integer(offset).tuple(shape).tuple(strides).raw([0x89])
      .global("collections", "OrderedDict").raw(")R")
  }

  /// A tensor of a storage.
  func tensor(
    _ key: String, _ count: Int, shape: [Int], strides: [Int], offset: Int = 0,
    type: String = "FloatStorage"
  ) -> PickleText {
    global("torch._utils", "_rebuild_tensor_v2").raw("(").storage(key, count, type: type)
      .rest(offset, shape, strides).raw("tR")
  }

  /// The whole, ended.
  var stopped: [UInt8] { bytes + [0x2E] }
}
