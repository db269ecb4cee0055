// swift-tools-version: 6.2
// tieconv: checkpoint tooling around weight tying. Imports go from the ground up, never back:
// CTieConvKernels → TieConvKernels → TieConvIO → TieConv → TieConvModel → TieConvCommands →
// TieConvTool.

import PackageDescription

/// Every target of ours: Swift 6 mode, explicit unsafe code, no warnings.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "tieconv",
  products: [
    .library(name: "TieConv", targets: ["TieConv"]),
    .library(name: "TieConvModel", targets: ["TieConvModel"]),
    .executable(name: "tieconv", targets: ["TieConvTool"]),
    .executable(name: "tieconv-fuzz", targets: ["TieConvFuzz"]),
    .executable(name: "tieconv-probe", targets: ["TieConvProbe"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "CLinux"),
    .target(name: "CTieConvKernels", cSettings: [.headerSearchPath(".")]),
    .target(
      name: "TieConvKernels", dependencies: ["CTieConvKernels"], swiftSettings: strict),
    .target(
      name: "TieConvIO",
      dependencies: [
        "CLinux", "CZlib", "CZstd", .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: strict),
    .target(
      name: "TieConv", dependencies: ["TieConvKernels", "TieConvIO"],
      exclude: ["Container/FORMAT.md", "Tying/Loaders/LOADER_RULES.md"], swiftSettings: strict),
    .target(
      name: "TieConvModel", dependencies: ["TieConv", "TieConvKernels", "TieConvIO"],
      swiftSettings: strict),
    .target(
      name: "TieConvCommands",
      dependencies: [
        "TieConv", "TieConvModel", "TieConvIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], swiftSettings: strict),
    .executableTarget(
      name: "TieConvTool", dependencies: ["TieConvCommands"], swiftSettings: strict),
    .testTarget(
      name: "TieConvIOTests", dependencies: ["TieConvIO"], swiftSettings: strict),
    .testTarget(
      name: "TieConvTests", dependencies: ["TieConv", "TieConvIO", "TieConvKernels"],
      swiftSettings: strict),
    .testTarget(
      name: "TieConvModelTests",
      dependencies: ["TieConvModel", "TieConv", "TieConvKernels", "TieConvIO"],
      swiftSettings: strict),
    .testTarget(
      name: "TieConvKernelsTests", dependencies: ["TieConvKernels"], swiftSettings: strict),
    .executableTarget(
      name: "TieConvProbe", dependencies: ["TieConv", "TieConvModel"],
      swiftSettings: [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "TieConvFuzz", dependencies: ["TieConv", "TieConvModel", "TieConvIO"],
      swiftSettings: strict),
    .testTarget(
      name: "TieConvFuzzTests", dependencies: ["TieConvFuzz"], swiftSettings: strict),
  ]
)
