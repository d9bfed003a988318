/* Prints `NAME HASH` for each optimiser, in each type, and for each learning rate: FNV-1a, 64 bits,
 * of the bits of parameters and state after some steps, or of the rates, the least significant byte
 * first. The same lines are expected of every compiler, optimisation, instruction set and byte
 * order: golden_optimizer.txt has them.
 *
 * Needs src/optimize, random_math.h, of src/core only what package/golden_optimizer.sh names, and
 * the public headers. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shardstep/optimizer.h"

enum {
    ELEMENTS = 1003,
    STEPS = 60,
    RATES = 2000
};

static const uint64_t nothing = UINT64_C(0xcbf29ce484222325);

static uint64_t hash_number(uint64_t hash, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        hash = (hash ^ (number >> 8 * i & 0xff)) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t hash_double(uint64_t hash, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hash_number(hash, bits, 8);
}

static uint64_t hash_float(uint64_t hash, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return hash_number(hash, bits, 4);
}

static void need(shs_status status)
{
    if (status) {
        fprintf(stderr, "golden_optimizer: %s\n", shs_message());
        exit(1);
    }
}

/* A number between -1 and 1 times a power of two, with all the digits of a float. */
static double number_of(uint64_t which)
{
    uint64_t z = which * UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    const double size = (double)(1u << (z & 7)) * 0x1p-7;
    return ((double)(int64_t)(z >> 40) - 0x1p23) * 0x1p-23 * size;
}

/* ---- Optimisers */

enum {
    PARAMETER,
    GRADIENT,
    FIRST,
    SECOND,
    ARRAYS
};

static float floats[ARRAYS][ELEMENTS];
static double doubles[ARRAYS][ELEMENTS];

static void put(shs_type type, int array, size_t i, double value)
{
    if (type == SHS_F32)
        floats[array][i] = (float)value;
    else
        doubles[array][i] = value;
}

static uint64_t hash_arrays(shs_type type)
{
    uint64_t hash = nothing;
    for (int array = 0; array < ARRAYS; array++)
        for (size_t i = 0; i < ELEMENTS; i++)
            hash = type == SHS_F32 ? hash_float(hash, floats[array][i])
                                   : hash_double(hash, doubles[array][i]);
    return hash;
}

static shs_status sgd(uint64_t step, const shs_tensor *tensors)
{
    (void)step;
    return shs_sgd(&(shs_sgd_options){.rate = 0.03}, &tensors[PARAMETER], &tensors[GRADIENT], NULL,
                   1);
}

static shs_status momentum(uint64_t step, const shs_tensor *tensors)
{
    (void)step;
    return shs_sgd(&(shs_sgd_options){.rate = 0.03, .momentum = 0.9, .decay = 5e-4},
                   &tensors[PARAMETER], &tensors[GRADIENT], &tensors[FIRST], 1);
}

static shs_status nesterov(uint64_t step, const shs_tensor *tensors)
{
    (void)step;
    return shs_sgd(
        &(shs_sgd_options){.rate = 0.03, .momentum = 0.9, .decay = 5e-4, .nesterov = true},
        &tensors[PARAMETER], &tensors[GRADIENT], &tensors[FIRST], 1);
}

static shs_status adam(uint64_t step, const shs_tensor *tensors)
{
    return shs_adam(&(shs_adam_options){.rate = 1e-3, .decay = 0.01}, step, &tensors[PARAMETER],
                    &tensors[GRADIENT], &tensors[FIRST], &tensors[SECOND], 1);
}

static shs_status adamw(uint64_t step, const shs_tensor *tensors)
{
    return shs_adamw(&(shs_adam_options){.rate = 1e-3, .beta2 = 0.95, .decay = 0.1}, step,
                     &tensors[PARAMETER], &tensors[GRADIENT], &tensors[FIRST], &tensors[SECOND], 1);
}

static void print_optimizer(const char *name, shs_status (*make_step)(uint64_t, const shs_tensor *),
                            shs_type type)
{
    shs_tensor tensors[ARRAYS];
    for (int array = 0; array < ARRAYS; array++)
        tensors[array] =
            (shs_tensor){.type = type,
                         .axes = 1,
                         .shape = {ELEMENTS},
                         .data = type == SHS_F32 ? (void *)floats[array] : (void *)doubles[array]};
    for (size_t i = 0; i < ELEMENTS; i++) {
        put(type, PARAMETER, i, number_of(i));
        put(type, FIRST, i, 0);
        put(type, SECOND, i, 0);
    }
    for (uint64_t step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < ELEMENTS; i++)
            put(type, GRADIENT, i, number_of((step + 1) * ELEMENTS + i));
        need(make_step(step, tensors));
    }
    printf("%s.%s %016" PRIx64 "\n", name, shs_type_name(type), hash_arrays(type));
}

/* ---- Learning rates */

static void print_rate(const char *name, const shs_rate *schedule)
{
    uint64_t hash = nothing;
    double rate;
    for (uint64_t step = 0; step < RATES; step++) {
        need(shs_rate_at(schedule, step, &rate));
        hash = hash_double(hash, rate);
    }
    printf("rate.%s %016" PRIx64 "\n", name, hash);
}

static void print_rates(void)
{
    static const uint64_t milestones[] = {700, 1100, 1500};
    const shs_rate steps = {.kind = SHS_RATE_STEPS,
                            .peak = 0.07,
                            .warm_up = 300,
                            .milestones = milestones,
                            .milestone_count = 3};
    const shs_rate line = {
        .kind = SHS_RATE_LINEAR, .peak = 0.07, .last = 0.003, .warm_up = 300, .steps = 1900};
    const shs_rate cosine = {.kind = SHS_RATE_COSINE,
                             .peak = 0.07,
                             .first = 0.007,
                             .last = 0.0003,
                             .warm_up = 300,
                             .warm_up_cosine = true,
                             .steps = 1900};
    print_rate("steps", &steps);
    print_rate("line", &line);
    print_rate("cosine", &cosine);
}

int main(void)
{
    for (shs_type type = SHS_F32; type <= SHS_F64; type++) {
        print_optimizer("sgd", sgd, type);
        print_optimizer("momentum", momentum, type);
        print_optimizer("nesterov", nesterov, type);
        print_optimizer("adam", adam, type);
        print_optimizer("adamw", adamw, type);
    }
    print_rates();
    return 0;
}
