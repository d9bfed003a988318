#include "order_weights.h"

#include <string.h>

#include "core_memory.h"
#include "random_stream.h"

enum {
    TOSSES = 32 /* draws whose cells are fetched at a time */
};

shs_status order_weights_begin(struct order_weights *weights, uint64_t rows, uint64_t most_blocks)
{
    uint64_t block_rows = rows ? (rows - 1) / most_blocks + 1 : 1;
    uint64_t blocks = rows ? (rows - 1) / block_rows + 1 : 0;
    *weights = (struct order_weights){.rows = rows, .block_rows = block_rows, .blocks = blocks};
    return core_new(blocks, sizeof *weights->sums, "sums of weights", &weights->sums);
}

shs_status order_weights_of_rows(struct order_weights *weights, const double *row_weights,
                                 uint64_t rows)
{
    *weights = (struct order_weights){.rows = rows, .block_rows = 1, .blocks = rows};
    return random_alias_open(row_weights, rows, &weights->table);
}

shs_status order_weights_end(struct order_weights *weights)
{
    shs_status status = random_alias_open(weights->sums, weights->blocks, &weights->table);
    if (weights->block_rows == 1) core_free(&weights->sums);
    return status;
}

void order_weights_free(struct order_weights *weights)
{
    random_alias_close(&weights->table);
    core_free(&weights->sums);
    *weights = (struct order_weights){0};
}

uint64_t order_weights_first(const struct order_weights *weights, uint64_t block)
{
    return block * weights->block_rows;
}

uint64_t order_weights_count(const struct order_weights *weights, uint64_t block)
{
    uint64_t left = weights->rows - order_weights_first(weights, block);
    return left < weights->block_rows ? left : weights->block_rows;
}

double order_weights_sum(double sum, const double *row_weights, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        sum += row_weights[i];
    return sum;
}

struct order_pick order_weights_pick(const struct order_weights *weights, shs_random *random)
{
    struct order_pick pick = {.block = random_alias_draw(&weights->table, random)};
    if (weights->block_rows > 1)
        pick.target = shs_random_double(random) * weights->sums[pick.block];
    return pick;
}

static void take_some(const struct order_weights *weights, const struct order_source *source,
                      uint64_t *index, uint64_t count)
{
    struct random_toss tosses[TOSSES];
    for (uint64_t i = 0; i < count; i++) {
        shs_random random;
        random_of_weights(source->seed, source->stream, index[i], source->epoch, &random);
        tosses[i] = random_alias_toss(&weights->table, &random);
        __builtin_prefetch(&weights->table.cells[tosses[i].cell]);
    }
    for (uint64_t i = 0; i < count; i++)
        index[i] = random_alias_take(&weights->table, tosses[i]);
}

void order_weights_rows(const struct order_weights *weights, const struct order_source *source,
                        uint64_t *index, uint64_t count)
{
    for (uint64_t done = 0, now; done < count; done += now) {
        now = count - done < TOSSES ? count - done : TOSSES;
        take_some(weights, source, index + done, now);
    }
}

struct order_search order_weights_search(const struct order_weights *weights,
                                         struct order_pick pick)
{
    return (struct order_search){.target = pick.target,
                                 .next = order_weights_first(weights, pick.block),
                                 .last = ORDER_NO_ROW};
}

bool order_weights_search_in(struct order_search *search, const double *row_weights, uint64_t count)
{
    double sum = search->sum, target = search->target;
    uint64_t i = 0;
    for (; i < count; i++) {
        sum += row_weights[i];
        if (sum > target) break;
    }
    bool found = i < count;
    if (found) search->last = search->next + i;
    for (uint64_t end = count; end > 0 && !found; end--)
        if (row_weights[end - 1] > 0) {
            search->last = search->next + end - 1;
            break;
        }
    search->sum = sum;
    search->next += count;
    return found;
}

/* The last steps of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators.
 * OOPSLA 2014). */
static uint64_t mix(uint64_t number)
{
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

void order_weights_mark_add(struct order_weights_mark *mark, uint64_t first_row,
                            const double *row_weights, uint64_t count)
{
    const uint64_t golden = UINT64_C(0x9e3779b97f4a7c15);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t bits;
        if (!(row_weights[i] > 0)) continue;
        memcpy(&bits, &row_weights[i], sizeof bits);
        uint64_t one = mix(bits ^ mix(first_row + i + golden));
        mark->sums[0] += one;
        mark->sums[1] += mix(one + golden);
    }
}
