// Damage is found, wherever it is; and no table, however made up, is believed.

import Testing

@testable import TieConv
@testable import TieConvIO
@testable import TieConvKernels

@Suite struct ContainerDamageTests {
  /// Whether opening the container, or decoding all of it, fails with one clear error.
  private func fails(_ path: String) -> Bool {
    do throws(CheckpointError) {
      let checkpoint = try Checkpoint(opening: path)
      guard let container = checkpoint.container else { return false }
      _ = try ContainerVerifier(
        container: container, options: ExecutionOptions(threads: 1)
      ).check()
      return false
    } catch {
      return CheckpointError.Code.containerCodes.contains(error.code) && !error.message.isEmpty
    }
  }

  private func small(_ sandbox: ContainerSandbox, _ codec: ContainerCodec) throws -> [UInt8] {
    let input = try sandbox.folder(
      "in-\(codec.rawValue)",
      [
        "config.json": Array("{}".utf8),
        "model.safetensors": SampleBytes.safetensors([
          SampleTensor("a", .bf16, [20, 30], SampleBytes.weights(600, seed: 1)),
          SampleTensor("b", .f32, [17], seed: 2),
        ]),
      ])
    try sandbox.compress(input, to: "\(codec.rawValue).tiepack", codec: codec)
    return try sandbox.bytes(sandbox.path("\(codec.rawValue).tiepack"))
  }

  @Test(arguments: ContainerCodec.allCases)
  func `every flipped bit is found`(codec: ContainerCodec) throws {
    let sandbox = try ContainerSandbox()
    let bytes = try small(sandbox, codec)
    #expect(!fails(sandbox.path("\(codec.rawValue).tiepack")))
    let path = sandbox.path("flipped.tiepack")
    let file = try OutputFile(creating: path)
    try file.write(bytes, at: 0)
    var unseen: [Int] = []
    for bit in 0..<8 * bytes.count {
      try file.write([bytes[bit / 8] ^ 1 << UInt8(bit % 8)], at: bit / 8)
      // A file of another magic is another format, and is refused as one.
      if bit / 8 < 8 {
        if (try? Checkpoint(opening: path)) != nil { unseen.append(bit) }
      } else if !fails(path) {
        unseen.append(bit)
      }
      try file.write([bytes[bit / 8]], at: bit / 8)
    }
    #expect(unseen.isEmpty, "bits \(unseen)")
  }

  @Test func `every truncation is found, and every byte too many`() throws {
    let sandbox = try ContainerSandbox()
    let bytes = try small(sandbox, .zstd)
    var unseen: [Int] = []
    for count in 0..<bytes.count {
      let path = try sandbox.file("cut.tiepack", Array(bytes[..<count]))
      if (try? Checkpoint(opening: path)) != nil { unseen.append(count) }
      try FileSystem.removeTree(path)
    }
    #expect(unseen.isEmpty, "lengths \(unseen)")
    #expect(fails(try sandbox.file("long.tiepack", bytes + [0])))
  }

  @Test func `a later version and an unknown feature are named as such`() throws {
    let sandbox = try ContainerSandbox()
    let bytes = try small(sandbox, .zstd)
    for (place, value) in [(8, 0), (8, 2), (9, 1), (12, 1), (15, 128)] as [(Int, UInt8)] {
      var changed = bytes
      changed[place] = value
      let path = try sandbox.file("v-\(place)-\(value).tiepack", changed)
      #expect { try Checkpoint(opening: path) } throws: {
        ($0 as? CheckpointError)?.code == .unsupportedContainer
      }
    }
  }

  // MARK: Made-up tables

  /// A container whose digests are right, whatever else is in it.
  private func forged(_ table: ContainerTable, chunks: [UInt8] = []) -> [UInt8] {
    func number(_ value: Int) -> [UInt8] {
      (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    let bytes = table.bytes
    let frame = Zstd.compress(bytes) ?? []
    let header = ContainerFormat.magic + number(1)
    let numbers = number(header.count + chunks.count) + number(frame.count) + number(bytes.count)
    return header + chunks + frame + numbers
      + SHA256Digest(of: header + frame + numbers).bytes + ContainerFormat.magic
  }

  private typealias Table = ContainerTable

  private func digest(_ bytes: [UInt8]) -> UInt64 {
    unsafe bytes.withUnsafeBytes { unsafe ContentDigest.xxh3($0) }
  }

  /// A table of one blob with the raw bytes `raw`, stored as `stored`, in one file.
  private func table(_ raw: [UInt8], _ stored: [UInt8]) -> Table {
    var table = Table(layout: .file, span: 4096)
    table.chunks = [
      Table.Chunk(
        storedDigest: digest(stored), rawDigest: digest(raw), storedCount: stored.count)
    ]
    table.blobs = [Table.Blob(size: raw.count, digest: Table.digest([digest(raw)]), base: nil)]
    table.files = [
      Table.File(
        path: "model.safetensors", permissions: 0o644,
        segments: [.extent(Table.Extent(blob: 0, offset: 0, count: raw.count))])
    ]
    return table
  }

  private let raw = SampleBytes.safetensors([
    SampleTensor("a", .u8, [64], Array(repeating: 7, count: 64))
  ])

  /// Bytes as one raw plane.
  private func stored(_ raw: [UInt8]) -> [UInt8] {
    [0, 0, 0, 0, 1, 0, 0, 0] + (0..<4).map { UInt8(truncatingIfNeeded: raw.count >> (8 * $0)) }
      + raw
  }

  @Test func `a forged table that is right is read`() throws {
    let sandbox = try ContainerSandbox()
    let path = try sandbox.file("f", forged(table(raw, stored(raw)), chunks: stored(raw)))
    #expect(!fails(path))
  }

  @Test func `hostile tables are refused`() throws {
    let sandbox = try ContainerSandbox()
    let good = table(raw, stored(raw))
    let file = good.files[0]
    func files(_ paths: String...) -> (inout Table) -> Void {
      { table in
        table.layout = .folder
        table.files = paths.map {
          Table.File(path: $0, permissions: 0o644, segments: file.segments)
        }
      }
    }
    func extent(_ blob: Int, _ offset: Int, _ count: Int) -> (inout Table) -> Void {
      { table in
        table.files = [
          Table.File(
            path: "a", permissions: 0,
            segments: [
              .extent(
                .init(
                  blob: blob, offset: offset, count: count))
            ])
        ]
      }
    }
    let changes: [(String, (inout Table) -> Void)] = [
      ("parent", files("../x")), ("root", files("/x")), ("dot", files("a/./b")),
      ("empty", files("")), ("slash", files("a//b")), ("control", files("a\nb")),
      ("twice", files("a", "a")), ("file and folder", files("a", "a/b")),
      ("deep file and folder", files("a/b/c", "a")),
      ("no blob", extent(1, 0, 8)), ("past the end", extent(0, 8, raw.count)),
      ("offset past the end", extent(0, raw.count + 1, 1)), ("nothing", extent(0, 0, 0)),
      ("overflow", extent(0, .max, 8)), ("long", extent(0, 0, .max)),
      (
        "no tensor",
        {
          $0.files = [
            Table.File(path: "a", permissions: 0, segments: [.tensor(0)])
          ]
        }
      ),
      (
        "permissions",
        {
          $0.files = [
            Table.File(path: "a", permissions: 0o1777, segments: file.segments)
          ]
        }
      ),
      (
        "two lone files",
        {
          $0.files.append(
            Table.File(path: "b", permissions: 0, segments: []))
        }
      ),
      ("no lone file", { $0.files = [] }),
      (
        "no base",
        {
          $0.blobs = [
            Table.Blob(size: $0.blobs[0].size, digest: $0.blobs[0].digest, base: 3)
          ]
        }
      ),
      (
        "base of another size",
        {
          $0.bases = [Table.Base(name: "b", size: 1, digest: 0)]
          $0.blobs = [Table.Blob(size: $0.blobs[0].size, digest: $0.blobs[0].digest, base: 0)]
        }
      ),
      ("blob digest", { $0.blobs = [Table.Blob(size: $0.blobs[0].size, digest: 1, base: nil)] }),
      ("huge blob", { $0.blobs = [Table.Blob(size: .max, digest: 1, base: nil)] }),
      ("chunk too many", { $0.chunks.append($0.chunks[0]) }),
      ("chunk missing", { $0.chunks = [] }),
      (
        "chunk longer than the file",
        {
          $0.chunks = [
            Table.Chunk(
              storedDigest: $0.chunks[0].storedDigest, rawDigest: $0.chunks[0].rawDigest,
              storedCount: $0.chunks[0].storedCount + 1)
          ]
        }
      ),
      (
        "empty chunk",
        {
          $0.chunks = [
            Table.Chunk(storedDigest: 0, rawDigest: $0.chunks[0].rawDigest, storedCount: 0)
          ]
        }
      ),
      ("span", { $0.span = 4096 + 4 }), ("small span", { $0.span = 8 }),
      ("huge span", { $0.span = 1 << 30 }),
      (
        "shape",
        {
          $0.tensors = [
            Table.Tensor(
              name: "a", dtype: .u8, shape: Shape([63]),
              extents: [
                Table.Extent(blob: 0, offset: 0, count: 64)
              ])
          ]
        }
      ),
      (
        "shape beyond 64 bits",
        {
          $0.tensors = [
            Table.Tensor(name: "a", dtype: .u8, shape: Shape([1 << 40, 1 << 40]), extents: [])
          ]
        }
      ),
    ]
    for (what, change) in changes {
      var table = good
      change(&table)
      let path = try sandbox.file("f", forged(table, chunks: stored(raw)))
      #expect { try Container(path) } throws: { error in
        (error as? CheckpointError)?.code == .invalidContainer
      }
      #expect(fails(path), "\(what)")
      try FileSystem.removeTree(path)
    }
  }

  @Test func `a table that contradicts the header inside is refused`() throws {
    let sandbox = try ContainerSandbox()
    var lying = table(raw, stored(raw))
    let start = raw.count - 64
    lying.tensors = [
      Table.Tensor(
        name: "b", dtype: .u8, shape: Shape([64]),
        extents: [Table.Extent(blob: 0, offset: start, count: 64)])
    ]
    lying.files = [
      Table.File(
        path: "model.safetensors", permissions: 0o644,
        segments: [.extent(Table.Extent(blob: 0, offset: 0, count: start)), .tensor(0)])
    ]
    #expect(fails(try sandbox.file("f", forged(lying, chunks: stored(raw)))))
  }

  @Test func `hostile chunks are refused`() throws {
    let sandbox = try ContainerSandbox()
    let count = raw.count
    func number(_ value: Int) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    func plane(_ mode: UInt8, _ bytes: [UInt8], value: UInt8 = 0) -> [UInt8] {
      [0, 0, 0, 0, mode, value, 0, 0] + number(bytes.count) + bytes
    }
    let frame = try #require(Zstd.compress(raw))
    let bomb = try #require(Zstd.compress(Array(repeating: 0, count: 1 << 20)))
    let skippable: [UInt8] = [0x50, 0x2A, 0x4D, 0x18, 4, 0, 0, 0, 1, 2, 3, 4]
    let cases: [(String, [UInt8])] = [
      ("transform", [10, 0, 0, 0]), ("flags", [0, 2] + stored(raw)[2...]),
      ("window base of bytes", [0, 0, 1, 0] + stored(raw)[4...]),
      ("window base out of bounds", [7, 0, 0, 4] + [UInt8](repeating: 0, count: 24)),
      ("base without a base", [9, 1, 0, 0]), ("base without the flag", [9, 0, 0, 0]),
      ("difference without a base", [0, 1] + stored(raw)[2...]),
      ("mode", plane(4, raw)), ("value", plane(1, raw, value: 1)),
      ("constant with bytes", plane(0, [1])),
      ("reserved", Array(stored(raw)[..<6]) + [1] + stored(raw)[7...]),
      ("too few", plane(1, Array(raw.dropLast()))), ("too many", plane(1, raw + [0])),
      ("left over", stored(raw) + [0]),
      ("claims too much", Array(stored(raw)[..<8]) + number(1 << 30) + raw),
      ("bomb", plane(2, bomb)), ("two frames", plane(2, frame + frame)),
      ("skippable first", plane(2, skippable + frame)),
      ("skippable alone", plane(2, skippable)), ("cut frame", plane(2, frame.dropLast())),
      ("trailing", plane(2, frame + [0])), ("no frame", plane(2, Array("nothing".utf8))),
      ("no stream", plane(3, [0xFF, 0xFF, 0xFF])), ("empty stream", plane(3, [])),
      ("planes of odd elements", [3, 0, 0, 0] + [UInt8](repeating: 0, count: 64)),
      ("window of odd elements", [8, 0, 0, 0] + [UInt8](repeating: 0, count: 40)),
    ]
    for (what, chunk) in cases {
      let path = try sandbox.file("f", forged(table(raw, chunk), chunks: chunk))
      #expect(fails(path), "\(what)")
      try FileSystem.removeTree(path)
    }
    #expect(count % 8 != 0, "the cases of odd elements mean something")
    let fine = plane(2, frame)
    #expect(!fails(try sandbox.file("fine", forged(table(raw, fine), chunks: fine))))
  }
}

extension CheckpointError.Code {
  static let containerCodes: [CheckpointError.Code] = [
    .invalidContainer, .unsupportedContainer, .damagedContainer, .wrongBase,
  ]
}
