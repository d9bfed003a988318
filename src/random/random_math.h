/* Elementary functions for the distributions. They use only + - * / sqrt and integers, and each
 * operation is rounded, so they give the same bits under every compiler and instruction set. They
 * are inline, because the same text serves single draws and the loops that compilers vectorise.
 *
 * Polynomials without a citation are minimax approximations computed for this file by the Remez
 * algorithm in 200-bit arithmetic. The relative error of each, before rounding, is given. Accuracy
 * is as measured by tests/unit/test_math.c. */
#ifndef RANDOM_MATH_H
#define RANDOM_MATH_H

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* C11 allows floats to be computed with more digits than they have, and gcc does so on some
 * machines unless told -fexcess-precision=fast. The bits would then differ. */
_Static_assert(FLT_EVAL_METHOD == 0, "floats must be computed as floats");

static inline uint32_t random_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline float random_float_from(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline uint64_t random_double_bits(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double random_double_from(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Returns x, or a NaN of the same bits on every machine. Which NaN an operation gives depends on
 * the machine, and if both operands are NaN, on which of them the compiler puts first. */
static inline float random_same_nan_float(float x)
{
    return __builtin_isnan(x) ? random_float_from(UINT32_C(0x7fc00000)) : x;
}

static inline double random_same_nan_double(double x)
{
    return __builtin_isnan(x) ? random_double_from(UINT64_C(0x7ff8000000000000)) : x;
}

/* Returns the correctly rounded square root of a number that is not negative. Most machines have an
 * instruction for it. errno is never set. */
static inline float random_sqrt_float(float x)
{
    return __builtin_sqrtf(x);
}
static inline double random_sqrt(double x)
{
    return __builtin_sqrt(x);
}

/* Returns -2 log((word + 1) * 2^-32), in [0, 44.4). The error is under 6 * 2^-24 below 1, and under
 * 4 ulp from 1 on. */
static inline float random_minus_two_log(uint32_t word)
{
    uint32_t bits = random_float_bits((float)word + 1.0f);
    int32_t exponent = (int32_t)(bits - UINT32_C(0x3f3504f3)) >> 23; /* of its ratio to sqrt(1/2) */
    float f = random_float_from(bits - ((uint32_t)exponent << 23)) - 1.0f;
    /* -2 log(1+f) = f (-2 + f (1 + f P(f))) on [sqrt(1/2)-1, sqrt(2)-1]; error 2.6e-7 */
    float p = 0x1.a174cep-3f;
    p = p * f + -0x1.482e08p-2f;
    p = p * f + 0x1.5ef7dap-2f;
    p = p * f + -0x1.980dc4p-2f;
    p = p * f + 0x1.ffa846p-2f;
    p = p * f + -0x1.5557bap-1f;
    p = p * f + 1.0f;
    p = p * f + -2.0f;
    return (float)(exponent - 32) * -0x1.62e43p0f + p * f;
}

/* Computes cosine and sine of word * 2^-32 turns. The eighth of a turn around an axis is taken
 * apart in integers, so no digit is lost at any angle. The error is under 2.5 * 2^-24. */
static inline void random_turn_of_word(uint32_t word, float *cosine, float *sine)
{
    uint32_t turned = word + UINT32_C(0x20000000); /* its upper two bits are the nearest axis */
    float x = (float)((int32_t)(turned & UINT32_C(0x3fffffff)) - 0x20000000) *
              0x1.921fb6p-30f; /* 2 pi / 2^32 */
    float z = x * x;
    /* sin x = x + x z P(z), error 3.8e-9; cos x = 1 + z Q(z), error 3.9e-8 */
    float p = -0x1.9943e2p-13f;
    p = p * z + 0x1.11073cp-7f;
    p = p * z + -0x1.555546p-3f;
    float q = -0x1.644d62p-10f;
    q = q * z + 0x1.553e7ep-5f;
    q = q * z + -0x1.ffffb2p-2f;
    float s = p * (z * x) + x;
    float c = q * z + 1.0f;
    bool odd = turned & UINT32_C(0x40000000);
    uint32_t c_bits = random_float_bits(odd ? s : c), s_bits = random_float_bits(odd ? c : s);
    uint32_t sign = UINT32_C(0x80000000);
    *cosine = random_float_from(c_bits ^ ((turned + UINT32_C(0x40000000)) & sign));
    *sine = random_float_from(s_bits ^ (turned & sign));
}

/* Makes two independent standard normals of two words (Box, Muller: A note on the generation of
 * random normal deviates. Ann. Math. Statist. 29 (1958)), cosine first. */
static inline void random_normal_pair(uint32_t first, uint32_t second, float normal[2])
{
    float radius = random_sqrt_float(random_minus_two_log(first));
    float cosine, sine;
    random_turn_of_word(second, &cosine, &sine);
    normal[0] = radius * cosine;
    normal[1] = radius * sine;
}

/* Returns log x for a positive, finite, normal x. The error is under 1 ulp. */
static inline double random_log(double x)
{
    uint64_t bits = random_double_bits(x);
    int64_t exponent = (int64_t)(bits - UINT64_C(0x3fe6a09e667f3bcd)) >> 52; /* x / sqrt(1/2) */
    double f = random_double_from(bits - ((uint64_t)exponent << 52)) - 1;
    double s = f / (2 + f), z = s * s;
    /* log(1+f) = log((1+s)/(1-s)) = 2 s + s z P(z) on |s| <= 0.1716; error 1.3e-18 */
    double p = 0x1.2f030832b87fbp-3;
    p = p * z + 0x1.39a1f7b6974efp-3;
    p = p * z + 0x1.74663c80450fap-3;
    p = p * z + 0x1.c71c52154a2d2p-3;
    p = p * z + 0x1.24924941e246ep-2;
    p = p * z + 0x1.999999997fec6p-2;
    p = p * z + 0x1.5555555555592p-1;
    /* 2 s = f - s f exactly in the reals; f carries the leading digits */
    double series = s * (p * z - f);
    double e = (double)exponent;
    return e * 0x1.62e42fefp-1 + (f + (series + e * 0x1.473de6af278edp-34));
}

/* Computes cosine and sine of numerator * 2^-53 turns, for a numerator below 2^53. The error is
 * under 1 ulp of 1. */
static inline void random_turn(uint64_t numerator, double *cosine, double *sine)
{
    uint64_t quarter = (numerator + (UINT64_C(1) << 50)) >> 51;
    double x = (double)((int64_t)numerator - (int64_t)(quarter << 51)) *
               0x1.921fb54442d18p-51; /* 2 pi / 2^53 */
    double z = x * x;
    /* sin x = x + x z P(z), error 3.6e-18; cos x = 1 - z/2 + z^2 Q(z), error 5.6e-20 */
    double p = 0x1.5d8fd2501c600p-33;
    p = p * z + -0x1.ae5e5a93854a9p-26;
    p = p * z + 0x1.71de3567d5609p-19;
    p = p * z + -0x1.a01a019bfdf06p-13;
    p = p * z + 0x1.111111110f7d0p-7;
    p = p * z + -0x1.5555555555548p-3;
    double q = -0x1.8fa49c487ae5ap-37;
    q = q * z + 0x1.1ee9d7b905d0fp-29;
    q = q * z + -0x1.27e4f7eaca51fp-22;
    q = q * z + 0x1.a01a019c84560p-16;
    q = q * z + -0x1.6c16c16c14f92p-10;
    q = q * z + 0x1.555555555554bp-5;
    double s = p * (z * x) + x;
    double c = q * (z * z) + (1 - 0.5 * z);
    uint64_t odd = 0 - (quarter & 1);
    uint64_t s_bits = random_double_bits(s), c_bits = random_double_bits(c);
    uint64_t swap = (s_bits ^ c_bits) & odd;
    *cosine = random_double_from((c_bits ^ swap) ^ ((quarter + 1) & 2) << 62);
    *sine = random_double_from((s_bits ^ swap) ^ (quarter & 2) << 62);
}

/* Makes two independent standard normals like random_normal_pair(), with 53 bits of each of two
 * u64. */
static inline void random_normal_pair_double(uint64_t first, uint64_t second, double normal[2])
{
    double uniform = (double)(int64_t)((first >> 11) + 1) * 0x1p-53;
    double radius = random_sqrt(-2 * random_log(uniform));
    double cosine, sine;
    random_turn(second >> 11, &cosine, &sine);
    normal[0] = radius * cosine;
    normal[1] = radius * sine;
}

/* Returns e^x for any finite x: 0 below -745.2, infinity above 709.8. The error is under 1 ulp
 * where the result is a normal number. */
double random_exp(double x);

/* Returns x^y for x > 0, as e^(y log x). The relative error is about (1 + |y log x|) * 2^-52. 0^y
 * is 0 for y > 0. */
double random_pow(double x, double y);

/* Returns log(1 + x): negative infinity for -1, NaN below it, x for infinity and NaN. The error is
 * under 1.5 ulp. */
double random_log1p(double x);

/* Returns the inverse of the hyperbolic sine, log(x + sqrt(x^2 + 1)): x for infinities and NaN. The
 * error is under 2.1 ulp. */
double random_asinh(double x);

/* Returns the distribution function of the standard normal. The relative error is under 1e-15 for x
 * >= -37. */
double random_normal_below(double x);

/* Returns the inverse of random_normal_below(), for p in (0, 1). The relative error is about 1e-15
 * (Wichura: Algorithm AS 241. Applied Statistics 37 (1988)). */
double random_normal_quantile(double p);

/* Returns log(k!). The absolute error is under 1e-15 + 1e-15 * |log(k!)|. */
double random_log_factorial(uint64_t k);

/* Computes cosine and sine of an angle from -360 to 360 degrees, as random_turn() does for
 * trunc(degrees / 360 * 2^53) modulo 2^53. */
static inline void random_turn_of_degrees(double degrees, double *cosine, double *sine)
{
    int64_t turned = (int64_t)(degrees / 360 * 0x1p53);
    random_turn((uint64_t)turned & ((UINT64_C(1) << 53) - 1), cosine, sine);
}

#endif
