/* The ceilings of `bench PATH` in memory, and the table of all ceilings. */
#include <string.h>

#include "augment_apply.h"
#include "cli_bench_file.h"
#include "cli_seconds.h"

/* ---- One group of samples: memory->order[first], and `count - 1` after it. */

typedef shs_status do_samples(struct bench_memory *memory, uint64_t first, uint64_t count);

/* Returns which sample in memory stands for a sample of the order. */
static uint64_t sample_of(const struct bench_memory *memory, uint64_t at)
{
    return memory->order[at] % memory->rows;
}

/* Copies samples as they are stored. Neighbours are copied at once. */
static shs_status copy_samples(struct bench_memory *memory, uint64_t first, uint64_t count)
{
    for (uint64_t i = 0, n; i < count; i += n) {
        uint64_t from = sample_of(memory, first + i);
        for (n = 1; i + n < count && sample_of(memory, first + i + n) == from + n;)
            n++;
        for (size_t f = 0; f < memory->n_fields; f++) {
            size_t bytes = memory->sample_bytes[f];
            memcpy((char *)memory->output[f] + i * bytes,
                   (const char *)memory->stored[f] + from * bytes, n * bytes);
        }
    }
    return SHS_OK;
}

static shs_status set_samples(struct bench_memory *memory, uint64_t first, uint64_t count)
{
    for (size_t f = 0; f < memory->n_fields; f++)
        memset(memory->output[f], (int)(first & 1), count * memory->output_bytes[f]);
    return SHS_OK;
}

/* The samples of a group that are augmented. */
struct group {
    const struct bench_memory *memory;
    uint64_t first;
};

static void stream_of(const void *user, uint64_t slot, shs_random *stream)
{
    const struct group *group = user;
    const shs_place place = {.seed = group->memory->seed,
                             .purpose = SHS_ROLE_AUGMENT + 16 * group->memory->stream,
                             .step = group->first & UINT32_MAX,
                             .slot = slot};
    /* This cannot fail: each part is within its bits */
    shs_status status = shs_random_at(&place, stream);
    (void)status;
}

static void rows_of_slot(const void *user, uint64_t slot, const void **inputs, void **outputs,
                         uint64_t *rows)
{
    const struct group *group = user;
    const struct bench_memory *memory = group->memory;
    uint64_t from = sample_of(memory, group->first + slot);
    for (size_t f = 0; f < memory->n_fields; f++) {
        inputs[f] = (const char *)memory->stored[f] + from * memory->sample_bytes[f];
        outputs[f] = (char *)memory->output[f] + slot * memory->output_bytes[f];
        rows[f] = memory->ragged[f] ? ((const uint64_t *)memory->stored[f + 1])[from] : UINT64_MAX;
    }
}

/* Augments samples as a loader does: each from a place of its own. */
static shs_status augment_samples(struct bench_memory *memory, uint64_t first, uint64_t count)
{
    const struct group group = {memory, first};
    const struct augment_slots slots = {&group, stream_of, rows_of_slot, NULL, NULL};
    return augment_apply_slots(memory->augment, &slots, 0, count, memory->scratch);
}

/* Does group after group for about `seconds`. */
static shs_status measure(do_samples *work, double seconds, struct bench_memory *memory,
                          double *rate)
{
    uint64_t done = 0, at = 0;
    shs_status status = SHS_OK;
    double begin = cli_seconds(), now;
    do {
        uint64_t count = memory->count - at < memory->batch ? memory->count - at : memory->batch;
        status = work(memory, at, count);
        done += count;
        at = at + count < memory->count ? at + count : 0;
        now = cli_seconds();
    } while (!status && now - begin < seconds);
    *rate = now > begin ? (double)done / (now - begin) : 0;
    return status;
}

/* ---- All ceilings. */

enum bench_lack bench_ceiling_lack(enum bench_ceiling ceiling, const struct bench_memory *memory,
                                   const struct bench_stored *stored)
{
    if (!memory->rows || !memory->count) return BENCH_NO_ROWS;
    if (ceiling == BENCH_READ) return stored->no_read;
    if (ceiling == BENCH_DECODE) return stored->no_decode;
    return ceiling == BENCH_AUGMENT && !memory->augments ? BENCH_NOT_AUGMENTED : BENCH_IS_THERE;
}

static shs_status measure_own(enum bench_ceiling ceiling, double seconds,
                              struct bench_memory *memory, struct bench_stored *stored,
                              double *rate)
{
    switch (ceiling) {
    case BENCH_READ:
        return bench_stored_read(stored, seconds, rate);
    case BENCH_DECODE:
        return bench_stored_decode(stored, seconds, rate);
    case BENCH_AUGMENT:
        return measure(augment_samples, seconds, memory, rate);
    case BENCH_COPY:
        return measure(copy_samples, seconds, memory, rate);
    default:
        return measure(set_samples, seconds, memory, rate);
    }
}

shs_status bench_ceiling_measure(shs_run *run, enum bench_ceiling ceiling, double seconds,
                                 struct bench_memory *memory, struct bench_stored *stored,
                                 double *rate)
{
    *rate = 0;
    shs_status status = mpi_agree(run, SHS_OK, "bench"); /* all ranks begin together */
    if (!status && !bench_ceiling_lack(ceiling, memory, stored))
        status = measure_own(ceiling, seconds, memory, stored, rate);
    uint64_t thousandths = (uint64_t)(*rate * 1000);
    status = mpi_agree(run, status, "bench");
    if (!status) status = mpi_sum(run, &thousandths, 1);
    *rate = (double)thousandths / 1000;
    return status;
}
