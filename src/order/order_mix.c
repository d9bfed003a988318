#include "order_mix.h"

#include "core_assert.h"
#include "core_memory.h"

__extension__ typedef unsigned __int128 u128;

/* Most passes of an epoch. So a run has at most 2^56, as many as a place can name. */
#define MOST_PASSES (UINT64_C(1) << 24)

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
    core_free(&mix->source);
    mix->sources = 0;
}

/* ---- Rows. */

void order_mix_epoch_free(struct order_mix_epoch *epoch)
{
    for (size_t i = 0; i < epoch->parts; i++)
        for (size_t p = 0; p < ORDER_PASSES; p++)
            order_permutation_free(&epoch->part[i].passes[p].permutation);
    core_free(&epoch->part);
    *epoch = (struct order_mix_epoch){0};
}

/* Makes the parts of a mix. Parts of another mix are released. */
static shs_status make_parts(const struct order_mix *mix, struct order_mix_epoch *epoch)
{
    if (epoch->of == mix) return SHS_OK;
    order_mix_epoch_free(epoch);
    shs_status status = core_new(mix->sources, sizeof *epoch->part, "sources", &epoch->part);
    if (status) return status;
    epoch->of = mix;
    epoch->parts = mix->sources;
    for (size_t i = 0; i < mix->sources; i++)
        epoch->part[i].source = mix->source[i];
    return SHS_OK;
}

shs_status order_mix_reserve(const struct order_mix *mix, struct order_mix_epoch *epoch)
{
    shs_status status = make_parts(mix, epoch);
    if (status) return status;
    epoch->number = UINT64_MAX; /* no epoch has begun */
    for (size_t i = 0; i < epoch->parts; i++) {
        struct order_mix_part *part = &epoch->part[i];
        bool permutes = mix->permuted && part->source.takes;
        if (!permutes || part->source.rows > ORDER_TABLE_MAX) continue;
        for (size_t p = 0; p < ORDER_PASSES && !status; p++)
            status = order_permutation_reserve(&part->passes[p].permutation, part->source.rows);
    }
    return status;
}

shs_status order_mix_begin(const struct order_mix *mix, uint64_t number,
                           struct order_mix_epoch *epoch)
{
    if (epoch->of == mix && epoch->number == number) return SHS_OK;
    shs_status status = make_parts(mix, epoch);
    if (status) return status;
    epoch->number = number;
    for (size_t i = 0; i < epoch->parts; i++) {
        struct order_mix_part *part = &epoch->part[i];
        const struct order_mix_source *source = &part->source;
        if (!source->takes) continue;
        u128 drawn = (u128)number * source->takes;
        part->pass = (uint64_t)(drawn / source->rows);
        part->at = (uint64_t)(drawn % source->rows);
    }
    return SHS_OK;
}

/* Returns the part of the source that has a number: the last source that begins at or before it. */
static struct order_mix_part *part_of(const struct order_mix_epoch *epoch, uint64_t number)
{
    const struct order_mix_source *source = epoch->of->source;
    size_t low = 0, high = epoch->parts;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (source[middle].begin <= number)
            low = middle;
        else
            high = middle;
    }
    core_assert(number >= source[low].begin && number - source[low].begin < source[low].takes);
    return &epoch->part[low];
}

/* Draws a pass, unless it is kept. The epoch's first pass has a place of its own, and so have any
 * two passes that follow one another: rows of these are asked for in turn. */
static shs_status draw_pass(const struct order_mix_epoch *epoch, struct order_mix_part *part,
                            uint64_t number, struct order_permutation **permutation)
{
    struct order_pass *pass = &part->passes[number == part->pass ? 0 : 1 + number % 2];
    const struct order_source key = {.seed = epoch->of->seed,
                                     .stream = epoch->of->stream,
                                     .part = (uint32_t)(part - epoch->part) + 1,
                                     .epoch = number & UINT32_MAX,
                                     .vrank = number >> 32};
    *permutation = &pass->permutation;
    if (pass->drawn && pass->number == number) return SHS_OK;
    shs_status status = order_permutation_draw(&pass->permutation, &key, part->source.rows);
    pass->drawn = !status;
    pass->number = number;
    return status;
}

/* Returns true if all of a pass lies in the epoch. Passes and draws are counted from the beginning
 * of the epoch's first pass, so the epoch has the draws [at, at + takes). */
static bool is_whole(const struct order_mix_part *part, uint64_t pass)
{
    const struct order_mix_source *source = &part->source;
    return pass * source->rows >= part->at && (pass + 1) * source->rows <= part->at + source->takes;
}

/* Returns true if a pass, counted from the epoch's first pass, is permuted. */
static bool is_permuted(const struct order_mix_epoch *epoch, const struct order_mix_part *part,
                        uint64_t pass)
{
    return epoch->of->permuted && (epoch->of->sources == 1 || !is_whole(part, pass));
}

/* Writes the rows at positions [at, at + count) of a pass. */
static shs_status rows_of_pass(const struct order_mix_epoch *epoch, struct order_mix_part *part,
                               uint64_t pass, uint64_t at, uint64_t *index, uint64_t count)
{
    struct order_permutation *permutation;
    bool permuted = is_permuted(epoch, part, pass);
    shs_status status = permuted ? draw_pass(epoch, part, part->pass + pass, &permutation) : SHS_OK;
    if (status) return status;
    if (!permuted)
        for (uint64_t i = 0; i < count; i++)
            index[i] = at + i;
    else if (count == 1)
        index[0] = order_permutation_row(permutation, at);
    else
        order_permutation_rows(permutation, at, count, index);
    for (uint64_t i = 0; i < count; i++)
        index[i] += part->source.first;
    return SHS_OK;
}

/* Returns how many numbers, from the first on, are consecutive, at most `most`. */
static uint64_t consecutive(const uint64_t *index, uint64_t most)
{
    uint64_t count = 1;
    while (count < most && index[count] == index[0] + count)
        count++;
    return count;
}

/* Consecutive numbers of one source are looked up together. */
shs_status order_mix_rows(struct order_mix_epoch *epoch, uint64_t *index, uint64_t count)
{
    shs_status status = SHS_OK;
    if (!epoch->parts) return SHS_OK;
    for (uint64_t i = 0, now; i < count && !status; i += now) {
        struct order_mix_part *part = part_of(epoch, index[i]);
        const struct order_mix_source *source = &part->source;
        uint64_t offset = index[i] - source->begin, place = part->at + offset;
        uint64_t at = place % source->rows, most = count - i;
        if (most > source->rows - at) most = source->rows - at;
        if (most > source->takes - offset) most = source->takes - offset;
        now = consecutive(index + i, most);
        status = rows_of_pass(epoch, part, place / source->rows, at, index + i, now);
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

/* The arguments of order_mix_next_use() that stay the same. */
struct question {
    struct order_epoch *places;
    uint64_t now, first_vrank, vranks;
};

/* Returns the next use of draws. They are counted from the beginning of the epoch's first pass,
 * whose first `at` draws belong to the epoch before. */
static uint64_t next_of_draws(const struct order_mix_part *part, struct range draws,
                              const struct question *question)
{
    const struct order_mix_source *source = &part->source;
    draws = overlap(draws, (struct range){part->at, part->at + source->takes});
    if (!draws.end) return ORDER_NEVER;
    return order_next_use(question->places, source->begin + draws.first - part->at,
                          draws.end - draws.first, question->now, question->first_vrank,
                          question->vranks);
}

/* Returns the next use of rows of one source in one pass. */
static uint64_t next_in_pass(const struct order_mix_epoch *epoch, struct order_mix_part *part,
                             uint64_t pass, struct range rows, const struct question *question)
{
    const struct order_mix_source *source = &part->source;
    uint64_t begin = pass * source->rows, next = ORDER_NEVER;
    struct order_permutation *permutation;
    if (!is_permuted(epoch, part, pass))
        return next_of_draws(
            part,
            (struct range){begin + rows.first - source->first, begin + rows.end - source->first},
            question);
    if (draw_pass(epoch, part, part->pass + pass, &permutation))
        return question->now + 1; /* not known */
    for (uint64_t row = rows.first; row < rows.end; row++) {
        uint64_t at = begin + order_permutation_position(permutation, row - source->first);
        uint64_t use = next_of_draws(part, (struct range){at, at + 1}, question);
        if (use < next) next = use;
    }
    return next;
}

/* Returns the next use of rows of a single source that is permuted. Its passes come one after the
 * other, and the present pass and the next pass are looked at. Rows that come in neither may come
 * as soon as the pass after these begins. */
static uint64_t next_of_single(const struct order_mix_epoch *epoch, struct order_mix_part *part,
                               struct range rows, const struct question *question)
{
    const struct order_shape *shape = &question->places->of->shape;
    uint64_t rows_a_pass = part->source.rows;
    uint64_t number = question->now / shape->vranks * shape->vranks * shape->batch;
    uint64_t pass = (part->at + number) / rows_a_pass, next = ORDER_NEVER;
    for (int i = 0; i < 2 && next == ORDER_NEVER; i++, pass++)
        next = next_in_pass(epoch, part, pass, rows, question);
    if (next != ORDER_NEVER) return next;
    const struct question of_all = {question->places, question->now, 0, shape->vranks};
    return next_of_draws(part, (struct range){pass * rows_a_pass, pass * rows_a_pass + 1}, &of_all);
}

/* Returns the next use of rows of one source in all passes of the epoch. */
static uint64_t next_of_source(const struct order_mix_epoch *epoch, struct order_mix_part *part,
                               struct range rows, const struct question *question)
{
    const struct order_mix_source *source = &part->source;
    uint64_t next = ORDER_NEVER, end = part->at + source->takes;
    if (epoch->of->sources == 1 && epoch->of->permuted)
        return next_of_single(epoch, part, rows, question);
    if (source->takes / source->rows >= ORDER_OFTEN) return question->now + 1;
    for (uint64_t pass = 0; pass * source->rows < end; pass++) {
        uint64_t use = next_in_pass(epoch, part, pass, rows, question);
        if (use < next) next = use;
    }
    return next;
}

uint64_t order_mix_next_use(struct order_mix_epoch *epoch, struct order_epoch *places,
                            uint64_t first, uint64_t count, uint64_t now, uint64_t first_vrank,
                            uint64_t vranks)
{
    const struct question question = {places, now, first_vrank, vranks};
    uint64_t next = ORDER_NEVER;
    for (size_t i = 0; i < epoch->parts; i++) {
        struct order_mix_part *part = &epoch->part[i];
        const struct order_mix_source *source = &part->source;
        struct range rows = overlap((struct range){source->first, source->first + source->rows},
                                    (struct range){first, first + count});
        if (!rows.end) continue;
        uint64_t use = next_of_source(epoch, part, rows, &question);
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
