// Rotary frequencies against numbers worked out by hand.

internal import Testing

@testable internal import TieConvModel

struct RotarySettingsTests {
  @Test("Plain frequencies are powers of the base")
  func plain() {
    let settings = RotarySettings(dimension: 4, base: 100, scaling: .none, isInterleaved: false)
    #expect(settings.frequencies(length: 10).perPair == [1, 0.1])
  }

  @Test("Linear scaling divides every frequency")
  func linear() {
    let settings = RotarySettings(
      dimension: 4, base: 100, scaling: .linear(factor: 4), isInterleaved: false)
    #expect(settings.frequencies(length: 10).perPair == [0.25, 0.025])
  }

  @Test("Dynamic scaling changes nothing up to the stated length, and slows every turn beyond it")
  func dynamic() {
    let plain = RotarySettings(dimension: 8, base: 100, scaling: .none, isInterleaved: false)
    let dynamic = RotarySettings(
      dimension: 8, base: 100, scaling: .dynamic(factor: 2, maximum: 16), isInterleaved: false)
    #expect(dynamic.frequencies(length: 16).perPair == plain.frequencies(length: 16).perPair)
    let long = dynamic.frequencies(length: 32).perPair
    for (slow, fast) in zip(long, plain.frequencies(length: 32).perPair).dropFirst() {
      #expect(slow < fast)
    }
  }
}
