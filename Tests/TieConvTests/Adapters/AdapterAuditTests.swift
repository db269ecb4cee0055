// Laws of `inspect --adapter`: what a tied pair shares, an adapter must not change on one side.

import Testing

@testable import TieConv

@Suite struct AdapterAuditTests {
  private func code(_ tensors: [SampleTensor], isTied: Bool, config: String = "") throws -> String?
  {
    let scene = try AdapterScene(isTied: isTied)
    let report = try scene.report(try scene.adapter("adapter", tensors, config: config))
    let found = report.problems.filter { $0.code.hasPrefix("adapter") }
    #expect(found.count == 1)
    let isBad = ["adapterOneSide", "adapterBothSides"].contains(found.first?.code ?? "")
    #expect((found.first?.severity == .error) == (isBad && isTied))
    return found.first?.code
  }

  private static func saved(_ module: String) -> [SampleTensor] {
    [
      AdapterScene.tensor(
        "\(module).modules_to_save.weight", AdapterScene.table(1),
        [AdapterScene.rows, AdapterScene.columns])
    ]
  }

  private static let elsewhere = [
    AdapterScene.tensor("model.layers.0.self_attn.q_proj.lora_A.weight", [1, 2, 3, 4], [1, 4]),
    AdapterScene.tensor("model.layers.0.self_attn.q_proj.lora_B.weight", [1, 2], [2, 1]),
  ]

  @Test(arguments: [true, false]) func aChangeOfTheHeadAloneIsOneSided(isTied: Bool) throws {
    #expect(try code(AdapterScene.headTensors, isTied: isTied) == "adapterOneSide")
  }

  @Test(arguments: [true, false]) func aChangeOfTheEmbeddingAloneIsOneSided(isTied: Bool) throws {
    #expect(try code(AdapterScene.embeddingTensors, isTied: isTied) == "adapterOneSide")
  }

  @Test(arguments: [true, false]) func changesOfBothAreTwoChanges(isTied: Bool) throws {
    let both = AdapterScene.headTensors + AdapterScene.embeddingTensors
    #expect(try code(both, isTied: isTied) == "adapterBothSides")
  }

  @Test func aTieThatIsEnsuredSharesOneChange() throws {
    let both = AdapterScene.headTensors + AdapterScene.embeddingTensors
    let config = ", \"ensure_weight_tying\": true"
    #expect(try code(both, isTied: true, config: config) == "adapterShared")
  }

  @Test(arguments: [AdapterScene.embedding, AdapterScene.head])
  func aSavedModuleIsOneSided(module: String) throws {
    let short = String(module.split(separator: ".").last ?? "")
    let config = ", \"modules_to_save\": [\"\(short)\"]"
    #expect(try code(Self.saved(module), isTied: true, config: config) == "adapterOneSide")
  }

  @Test func savedModulesOfBothSidesConflict() throws {
    let both = Self.saved(AdapterScene.embedding) + Self.saved(AdapterScene.head)
    #expect(try code(both, isTied: true) == "adapterBothSides")
  }

  @Test func rowsOfTokensAreSharedByATiedPairAlone() throws {
    let rows = [
      AdapterScene.tensor(
        "\(AdapterScene.embedding).token_adapter.trainable_tokens_delta", [1, 2, 3, 4], [1, 4])
    ]
    let config = ", \"trainable_token_indices\": [2]"
    #expect(try code(rows, isTied: true, config: config) == "adapterSharedRows")
    #expect(try code(rows, isTied: false, config: config) == "adapterOneSide")
  }

  @Test(arguments: [true, false]) func anAdapterElsewhereIsClear(isTied: Bool) throws {
    #expect(try code(Self.elsewhere, isTied: isTied) == "adapterClear")
  }
}
