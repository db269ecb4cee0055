# The malformed safetensors files: error code -> slug -> bytes. Each file has one fault; where the
# reference would stop at an earlier rule, the earlier rules hold.

import json
import struct

from safetensors_bytes import Tensor, frame, pack

# What library 0.8.0 lets pass and we refuse, because the reading would be ambiguous.
REFERENCE_ACCEPTS = (
    "duplicateKey/metadata-key",
    "duplicateTensor/different-and-contiguous",
    "duplicateTensor/escaped-spelling",
    "duplicateTensor/first-has-garbage-offsets",
    "duplicateTensor/identical",
    "duplicateTensor/equal-after-normalisation",
    "duplicateTensor/zero-size",
    "invalidTensorEntry/dtype-object",
    "invalidTensorEntry/entry-array",
    "invalidTensorEntry/unknown-field-twice",
)

GOOD = '{"dtype":"U8","shape":[2],"data_offsets":[0,2]}'
EIGHT = bytes(range(8))
BAD_NUMBERS = {
    "nan": "NaN", "infinity": "Infinity", "hex-number": "0x2", "leading-zero": "02",
    "plus-sign": "+2", "bare-minus": "-", "number-ends-in-dot": "2.", "number-ends-in-e": "2e",
    "number-starts-with-dot": ".5",
}


def entry(dtype="U8", shape="[2]", offsets="[0,2]") -> str:
    return f'{{"dtype":{json.dumps(dtype)},"shape":{shape},"data_offsets":{offsets}}}'


def one(body: str, data: bytes = b"\0\1") -> bytes:
    """A file with one tensor, `a`, whose entry is the given text."""
    return frame(f'{{"a":{body}}}', data)


def two(first: str, second: str, data: bytes) -> bytes:
    return frame(f'{{"a":{first},"b":{second}}}', data)


def framing() -> dict:
    small = pack({"a": Tensor("U8", (2,), b"\0\1")})
    header = len(small) - 10
    return {
        "headerTooSmall": {"empty": b"", "one-byte": b"\x02", "seven-bytes": b"\x02" + bytes(6)},
        "headerTooLarge": {
            "one-above-limit": frame("{}", length=100_000_001),
            "two-to-the-63": frame("{}", length=1 << 63),
            "all-ones": frame("{}", length=(1 << 64) - 1),
            "sum-wraps": frame("{}", length=(1 << 64) - 8),
            "high-bytes-ff": b"\x02" + bytes(4) + b"\xff\xff\xff{}",
            "big-endian-length": struct.pack(">Q", header) + small[8:],
            "git-lfs-pointer": b"version https://git-lfs.github.com/spec/v1\n"
            b"oid sha256:" + b"0123456789abcdef" * 4 + b"\nsize 1204512\n",
            "html-page": b"<!DOCTYPE html>\n<html><body>404</body></html>\n",
        },
        "invalidHeaderLength": {
            "nothing-after-length": frame("", length=60),
            "one-past-the-end": frame("{}      ", length=9),
            "thousand-in-small-file": frame("{}", length=1000),
            "hundred-million-in-small-file": frame("{}", length=100_000_000),
            "cut-inside-header": small[: 8 + header // 2],
        },
        "invalidHeaderEncoding": {
            "not-utf8": frame(b'{"\xff":' + GOOD.encode() + b"}", b"\0\1"),
            "overlong-nul": frame(b'{"\xc0\x80":' + GOOD.encode() + b"}", b"\0\1"),
            "overlong-slash": frame(b'{"\xe0\x80\xaf":' + GOOD.encode() + b"}", b"\0\1"),
            "encoded-surrogate": frame(b'{"\xed\xa0\x80":' + GOOD.encode() + b"}", b"\0\1"),
            "above-unicode": frame(b'{"\xf4\x90\x80\x80":' + GOOD.encode() + b"}", b"\0\1"),
            "cut-sequence": frame(b'{"a":' + GOOD.encode() + b"}\xe2\x82", b"\0\1"),
            "utf-16": frame("{}".encode("utf-16-be") + b"\xff\xfe"),
        },
        "incompleteBuffer": {
            "one-byte-short": one(GOOD, b"\0"),
            "no-data": one(GOOD, b""),
            "trailing-byte": one(GOOD, b"\0\1\0"),
            "hole-at-the-end": one(GOOD, b"\0\1" + bytes(8)),
            "data-without-tensors": frame("{}", b"\0"),
            "appended-zip": one(GOOD, b"\0\1PK\x05\x06" + bytes(18)),
            "appended-pickle": one(GOOD, b"\0\1\x80\x02}q\x00."),
            "appended-html": one(GOOD, b"\0\1<script>alert(1)</script>"),
            "appended-safetensors": small + small,
        },
    }


def syntax() -> dict[str, bytes]:
    # A field that readers ignore: what is wrong with its value is wrong as JSON.
    extra = '{"a":%s,"x":%%s}}' % GOOD[:-1]
    headers = {
        "only-brace": "{",
        "null": "null",
        "array": "[]",
        "empty-string": '""',
        "number": "7",
        "zero-length": "",
        "only-spaces": "        ",
        "two-objects": "{}{}",
        "trailing-text": "{} x",
        "trailing-brace": "{}}",
        "nul-padding": "{}\0\0\0\0\0\0",
        "byte-order-mark": "\ufeff{}",
        "form-feed": "\f{}",
        "no-break-space": "{}\u00a0",
        "comment": '{"a":%s/* x */}' % GOOD,
        "line-comment": '{"a":%s}//' % GOOD,
        "trailing-comma": '{"a":%s,}' % GOOD,
        "missing-comma": '{"a":{"dtype":"U8" "shape":[2],"data_offsets":[0,2]}}',
        "missing-colon": '{"a" %s}' % GOOD,
        "single-quotes": "{'a':%s}" % GOOD,
        "bare-key": "{a:%s}" % GOOD,
        **{slug: extra % value for slug, value in BAD_NUMBERS.items()},
        "half-a-literal": extra % "tru",
        "upper-case-literal": extra % "True",
        "raw-newline-in-string": '{"a\n":%s}' % GOOD,
        "raw-nul-in-string": '{"a\0":%s}' % GOOD,
        "unknown-escape": '{"\\x61":%s}' % GOOD,
        "short-unicode-escape": '{"\\u006":%s}' % GOOD,
        "lone-high-surrogate": '{"\\ud800":%s}' % GOOD,
        "lone-low-surrogate": '{"\\udc00":%s}' % GOOD,
        "high-surrogate-twice": '{"\\ud83d\\ud83d":%s}' % GOOD,
        "unclosed-string": '{"a',
        "unclosed-entry": '{"a":%s' % GOOD,
        "mismatched-bracket": '{"a":{"dtype":"U8","shape":[2},"data_offsets":[0,2]]}',
    }
    return {slug: frame(text, b"\0\1" if '"U8"' in text else b"") for slug, text in headers.items()}


def depth() -> dict[str, bytes]:
    def nested(levels: int, opening: str, closing: str) -> bytes:
        field = opening * levels + closing * levels
        return one('{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":' + field + "}")

    return {
        "arrays-200": nested(200, "[", "]"),
        "arrays-30000": nested(30_000, "[", "]"),
        "arrays-unclosed-60000": frame('{"a":' + GOOD[:-1] + ',"x":' + "[" * 60_000),
        "objects-200": nested(200, '{"x":[', "]}"),
    }


def duplicates() -> dict:
    other = entry(offsets="[2,4]")
    wild = entry(offsets="[900,902]")
    empty = entry(shape="[0]", offsets="[0,0]")
    return {
        "duplicateTensor": {
            "identical": frame(f'{{"a":{GOOD},"a":{GOOD}}}', b"\0\1"),
            "different-and-contiguous": frame(f'{{"a":{other},"a":{GOOD}}}', b"\0\1"),
            "both-laid-out": frame(f'{{"a":{GOOD},"a":{other}}}', b"\0\1\2\3"),
            "first-has-garbage-offsets": frame(f'{{"a":{wild},"a":{GOOD}}}', b"\0\1"),
            "escaped-spelling": frame(f'{{"a":{GOOD},"\\u0061":{GOOD}}}', b"\0\1"),
            "zero-size": frame(f'{{"a":{empty},"a":{empty}}}'),
            # Two names to the reference, one to a language that compares text by meaning.
            "equal-after-normalisation": frame(
                f'{{"\u00e9":{GOOD},"e\u0301":{other}}}', b"\0\1\2\3"),
        },
        "duplicateKey": {
            "metadata": frame('{"__metadata__":{},"__metadata__":{}}'),
            "metadata-escaped": frame('{"__metadata__":{},"\\u005f_metadata__":{}}'),
            "metadata-key": frame('{"__metadata__":{"format":"pt","format":"tf"}}'),
        },
    }


def entries() -> dict[str, bytes]:
    bodies = {
        "missing-dtype": '{"shape":[2],"data_offsets":[0,2]}',
        "missing-shape": '{"dtype":"U8","data_offsets":[0,2]}',
        "missing-offsets": '{"dtype":"U8","shape":[2]}',
        "empty-entry": "{}",
        "entry-null": "null",
        "entry-string": '"U8"',
        "entry-number": "2",
        "entry-array": '["U8",[2],[0,2]]',
        "dtype-null": '{"dtype":null,"shape":[2],"data_offsets":[0,2]}',
        "dtype-number": '{"dtype":8,"shape":[2],"data_offsets":[0,2]}',
        "dtype-object": '{"dtype":{"U8":null},"shape":[2],"data_offsets":[0,2]}',
        "shape-null": entry(shape="null"),
        "shape-number": entry(shape="2"),
        "shape-string": entry(shape='"2"'),
        "shape-object": entry(shape='{"0":2}'),
        "shape-nested": entry(shape="[[2]]"),
        "dim-null": entry(shape="[null]"),
        "dim-negative": entry(shape="[-2]"),
        "dim-minus-zero": entry(shape="[-0]", offsets="[0,0]"),
        "dim-float": entry(shape="[2.0]"),
        "dim-exponent": entry(shape="[2e0]"),
        "dim-exponent-400": entry(shape="[1e400]"),
        "dim-string": entry(shape='["2"]'),
        "dim-bool": entry(shape="[true,2]"),
        "dim-two-to-the-64": entry(shape="[18446744073709551616]"),
        "dim-hundred-digits": entry(shape="[" + "9" * 100 + "]"),
        # Up to its end no natural number; hexadecimal would begin with one.
        **{f"dim-{slug}": entry(shape=f"[{value}]") for slug, value in BAD_NUMBERS.items()
           if slug != "hex-number"},
        "dtype-twice": GOOD[:-1] + ',"dtype":"I8"}',
        "shape-twice": GOOD[:-1] + ',"shape":[2]}',
        "offsets-twice": GOOD[:-1] + ',"data_offsets":[0,2]}',
        "unknown-field-twice": GOOD[:-1] + ',"x":1,"x":2}',
        "offsets-null": entry(offsets="null"),
        "offsets-empty": entry(offsets="[]"),
        "offsets-one": entry(offsets="[0]"),
        "offsets-three": entry(offsets="[0,2,2]"),
        "offsets-object": entry(offsets='{"begin":0,"end":2}'),
        "offsets-string": entry(offsets='["0","2"]'),
        "offsets-negative": entry(offsets="[-2,0]"),
        "offsets-minus-zero": entry(offsets="[-0,2]"),
        "offsets-float": entry(offsets="[0.0,2.0]"),
        "offsets-exponent": entry(offsets="[0,2e0]"),
        "offsets-above-64-bits": entry(offsets="[0,18446744073709551616]"),
    }
    return {slug: one(body) for slug, body in bodies.items()}


def metadata() -> dict[str, bytes]:
    values = {
        "array": "[]", "string": '"pt"', "number": "1", "bool": "true",
        "value-number": '{"format":1}', "value-null": '{"format":null}',
        "value-bool": '{"tied":true}', "value-object": '{"format":{}}',
        "value-array": '{"format":["pt"]}', "tensor-of-that-name": GOOD,
    }
    return {slug: frame(f'{{"__metadata__":{value}}}') for slug, value in values.items()}


def layout() -> dict:
    def u8(count: int, begin: int, end: int) -> str:
        return entry(shape=f"[{count}]", offsets=f"[{begin},{end}]")

    many = ",".join(f'"t{i}":{u8(1600, 0, 1600)}' for i in range(40))
    last = (1 << 64) - 1
    return {
        "invalidOffset": {
            "first-not-at-zero": one(u8(2, 1, 3), b"\0\1\2"),
            "hole-in-the-middle": two(u8(2, 0, 2), u8(2, 3, 5), EIGHT[:5]),
            "overlap-by-one": two(u8(4, 0, 4), u8(4, 3, 7), EIGHT[:7]),
            "alias": two(u8(4, 0, 4), u8(4, 0, 4), EIGHT[:4]),
            "end-before-begin": two(u8(4, 0, 4), u8(0, 4, 2), EIGHT[:4]),
            "zero-size-inside-another": two(u8(4, 0, 4), u8(0, 2, 2), EIGHT[:4]),
            "zero-size-past-the-end": two(u8(4, 0, 4), u8(0, 5, 5), EIGHT[:4]),
            "begin-at-last-integer": one(u8(0, last, last), b""),
            "forty-times-the-same-bytes": frame(f"{{{many}}}", bytes(1600)),
        },
        "shapeOverflow": {
            "product-above-64-bits": one(entry(shape=f"[2,{last - 1}]", offsets="[0,8]"), EIGHT),
            "bytes-above-64-bits": one(
                entry("F32", f"[2,{(1 << 63) - 1}]", "[0,8]"), EIGHT),
            "product-wraps-to-zero": one(
                entry(shape=f"[{1 << 32},{1 << 32}]", offsets="[0,0]"), b""),
            "overflow-before-the-zero": one(
                entry(shape=f"[{last},{last},0]", offsets="[0,0]"), b""),
            "u8-two-to-the-61": one(entry(shape=f"[{1 << 61}]", offsets="[0,8]"), EIGHT),
            "f64-two-to-the-58": one(entry("F64", f"[{1 << 58}]", "[0,8]"), EIGHT),
        },
        "misalignedSlice": {
            "f4-one": one(entry("F4", "[1]", "[0,1]"), b"\0"),
            "f4-odd-product": one(entry("F4", "[3,3]", "[0,5]"), EIGHT[:5]),
            "f6-e2m3-three": one(entry("F6_E2M3", "[3]", "[0,3]"), EIGHT[:3]),
            "f6-e3m2-two": one(entry("F6_E3M2", "[2]", "[0,2]"), EIGHT[:2]),
        },
        "tensorSizeMismatch": {
            "one-byte-too-few": one(u8(3, 0, 2), b"\0\1"),
            "one-byte-too-many": one(u8(1, 0, 2), b"\0\1"),
            "empty-range": one(u8(2, 0, 0), b""),
            "zero-dim-with-bytes": one(entry(shape="[4,0]"), b"\0\1"),
            "scalar-without-bytes": one(entry(shape="[]", offsets="[0,0]"), b""),
            "f32-counted-as-bytes": one(entry("F32", "[8]", "[0,8]"), EIGHT),
            "f4-counted-as-bytes": one(entry("F4", "[2]", "[0,2]"), b"\0\1"),
            "end-at-last-integer": one(u8(2, 0, last), b"\0\1"),
        },
        "unknownDType": {
            slug: one(entry(dtype)) for slug, dtype in {
                "f128": "F128", "lower-case": "u8", "e4m3fn": "F8_E4M3FN", "empty": "",
                "torch-spelling": "bfloat16", "trailing-space": "U8 ", "nul": "U8\0"}.items()
        },
    }


def cases() -> dict[str, dict[str, bytes]]:
    return {
        **framing(), "invalidHeaderSyntax": syntax(), "headerTooDeep": depth(), **duplicates(),
        "invalidTensorEntry": entries(), "invalidMetadata": metadata(), **layout(),
    }
