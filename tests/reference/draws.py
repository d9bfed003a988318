"""Prints the lines of tests/cli/reference_draws.c: draws of every kind at some places, as the bits of
doubles."""
import philox

KINDS = {
    'below': lambda stream: stream.below(3000000000),
    'below64': lambda stream: stream.below64(3 << 51),
    'double': lambda stream: stream.double(),
    'bernoulli': lambda stream: int(stream.bernoulli(0.3)),
    'float_in': lambda stream: stream.float_in(-1.5, 7.25),
    'double_in': lambda stream: stream.double_in(-1.5, 7.25),
    'normal_float': lambda stream: stream.normal_float(0.5, 3.0),
    'normal_double': lambda stream: stream.normal_double(0.5, 3.0),
    'exponential': lambda stream: stream.exponential(2.5),
    'gamma_small': lambda stream: stream.gamma(0.3, 2.0),
    'gamma_large': lambda stream: stream.gamma(4.5, 2.0),
    'beta': lambda stream: stream.beta(0.2, 0.4),
}

for name, draw in KINDS.items():
    for place in range(3):
        stream = philox.user((2**64 - 1) // 3, 16, 5, place, 7 * place)
        numbers = (f'{philox.bits_of_double(draw(stream)):016x}' for _ in range(50))
        print(name, place, *numbers)
