// Every way in which a pickle asks for more than data, or lies about it, and the one error for each.

import Testing
import TieConvIO

@testable import TieConv

@Suite struct PickleRefusalTests {
  /// An archive of this pickle and a storage of four floats.
  private static func refused(
    _ name: String, _ code: CheckpointError.Code, _ words: String, _ pickle: [UInt8]
  ) -> RefusalCase {
    RefusalCase(
      name, code, words, TorchFiles.archive(pickle, [("0", TorchFiles.floats(4))]).bytes)
  }

  private static let start = PickleText()

  static let calls = [
    refused(
      "a command", .forbiddenPickle, "asks for os.system",
      start.global("os", "system").raw("(").text("id").raw("tR").stopped),
    refused(
      "a command under its other name", .forbiddenPickle, "asks for posix.system",
      start.global("posix", "system").raw("(").text("id").raw("tR").stopped),
    refused(
      "eval", .forbiddenPickle, "asks for builtins.eval",
      start.global("builtins", "eval").raw("(").text("1").raw("tR").stopped),
    refused(
      "a walk along attributes", .forbiddenPickle, "_rebuild_tensor_v2.__globals__",
      start.global("torch._utils", "_rebuild_tensor_v2.__globals__").stopped),
    refused(
      "a name that only ends alike", .forbiddenPickle, "asks for xtorch.FloatStorage",
      start.global("xtorch", "FloatStorage").stopped),
    refused(
      "a name in pieces", .forbiddenPickle, "asks for torch._utils _rebuild.tensor_v2",
      start.global("torch._utils _rebuild", "tensor_v2").stopped),
    refused(
      "a name with a carriage return", .forbiddenPickle, "asks for",
      start.global("collections\r", "OrderedDict").stopped),
    refused(
      "a text that is called", .forbiddenPickle, "calls a text", start.text("x").raw(")R").stopped),
    refused("None that is called", .forbiddenPickle, "calls None", start.raw("N)R").stopped),
    refused(
      "a class that is called", .forbiddenPickle, "no function here",
      start.global("torch", "FloatStorage").raw(")R").stopped),
    refused(
      "a call with a list", .invalidPickle, "what is no tuple",
      start.global("collections", "OrderedDict").raw("]R").stopped),
    refused(
      "a tensor function without arguments", .invalidPickle, "wrong arguments",
      start.global("torch._utils", "_rebuild_tensor_v2").raw(")R").stopped),
    refused(
      "a parameter of no tensor", .invalidPickle, "wrong arguments for _rebuild_parameter",
      start.global("torch._utils", "_rebuild_parameter").raw([0x4E, 0x89, 0x7D, 0x87, 0x52])
        .stopped),
    refused(
      "a result that is thrown away", .forbiddenPickle, "POP",
      start.global("collections", "OrderedDict").raw(")R0N").stopped),
    refused(
      "state of a list", .forbiddenPickle, "sets the state", start.raw("]}b").stopped),
    refused(
      "an object of a class without use", .forbiddenPickle, "makes an object",
      start.global("torch", "device").raw([0x29, 0x81]).stopped),
    refused(
      "a storage in module's clothes", .forbiddenPickle, "another kind than a storage",
      start.storage("0", 1, tag: "module").stopped),
    refused(
      "a persistent number", .invalidPickle, "no tuple", start.integer(4).raw("Q").stopped),
    refused(
      "a persistent id that is too short", .invalidPickle, "wrong arguments",
      start.raw("(").text("storage").raw("tQ").stopped),
    refused(
      "a quantized tensor", .unsupportedFormat, "quantized",
      start.raw("}").text("w").global("torch._utils", "_rebuild_qtensor").raw(")Rs").stopped),
  ]

  static let opcodes: [RefusalCase] = [
    (0x93, "STACK_GLOBAL"), (0x94, "MEMOIZE"), (0x95, "FRAME"), (0x69, "INST"), (0x6F, "OBJ"),
    (0x82, "EXT1"), (0x83, "EXT2"), (0x84, "EXT4"), (0x92, "NEWOBJ_EX"), (0x50, "PERSID"),
    (0x67, "GET"), (0x70, "PUT"), (0x8B, "LONG4"), (0x54, "BINSTRING"), (0x56, "UNICODE"),
    (0x53, "STRING"), (0x96, "BYTEARRAY8"), (0x97, "NEXT_BUFFER"), (0x98, "READONLY_BUFFER"),
    (0x90, "ADDITEMS"), (0x91, "FROZENSET"), (0x30, "POP"), (0x32, "DUP"), (0x8C, "SHORT_BIN"),
    (0x00, "0x0"), (0xFF, "0xff"),
  ].map { opcode, name in
    refused("opcode \(name)", .forbiddenPickle, name, start.raw([opcode]).stopped)
  }

  static let machine = [
    refused("nothing", .invalidPickle, "ends before its STOP", []),
    refused("STOP on an empty stack", .invalidPickle, "more from the stack", start.stopped),
    refused("values left over", .invalidPickle, "left over", start.raw("NN").stopped),
    refused("a mark left over", .invalidPickle, "more from the stack", start.raw("N(").stopped),
    refused("no mark", .invalidPickle, "no mark", start.raw("t").stopped),
    refused(
      "a tuple of too few", .invalidPickle, "more from the stack", start.raw([0x4E, 0x86]).stopped),
    refused("across a mark", .invalidPickle, "more from the stack", start.raw("N(R").stopped),
    refused("a key without a value", .invalidPickle, "without a value", start.raw("}(Nu").stopped),
    refused("a list as key", .invalidPickle, "cannot be one", start.raw("}]Ns").stopped),
    refused("keys of a list", .invalidPickle, "no dictionary", start.raw("]NNs").stopped),
    refused(
      "keys of a tensor", .invalidPickle, "no dictionary",
      start.tensor("0", 4, shape: [4], strides: [1]).raw("NNs").stopped),
    refused("items of a dictionary", .invalidPickle, "no list", start.raw("}Na").stopped),
    refused("a memory of nothing", .invalidPickle, "did not remember", start.raw("h\u{3}").stopped),
    refused(
      "a memory beyond all bounds", .invalidPickle, "gap",
      start.raw([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF]).stopped),
    refused(
      "a text longer than the file", .invalidPickle, "ends before",
      start.raw([0x58, 0xFF, 0xFF, 0xFF, 0xFF, 0x61]).stopped),
    refused(
      "a text that is not UTF-8", .invalidPickle, "not UTF-8",
      start.raw([0x58, 2, 0, 0, 0, 0xC0, 0x80]).stopped),
    refused(
      "a surrogate", .invalidPickle, "not UTF-8",
      start.raw([0x58, 3, 0, 0, 0, 0xED, 0xA0, 0x80]).stopped),
    refused(
      "a name without an end", .invalidPickle, "without an end",
      start.raw("c" + String(repeating: "x", count: 9000)).stopped),
    refused("protocol 255", .invalidPickle, "unknown pickle protocol", [0x80, 255, 0x4E, 0x2E]),
    refused("bytes after STOP", .invalidPickle, "after its STOP", start.raw("N").stopped + [0x4E]),
    refused(
      "a stack without end", .invalidPickle, "stack holds more",
      start.raw([UInt8](repeating: 0x4E, count: 1_100_000)).stopped),
    refused(
      "a million tuples in each other", .tooLarge, "more objects than its size",
      start.raw("N").raw([UInt8](repeating: 0x85, count: 1_000_000)).stopped),
    refused(
      "a million lists", .tooLarge, "more objects than its size",
      start.raw("](").raw([UInt8](repeating: 0x5D, count: 1_000_000)).raw("e").stopped),
  ]

  @Test(arguments: calls + opcodes + machine)
  func `the error is the one for it`(_ wrong: RefusalCase) { wrong.expectError() }

  @Test func `nesting as deep as its size allows is harmless`() throws {
    // Each level is remembered, as Python's pickler does it: seven bytes.
    let levels = 200_000
    var bytes = PickleText().raw("]").bytes
    for _ in 0..<levels { bytes += [0x5D, 0x58, 1, 0, 0, 0, 0x61, 0x61] }
    bytes += [UInt8](repeating: 0x61, count: levels)
    let error = #expect(throws: CheckpointError.self) {
      try TorchFiles.open(TorchFiles.archive(bytes + [0x2E], []).bytes)
    }
    #expect(error?.code == .tooLarge && error?.message.contains("nests too deep") == true)
  }

  @Test func `references that multiply are counted once`() throws {
    // A list of ten references to a list of ten references …, forty deep.
    var text = PickleText().raw("]q\u{0}")
    for level in 0..<40 {
      text = text.raw("](")
      for _ in 0..<10 { text = text.raw([0x68, UInt8(level)]) }
      text = text.raw("e").raw([0x71, UInt8(level + 1)])
    }
    let bytes = PickleText().raw("](").raw(Array(text.bytes.dropFirst(2))).raw("e").stopped
    // Walked as a tree, it would not end.
    let file = try TorchFiles.open(TorchFiles.archive(bytes, []).bytes)
    #expect(file.tensors.isEmpty)
  }

  @Test func `what names itself is walked once`() throws {
    let cyclic = PickleText().raw("}q\u{0}").text("self").raw("h\u{0}s").text("w")
      .tensor("0", 4, shape: [4], strides: [1]).raw("s").stopped
    let file = try TorchFiles.open(
      TorchFiles.archive(cyclic, [("0", TorchFiles.floats(4))]).bytes)
    #expect(file.tensors.map(\.name) == ["w"])
  }
}
