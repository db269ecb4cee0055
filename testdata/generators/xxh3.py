"""XXH3 of 64 bits, seed 0, default secret, for the independent reader of .tiepack.

Written from the description of the algorithm (github.com/Cyan4973/xxHash, doc/xxhash_spec.md).
"""

import numpy as np

MASK = (1 << 64) - 1
SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e")
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P1, P2, P3, P4, P5 = (0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9,
                      0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5)
MIX1, MIX2 = 0x165667919E3779F9, 0x9FB21C651E98DF25


def word(data, place, size=8):
    return int.from_bytes(data[place:place + size], "little")


def key(place):
    """Two words of the secret in one."""
    return word(SECRET, place) ^ word(SECRET, place + 8)


def folded(a, b):
    product = a * b
    return product & MASK ^ product >> 64


def mixed(data, place, at):
    """16 bytes of the data with 16 of the secret."""
    return folded(word(data, place) ^ word(SECRET, at), word(data, place + 8) ^ word(SECRET, at + 8))


def avalanche(x):
    x &= MASK
    x = (x ^ x >> 37) * MIX1 & MASK
    return x ^ x >> 32


def avalanche_small(x):
    x = (x ^ x >> 33) * P2 & MASK
    x = (x ^ x >> 29) * P3 & MASK
    return x ^ x >> 32


def xxh3(data):
    n = len(data)
    if n > 240:
        return large(data)
    if n > 16:
        return medium(data)
    if n > 8:
        low, high = key(24) ^ word(data, 0), key(40) ^ word(data, n - 8)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return avalanche(n + swapped + high + folded(low, high))
    if n >= 4:
        x = key(8) ^ (word(data, n - 4, 4) | word(data, 0, 4) << 32)
        x ^= (x << 49 | x >> 15) & MASK ^ (x << 24 | x >> 40) & MASK
        x = x * MIX2 & MASK
        x = (x ^ (x >> 35) + n) * MIX2 & MASK
        return x ^ x >> 28
    if n == 0:
        return avalanche_small(key(56))
    x = data[-1] | n << 8 | data[0] << 16 | data[n // 2] << 24
    return avalanche_small(word(SECRET, 0, 4) ^ word(SECRET, 4, 4) ^ x)


def medium(data):
    """17 to 240 bytes."""
    n = len(data)
    if n <= 128:
        return avalanche(n * P1 + sum(
            mixed(data, 16 * i, 32 * i) + mixed(data, n - 16 * i - 16, 32 * i + 16)
            for i in range((n + 31) // 32)))
    first = avalanche(n * P1 + sum(mixed(data, 16 * i, 16 * i) for i in range(8)))
    return avalanche(first + sum(mixed(data, 16 * i, 16 * i - 125) for i in range(8, n // 16))
                     + mixed(data, n - 16, 119))


def words(data):
    """Bytes as stripes of eight words."""
    return np.frombuffer(data, "<u8").reshape(-1, 8)


KEYS = np.concatenate([words(SECRET[8 * i:8 * i + 64]) for i in range(16)])
LAST_KEY, SCRAMBLE_KEY = words(SECRET[121:185]), words(SECRET[128:])[0]


def added(stripes, keys):
    """What stripes, the second axis from the end, add to the eight accumulators."""
    values = stripes ^ keys
    swapped = stripes[..., [1, 0, 3, 2, 5, 4, 7, 6]]
    return (swapped + (values & 0xFFFFFFFF) * (values >> 32)).sum(axis=-2)


def large(data):
    """More than 240 bytes: blocks of 16 stripes, whose sums are scrambled one after another."""
    whole = (len(data) - 1) // 1024 * 1024
    rest = words(data[whole:whole + (len(data) - whole - 1) // 64 * 64])
    sums = np.array([P32_3, P1, P2, P3, P4, P32_2, P5, P32_1], np.uint64)
    for block in added(words(data[:whole]).reshape(-1, 16, 8), KEYS):
        sums += block
        sums = (sums ^ sums >> 47 ^ SCRAMBLE_KEY) * P32_1
    sums += added(rest, KEYS[:len(rest)]) + added(words(data[-64:]), LAST_KEY)
    lanes = [int(lane) ^ word(SECRET, 11 + 8 * i) for i, lane in enumerate(sums)]
    return avalanche(len(data) * P1 + sum(folded(*lanes[i:i + 2]) for i in (0, 2, 4, 6)))
