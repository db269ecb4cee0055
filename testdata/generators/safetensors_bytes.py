# Builds safetensors files byte by byte, with the standard library only, so that the fixtures do not
# depend on the version of any library. Layout: u64 header length, JSON header, data.

import json
import pathlib
import shutil
import struct
from typing import NamedTuple

# Largest alignment first: the order in which the reference library lays tensors out.
_ORDER = ("U64", "I64", "F64", "C64", "F32", "U32", "I32", "BF16", "F16", "U16", "I16",
          "F8_E5M2FNUZ", "F8_E4M3FNUZ", "F8_E8M0", "F8_E4M3", "F8_E5M2", "I8", "U8",
          "F6_E3M2", "F6_E2M3", "F4", "BOOL")


class Tensor(NamedTuple):
    dtype: str
    shape: tuple[int, ...]
    data: bytes


def frame(header: bytes | str, data: bytes = b"", length: int | None = None) -> bytes:
    """A file from its parts; `length` lies about the header's length."""
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def pack(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """A file as the reference library would write it."""
    header: dict = {"__metadata__": metadata} if metadata else {}
    data = b""
    for name in sorted(tensors, key=lambda name: (_ORDER.index(tensors[name].dtype), name)):
        tensor = tensors[name]
        end = len(data) + len(tensor.data)
        header[name] = {
            "dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [len(data), end]}
        data += tensor.data
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    return frame(text + b" " * (-len(text) % 8), data)


def dump(value) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def fresh_folder(folder: pathlib.Path) -> pathlib.Path:
    """Empties the folder, so that a case taken out of a generator disappears."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
