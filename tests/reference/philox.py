"""Random numbers as a function of a place in the run: src/doc/definition.md and shardstep/random.h, in
scalar Python.

A stream is Philox4x32-10 with a key and three words of the counter; the first word of the counter
is the block. Every draw is one method, which does what the header says, one number at a time:

    stream = user(seed=42, purpose=1, rank=3, step=7, slot=5)
    stream.u32(), stream.float(), stream.below(10)

Floats are numpy scalars, so that each operation is rounded once, as float32 or as float64. The
elementary functions have the coefficients and the order of operations of that definition."""
import numpy as np

f32, f64 = np.float32, np.float64
MASK = 2**32 - 1

# Roles, of which a loader's stream number makes a purpose.
USER, AUGMENT, AUGMENT_BY_SAMPLE, SHUFFLE, SPLIT, WEIGHTED, INITIALISE = range(7)


def block(key, counter):
    """The four words of a block: Philox4x32-10 of Salmon, Moraes, Dror and Shaw."""
    k0, k1 = key
    c0, c1, c2, c3 = counter
    for _ in range(10):
        p0, p1 = c0 * 0xD2511F53, c2 * 0xCD9E8D57
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & MASK, (p0 >> 32) ^ c3 ^ k1, p0 & MASK
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c0, c1, c2, c3


class Stream:
    """A stream, at its beginning. `places` are the words 1 to 3 of the counter."""

    def __init__(self, seed, *places):
        assert all(0 <= word <= MASK for word in places) and len(places) == 3
        self.key = seed & MASK, seed >> 32
        self.places = places
        self.next_block = 0
        self.words = []
        self.kept_float = self.kept_double = None

    def u32(self):
        if not self.words:
            self.words = list(block(self.key, (self.next_block, *self.places)))
            self.next_block += 1
        return self.words.pop(0)

    def u64(self):
        low = self.u32()
        return low | self.u32() << 32

    def float(self):
        return f32(self.u32() >> 8) * f32(2.0**-24)

    def double(self):
        return f64(self.u64() >> 11) * f64(2.0**-53)

    def below(self, n):
        """Lemire's multiply-shift with rejection, on one word."""
        return self._below(n, 32, self.u32)

    def below64(self, n):
        return self._below(n, 64, self.u64)

    @staticmethod
    def _below(n, bits, word):
        while True:
            product = word() * n
            if product & (2**bits - 1) >= (2**bits - n) % n:
                return product >> bits

    def bernoulli(self, p):
        return f64(self.u32()) < f64(p) * f64(2.0**32)

    def float_in(self, low, high):
        low, high = f32(low), f32(high)
        u = (f32(self.u32() >> 9) + f32(0.5)) * f32(2.0**-23)
        x = low + (high - low) * u
        return np.nextafter(low, high) if x <= low else np.nextafter(high, low) if x >= high else x

    def double_in(self, low, high):
        low, high = f64(low), f64(high)
        x = low + (high - low) * self.open_uniform()
        return np.nextafter(low, high) if x <= low else np.nextafter(high, low) if x >= high else x

    def open_uniform(self):
        """A double in (0, 1): an odd multiple of 2^-53."""
        return (f64(self.u64() >> 12) + f64(0.5)) * f64(2.0**-52)

    def normal_float(self, mean=0.0, deviation=1.0):
        z, self.kept_float = self.kept_float, None
        if z is None:
            z, self.kept_float = normal_pair_float(self.u32(), self.u32())
        return f32(mean) + f32(deviation) * z

    def normal_double(self, mean=0.0, deviation=1.0):
        z, self.kept_double = self.kept_double, None
        if z is None:
            z, self.kept_double = normal_pair_double(self.u64(), self.u64())
        return f64(mean) + f64(deviation) * z

    def exponential(self, mean):
        return f64(mean) * (f64(0) - log(f64((self.u64() >> 11) + 1) * f64(2.0**-53)))

    def gamma(self, shape, scale):
        return f64(scale) * exp(self.log_gamma(f64(shape)))

    def beta(self, a, b):
        log_x = self.log_gamma(f64(a))
        log_y = self.log_gamma(f64(b))
        return f64(1) / (f64(1) + exp(log_y - log_x))

    def log_gamma(self, shape):
        """The logarithm of a gamma number of scale 1: the steps that random.h numbers."""
        if shape < 1:
            of_more = self.log_gamma(shape + f64(1))
            return of_more + log(self.open_uniform()) / shape
        d = shape - f64(1) / f64(3)
        c = f64(1) / np.sqrt(f64(9) * d)
        while True:
            x = self.normal_double()
            root = f64(1) + c * x
            if root <= 0:
                continue
            v, log_v = root * root * root, f64(3) * log(root)
            u = self.open_uniform()
            if log(u) < f64(0.5) * x * x + d * (f64(1) - v + log_v):
                return log(d) + log_v

    def permutation(self, n):
        """shs_random_permutation() of fewer than 2^32 numbers."""
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            other = self.below(i + 1)
            order[i], order[other] = order[other], order[i]
        return order


# ---- Where streams begin.

def user(seed, purpose, rank, step, slot):
    """Roles 0, 1 and 6 to 15."""
    return Stream(seed, slot, step, purpose << 24 | rank)


def of_sample(seed, number, index, epoch):
    """Role 2: a sample in an epoch, for the loader with the stream number `number`."""
    return _of_index(seed, AUGMENT_BY_SAMPLE + 16 * number, index, epoch)


def of_order(seed, number, part, epoch, vrank):
    """Role 3: a permutation."""
    return Stream(seed, part, epoch, SHUFFLE + 16 * number << 24 | vrank)


def of_pass(seed, number, source, which):
    """Role 3: pass number `which` over a source."""
    return Stream(seed, 1 + source, which & MASK, SHUFFLE + 16 * number << 24 | which >> 32)


def of_split(seed, index):
    """Role 4: the part of a row. It has no stream number."""
    return _of_index(seed, SPLIT, index, 0)


def of_weights(seed, number, position, epoch):
    """Role 5: the row at a position of an epoch that is drawn by weight."""
    return _of_index(seed, WEIGHTED + 16 * number, position, epoch)


def _of_index(seed, purpose, index, epoch):
    return Stream(seed, index & MASK, epoch, purpose << 24 | index >> 32)


# ---- Elementary functions, operation by operation.

def bits_of_float(x):
    return int(f32(x).view(np.uint32))


def float_of_bits(bits):
    return np.uint32(bits & MASK).view(f32)


def bits_of_double(x):
    return int(f64(x).view(np.uint64))


def double_of_bits(bits):
    return np.uint64(bits & (2**64 - 1)).view(f64)


def horner(kind, x, coefficients):
    """The value of a polynomial: coefficients from the highest power down, in hexadecimal."""
    total = kind(float.fromhex(coefficients[0]))
    for coefficient in coefficients[1:]:
        total = total * x + kind(float.fromhex(coefficient))
    return total


def minus_two_log(word):
    """-2 log((word + 1) * 2^-32)."""
    bits = bits_of_float(f32(word) + f32(1))
    exponent = (bits - 0x3F3504F3) >> 23
    f = float_of_bits(bits - (exponent << 23)) - f32(1)
    p = horner(f32, f, ['0x1.a174cep-3', '-0x1.482e08p-2', '0x1.5ef7dap-2', '-0x1.980dc4p-2',
                        '0x1.ffa846p-2', '-0x1.5557bap-1', '1.0', '-2.0'])
    return f32(exponent - 32) * f32(float.fromhex('-0x1.62e43p0')) + p * f


def turn_of_word(word):
    """Cosine and sine of word * 2^-32 turns."""
    turned = (word + 0x20000000) & MASK
    x = f32((turned & 0x3FFFFFFF) - 0x20000000) * f32(float.fromhex('0x1.921fb6p-30'))
    z = x * x
    p = horner(f32, z, ['-0x1.9943e2p-13', '0x1.11073cp-7', '-0x1.555546p-3'])
    q = horner(f32, z, ['-0x1.644d62p-10', '0x1.553e7ep-5', '-0x1.ffffb2p-2'])
    s = p * (z * x) + x
    c = q * z + f32(1)
    quarter = turned >> 30
    return quarters(quarter, c, s)


def quarters(quarter, cosine, sine):
    """Turns by quarters of a turn, of which 0 to 3 are whole numbers."""
    if quarter & 1:
        cosine, sine = sine, cosine
    return (-cosine if (quarter + 1) & 2 else cosine), (-sine if quarter & 2 else sine)


def normal_pair_float(first, second):
    radius = np.sqrt(minus_two_log(first))
    cosine, sine = turn_of_word(second)
    return radius * cosine, radius * sine


def log(x):
    """log x of a positive, finite, normal double."""
    bits = bits_of_double(x)
    exponent = (bits - 0x3FE6A09E667F3BCD) >> 52
    f = double_of_bits(bits - (exponent << 52)) - f64(1)
    s = f / (f64(2) + f)
    z = s * s
    p = horner(f64, z, ['0x1.2f030832b87fbp-3', '0x1.39a1f7b6974efp-3', '0x1.74663c80450fap-3',
                        '0x1.c71c52154a2d2p-3', '0x1.24924941e246ep-2', '0x1.999999997fec6p-2',
                        '0x1.5555555555592p-1'])
    series = s * (p * z - f)
    e = f64(exponent)
    return e * f64(float.fromhex('0x1.62e42fefp-1')) + (
        f + (series + e * f64(float.fromhex('0x1.473de6af278edp-34'))))


def turn(numerator):
    """Cosine and sine of numerator * 2^-53 turns."""
    quarter = (numerator + 2**50) >> 51
    x = f64(numerator - (quarter << 51)) * f64(float.fromhex('0x1.921fb54442d18p-51'))
    z = x * x
    p = horner(f64, z, ['0x1.5d8fd2501c600p-33', '-0x1.ae5e5a93854a9p-26', '0x1.71de3567d5609p-19',
                        '-0x1.a01a019bfdf06p-13', '0x1.111111110f7d0p-7', '-0x1.5555555555548p-3'])
    q = horner(f64, z, ['-0x1.8fa49c487ae5ap-37', '0x1.1ee9d7b905d0fp-29', '-0x1.27e4f7eaca51fp-22',
                        '0x1.a01a019c84560p-16', '-0x1.6c16c16c14f92p-10', '0x1.555555555554bp-5'])
    s = p * (z * x) + x
    c = q * (z * z) + (f64(1) - f64(0.5) * z)
    return quarters(quarter, c, s)


def normal_pair_double(first, second):
    radius = np.sqrt(f64(-2) * log(f64((first >> 11) + 1) * f64(2.0**-53)))
    cosine, sine = turn(second >> 11)
    return radius * cosine, radius * sine


def exp(x):
    """e^x of a finite double."""
    if x > 710:
        return f64(np.inf)
    if x < -746:
        return f64(0)
    scaled = x * f64(float.fromhex('0x1.71547652b82fep0'))
    whole = int(scaled - f64(0.5) if scaled < 0 else scaled + f64(0.5))
    n = f64(whole)
    high = x - n * f64(float.fromhex('0x1.62e42fefp-1'))
    low = n * f64(float.fromhex('0x1.473de6af278edp-34'))
    r = high - low
    p = horner(f64, r, ['0x1.ad7f4963e34dcp-26', '0x1.28ad639cab165p-22', '0x1.71df254e64bdap-19',
                        '0x1.a0199a1c60304p-16', '0x1.a01a012a664f6p-13', '0x1.6c16c184246b5p-10',
                        '0x1.1111111127b94p-7', '0x1.5555555550895p-5', '0x1.55555555554fap-3',
                        '0x1.000000000000ap-1'])
    value = f64(1) + (high + (r * r * p - low))
    half = int(whole / 2)
    value = value * double_of_bits(half + 1023 << 52)
    return value * double_of_bits(whole - half + 1023 << 52)
