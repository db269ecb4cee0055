// tieconv-fuzz: mutated inputs for every parser of text that comes from outside.

import TieConvIO

guard let options = FuzzOptions(Array(CommandLine.arguments.dropFirst())) else {
  StandardStream.error.write(FuzzOptions.usage)
  endProcess(64)
}
do {
  if try FileSystem.kind(of: options.scratch) == nil {
    try FileSystem.makeDirectory(options.scratch)
  }
  if let count = options.worker {
    try Worker(options: options).run(first: options.firstCase, count: count)
    endProcess(0)
  }
  var supervisor = Supervisor(options: options)
  let findings = try supervisor.run()
  try FileSystem.removeTree(options.scratch)
  endProcess(findings == 0 ? 0 : 1)
} catch {
  StandardStream.error.write("tieconv-fuzz: \(error)\n")
  endProcess(2)
}
