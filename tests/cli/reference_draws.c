/* Prints draws of every kind that tests/reference/philox.py knows, as the bits of doubles: a line
 * KIND PLACE BITS... for each kind and place. A float and a whole number is printed as the double
 * with its value. tests/reference/draws.py makes the same lines. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "shardstep/random.h"

enum {
    PLACES = 3,
    DRAWS = 50
};

static double draw(shs_random *stream, int kind)
{
    switch (kind) {
    case 0:
        return (double)shs_random_below(stream, 3000000000u);
    case 1:
        return (double)shs_random_below64(stream, UINT64_C(3) << 51);
    case 2:
        return shs_random_double(stream);
    case 3:
        return shs_random_bernoulli(stream, 0.3);
    case 4:
        return (double)shs_random_float_in(stream, -1.5f, 7.25f);
    case 5:
        return shs_random_double_in(stream, -1.5, 7.25);
    case 6:
        return (double)shs_random_normal_float(stream, 0.5f, 3.0f);
    case 7:
        return shs_random_normal_double(stream, 0.5, 3.0);
    case 8:
        return shs_random_exponential(stream, 2.5);
    case 9:
        return shs_random_gamma(stream, 0.3, 2.0);
    case 10:
        return shs_random_gamma(stream, 4.5, 2.0);
    default:
        return shs_random_beta(stream, 0.2, 0.4);
    }
}

int main(void)
{
    static const char *const kinds[] = {
        "below",        "below64",       "double",      "bernoulli",   "float_in",    "double_in",
        "normal_float", "normal_double", "exponential", "gamma_small", "gamma_large", "beta"};
    for (int kind = 0; kind < (int)(sizeof kinds / sizeof *kinds); kind++)
        for (uint64_t place = 0; place < PLACES; place++) {
            shs_random stream;
            const shs_place at = {
                .seed = UINT64_MAX / 3, .purpose = 16, .rank = 5, .step = place, .slot = 7 * place};
            if (shs_random_at(&at, &stream)) return 2;
            printf("%s %" PRIu64, kinds[kind], place);
            for (int i = 0; i < DRAWS; i++) {
                double number = draw(&stream, kind);
                uint64_t bits;
                memcpy(&bits, &number, sizeof bits);
                printf(" %016" PRIx64, bits);
            }
            printf("\n");
        }
    return 0;
}
