// Laws of writing: the bytes depend neither on the way into the file nor on the thread count.

import Testing

@testable import TieConv
@testable import TieConvIO

@Suite struct ContainerStreamTests {
  /// More than two blocks of a direct stream, which random bytes cannot be squeezed below.
  private static let count = 9 << 20

  private func sandbox() throws -> (ContainerSandbox, ContainerPlan) {
    let sandbox = try ContainerSandbox()
    let file = SampleBytes.safetensors([
      SampleTensor("weight", .u8, [Self.count], SampleBytes.random(Self.count, seed: 1))
    ])
    let input = try sandbox.file("model.safetensors", file)
    var planner = ContainerPlanner(
      try Checkpoint(opening: input), base: nil, options: ExecutionOptions())
    return (sandbox, try planner.planned())
  }

  private func write(
    _ plan: ContainerPlan, to sink: any StreamSink, threads: Int
  ) throws -> Int {
    try ContainerWriter(
      plan, to: sink, codec: .zstd, verifies: true, options: ExecutionOptions(threads: threads)
    ).write()
  }

  @Test func `every way into a file and every thread count give the same bytes`() throws {
    let (sandbox, plan) = try sandbox()
    let reference = sandbox.path("reference")
    let size = try write(plan, to: BufferedSink(try OutputFile(creating: reference)), threads: 1)
    let expected = try sandbox.bytes(reference)
    #expect(size == expected.count && size > Self.count)
    for threads in [1, 2, 5] {
      let path = sandbox.path("stream-\(threads)")
      let sink = try OutputFile(creating: path).stream()
      #expect(try write(plan, to: sink, threads: threads) == size)
      let isSame = try sandbox.bytes(path) == expected
      #expect(isSame, "\(threads) threads")
    }
  }

  @Test func `a dry run writes nothing and knows what would be written`() throws {
    let (sandbox, _) = try sandbox()
    let input = try Checkpoint(opening: sandbox.path("model.safetensors"))
    var options = CompressOptions()
    options.isDryRun = true
    let plan = try Compressor(input, options: options).compress(to: sandbox.path("a.tiepack"))
    #expect(plan.output == nil && plan.verified == true)
    #expect(throws: (any Error).self) { try sandbox.bytes(sandbox.path("a.tiepack")) }
    let report = try sandbox.compress(sandbox.path("model.safetensors"), to: "a.tiepack")
    #expect(report.outputBytes == plan.outputBytes && report.ratio == plan.ratio)
    options.verifies = false
    let unchecked = try Compressor(input, options: options).compress(to: sandbox.path("b.tiepack"))
    #expect(unchecked.verified == nil && unchecked.outputBytes == plan.outputBytes)
  }

  @Test func `an interrupted stream ends, and says so`() throws {
    let (sandbox, plan) = try sandbox()
    let cancellation = Cancellation()
    cancellation.cancel()
    let file = try OutputFile(creating: sandbox.path("out"))
    #expect {
      try ContainerWriter(
        plan, to: file.stream(), codec: .zstd, verifies: true,
        options: ExecutionOptions(threads: 2, cancellation: cancellation)
      ).write()
    } throws: { ($0 as? CheckpointError)?.code == .interrupted }
  }
}
