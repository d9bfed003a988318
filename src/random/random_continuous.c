/* Draws single numbers from continuous distributions. */
#include "random_math.h"
#include "random_stream.h"

static bool is_finite(double x)
{
    return x - x == 0;
}

static double refuse(shs_random *stream)
{
    random_refuse(stream);
    return 0;
}

/* Returns the neighbour of a finite number, as nextafter() gives it. */
static float next_float(float x, bool up)
{
    if (x == 0) return random_float_from(1 | (up ? 0 : UINT32_C(1) << 31));
    return random_float_from(random_float_bits(x) + ((x > 0) == up ? 1u : UINT32_MAX));
}

static double next_double(double x, bool up)
{
    if (x == 0) return random_double_from(1 | (up ? 0 : UINT64_C(1) << 63));
    return random_double_from(random_double_bits(x) + ((x > 0) == up ? 1u : UINT64_MAX));
}

float shs_random_float_in(shs_random *stream, float low, float high)
{
    if (!stream) return 0;
    float width = high - low;
    bool good = low < high && is_finite((double)low) && is_finite((double)width);
    if (!good || next_float(low, true) >= high) return (float)refuse(stream);
    float u = ((float)(int32_t)(shs_random_u32(stream) >> 9) + 0.5f) * 0x1p-23f;
    if (stream->status) return 0;
    float x = low + width * u;
    if (x <= low) return next_float(low, true);
    return x >= high ? next_float(high, false) : x;
}

double shs_random_double_in(shs_random *stream, double low, double high)
{
    if (!stream) return 0;
    double width = high - low;
    bool good = low < high && is_finite(low) && is_finite(width);
    if (!good || next_double(low, true) >= high) return refuse(stream);
    double u = random_open_uniform(stream);
    if (stream->status) return 0;
    double x = low + width * u;
    if (x <= low) return next_double(low, true);
    return x >= high ? next_double(high, false) : x;
}

float shs_random_normal_float(shs_random *stream, float mean, float deviation)
{
    if (!stream) return 0;
    float pair[2];
    if (!is_finite((double)mean) || !(deviation >= 0) || !is_finite((double)deviation))
        return (float)refuse(stream);
    if (stream->status) return 0;
    if (stream->kept & RANDOM_KEPT_FLOAT) {
        stream->kept &= ~(uint32_t)RANDOM_KEPT_FLOAT;
        return mean + deviation * stream->kept_float;
    }
    uint32_t first = shs_random_u32(stream), second = shs_random_u32(stream);
    if (stream->status) return 0;
    random_normal_pair(first, second, pair);
    stream->kept |= RANDOM_KEPT_FLOAT;
    stream->kept_float = pair[1];
    return mean + deviation * pair[0];
}

void random_skip_normal_floats(shs_random *stream, uint64_t count)
{
    if (count && (stream->kept & RANDOM_KEPT_FLOAT)) {
        stream->kept &= ~(uint32_t)RANDOM_KEPT_FLOAT;
        count--;
    }
    random_skip_words(stream, count - count % 2);
    if (count % 2) shs_random_normal_float(stream, 0, 1);
}

double shs_random_normal_double(shs_random *stream, double mean, double deviation)
{
    if (!stream) return 0;
    double pair[2];
    if (!is_finite(mean) || !(deviation >= 0) || !is_finite(deviation)) return refuse(stream);
    if (stream->status) return 0;
    if (stream->kept & RANDOM_KEPT_DOUBLE) {
        stream->kept &= ~(uint32_t)RANDOM_KEPT_DOUBLE;
        return mean + deviation * stream->kept_double;
    }
    uint64_t first = shs_random_u64(stream), second = shs_random_u64(stream);
    if (stream->status) return 0;
    random_normal_pair_double(first, second, pair);
    stream->kept |= RANDOM_KEPT_DOUBLE;
    stream->kept_double = pair[1];
    return mean + deviation * pair[0];
}

static double clamp(double x, double low, double high)
{
    if (x < low) return low;
    return x > high ? high : x;
}

double shs_random_truncated_normal(shs_random *stream, double mean, double deviation, double low,
                                   double high)
{
    if (!stream) return 0;
    if (!is_finite(mean) || !(deviation > 0) || !is_finite(deviation) || !(low < high))
        return refuse(stream);
    double a = (low - mean) / deviation, b = (high - mean) / deviation, side = 1;
    if (a > 0) { /* small probabilities keep their digits in the lower tail */
        double swap = -a;
        a = -b;
        b = swap;
        side = -1;
    }
    double below_a = random_normal_below(a), below_b = random_normal_below(b);
    if (!(below_b - below_a >= 1e-290)) return refuse(stream); /* p stays a normal number */
    double p = below_a + (below_b - below_a) * random_open_uniform(stream);
    if (stream->status) return 0;
    double z = random_normal_quantile(p < 1 ? p : 1 - 0x1p-53);
    return clamp(mean + side * deviation * clamp(z, a, b), low, high);
}

double shs_random_exponential(shs_random *stream, double mean)
{
    if (!stream) return 0;
    if (!(mean >= 0) || !is_finite(mean)) return refuse(stream);
    double u = (double)((shs_random_u64(stream) >> 11) + 1) * 0x1p-53;
    return stream->status ? 0 : mean * (0 - random_log(u));
}

/* Draws the logarithm of a gamma variable of scale 1 and a shape of at least 1. */
static double log_gamma_from_one(shs_random *stream, double shape)
{
    double d = shape - 1.0 / 3, c = 1 / random_sqrt(9 * d);
    while (!stream->status) {
        double x = shs_random_normal_double(stream, 0, 1), root = 1 + c * x;
        if (root <= 0) continue;
        double v = root * root * root, log_v = 3 * random_log(root),
               u = random_open_uniform(stream);
        if (random_log(u) < 0.5 * x * x + d * (1 - v + log_v)) return random_log(d) + log_v;
    }
    return 0;
}

/* Draws the logarithm of a gamma variable of any shape. Below 1 it is a variable of shape + 1,
 * times u^(1/shape). */
static double log_gamma(shs_random *stream, double shape)
{
    if (shape >= 1) return log_gamma_from_one(stream, shape);
    double of_more = log_gamma_from_one(stream, shape + 1);
    return of_more + random_log(random_open_uniform(stream)) / shape;
}

static bool good_shape(double shape)
{
    return shape >= 1e-300 && is_finite(shape); /* log(u) / shape is finite for these shapes */
}

double shs_random_gamma(shs_random *stream, double shape, double scale)
{
    if (!stream) return 0;
    if (!good_shape(shape) || !(scale >= 0) || !is_finite(scale)) return refuse(stream);
    double logarithm = log_gamma(stream, shape);
    return stream->status ? 0 : scale * random_exp(logarithm);
}

double shs_random_beta(shs_random *stream, double a, double b)
{
    if (!stream) return 0;
    if (!good_shape(a) || !good_shape(b)) return refuse(stream);
    double log_x = log_gamma(stream, a), log_y = log_gamma(stream, b);
    return stream->status ? 0 : 1 / (1 + random_exp(log_y - log_x));
}
