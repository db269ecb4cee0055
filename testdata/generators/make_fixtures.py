# Writes ../verdicts (one tiny model a folder, named after its verdict, and expected.json with what
# `inspect` has to find) and ../adapters. Standard library only.

import pathlib

import adapter_fixtures
import verdict_fixtures
import verdict_fixtures_families
import verdict_fixtures_files
from safetensors_bytes import dump, fresh_folder

TESTDATA = pathlib.Path(__file__).resolve().parent.parent


def write(root: pathlib.Path, folders: dict[str, dict]) -> None:
    fresh_folder(root)
    for folder, files in folders.items():
        (root / folder).mkdir()
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (root / folder / name).write_bytes(data)


def main() -> None:
    cases = {}
    for source in (verdict_fixtures, verdict_fixtures_families, verdict_fixtures_files):
        for folder, case in source.cases().items():
            assert folder not in cases, folder
            cases[folder] = case
    write(TESTDATA / "verdicts", {folder: case.files for folder, case in sorted(cases.items())})
    expected = {folder: case.expected(folder) for folder, case in sorted(cases.items())}
    (TESTDATA / "verdicts" / "expected.json").write_text(dump(expected))
    write(TESTDATA / "adapters", adapter_fixtures.folders())


if __name__ == "__main__":
    main()
