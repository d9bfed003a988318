/* Draws single numbers from discrete distributions. */
#include "random_math.h"
#include "random_stream.h"

/* The largest parameter for rejection from a transformed uniform. Rejection needs logarithms of
 * probabilities, and for larger parameters too many digits would cancel in them. */
#define MOST 0x1p31

bool shs_random_bernoulli(shs_random *stream, double p)
{
    if (!stream) return 0;
    if (!(p >= 0 && p <= 1)) random_refuse(stream);
    bool below = (double)shs_random_u32(stream) < p * 0x1p32;
    return below && !stream->status;
}

/* Counts events until the product of uniforms falls to e^-mean. */
static uint64_t poisson_by_products(shs_random *stream, double mean)
{
    double product = 1, end = random_exp(-mean);
    for (uint64_t events = 0; !stream->status; events++) {
        product *= random_open_uniform(stream);
        if (product <= end) return stream->status ? 0 : events;
    }
    return 0;
}

/* A proposal of both of Hörmann's methods: (2a / s + b) u + c with u in (-1/2, 1/2) and s = 1/2 -
 * |u|. */
struct proposal {
    double s;
    double v;
    double k; /* rounded down; negative if out of range */
};

static struct proposal propose(shs_random *stream, double a, double b, double c)
{
    double u = random_open_uniform(stream) - 0.5;
    struct proposal proposal = {0.5 - (u < 0 ? -u : u), random_open_uniform(stream), -1};
    double x = (2 * a / proposal.s + b) * u + c;
    if (x >= 0 && x < 0x1p62) proposal.k = (double)(int64_t)x;
    return proposal;
}

/* Draws by Hörmann's PTRS, with the paper's constants. */
static uint64_t poisson_by_rejection(shs_random *stream, double mean)
{
    double b = 0.931 + 2.53 * random_sqrt(mean), a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4), v_sure = 0.9277 - 3.6224 / (b - 2);
    double log_mean = random_log(mean);
    while (!stream->status) {
        struct proposal p = propose(stream, a, b, mean + 0.43);
        if (stream->status || p.k < 0) continue;
        if (p.s >= 0.07 && p.v <= v_sure) return (uint64_t)p.k;
        if (p.s < 0.013 && p.v > p.s) continue;
        double hat = random_log(p.v * inverse_alpha / (a / (p.s * p.s) + b));
        if (hat <= p.k * log_mean - mean - random_log_factorial((uint64_t)p.k))
            return (uint64_t)p.k;
    }
    return 0;
}

uint64_t shs_random_poisson(shs_random *stream, double mean)
{
    if (!stream) return 0;
    if (!(mean >= 0 && mean <= MOST)) random_refuse(stream);
    if (stream->status || mean == 0) return 0;
    return mean < 10 ? poisson_by_products(stream, mean) : poisson_by_rejection(stream, mean);
}

/* Draws by adding up the probabilities of 0, 1, 2, … successes. */
static uint64_t binomial_by_inversion(shs_random *stream, double n, double p)
{
    /* log(1 - p); the rounding error of 1 - p is known, and is added back */
    double q = 1 - p, log_q = random_log(q) + ((1 - q) - p) / q;
    double odds = p / q, none = random_exp(n * log_q);
    while (!stream->status) {
        double u = random_open_uniform(stream), probability = none;
        for (double k = 0; k <= n && probability > 0 && !stream->status; k++) {
            if (u < probability) return (uint64_t)k;
            u -= probability;
            probability *= odds * (n - k) / (k + 1);
        }
    }
    return 0;
}

/* Draws by Hörmann's BTRS, with the paper's constants. */
static uint64_t binomial_by_rejection(shs_random *stream, double n, double p)
{
    double q = 1 - p, spread = random_sqrt(n * p * q);
    double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * p;
    double alpha = (2.83 + 5.1 / b) * spread, v_sure = 0.92 - 4.2 / b;
    double log_odds = random_log(p / q), mode = (double)(int64_t)((n + 1) * p);
    double at_mode =
        random_log_factorial((uint64_t)mode) + random_log_factorial((uint64_t)(n - mode));
    while (!stream->status) {
        struct proposal x = propose(stream, a, b, n * p + 0.5);
        if (stream->status || x.k < 0 || x.k > n) continue;
        if (x.s >= 0.07 && x.v <= v_sure) return (uint64_t)x.k;
        double hat = random_log(x.v * alpha / (a / (x.s * x.s) + b));
        double log_ratio = at_mode - random_log_factorial((uint64_t)x.k) -
                           random_log_factorial((uint64_t)(n - x.k)) + (x.k - mode) * log_odds;
        if (hat <= log_ratio) return (uint64_t)x.k;
    }
    return 0;
}

uint64_t shs_random_binomial(shs_random *stream, uint64_t n, double p)
{
    if (!stream) return 0;
    if (!(p >= 0 && p <= 1) || n > (uint64_t)MOST) random_refuse(stream);
    if (stream->status || n == 0 || p == 0) return 0;
    if (p == 1) return n;
    bool swapped = p > 0.5;
    double trials = (double)n, rare = swapped ? 1 - p : p;
    uint64_t k = trials * rare < 10 ? binomial_by_inversion(stream, trials, rare)
                                    : binomial_by_rejection(stream, trials, rare);
    if (stream->status) return 0;
    return swapped ? n - k : k;
}
