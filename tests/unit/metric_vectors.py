#!/usr/bin/env python3
"""Prints metric_vectors.h: weighted values, and their sums, means and extremes by exact fractions."""
import random
from fractions import Fraction

MOST, CASES = 5, 64
draw = random.Random(20261129)


def nearest(numerator, denominator):
    """A quotient of integers is rounded once, to nearest even; Python says so."""
    try:
        return numerator / denominator
    except OverflowError:
        return float("inf") if numerator > 0 else float("-inf")


def value():
    kind = draw.randrange(6)
    if kind == 0:
        return draw.choice([0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, 1.7976931348623157e308, 1.0, -1.0])
    exponent = [None, 0, 0, 1023, -1060, 0][kind]
    spread = [None, 3, 60, 2, 20, 1000][kind]
    exponent = min(971, exponent - 52 + draw.randrange(-spread, spread + 1))
    number = Fraction(draw.getrandbits(53) | 1) * Fraction(2) ** exponent
    return float(number) * draw.choice([1, -1])


def text(number):
    return {"inf": "INFINITY", "-inf": "-INFINITY"}.get(str(number), float(number).hex())


print("/* Made by metric_vectors.py. */")
print("/* clang-format off */")
print(f"enum {{ MOST_VALUES = {MOST} }};\n")
print("struct vector {\n    size_t count;\n    double values[MOST_VALUES];\n    uint64_t weights[MOST_VALUES];")
print("    double sum, mean, least, greatest;\n};\n")
print("static const struct vector vectors[] = {")
for case in range(CASES):
    values = [value() for _ in range(draw.randrange(1, MOST + 1))]
    if case % 3 == 0 and len(values) > 2:
        values[-1] = -values[0]
    weights = [draw.choice([1, 1, 1, 2, 3, draw.getrandbits(20) + 1, draw.getrandbits(60) + 1]) for _ in values]
    total = sum(Fraction(v) * w for v, w in zip(values, weights))
    whole = sum(weights)
    results = [nearest(total.numerator, total.denominator),
               nearest(total.numerator, total.denominator * whole), min(values) + 0.0, max(values) + 0.0]
    print("    {%d, {%s}, {%s}, %s}," % (len(values), ", ".join(map(text, values)),
                                         ", ".join(f"UINT64_C({w})" for w in weights),
                                         ", ".join(text(r + 0.0) for r in results)))
print("};")
