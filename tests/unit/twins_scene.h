/* Operators that are no functions of the place, as programs have had them, and some that are. Each
 * adds a number to every element of a u32 sample. */
#ifndef TWINS_SCENE_H
#define TWINS_SCENE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "judge.h"
#include "shardstep/augment.h"
#include "shardstep/context.h"

/* What a training program has at hand beside the sample. */
struct program {
    uint64_t rank, epoch, second;
};

static inline shs_status add_to_all(const shs_augment_call *call, uint32_t added)
{
    for (size_t f = 0; f < call->fields; f++) {
        const uint32_t *from = call->inputs[f].data;
        uint32_t *to = call->outputs[f].data;
        uint64_t elements = 1;
        for (uint32_t axis = 0; axis < call->inputs[f].axes; axis++)
            elements *= call->inputs[f].shape[axis];
        for (uint64_t i = 0; i < elements; i++)
            to[i] = from[i] + added;
    }
    return SHS_OK;
}

static inline uint32_t mixed(uint64_t seed)
{
    return (uint32_t)judge_random(&seed);
}

#define OPERATOR(name, added)                                                                      \
    static inline shs_status name(void *user, const shs_augment_call *call)                        \
    {                                                                                              \
        struct program *program = user;                                                            \
        (void)program;                                                                             \
        return add_to_all(call, added);                                                            \
    }

/* ---- Faults. */

static inline uint32_t seeded_by_the_clock_once(void)
{
    static unsigned state;
    if (!state) state = (unsigned)time(NULL);
    return (uint32_t)rand_r(&state);
}

static inline uint32_t count_calls(void)
{
    static uint32_t calls;
    return calls++;
}

static inline uint32_t seeded_alike(void)
{
    static uint64_t state = 42;
    return (uint32_t)judge_random(&state);
}

static inline uint32_t seeded_alike_in_threads(void)
{
    static _Thread_local uint64_t state = 42;
    return (uint32_t)judge_random(&state);
}

static inline uint32_t time_of_day(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint32_t)now.tv_nsec;
}

static inline uint32_t address(void)
{
    static int here;
    return mixed((uint64_t)(uintptr_t)&here);
}

OPERATOR(by_rand, (uint32_t)rand())
OPERATOR(by_random, (uint32_t)random())
OPERATOR(by_drand48, (uint32_t)(drand48() * 4e9))
OPERATOR(by_clock_once, seeded_by_the_clock_once())
OPERATOR(by_counter, count_calls())
OPERATOR(by_static_state, seeded_alike())
OPERATOR(by_thread_state, seeded_alike_in_threads())
OPERATOR(by_time_of_day, time_of_day())
OPERATOR(by_second, mixed(program->second))
OPERATOR(by_slot, mixed(call->stream->counter[1]))
OPERATOR(by_vrank, mixed(call->stream->counter[3]))
OPERATOR(by_slot_and_vrank, mixed(call->stream->counter[1] * 1000003U + call->stream->counter[3]))
OPERATOR(by_sum,
         mixed((call->stream->counter[1] << 16) + program->epoch + call->stream->counter[3]))
OPERATOR(by_process_rank,
         mixed((program->epoch << 32 | program->rank << 16) + call->stream->counter[1]))
OPERATOR(by_address, address())
OPERATOR(by_process, mixed((uint64_t)getpid()) + shs_random_u32(call->stream))
OPERATOR(by_fixed_seed, mixed(42))

/* Writes only a part of its result. */
static inline shs_status by_old_memory(void *user, const shs_augment_call *call)
{
    (void)user;
    *(uint32_t *)call->outputs[0].data = shs_random_u32(call->stream);
    return SHS_OK;
}

/* ---- Sound operators, of much randomness and of little. */

OPERATOR(sound_noise, shs_random_u32(call->stream))
OPERATOR(sound_coin, shs_random_below(call->stream, 2))
OPERATOR(sound_die, shs_random_below(call->stream, 6))
OPERATOR(sound_cards, shs_random_below(call->stream, 50))
OPERATOR(sound_rare, shs_random_below(call->stream, 30) ? 0 : shs_random_u32(call->stream))
OPERATOR(sound_nothing, 7)

/* ---- Reports. */

struct told {
    int twins, unknown;
    char text[1024];
};

static inline void note_report(void *user, shs_report_kind kind, const char *text)
{
    struct told *told = user;
    told->twins += kind == SHS_REPORT_TWINS;
    told->unknown += kind == SHS_REPORT_TWINS_UNKNOWN;
    if (kind == SHS_REPORT_TWINS || !told->twins)
        snprintf(told->text, sizeof told->text, "%s", text);
}

#endif
