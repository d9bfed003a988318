#include "random_math.h"

/* Returns c[0] + c[1] x + … */
static double polynomial(const double *coefficients, int count, double x)
{
    double sum = coefficients[count - 1];
    for (int i = count - 2; i >= 0; i--)
        sum = sum * x + coefficients[i];
    return sum;
}

#define POLYNOMIAL(table, x) polynomial(table, (int)(sizeof(table) / sizeof *(table)), x)

double random_exp(double x)
{
    /* e^r = 1 + r + r^2 P(r) on |r| <= log(2)/2; error 3.6e-18 */
    static const double p[] = {0x1.000000000000ap-1,  0x1.55555555554fap-3,  0x1.5555555550895p-5,
                               0x1.1111111127b94p-7,  0x1.6c16c184246b5p-10, 0x1.a01a012a664f6p-13,
                               0x1.a0199a1c60304p-16, 0x1.71df254e64bdap-19, 0x1.28ad639cab165p-22,
                               0x1.ad7f4963e34dcp-26};
    if (x > 710) return random_double_from(UINT64_C(0x7ff0000000000000));
    if (x < -746) return 0;
    double scaled = x * 0x1.71547652b82fep0; /* 1 / log 2 */
    int64_t whole = (int64_t)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    double n = (double)whole;
    double high = x - n * 0x1.62e42fefp-1, low = n * 0x1.473de6af278edp-34;
    double r = high - low;
    double value = 1 + (high + (r * r * POLYNOMIAL(p, r) - low));
    /* in two steps, so that neither factor overflows or loses digits before the last rounding */
    int64_t half = whole / 2;
    value *= random_double_from((uint64_t)(half + 1023) << 52);
    return value * random_double_from((uint64_t)(whole - half + 1023) << 52);
}

double random_pow(double x, double y)
{
    return x == 0 ? 0 : random_exp(y * random_log(x));
}

double random_log1p(double x)
{
    double sum = 1 + x;
    if (x != x || x > DBL_MAX || sum == 1) return x;
    if (sum < 0) return random_double_from(UINT64_C(0x7ff8000000000000));
    if (sum == 0) return random_double_from(UINT64_C(0xfff0000000000000));
    /* The sum has lost x - (sum - 1), by which its logarithm is mended to the first order. */
    return random_log(sum) + (x - (sum - 1)) / sum;
}

double random_asinh(double x)
{
    const uint64_t sign = UINT64_C(1) << 63;
    double size = random_double_from(random_double_bits(x) & ~sign), square = size * size, result;
    if (!(size <= DBL_MAX)) return x;
    if (size > 0x1p28)
        result = random_log(size) + 0x1.62e42fefa39efp-1; /* log(2 size); the rest is below 2^-57 */
    else
        result = random_log1p(size + square / (1 + random_sqrt(square + 1)));
    return random_double_from(random_double_bits(result) | (random_double_bits(x) & sign));
}

/* erfc(y) e^(y^2) for y >= 0: (1 + 2y) times it is a polynomial in (y - k) / (y + k), the form of
 * Shepherd and Laframboise: Chebyshev approximation of (1 + 2x) exp(x^2) erfc x in 0 <= x < oo.
 * Math. Comp. 36 (1981); coefficients computed for this file, error 1.7e-16. */
static double scaled_erfc(double y)
{
    static const double p[] = {
        0x1.3ccda0b5d5dc2p+0,   -0x1.1f367683f8966p-3,  0x1.d5f294815b4eep-9,
        0x1.510169d093b1ep-4,   -0x1.bda9309a2ca2ap-4,  0x1.7a14188ae2e10p-4,
        -0x1.e0d0fa6d2ae2fp-5,  0x1.d0b0037001e33p-6,   -0x1.3f603c5c10bdbp-7,
        0x1.cc3a13ec5fe88p-10,  0x1.33fb466bf4b02p-12,  -0x1.303ffce61d767p-12,
        0x1.b13fe29c4af33p-15,  0x1.7799fa84f9318p-16,  -0x1.7fd98bfdd214cp-17,
        -0x1.06e0d0531ad9dp-20, 0x1.d41cfdd133efdp-20,  -0x1.b48392241f3f7p-25,
        -0x1.0c65f5e7c1fe8p-22, 0x1.429cb8b4ced83p-26,  0x1.17bb2c13ca208p-25,
        -0x1.0c63b21b4292ep-29, -0x1.772004cf2584fp-29,
    };
    return POLYNOMIAL(p, (y - 3.75) / (y + 3.75)) / (1 + 2 * y);
}

double random_normal_below(double x)
{
    double y = (x < 0 ? -x : x) * 0x1.6a09e667f3bcdp-1; /* 1 / sqrt(2) */
    if (y > 40) return x < 0 ? 0 : 1;
    /* x^2/2 in two parts, the first exact: its rounding error would be the result's */
    double coarse = random_double_from(random_double_bits(x) & UINT64_C(0xfffffffff8000000));
    double fine = (x - coarse) * (x + coarse) * 0.5;
    double tail = 0.5 * scaled_erfc(y) * random_exp(-0.5 * coarse * coarse) * random_exp(-fine);
    return x < 0 ? tail : 1 - tail;
}

double random_normal_quantile(double p)
{
    static const double a[] = {3.3871328727963666080e0,  1.3314166789178437745e+2,
                               1.9715909503065514427e+3, 1.3731693765509461125e+4,
                               4.5921953931549871457e+4, 6.7265770927008700853e+4,
                               3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[] = {1,
                               4.2313330701600911252e+1,
                               6.8718700749205790830e+2,
                               5.3941960214247511077e+3,
                               2.1213794301586595867e+4,
                               3.9307895800092710610e+4,
                               2.8729085735721942674e+4,
                               5.2264952788528545610e+3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                               5.76949722146069140550e0,  3.64784832476320460504e0,
                               1.27045825245236838258e0,  2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425) {
        double r = 0.180625 - q * q;
        return q * POLYNOMIAL(a, r) / POLYNOMIAL(b, r);
    }
    double r = random_sqrt(-random_log(q < 0 ? p : 1 - p));
    double x = r <= 5 ? POLYNOMIAL(c, r - 1.6) / POLYNOMIAL(d, r - 1.6)
                      : POLYNOMIAL(e, r - 5) / POLYNOMIAL(f, r - 5);
    return q < 0 ? -x : x;
}

double random_log_factorial(uint64_t k)
{
    static const double factorials[] = {1,    1,     2,      6,       24,       120,      720,
                                        5040, 40320, 362880, 3628800, 39916800, 479001600};
    if (k < sizeof factorials / sizeof *factorials) return random_log(factorials[k]);
    /* Stirling's series for log Gamma(x), x = k + 1 (Abramowitz, Stegun: 6.1.41) */
    double x = (double)k + 1, inverse = 1 / x, square = inverse * inverse;
    double series =
        inverse * (1 / 12.0 -
                   square * (1 / 360.0 - square * (1 / 1260.0 -
                                                   square * (1 / 1680.0 - square * (1 / 1188.0)))));
    return (x - 0.5) * random_log(x) - x + 0x1.d67f1c864beb5p-1 + series; /* log(2 pi) / 2 */
}
