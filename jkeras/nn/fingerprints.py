"""The hashes of text that TensorFlow uses, so that models put words where they were trained to find them.

FarmHash Fingerprint64 (https://github.com/google/farmhash) and SipHash-2-4 (https://www.aumasson.jp/siphash/siphash.pdf).
"""

ALL = (1 << 64) - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _rotate(x, n):
    return ((x >> n) | (x << (64 - n))) & ALL


def _shift(x):
    return x ^ (x >> 47)


def _mix(u, v, mul):
    a = _shift((u ^ v) * mul & ALL)
    return _shift((v ^ a) * mul & ALL) * mul & ALL


def fingerprint64(text):
    """Fingerprint64 of bytes.

    >>> fingerprint64(b"") == K2
    True
    """
    n = len(text)

    def word(i, size=8):
        i = i + n if i < 0 else i
        return int.from_bytes(text[i : i + size], "little")

    if n > 64:
        return _long(text, word)
    mul = (K2 + 2 * n) & ALL
    if n > 32:
        return _to_64(word, mul)
    if n > 16:
        a, b, c, d = word(0) * K1 & ALL, word(8), word(-8) * mul & ALL, word(-16) * K2 & ALL
        return _mix(_rotate(a + b & ALL, 43) + _rotate(c, 30) + d & ALL, a + _rotate(b + K2 & ALL, 18) + c & ALL, mul)
    if n >= 8:
        a, b = word(0) + K2 & ALL, word(-8)
        return _mix(_rotate(b, 37) * mul + a & ALL, (_rotate(a, 25) + b) * mul & ALL, mul)
    if n >= 4:
        return _mix(n + (word(0, 4) << 3), word(-4, 4), mul)
    if n:
        y, z = text[0] + (text[n >> 1] << 8), n + (text[-1] << 2)
        return _shift((y * K2 ^ z * K0) & ALL) * K2 & ALL
    return K2


def _to_64(word, mul):
    a, b, c, d = word(0) * K2 & ALL, word(8), word(-8) * mul & ALL, word(-16) * K2 & ALL
    y = _rotate(a + b & ALL, 43) + _rotate(c, 30) + d & ALL
    z = _mix(y, a + _rotate(b + K2 & ALL, 18) + c & ALL, mul)
    e, f, g, h = word(16) * mul & ALL, word(24), (y + word(-32)) * mul & ALL, (z + word(-24)) * mul & ALL
    return _mix(_rotate(e + f & ALL, 43) + _rotate(g, 30) + h & ALL, e + _rotate(f + a & ALL, 18) + g & ALL, mul)


def _long(text, word):
    def weak(i, a, b):
        a = a + word(i) & ALL
        b, c = _rotate(b + a + word(i + 24) & ALL, 21), a
        a = a + word(i + 8) + word(i + 16) & ALL
        return a + word(i + 24) & ALL, b + _rotate(a, 44) + c & ALL

    def turn(i, x, y, z, v, w, mul, nine):
        x = _rotate(x + y + v[0] + word(i + 8) & ALL, 37) * mul & ALL
        y = _rotate(y + v[1] + word(i + 48) & ALL, 42) * mul & ALL
        x, y = x ^ (w[1] * nine & ALL), y + v[0] * nine + word(i + 40) & ALL
        z = _rotate(z + w[0] & ALL, 33) * mul & ALL
        v, w = weak(i, v[1] * mul, x + w[0]), weak(i + 32, z + w[1], y + word(i + 16))
        return z, y, x, v, w

    y = 81 * K1 + 113 & ALL
    z, v, w = _shift(y * K2 + 113 & ALL) * K2 & ALL, (0, 0), (0, 0)
    x, rest = 81 * K2 + word(0) & ALL, (len(text) - 1) & 63
    for i in range(0, len(text) - 1 - rest, 64):
        x, y, z, v, w = turn(i, x, y, z, v, w, K1, 1)
    mul = K1 + ((z & 0xFF) << 1) & ALL
    w = (w[0] + rest, w[1])
    v = (v[0] + w[0] & ALL, v[1])
    w = (w[0] + v[0] & ALL, w[1])
    x, y, z, v, w = turn(len(text) - 64, x, y, z, v, w, mul, 9)
    return _mix(_mix(v[0], w[0], mul) + _shift(y) * K0 + z & ALL, _mix(v[1], w[1], mul) + x & ALL, mul)


def siphash(text, key):
    """SipHash-2-4 of bytes with a key of two integers.

    >>> hex(siphash(bytes(range(15)), (0x0706050403020100, 0x0F0E0D0C0B0A0908)))
    '0xa129ca6149be45e5'
    """
    names = zip((0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573), (*key, *key))
    v = [constant ^ (part & ALL) for constant, part in names]

    def rounds(count):
        a, b, c, d = v
        for _ in range(count):
            a, c = a + b & ALL, c + d & ALL
            b, d, a = _rotate(b, 51) ^ a, _rotate(d, 48) ^ c, _rotate(a, 32)
            c, a = c + b & ALL, a + d & ALL
            b, d, c = _rotate(b, 47) ^ c, _rotate(d, 43) ^ a, _rotate(c, 32)
        v[:] = a, b, c, d

    whole = text + bytes(7 - len(text) % 8) + bytes([len(text) & 0xFF])
    for i in range(0, len(whole), 8):
        part = int.from_bytes(whole[i : i + 8], "little")
        v[3] ^= part
        rounds(2)
        v[0] ^= part
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def concatenate64(one, two):
    """One hash out of two, as TensorFlow crosses features."""
    mul = 0xC6A4A7935BD1E995
    result = ((one ^ mul) ^ (_shift(two * mul & ALL) * mul & ALL)) * mul & ALL
    return _shift(_shift(result) * mul & ALL)
