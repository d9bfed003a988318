#include "load_weights.h"

#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "load_weights_field.h"
#include "order_plan.h"
#include "order_weights.h"
#include "random_stream.h"

enum {
    AT_ONCE = 1 << 17 /* rows: 1 MiB of weights */
};

/* A row that is to be found in a block. */
struct draw {
    struct order_pick pick;
    uint64_t slot;
};

struct load_weights {
    struct load_weights_field field;
    struct order_weights order;
    struct order_weights_mark mark;
    char digest[CORE_DIGEST_TEXT];
    uint64_t draws_at_once; /* number of draws whose blocks are read together */
    struct draw *draws;
    struct data_range *blocks; /* room for draws_at_once blocks */
};

/* ---- Opening. */

static shs_status check_how(const struct load_weights_how *how)
{
    int given = (how->values != NULL) + (how->field != NULL) + (how->balance != NULL);
    if (given == 1) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%d of values, field and balance are given for the weights of rows; give one",
                     given);
}

/* Copies the weights of the subset's rows. All other rows get 0. */
static shs_status copy_subset(const double *values, uint64_t rows,
                              const struct order_subset *subset, double **all)
{
    shs_status status = core_new(rows, sizeof **all, "weights", all);
    for (uint64_t i = 0; i < subset->count && !status; i++)
        (*all)[subset->rows[i]] = values[subset->rows[i]];
    return status;
}

static shs_status take_values(struct load_weights *weights, const shs_dataset *dataset,
                              const struct load_weights_how *how)
{
    const double *values = how->values;
    double *copy = NULL;
    shs_status status = SHS_OK;
    if (how->subset && how->subset->rows) {
        status = copy_subset(values, dataset->samples, how->subset, &copy);
        values = copy;
    }
    if (!status) status = order_weights_of_rows(&weights->order, values, dataset->samples);
    if (!status) order_weights_mark_add(&weights->mark, 0, values, dataset->samples);
    core_free(&copy);
    return status;
}

/* Adds rows that were read to the sums of their blocks. */
static void add_up(struct load_weights *weights, struct data_range piece)
{
    struct order_weights *order = &weights->order;
    const double *at = weights->field.weights;
    uint64_t row = piece.first, end = piece.first + piece.count;
    order_weights_mark_add(&weights->mark, row, at, piece.count);
    while (row < end) {
        uint64_t block = row / order->block_rows;
        uint64_t stop = order_weights_first(order, block) + order_weights_count(order, block);
        uint64_t now = (stop < end ? stop : end) - row;
        order->sums[block] = order_weights_sum(order->sums[block], at, now);
        at += now;
        row += now;
    }
}

static shs_status check_sums(const struct load_weights *weights, uint64_t first, uint64_t end)
{
    const struct order_weights *order = &weights->order;
    for (uint64_t block = first; block < end; block++)
        if (!random_is_weight(order->sums[block]))
            return core_fail(
                SHS_ERROR_FORMAT,
                "field %s: weights of samples %llu to %llu add up to more than a "
                "double holds; divide all weights by a number",
                weights->field.name, (ull)order_weights_first(order, block),
                (ull)(order_weights_first(order, block) + order_weights_count(order, block) - 1));
    return SHS_OK;
}

/* Local. Goes through the blocks of this rank, each from its beginning. */
static shs_status read_share(struct load_weights *weights)
{
    const struct mpi_part part = mpi_part_of(weights->field.data->run);
    struct load_weights_field *field = &weights->field;
    struct order_weights *order = &weights->order;
    uint64_t first = order_share(order->blocks, part.number, part.of);
    uint64_t stop = order_share(order->blocks, part.number + 1, part.of);
    struct data_range piece = {order_weights_first(order, first), 0};
    uint64_t end = order_weights_first(order, stop);
    shs_status status = SHS_OK;
    if (end > order->rows) end = order->rows;
    for (; piece.first < end && !status; piece.first += piece.count) {
        piece.count = end - piece.first < field->at_once ? end - piece.first : field->at_once;
        status = load_weights_field_read(field, 1, &piece, 1);
        if (!status) status = load_weights_field_weigh(field, piece.first, piece.count, 0);
        if (!status) add_up(weights, piece);
    }
    return status ? status : check_sums(weights, first, stop);
}

/* Collective. Gives every rank the sums of all blocks. One rank has the sum of a block and all
 * others have 0, so the bits of a sum can be added as integers. */
static shs_status share_sums(shs_run *run, struct load_weights *weights)
{
    struct order_weights *order = &weights->order;
    uint64_t *bits;
    shs_status status = core_new(order->blocks, sizeof *bits, "sums of weights", &bits);
    status = mpi_agree(run, status, "adding up weights");
    if (!status) {
        memcpy(bits, order->sums, order->blocks * sizeof *bits);
        status = mpi_sum(run, bits, order->blocks);
        memcpy(order->sums, bits, order->blocks * sizeof *bits);
    }
    core_free(&bits);
    return status ? status : mpi_sum(run, weights->mark.sums, 2);
}

/* Collective. Computes the sums of all blocks. */
static shs_status take_field(struct load_weights *weights, shs_dataset *dataset,
                             const struct load_weights_how *how,
                             const struct load_weights_limits *limits)
{
    const struct load_weights_field_how field = {.text = how->field ? how->field : how->balance,
                                                 .balanced = how->balance != NULL,
                                                 .subset = how->subset,
                                                 .at_once = limits->at_once};
    shs_status status = load_weights_field_open(dataset, &field, &weights->field);
    if (status) return status;
    status = order_weights_begin(&weights->order, dataset->samples, limits->blocks);
    if (!status) status = read_share(weights);
    status = mpi_agree(dataset->run, status, "reading weights of %.80s", field.text);
    return status ? status : share_sums(dataset->run, weights);
}

/* Makes the table of blocks and, if a block has more than one row, the memory to draw with. */
static shs_status end_field(struct load_weights *weights)
{
    uint64_t block_rows = weights->order.block_rows, at_once = weights->field.at_once;
    const struct load_weights_field *field = &weights->field;
    shs_status status = order_weights_end(&weights->order);
    if (status && field->subset && field->subset->rows)
        core_wrap(status, "of the rows of the subset");
    core_wrap(status, "%s: field %s", field->of->path, field->name);
    if (status || block_rows == 1) return status;
    weights->draws_at_once = block_rows < at_once ? at_once / block_rows : 1;
    status = core_new(weights->draws_at_once, sizeof *weights->draws, "draws", &weights->draws);
    if (status) return status;
    return core_new(weights->draws_at_once, sizeof *weights->blocks, "draws", &weights->blocks);
}

static shs_status make_digest(struct load_weights *weights)
{
    const struct order_weights *order = &weights->order;
    const uint64_t numbers[] = {order->rows, order->block_rows, weights->mark.sums[0],
                                weights->mark.sums[1]};
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add_elements(hash, numbers, 4, sizeof *numbers);
    core_hash_finish(&hash, weights->digest);
    return SHS_OK;
}

/* Collective. */
static shs_status open_weights(struct load_weights *weights, shs_dataset *dataset,
                               const struct load_weights_how *how,
                               const struct load_weights_limits *limits)
{
    shs_status status = how->values ? SHS_OK : take_field(weights, dataset, how, limits);
    if (status) return status;
    status = how->values ? take_values(weights, dataset, how) : end_field(weights);
    if (!status) status = make_digest(weights);
    return mpi_agree(dataset->run, status, "weights that hash to %s", weights->digest);
}

shs_status load_weights_open_within(shs_dataset *dataset, const struct load_weights_how *how,
                                    const struct load_weights_limits *limits,
                                    struct load_weights **weights)
{
    const char *field = how->field ? how->field : how->balance;
    shs_status status = core_new(1, sizeof **weights, "weights", weights);
    if (!status) status = check_how(how);
    status = mpi_agree(dataset->run, status, "weights by %s%.80s",
                       how->values    ? "values"
                       : how->balance ? "classes of "
                                      : "the field ",
                       how->values || !field ? "" : field);
    if (!status) status = open_weights(*weights, dataset, how, limits);
    if (status) load_weights_close(weights);
    return status;
}

shs_status load_weights_open(shs_dataset *dataset, const struct load_weights_how *how,
                             struct load_weights **weights)
{
    const struct load_weights_limits limits = {ORDER_WEIGHTS_BLOCKS, AT_ONCE};
    return load_weights_open_within(dataset, how, &limits, weights);
}

void load_weights_close(struct load_weights **weights)
{
    if (!*weights) return;
    order_weights_free(&(*weights)->order);
    load_weights_field_close(&(*weights)->field);
    core_free(&(*weights)->draws);
    core_free(&(*weights)->blocks);
    core_free(weights);
}

/* ---- Drawing. */

static struct order_pick pick_at(const struct load_weights *weights,
                                 const struct order_source *source, uint64_t position)
{
    shs_random random;
    random_of_weights(source->seed, source->stream, position, source->epoch, &random);
    return order_weights_pick(&weights->order, &random);
}

static int compare_draws(const void *left, const void *right)
{
    const struct draw *a = left, *b = right;
    if (a->pick.block != b->pick.block) return a->pick.block < b->pick.block ? -1 : 1;
    return a->slot < b->slot ? -1 : a->slot > b->slot;
}

/* Returns how many of the sorted draws have the block of the first draw. */
static size_t same_block(const struct draw *draws, size_t count)
{
    size_t same = 1;
    while (same < count && draws[same].pick.block == draws[0].pick.block)
        same++;
    return same;
}

static shs_status nothing_there(const struct load_weights *weights, uint64_t block)
{
    uint64_t first = order_weights_first(&weights->order, block);
    return core_fail(SHS_ERROR_FILE,
                     "field %s: samples %llu to %llu had weights above 0 when it was opened, and "
                     "have none now; put the file back as it was and start again",
                     weights->field.name, (ull)first,
                     (ull)(first + order_weights_count(&weights->order, block) - 1));
}

/* Finds the rows of all draws in the blocks that were read together. */
static shs_status search_together(struct load_weights *weights, size_t count, uint64_t *index)
{
    uint64_t at = 0;
    shs_status status = SHS_OK;
    for (size_t i = 0, same; i < count && !status; i += same) {
        const struct draw *draws = weights->draws + i;
        uint64_t block = draws->pick.block, first = order_weights_first(&weights->order, block);
        uint64_t rows = order_weights_count(&weights->order, block);
        same = same_block(draws, count - i);
        status = load_weights_field_weigh(&weights->field, first, rows, at);
        for (size_t j = 0; j < same && !status; j++) {
            struct order_search search = order_weights_search(&weights->order, draws[j].pick);
            order_weights_search_in(&search, weights->field.weights, rows);
            if (search.last == ORDER_NO_ROW) status = nothing_there(weights, block);
            index[draws[j].slot] = search.last;
        }
        at += rows;
    }
    return status;
}

static shs_status find_together(struct load_weights *weights, unsigned threads, size_t count,
                                uint64_t *index)
{
    size_t n_blocks = 0;
    for (size_t i = 0; i < count; i += same_block(weights->draws + i, count - i)) {
        uint64_t block = weights->draws[i].pick.block;
        weights->blocks[n_blocks++] =
            (struct data_range){order_weights_first(&weights->order, block),
                                order_weights_count(&weights->order, block)};
    }
    shs_status status =
        load_weights_field_read(&weights->field, threads, weights->blocks, n_blocks);
    return status ? status : search_together(weights, count, index);
}

/* Finds the row of one draw in a block that is too large to be read at once. Reads the block piece
 * by piece, up to the row. */
static shs_status find_in_pieces(struct load_weights *weights, unsigned threads, uint64_t *row)
{
    struct load_weights_field *field = &weights->field;
    struct order_pick pick = weights->draws[0].pick;
    struct order_search search = order_weights_search(&weights->order, pick);
    uint64_t end = search.next + order_weights_count(&weights->order, pick.block);
    bool found = false;
    while (search.next < end && !found) {
        uint64_t left = end - search.next;
        struct data_range piece = {search.next, left < field->at_once ? left : field->at_once};
        shs_status status = load_weights_field_read(field, threads, &piece, 1);
        if (!status) status = load_weights_field_weigh(field, piece.first, piece.count, 0);
        if (status) return status;
        found = order_weights_search_in(&search, field->weights, piece.count);
    }
    *row = search.last;
    return search.last == ORDER_NO_ROW ? nothing_there(weights, pick.block) : SHS_OK;
}

/* Makes as many draws as have blocks that can be read together. Draws of one block, and of
 * neighbouring blocks, share a read. */
static shs_status draw_some(struct load_weights *weights, const struct order_source *source,
                            unsigned threads, uint64_t *index, size_t count)
{
    for (size_t i = 0; i < count; i++)
        weights->draws[i] = (struct draw){pick_at(weights, source, index[i]), i};
    if (weights->order.block_rows > weights->field.at_once)
        return find_in_pieces(weights, threads, index);
    qsort(weights->draws, count, sizeof *weights->draws, compare_draws);
    return find_together(weights, threads, count, index);
}

shs_status load_weights_rows(struct load_weights *weights, const struct order_source *source,
                             unsigned threads, uint64_t *index, uint64_t count)
{
    shs_status status = SHS_OK;
    if (weights->order.block_rows == 1) {
        order_weights_rows(&weights->order, source, index, count);
        return SHS_OK;
    }
    for (uint64_t done = 0, now; done < count && !status; done += now) {
        now = count - done < weights->draws_at_once ? count - done : weights->draws_at_once;
        status = draw_some(weights, source, threads, index + done, (size_t)now);
    }
    return core_wrap(status, "drawing rows by weight");
}

void load_weights_digest(const struct load_weights *weights, char text[CORE_DIGEST_TEXT])
{
    memcpy(text, weights->digest, CORE_DIGEST_TEXT);
}
