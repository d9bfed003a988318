/* NULL for what the functions of random.h need. */
#include "null_cases.h"

CASE(shs_random_at)
{
    shs_random stream;
    return REFUSES(shs_random_at, (&(shs_place){0}, NULL), "stream is NULL") &&
           REFUSES(shs_random_at, (NULL, &stream), "place is NULL") && shs_random_u32(&stream) == 0;
}

CASE(shs_random_at_sample)
{
    return REFUSES(shs_random_at_sample, (0, 0, 0, 0, NULL), "stream is NULL");
}

CASE(shs_random_own_purpose)
{
    return REFUSES(shs_random_own_purpose, (0, NULL), "purpose is NULL");
}

CASE(shs_random_seek)
{
    return REFUSES(shs_random_seek, (NULL, 0), "stream is NULL");
}

CASE(shs_random_status)
{
    return REFUSES(shs_random_status, (NULL), "stream is NULL");
}

GIVES_0(shs_random_u32, (NULL))
GIVES_0(shs_random_u64, (NULL))
GIVES_0(shs_random_float, (NULL))
GIVES_0(shs_random_double, (NULL))
GIVES_0(shs_random_float_in, (NULL, 0, 1))
GIVES_0(shs_random_double_in, (NULL, 0, 1))
GIVES_0(shs_random_below, (NULL, 5))
GIVES_0(shs_random_below64, (NULL, 5))
GIVES_0(shs_random_bernoulli, (NULL, 1))
GIVES_0(shs_random_normal_float, (NULL, 1, 1))
GIVES_0(shs_random_normal_double, (NULL, 1, 1))
GIVES_0(shs_random_truncated_normal, (NULL, 1, 1, 0, 2))
GIVES_0(shs_random_exponential, (NULL, 1))
GIVES_0(shs_random_gamma, (NULL, 1, 1))
GIVES_0(shs_random_beta, (NULL, 1, 1))
GIVES_0(shs_random_poisson, (NULL, 5))
GIVES_0(shs_random_binomial, (NULL, 5, 1))

/* A bulk fill needs a stream and memory. Without a stream the memory becomes 0; without memory the
 * stream stays good. */
#define FILLS(function, type, without_stream, without_memory)                                      \
    CASE(function)                                                                                 \
    {                                                                                              \
        shs_random stream = good_stream();                                                         \
        type out[4] = {1, 1, 1, 1};                                                                \
        return REFUSES(function, without_stream, "stream is NULL") && all_zero(out, sizeof out) && \
               REFUSES(function, without_memory, "the memory to fill is NULL") &&                  \
               shs_random_status(&stream) == SHS_OK;                                               \
    }

FILLS(shs_random_fill_u32, uint32_t, (NULL, out, 4), (&stream, NULL, 4))
FILLS(shs_random_fill_u64, uint64_t, (NULL, out, 4), (&stream, NULL, 4))
FILLS(shs_random_fill_float, float, (NULL, out, 4), (&stream, NULL, 4))
FILLS(shs_random_fill_double, double, (NULL, out, 4), (&stream, NULL, 4))
FILLS(shs_random_fill_float_in, float, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILLS(shs_random_fill_double_in, double, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILLS(shs_random_fill_below, uint32_t, (NULL, 5, out, 4), (&stream, 5, NULL, 4))
FILLS(shs_random_fill_below64, uint64_t, (NULL, 5, out, 4), (&stream, 5, NULL, 4))
FILLS(shs_random_fill_bernoulli, bool, (NULL, 1, out, 4), (&stream, 1, NULL, 4))
FILLS(shs_random_fill_normal_float, float, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILLS(shs_random_fill_normal_double, double, (NULL, 0, 1, out, 4), (&stream, 0, 1, NULL, 4))
FILLS(shs_random_fill_truncated_normal, double, (NULL, 0, 1, 0, 1, out, 4),
      (&stream, 0, 1, 0, 1, NULL, 4))
FILLS(shs_random_fill_exponential, double, (NULL, 1, out, 4), (&stream, 1, NULL, 4))
FILLS(shs_random_fill_gamma, double, (NULL, 1, 1, out, 4), (&stream, 1, 1, NULL, 4))
FILLS(shs_random_fill_beta, double, (NULL, 1, 1, out, 4), (&stream, 1, 1, NULL, 4))
FILLS(shs_random_fill_poisson, uint64_t, (NULL, 1, out, 4), (&stream, 1, NULL, 4))
FILLS(shs_random_fill_binomial, uint64_t, (NULL, 5, 1, out, 4), (&stream, 5, 1, NULL, 4))
FILLS(shs_random_permutation, uint64_t, (NULL, out, 4), (&stream, NULL, 4))
FILLS(shs_random_choose, uint64_t, (NULL, 9, 4, out), (&stream, 9, 4, NULL))

CASE(shs_alias_open)
{
    shs_alias *alias = (shs_alias *)1;
    return REFUSES(shs_alias_open, (NULL, 2, &alias), "weights is NULL") && !alias &&
           REFUSES(shs_alias_open, ((double[]){1, 2}, 2, NULL), "alias is NULL");
}

CASE(shs_alias_close)
{
    shs_alias_close(NULL);
    shs_alias_close(&(shs_alias *){NULL});
    return true;
}

CASE(shs_random_categorical)
{
    shs_random stream = good_stream();
    return shs_random_categorical(NULL, NULL) == 0 && shs_random_categorical(&stream, NULL) == 0 &&
           shs_random_status(&stream) == SHS_ERROR_ARGUMENT;
}

CASE(shs_random_fill_categorical)
{
    uint32_t out[4];
    shs_random stream = good_stream();
    return REFUSES(shs_random_fill_categorical, (NULL, NULL, out, 4), "stream is NULL") &&
           REFUSES(shs_random_fill_categorical, (&stream, NULL, NULL, 4),
                   "the memory to fill is NULL") &&
           REFUSES(shs_random_fill_categorical, (&stream, NULL, out, 4), "alias is NULL");
}

static const struct null_case cases[] = {
    NULL_CASE(shs_random_at),
    NULL_CASE(shs_random_at_sample),
    NULL_CASE(shs_random_own_purpose),
    NULL_CASE(shs_random_seek),
    NULL_CASE(shs_random_status),
    NULL_CASE(shs_random_u32),
    NULL_CASE(shs_random_u64),
    NULL_CASE(shs_random_float),
    NULL_CASE(shs_random_double),
    NULL_CASE(shs_random_float_in),
    NULL_CASE(shs_random_double_in),
    NULL_CASE(shs_random_below),
    NULL_CASE(shs_random_below64),
    NULL_CASE(shs_random_bernoulli),
    NULL_CASE(shs_random_normal_float),
    NULL_CASE(shs_random_normal_double),
    NULL_CASE(shs_random_truncated_normal),
    NULL_CASE(shs_random_exponential),
    NULL_CASE(shs_random_gamma),
    NULL_CASE(shs_random_beta),
    NULL_CASE(shs_random_poisson),
    NULL_CASE(shs_random_binomial),
    NULL_CASE(shs_random_fill_u32),
    NULL_CASE(shs_random_fill_u64),
    NULL_CASE(shs_random_fill_float),
    NULL_CASE(shs_random_fill_double),
    NULL_CASE(shs_random_fill_float_in),
    NULL_CASE(shs_random_fill_double_in),
    NULL_CASE(shs_random_fill_below),
    NULL_CASE(shs_random_fill_below64),
    NULL_CASE(shs_random_fill_bernoulli),
    NULL_CASE(shs_random_fill_normal_float),
    NULL_CASE(shs_random_fill_normal_double),
    NULL_CASE(shs_random_fill_truncated_normal),
    NULL_CASE(shs_random_fill_exponential),
    NULL_CASE(shs_random_fill_gamma),
    NULL_CASE(shs_random_fill_beta),
    NULL_CASE(shs_random_fill_poisson),
    NULL_CASE(shs_random_fill_binomial),
    NULL_CASE(shs_random_permutation),
    NULL_CASE(shs_random_choose),
    NULL_CASE(shs_alias_open),
    NULL_CASE(shs_alias_close),
    NULL_CASE(shs_random_categorical),
    NULL_CASE(shs_random_fill_categorical),
};

const struct null_cases null_random = {cases, sizeof cases / sizeof *cases};
