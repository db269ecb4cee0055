# Odd but legal safetensors files: a reader that refuses one of them is wrong.

import json
import struct
from typing import NamedTuple

from invalid_safetensors import GOOD, entry, one
from safetensors_bytes import Tensor, frame, pack


class Case(NamedTuple):
    data: bytes
    tensors: list[dict]


def tensor(name: str, dtype: str, shape: list[int], begin: int, end: int) -> dict:
    return {"name": name, "dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


A = [tensor("a", "U8", [2], 0, 2)]
DATA = b"\0\1"
BITS = {"BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8, "F8_E5M2": 8,
        "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "I16": 16, "U16": 16,
        "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32, "C64": 64, "F64": 64, "I64": 64,
        "U64": 64}


def json_forms() -> dict[str, Case]:
    deep = "[" * 99 + "]" * 99
    bare = GOOD[:-1]
    return {
        "leading-whitespace": Case(frame(f' \t\r\n{{"a":{GOOD}}}', DATA), A),
        "trailing-whitespace": Case(frame(f'{{"a":{GOOD}}} \t\r\n', DATA), A),
        "whitespace-everywhere": Case(
            frame('{ "a" : { "dtype" : "U8" , "shape" : [ 2 ] , "data_offsets" : [ 0 , 2 ] } }',
                  DATA), A),
        "unpadded-header": Case(frame(f'{{"a":{GOOD}}}', DATA), A),
        "fields-in-another-order": Case(
            one('{"data_offsets":[0,2],"shape":[2],"dtype":"U8"}', DATA), A),
        "unknown-fields": Case(one(bare + ',"x":1.5e3,"y":[null,true,{"z":""}]}', DATA), A),
        "unknown-field-100-levels": Case(one(bare + f',"x":{deep}}}', DATA), A),
        "metadata-null": Case(frame(f'{{"__metadata__":null,"a":{GOOD}}}', DATA), A),
        "metadata-empty": Case(frame(f'{{"__metadata__":{{}},"a":{GOOD}}}', DATA), A),
        "metadata-last": Case(frame(f'{{"a":{GOOD},"__metadata__":{{"format":"pt"}}}}', DATA), A),
        "escaped-field-names": Case(
            one('{"\\u0064type":"\\u00558","shape":[2],"data_offsets":[0,2]}', DATA), A),
        "no-tensors": Case(frame("{}      "), []),
        "no-tensors-with-metadata": Case(frame('{"__metadata__":{"format":"pt"}}'), []),
        # The length field's first bytes look like something else: 4e 2e is a whole pickle of None,
        # 80 02 opens a pickle of protocol 2, 7b is the brace that opens a JSON text.
        "length-reads-as-pickle": Case(frame(f'{{"a":{GOOD}}}'.ljust(0x2E4E), DATA), A),
        "length-reads-as-pickle-2": Case(frame(f'{{"a":{GOOD}}}'.ljust(0x0280), DATA), A),
        "length-reads-as-json": Case(frame(f'{{"a":{GOOD}}}'.ljust(0x7B), DATA), A),
    }


def names() -> dict[str, Case]:
    spelled = {
        "name-empty": ("", ""),
        "name-nul": ("\\u0000", "\0"),
        "name-slash-escaped": ("\\/", "/"),
        "name-parent-folder": ("../../x", "../../x"),
        "name-terminal-escape": ("\\u001b[31m", "\x1b[31m"),
        "name-right-to-left-override": ("\\u202ea", "\u202ea"),
        "name-surrogate-pair": ("\\ud83d\\ude00", "\U0001f600"),
        "name-leading-dash": ("-a", "-a"),
        "name-newline-escaped": ("a\\nb", "a\nb"),
    }
    found = {
        slug: Case(frame(f'{{"{text}":{GOOD}}}', DATA), [tensor(name, "U8", [2], 0, 2)])
        for slug, (text, name) in spelled.items()}
    found["name-4000-characters"] = Case(
        frame(f'{{"{"n" * 4000}":{GOOD}}}', DATA), [tensor("n" * 4000, "U8", [2], 0, 2)])
    return found


def layouts() -> dict[str, Case]:
    last = (1 << 64) - 1
    f32 = struct.pack("<f", 1.5)
    ones = "[" + ",".join(["1"] * 100 + ["2"]) + "]"
    zero = entry(shape="[0]", offsets="[0,0]")
    middle = entry("F32", "[3,0,2]", "[2,2]")
    end = entry("BF16", "[0,4]", "[4,4]")
    second = entry(offsets="[2,4]")
    return {
        "header-order-not-offset-order": Case(
            frame(f'{{"b":{second},"a":{GOOD}}}', b"\0\1\2\3"),
            [tensor("a", "U8", [2], 0, 2), tensor("b", "U8", [2], 2, 4)]),
        "f32-at-odd-offset": Case(
            frame('{"a":%s,"b":%s} ' % (entry(shape="[1]", offsets="[0,1]"),
                                        entry("F32", "[1]", "[1,5]")), b"\7" + f32),
            [tensor("a", "U8", [1], 0, 1), tensor("b", "F32", [1], 1, 5)]),
        "zero-size-at-every-boundary": Case(
            frame(f'{{"w":{end},"z0":{zero},"z1":{zero},"a":{GOOD},"m":{middle},"b":{second}}}',
                  b"\0\1\2\3"),
            [tensor("z0", "U8", [0], 0, 0), tensor("z1", "U8", [0], 0, 0), *A,
             tensor("m", "F32", [3, 0, 2], 2, 2), tensor("b", "U8", [2], 2, 4),
             tensor("w", "BF16", [0, 4], 4, 4)]),
        "only-zero-size": Case(frame(f'{{"a":{zero}}}'), [tensor("a", "U8", [0], 0, 0)]),
        "zero-times-last-integer": Case(
            one(entry(shape=f"[0,{last}]", offsets="[0,0]"), b""),
            [tensor("a", "U8", [0, last], 0, 0)]),
        "rank-0": Case(one(entry("F32", "[]", "[0,4]"), f32), [tensor("a", "F32", [], 0, 4)]),
        "rank-101": Case(one(entry(shape=ones), DATA), [tensor("a", "U8", [1] * 100 + [2], 0, 2)]),
        "bool-byte-2": Case(one(entry("BOOL"), b"\1\2"), [tensor("a", "BOOL", [2], 0, 2)]),
        "nan-payloads": Case(
            one(entry("F32", "[4]", "[0,16]"),
                struct.pack("<4I", 0x7FC00001, 0xFF800001, 0x7F800000, 0x80000000)),
            [tensor("a", "F32", [4], 0, 16)]),
        "f4-two": Case(one(entry("F4", "[2]", "[0,1]"), b"\x21"), [tensor("a", "F4", [2], 0, 1)]),
    }


def all_dtypes() -> Case:
    """Eight elements of each type, laid out as the reference lays them out."""
    tensors = {dtype.lower(): Tensor(dtype, (2, 4), bytes(range(1, bits + 1)))
               for dtype, bits in BITS.items()}
    data = pack(tensors, {"format": "pt"})
    listed, offset = [], 0
    header = json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])
    for name, fields in header.items():
        if name != "__metadata__":
            listed.append(tensor(name, fields["dtype"], fields["shape"], *fields["data_offsets"]))
            offset = fields["data_offsets"][1]
    assert offset == sum(BITS.values())
    return Case(data, listed)


def cases() -> dict[str, Case]:
    return {**json_forms(), **names(), **layouts(), "all-dtypes": all_dtypes()}
