/* The operators sometimes and one_of, which hold other operators. */
#include "augment_kind.h"

static const struct augment_parameter sometimes_parameters[] = {AUGMENT_CHANCE_PARAMETER, {0}};

const struct augment_kind augment_sometimes = {
    .name = "sometimes",
    .help = "Applies the operators within it to some samples, all of them in their order; "
            "without p, to every sample, as a group in one_of.",
    .draws = "a float if p is below 1; then, where it is below p, what the operators draw.",
    .holds = AUGMENT_HOLDS_ALL,
    .parameters = sometimes_parameters,
};

static const struct augment_parameter one_of_parameters[] = {AUGMENT_CHANCE_PARAMETER, {0}};

const struct augment_kind augment_one_of = {
    .name = "one_of",
    .help = "Applies one of the operators within it, each with the same probability.",
    .draws = "a float if p is below 1; then, where it is below p, below(number of operators), and "
             "what the chosen operator draws.",
    .holds = AUGMENT_HOLDS_ONE,
    .parameters = one_of_parameters,
};
