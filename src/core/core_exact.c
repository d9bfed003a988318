#include "core_exact.h"

#include <stdbool.h>

/* The build stops here under these options. Switching them off for this file alone (-fno-fast-math)
 * would not be enough: the linker sees them too, and makes the whole process take the smallest
 * numbers for zero. */
#if defined __FAST_MATH__ || __FINITE_MATH_ONLY__ + 0 || defined __ASSOCIATIVE_MATH__ ||           \
    defined __RECIPROCAL_MATH__ || defined __NO_SIGNED_ZEROS__
#error "build Shardstep without -ffast-math and -Ofast (CFLAGS): they hide NaN and change sums"
#endif

#define DIGIT_MASK UINT64_C(0xffffffff)

enum {
    DIGIT = 32
};

/* Returns 32 bits of a number in two's complement, from bit `from` on. The bits may lie partly
 * below and above the number. */
static uint64_t digit_of(core_i128 number, int from)
{
    if (from < 0) return (uint64_t)((core_u128)number << -from) & DIGIT_MASK;
    if (from >= 128) return number < 0 ? DIGIT_MASK : 0;
    return (uint64_t)(number >> from) & DIGIT_MASK;
}

/* Adds number * 2^shift to the digits. A carry beyond the highest digit is lost. */
static void add_shifted(uint64_t *digits, core_i128 number, int shift)
{
    uint64_t carry = 0;
    for (int i = shift / DIGIT; i < CORE_EXACT_DIGITS; i++) {
        carry += digits[i] + digit_of(number, i * DIGIT - shift);
        digits[i] = carry & DIGIT_MASK;
        carry >>= DIGIT;
    }
}

void core_exact_digits(const struct core_exact *sum, uint64_t digits[CORE_EXACT_DIGITS])
{
    memset(digits, 0, CORE_EXACT_DIGITS * sizeof *digits);
    for (int field = 0; field < CORE_EXACT_BINS; field++)
        if (sum->bin[field]) add_shifted(digits, sum->bin[field], field ? field - 1 : 0);
}

/* Carries between the digits, and makes the number positive. Returns true if it was negative. */
static bool to_magnitude(const uint64_t *digits, uint64_t *magnitude)
{
    uint64_t carry = 0;
    for (int i = 0; i < CORE_EXACT_DIGITS; i++) {
        carry += digits[i];
        magnitude[i] = carry & DIGIT_MASK;
        carry >>= DIGIT;
    }
    bool negative = magnitude[CORE_EXACT_DIGITS - 1] >> (DIGIT - 1);
    carry = 1;
    for (int i = 0; i < CORE_EXACT_DIGITS && negative; i++) {
        carry += magnitude[i] ^ DIGIT_MASK;
        magnitude[i] = carry & DIGIT_MASK;
        carry >>= DIGIT;
    }
    return negative;
}

/* A quotient. Below the digits stands one more digit, of fractions of the unit. */
struct quotient {
    uint64_t digit[CORE_EXACT_DIGITS + 1];
    bool more; /* true if a remainder is left */
};

static struct quotient divide(const uint64_t *magnitude, uint64_t divisor)
{
    struct quotient quotient;
    uint64_t rest = 0;
    for (int i = CORE_EXACT_DIGITS; i >= 0; i--) {
        core_u128 now = (core_u128)rest << DIGIT | (i ? magnitude[i - 1] : 0);
        quotient.digit[i] = (uint64_t)(now / divisor);
        rest = (uint64_t)(now % divisor);
    }
    quotient.more = rest != 0;
    return quotient;
}

/* Returns the bits from `from` on. At most 53 bits are set there, and none above them. */
static uint64_t bits_from(const struct quotient *quotient, int from)
{
    uint64_t bits = 0;
    for (int i = CORE_EXACT_DIGITS, at; i >= from / DIGIT; i--) {
        at = i * DIGIT - from;
        bits |= at < 0 ? quotient->digit[i] >> -at : at < 64 ? quotient->digit[i] << at : 0;
    }
    return bits;
}

static bool bit_at(const struct quotient *quotient, int at)
{
    return quotient->digit[at / DIGIT] >> at % DIGIT & 1;
}

static bool any_below(const struct quotient *quotient, int end)
{
    bool any = quotient->more;
    for (int i = 0; i < end / DIGIT; i++)
        any = any || quotient->digit[i];
    return any || (quotient->digit[end / DIGIT] & ((UINT64_C(1) << end % DIGIT) - 1));
}

/* Returns the number of the highest bit that is set, plus 1. */
static int length_of(const struct quotient *quotient)
{
    int at = (CORE_EXACT_DIGITS + 1) * DIGIT;
    while (at > 0 && !bit_at(quotient, at - 1))
        at--;
    return at;
}

/* Rounds to the nearest double. It keeps 53 bits from the highest on, but no bits below the
 * smallest double. */
static double round_to_double(const struct quotient *quotient, bool negative)
{
    const uint64_t infinity = UINT64_C(2047) << 52;
    int lowest = length_of(quotient) - 53;
    if (lowest < DIGIT) lowest = DIGIT;
    uint64_t significand = bits_from(quotient, lowest);
    bool half = bit_at(quotient, lowest - 1), above = any_below(quotient, lowest - 1);
    if (half && (above || (significand & 1))) significand++;
    /* the significand's 53rd bit, if it is set, adds one to the exponent field */
    uint64_t bits = ((uint64_t)(lowest - DIGIT) << 52) + significand;
    if (lowest - DIGIT > 2046 || bits > infinity) bits = infinity;
    bits |= (uint64_t)negative << 63;
    double rounded;
    memcpy(&rounded, &bits, sizeof rounded);
    return rounded;
}

double core_exact_quotient(const uint64_t digits[CORE_EXACT_DIGITS], uint64_t divisor)
{
    uint64_t magnitude[CORE_EXACT_DIGITS];
    bool negative = to_magnitude(digits, magnitude);
    struct quotient quotient = divide(magnitude, divisor);
    return round_to_double(&quotient, negative);
}

core_i128 core_exact_whole(const uint64_t digits[CORE_EXACT_DIGITS])
{
    enum {
        FIRST = CORE_EXACT_UNIT / DIGIT,
        SHIFT = CORE_EXACT_UNIT % DIGIT
    };
    uint64_t carry = 0, digit[CORE_EXACT_DIGITS];
    for (int i = 0; i < CORE_EXACT_DIGITS; i++) {
        carry += digits[i];
        digit[i] = carry & DIGIT_MASK;
        carry >>= DIGIT;
    }
    core_u128 whole = digit[FIRST] >> SHIFT;
    for (int i = 1; i <= 4; i++)
        whole |= (core_u128)digit[FIRST + i] << (i * DIGIT - SHIFT);
    return (core_i128)whole;
}
