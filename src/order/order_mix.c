#include "order_mix.h"

#include "core_memory.h"

typedef unsigned long long ull;
typedef unsigned __int128 u128;

#define MOST_PASSES (UINT64_C(1) << 24) /* an epoch: 2^56 in a run, as many as places can name */

/* ---- Opening. */

static shs_status sum_ratio(const uint64_t *ratio, size_t sources, uint64_t *sum)
{
    *sum = 0;
    for (size_t i = 0; i < sources; i++) {
        if (ratio[i] > UINT64_MAX - *sum)
            return core_fail(SHS_ERROR_ARGUMENT, "the ratio's numbers add up to 2^64 or more; "
                                                 "choose smaller ones");
        *sum += ratio[i];
    }
    if (*sum) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "the ratio has nothing but zeros; give each source that "
                                         "is wanted a number above 0");
}

static shs_status check_source(const struct order_mix_source *source, size_t i)
{
    if (source->takes && !source->rows)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "source %zu has no rows, but %llu places of an epoch are its own; give "
                         "it 0 in the ratio",
                         i, (ull)source->takes);
    if (source->rows && source->takes / source->rows >= MOST_PASSES)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "source %zu would give each of its %llu rows 2^24 times an epoch or "
                         "more; choose less",
                         i, (ull)source->rows);
    return SHS_OK;
}

shs_status order_mix_open(struct order_mix *mix, const uint64_t *bounds, const uint64_t *ratio,
                          size_t sources, uint64_t places)
{
    uint64_t all, passed = 0;
    shs_status status = sum_ratio(ratio, sources, &all);
    if (!status && places > ORDER_MAX_SAMPLES)
        status =
            core_fail(SHS_ERROR_ARGUMENT, "an epoch of %llu rows; the most is 2^56", (ull)places);
    if (!status) status = core_new(sources, sizeof *mix->source, "sources", &mix->source);
    if (status) return status;
    mix->sources = sources;
    for (size_t i = 0; i < sources && !status; i++) {
        struct order_mix_source *source = &mix->source[i];
        source->first = bounds[i];
        source->rows = bounds[i + 1] - bounds[i];
        source->begin = (uint64_t)((u128)places * passed / all);
        passed += ratio[i];
        source->takes = (uint64_t)((u128)places * passed / all) - source->begin;
        status = check_source(source, i);
    }
    return status;
}

void order_mix_free(struct order_mix *mix)
{
    for (size_t i = 0; i < mix->sources; i++)
        for (size_t p = 0; p < 2; p++)
            order_permutation_free(&mix->source[i].passes[p].permutation);
    core_free(&mix->source);
    mix->sources = 0;
}

/* ---- Rows. */

void order_mix_begin(struct order_mix *mix, uint64_t epoch)
{
    if (mix->begun && mix->epoch == epoch) return;
    for (size_t i = 0; i < mix->sources; i++) {
        struct order_mix_source *source = &mix->source[i];
        if (!source->takes) continue;
        u128 drawn = (u128)epoch * source->takes;
        source->pass = (uint64_t)(drawn / source->rows);
        source->at = (uint64_t)(drawn % source->rows);
    }
    mix->begun = true;
    mix->epoch = epoch;
}

/* The source that has a number: the last one, of those that take some, that begins at or before it.
 */
static struct order_mix_source *source_of(const struct order_mix *mix, uint64_t number)
{
    size_t low = 0, high = mix->sources;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (mix->source[middle].begin <= number)
            low = middle;
        else
            high = middle;
    }
    return &mix->source[low];
}

/* The epoch's first pass has a place of its own: rows of it and of others are asked for in turn. */
static shs_status draw_pass(const struct order_mix *mix, struct order_mix_source *source,
                            uint64_t number, struct order_permutation **permutation)
{
    struct order_pass *pass = &source->passes[number != source->pass];
    const struct order_source key = {.seed = mix->seed,
                                     .stream = mix->stream,
                                     .part = (uint32_t)(source - mix->source) + 1,
                                     .epoch = number & UINT32_MAX,
                                     .vrank = number >> 32};
    *permutation = &pass->permutation;
    if (pass->drawn && pass->number == number) return SHS_OK;
    shs_status status = order_permutation_draw(&pass->permutation, &key, source->rows);
    pass->drawn = !status;
    pass->number = number;
    return status;
}

/* Draws of the epoch lie at [at, at + takes), counted from the beginning of its first pass. */
static bool is_whole(const struct order_mix_source *source, uint64_t pass)
{
    return pass * source->rows >= source->at &&
           (pass + 1) * source->rows <= source->at + source->takes;
}

/* Rows at positions [at, at + count) of a pass, counted from the epoch's first one. */
static shs_status rows_of_pass(const struct order_mix *mix, struct order_mix_source *source,
                               uint64_t pass, uint64_t at, uint64_t *index, uint64_t count)
{
    struct order_permutation *permutation;
    bool in_order = !mix->permuted || (mix->sources > 1 && is_whole(source, pass));
    shs_status status =
        in_order ? SHS_OK : draw_pass(mix, source, source->pass + pass, &permutation);
    if (status) return status;
    if (in_order)
        for (uint64_t i = 0; i < count; i++)
            index[i] = at + i;
    else if (count == 1)
        index[0] = order_permutation_row(permutation, at);
    else
        order_permutation_rows(permutation, at, count, index);
    for (uint64_t i = 0; i < count; i++)
        index[i] += source->first;
    return SHS_OK;
}

/* How many numbers follow the first one in steps of 1, itself included, up to `most`. */
static uint64_t consecutive(const uint64_t *index, uint64_t most)
{
    uint64_t count = 1;
    while (count < most && index[count] == index[0] + count)
        count++;
    return count;
}

/* Those of a single source come one after the other, and are looked up together. */
shs_status order_mix_rows(struct order_mix *mix, uint64_t epoch, uint64_t *index, uint64_t count)
{
    shs_status status = SHS_OK;
    if (!mix->sources) return SHS_OK;
    order_mix_begin(mix, epoch);
    for (uint64_t i = 0, now; i < count && !status; i += now) {
        struct order_mix_source *source = source_of(mix, index[i]);
        uint64_t offset = index[i] - source->begin, place = source->at + offset;
        uint64_t at = place % source->rows, most = count - i;
        if (most > source->rows - at) most = source->rows - at;
        if (most > source->takes - offset) most = source->takes - offset;
        now = consecutive(index + i, most);
        status = rows_of_pass(mix, source, place / source->rows, at, index + i, now);
    }
    return status;
}

/* ---- When a row's turn comes. */

struct range {
    uint64_t first, end;
};

static struct range overlap(struct range a, struct range b)
{
    struct range both = {a.first > b.first ? a.first : b.first, a.end < b.end ? a.end : b.end};
    return both.first < both.end ? both : (struct range){0, 0};
}

/* Of rows of one source, in all passes that the epoch has some of. */
static uint64_t next_of_source(const struct order_mix_source *source, struct range rows,
                               struct order *order, uint64_t now, uint64_t first_vrank,
                               uint64_t vranks)
{
    struct range epoch = {source->at, source->at + source->takes};
    uint64_t next = ORDER_NEVER;
    for (uint64_t begin = 0; begin < epoch.end; begin += source->rows) {
        struct range draws = {begin + rows.first - source->first, begin + rows.end - source->first};
        draws = overlap(draws, epoch);
        if (!draws.end) continue;
        uint64_t use = order_next_use(order, source->begin + draws.first - source->at,
                                      draws.end - draws.first, now, first_vrank, vranks);
        if (use < next) next = use;
    }
    return next;
}

uint64_t order_mix_next_use(const struct order_mix *mix, struct order *order, uint64_t first,
                            uint64_t count, uint64_t now, uint64_t first_vrank, uint64_t vranks)
{
    uint64_t next = ORDER_NEVER;
    for (size_t i = 0; i < mix->sources; i++) {
        const struct order_mix_source *source = &mix->source[i];
        struct range rows = overlap((struct range){source->first, source->first + source->rows},
                                    (struct range){first, first + count});
        if (!rows.end) continue;
        bool often = source->takes / source->rows >= ORDER_OFTEN;
        uint64_t use =
            often ? now + 1 : next_of_source(source, rows, order, now, first_vrank, vranks);
        if (use < next) next = use;
    }
    return next;
}

/* ---- The ledger. */

bool order_mix_ledger(const struct order_mix *mix, const struct order_subset *subset,
                      struct order_ledger *ledger)
{
    *ledger = (struct order_ledger){0};
    for (size_t i = 0; i < mix->sources; i++) {
        const struct order_mix_source *source = &mix->source[i];
        if (!source->takes) continue;
        if (source->takes % source->rows) return false;
        struct order_ledger once =
            order_subset_ledger(subset, source->first, source->first + source->rows);
        uint64_t times = source->takes / source->rows;
        order_ledger_join(ledger, &(struct order_ledger){once.count * times, once.sum * times,
                                                         once.squares * times});
    }
    return true;
}
