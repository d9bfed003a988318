#include "grid_missing.h"

#include "grid_sample_kernels.h"
#include "random_math.h"

static inline bool is_nan(double x)
{
    return x != x;
}

/* Expands EACH(C type) for the type of the elements. */
#define FOR_REALS(type, EACH)                                                                      \
    do {                                                                                           \
        if ((type) == SHS_F32)                                                                     \
            EACH(float)                                                                            \
        else                                                                                       \
            EACH(double)                                                                           \
    } while (0)

/* The NaN of results. */
#define NAN_OF(C)                                                                                  \
    (sizeof(C) == sizeof(float) ? (C)random_float_from(UINT32_C(0x7fc00000))                       \
                                : (C)random_double_from(UINT64_C(0x7ff8000000000000)))

bool grid_missing_any(shs_type type, const void *elements, size_t count)
{
    if (type != SHS_F32 && type != SHS_F64) return false;
    return grid_sample_kernels_now()->real[type == SHS_F64].any_nan(elements, count);
}

#define REPLACE(C, OTHERWISE)                                                                      \
    {                                                                                              \
        typedef C real;                                                                            \
        const real *element = from;                                                                \
        real *result = to;                                                                         \
        for (size_t i = 0; i < count; i++)                                                         \
            result[i] = element[i] != element[i] ? 0 : (OTHERWISE);                                \
    }
#define AS_ZERO(C)  REPLACE(C, element[i])
#define PRESENCE(C) REPLACE(C, 1)

void grid_missing_as_zero(shs_type type, const void *from, size_t count, void *to)
{
    FOR_REALS(type, AS_ZERO);
}

void grid_missing_presence(shs_type type, const void *from, size_t count, void *to)
{
    FOR_REALS(type, PRESENCE);
}

#define MEND(C)                                                                                    \
    {                                                                                              \
        typedef C real;                                                                            \
        const real *sums = sum, *present = presence;                                               \
        real *element = elements, missing = NAN_OF(C);                                             \
        for (size_t i = 0; i < count; i++) {                                                       \
            if (!is_nan(element[i])) continue;                                                     \
            real mean = present[i] > 0 ? sums[i] / present[i] : missing;                           \
            element[i] = is_nan(mean) ? missing : mean;                                            \
        }                                                                                          \
    }

void grid_missing_mend(shs_type type, const void *sum, const void *presence, size_t count,
                       void *elements)
{
    FOR_REALS(type, MEND);
}

#define BETWEEN(C)                                                                                 \
    {                                                                                              \
        typedef C real;                                                                            \
        const real *corner = corners->pixels;                                                      \
        real *element = pixel, weight[8], missing = NAN_OF(C);                                     \
        int n = 1 << corners->axes;                                                                \
        for (int k = 0; k < n; k++) {                                                              \
            weight[k] = 1;                                                                         \
            for (int a = 0; a < corners->axes; a++) {                                              \
                real part = (real)corners->part[a];                                                \
                weight[k] = weight[k] * (k >> a & 1 ? part : 1 - part);                            \
            }                                                                                      \
        }                                                                                          \
        for (size_t e = 0; e < corners->inner; e++) {                                              \
            real sum = 0, all = 0;                                                                 \
            bool some = false;                                                                     \
            if (!is_nan(element[e])) continue;                                                     \
            for (int k = 0; k < n; k++) {                                                          \
                real x = corner[(size_t)k * corners->inner + e];                                   \
                some = some || is_nan(x);                                                          \
                if (is_nan(x) || !(weight[k] > 0)) continue;                                       \
                sum = all > 0 ? sum + weight[k] * x : weight[k] * x;                               \
                all = all + weight[k];                                                             \
            }                                                                                      \
            real mean = some && all > 0 ? sum / all : missing;                                     \
            element[e] = is_nan(mean) ? missing : mean;                                            \
        }                                                                                          \
    }

void grid_missing_between(shs_type type, const struct grid_corners *corners, void *pixel)
{
    FOR_REALS(type, BETWEEN);
}
