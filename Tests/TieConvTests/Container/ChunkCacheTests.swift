// Laws of the cache: what is kept stays as it is while anybody reads it.

import Testing

@testable import TieConv
@testable import TieConvIO

@Suite struct ChunkCacheTests {
  private func fill(_ buffer: AlignedBuffer, _ value: UInt8) {
    let bytes = unsafe buffer.bytes(buffer.count)
    for place in bytes.indices { unsafe bytes[place] = value }
  }

  @Test func `the oldest goes, and its room is used again once nobody reads it`() throws {
    // Of so large a span, four chunks are kept.
    let cache = ChunkCache(span: 4 << 20)
    for number in 0..<4 {
      let room = cache.room()
      fill(room, UInt8(number))
      cache.keep(room, as: number)
    }
    let read = try #require(cache.chunk(0))
    cache.keep(cache.room(), as: 4)
    #expect(cache.chunk(0) == nil && cache.chunk(1) != nil)
    // Chunk 0 is still being read: its room is nobody else's.
    #expect(cache.room() !== read)
    #expect(unsafe read.bytes(1)[0] == 0)
    let second = try ObjectIdentifier(#require(cache.chunk(1)))
    cache.keep(AlignedBuffer(count: 1), as: 5)
    #expect(ObjectIdentifier(cache.room()) == second)
  }
}
