# Writes ../invalid (one fault a case, the folder named after the error code) and ../valid (odd but
# legal files). Standard library only, except for `--check`, which asks the reference library
# what it says of every safetensors file and prints where the two disagree.

import json
import pathlib
import sys

import invalid_folders
import invalid_safetensors
import valid_safetensors
from safetensors_bytes import dump, fresh_folder

TESTDATA = pathlib.Path(__file__).resolve().parent.parent
INVALID, VALID = TESTDATA / "invalid", TESTDATA / "valid"


def write_all() -> None:
    fresh_folder(INVALID)
    for code, cases in invalid_safetensors.cases().items():
        (INVALID / code).mkdir(exist_ok=True)
        for slug, data in cases.items():
            (INVALID / code / f"{slug}.safetensors").write_bytes(data)
    for code, cases in invalid_folders.cases().items():
        for slug, files in cases.items():
            folder = INVALID / code / slug
            folder.mkdir(parents=True)
            for name, data in files.items():
                if isinstance(data, pathlib.PurePath):
                    (folder / name).symlink_to(data)
                else:
                    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    fresh_folder(VALID)
    expected = {}
    for slug, case in valid_safetensors.cases().items():
        (VALID / f"{slug}.safetensors").write_bytes(case.data)
        expected[f"{slug}.safetensors"] = case.tensors
    (VALID / "expected.json").write_text(dump(expected))


# What the reference's message contains where it knows our code by another name; "invalid JSON" for
# the codes that are missing here.
REFERENCE_WORDS = {
    "headerTooSmall": "header too small", "headerTooLarge": "header too large",
    "invalidHeaderLength": "invalid header length", "invalidHeaderEncoding": "invalid UTF-8",
    "invalidOffset": "invalid offset", "shapeOverflow": "overflow computing",
    "misalignedSlice": "subbytes", "tensorSizeMismatch": "invalid shape, data type, or offset",
    "incompleteBuffer": "not fully covered",
}


def check() -> int:
    """Counts the files that the reference treats in a way that README.md does not announce."""
    import safetensors

    lax, strict, otherwise = [], [], {}
    for path in sorted(INVALID.glob("*/*.safetensors")):
        code = path.parent.name
        try:
            with safetensors.safe_open(path, framework="np"):
                lax.append(f"{code}/{path.stem}")
        except Exception as error:
            if REFERENCE_WORDS.get(code, "invalid JSON") not in str(error):
                otherwise[f"{code}/{path.stem}"] = str(error)
    expected = json.loads((VALID / "expected.json").read_text())
    for path in sorted(VALID.glob("*.safetensors")):
        try:
            with safetensors.safe_open(path, framework="np") as file:
                names = sorted(file.keys())
        except Exception as error:
            strict.append(f"{path.stem}: {error}")
            continue
        if names != sorted(tensor["name"] for tensor in expected[path.name]):
            strict.append(f"{path.stem}: other names {names}")
    print("reference accepts, we refuse:", *lax, sep="\n  ")
    print("reference refuses, we accept:", *strict, sep="\n  ")
    print("reference refuses for another reason:", *otherwise.items(), sep="\n  ")
    surprises = set(lax) ^ set(invalid_safetensors.REFERENCE_ACCEPTS)
    surprises |= set(otherwise) ^ {"duplicateTensor/both-laid-out"}
    print("not as documented:", sorted(surprises) or "nothing")
    return len(surprises) + len(strict)


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(1 if check() else 0)
    write_all()
