// `general.*`: what a GGUF file says of itself before it says how it computes.

/// The general metadata of a model.
struct GeneralKeys: Sendable {
  let architecture: String
  let name: String
  let parameters: Int
  /// generation_config.json.
  let generation: JSONNode?

  var entries: [(String, GGUFValue)] {
    [
      ("general.architecture", .string(architecture)), ("general.type", .string("model")),
    ] + sampling + [
      ("general.name", .string(Self.title(name))),
      ("general.size_label", .string(Self.sizeLabel(parameters))),
    ]
  }

  /// What generation_config.json recommends.
  private var sampling: [(String, GGUFValue)] {
    var entries: [(String, GGUFValue)] = []
    if let value = generation?["top_k"]?.integer {
      entries.append(("general.sampling.top_k", .int32(Int32(clamping: value))))
    }
    let penalty = generation?["penalty_repeat"] ?? generation?["repetition_penalty"]
    for (key, node) in [
      ("top_p", generation?["top_p"]), ("min_p", generation?["min_p"]),
      ("temp", generation?["temperature"]), ("penalty_repeat", penalty),
    ] {
      if let value = node?.double {
        entries.append(("general.sampling.\(key)", .float32(Float(value))))
      }
    }
    return entries
  }

  /// `smol-tied-bf16` as `Smol Tied Bf16`: words in lower case get a capital, versions do not.
  static func title(_ name: String) -> String {
    name.split { $0 == "-" || $0.isWhitespace }.map { word in
      let isLower = word.contains(where: \.isLowercase) && !word.contains(where: \.isUppercase)
      let isVersion =
        word.first?.isNumber == true || word.wholeMatch(of: /v[0-9]+(\.[0-9]+)*/) != nil
      return isLower && !isVersion ? capitalized(word) : String(word)
    }.joined(separator: " ")
  }

  private static func capitalized(_ word: Substring) -> String {
    var result = ""
    var startsWord = true
    for character in word {
      result += startsWord ? character.uppercased() : String(character)
      startsWord = !character.isLetter
    }
    return result
  }

  /// `135M`, `1.7B`: two digits at least.
  static func sizeLabel(_ parameters: Int) -> String {
    let (scale, suffix): (Double, String) =
      switch parameters {
      case 1_000_000_000_001...: (1e12, "T")
      case 1_000_000_001...: (1e9, "B")
      case 1_000_001...: (1e6, "M")
      default: (1e3, "K")
      }
    let scaled = Double(parameters) / scale
    let whole = Int(scaled.rounded(.toNearestOrEven))
    let digits = whole == 0 ? 0 : String(whole).count
    let decimals = max(0, 2 - digits)
    let factor = decimals == 0 ? 1 : decimals == 1 ? 10 : 100
    let shown = Int((scaled * Double(factor)).rounded(.toNearestOrEven))
    guard decimals > 0 else { return "\(shown)\(suffix)" }
    let fraction = String(shown % factor)
    let zeros = String(repeating: "0", count: decimals - fraction.count)
    return "\(shown / factor).\(zeros)\(fraction)\(suffix)"
  }
}
