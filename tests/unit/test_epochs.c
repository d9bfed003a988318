/* Two epochs that are asked side by side give the rows that each gives alone. */
#include <stdio.h>
#include <stdlib.h>

#include "load_order.h"
#include "two_files.h"

enum {
    MOST_PLACES = 1024
};

/* ---- Ways to order rows. */

static const uint64_t ratio[] = {5, 2},
                      listed[] = {0,   3,   4,   7,   9,   11,  50,  51,  52,  80, 99,
                                  100, 101, 102, 150, 151, 180, 200, 201, 255, 256};
static double row_weights[ROWS];

static const struct {
    const char *name;
    shs_loader_options options;
} ways[] = {
    {"each row once", {0}},
    {"a part", {.subset = {.to = 0.6}}},
    {"a list", {.subset = {.rows = listed, .n_rows = COUNT(listed)}}},
    {"passes", {.sampling = {.repeats = 3}}},
    {"passes that epochs cut", {.sampling = {.epoch_rows = 111}}},
    {"a mix", {.sampling = {.mix = ratio, .n_mix = COUNT(ratio)}}},
    {"a mix that epochs cut",
     {.sampling = {.mix = ratio, .n_mix = COUNT(ratio), .epoch_rows = 301}}},
    {"weights", {.sampling = {.weights = row_weights, .n_weights = ROWS}}},
};

enum {
    SHUFFLES = 3,
    SHARDS = 2,
    TAILS = 3,
    VARIANTS = SHUFFLES * SHARDS * TAILS
};

/* Variant v of a way. */
static shs_loader_options options_of(size_t way, size_t v)
{
    shs_loader_options options = ways[way].options;
    options.batch = BATCH;
    options.shuffle = (shs_shuffle)(v % SHUFFLES);
    options.shard = (shs_shard)(v / SHUFFLES % SHARDS);
    options.tail = (shs_tail)(v / SHUFFLES / SHARDS);
    if (options.shuffle != SHS_SHUFFLE_BLOCKS) return options;
    options.blocks = (shs_blocks){.rows = 4, .window = 3};
    return options;
}

static void tell_way(size_t way, size_t v)
{
    shs_loader_options options = options_of(way, v);
    printf("  %s, shuffle %s, shard %s, tail %s: ", ways[way].name,
           order_shuffle_name(options.shuffle), order_shard_name(options.shard),
           order_tail_name(options.tail));
}

/* False if the loader refuses this combination. */
static bool order_opens(const struct data *data, size_t way, size_t v, struct load_order *order)
{
    const shs_loader_options options = options_of(way, v);
    const struct load_order_how how = {.seed = 5,
                                       .vranks = VRANKS,
                                       .bounds = data->dataset->bounds,
                                       .sources = data->dataset->files.paths.sources,
                                       .dataset = data->dataset};
    bool good = !load_order_open(&how, &options, order) &&
                !load_order_weigh(data->dataset, &options, order);
    if (!good) load_order_close(order);
    return good;
}

/* ---- Epochs side by side. */

/* The rows of an epoch, in the order of steps and virtual ranks. */
struct walk {
    struct load_epoch epoch;
    uint64_t rows[MOST_PLACES];
    uint64_t n_rows;
    uint64_t step, vrank; /* of the batch that comes next */
};

static bool walk_on(const struct load_order *order, struct walk *walk)
{
    const struct order_shape *shape = &order->order.shape;
    if (walk->step == order_steps(shape)) return false;
    struct order_slice slice = order_slice(shape, walk->step, walk->vrank);
    if (!NEED(walk->n_rows + slice.rows <= MOST_PLACES)) return false;
    CHECK(!load_epoch_rows(&walk->epoch, walk->vrank, slice, 1, walk->rows + walk->n_rows));
    walk->n_rows += slice.rows;
    if (++walk->vrank < VRANKS) return true;
    walk->vrank = 0;
    walk->step++;
    return true;
}

/* When rows come next after the step that the walk has come to, of all virtual ranks. */
static uint64_t next_use(const struct load_order *order, struct walk *walk, uint64_t first)
{
    if (!load_order_foresees(order)) return 0;
    uint64_t now = order_moment(&order->order.shape, walk->step, 0);
    return load_epoch_next_use(&walk->epoch, first, 9, 9, now, 0, VRANKS);
}

static void walk_alone(const struct load_order *order, uint64_t epoch, struct walk *walk)
{
    *walk = (struct walk){0};
    CHECK(!load_epoch_begin(order, epoch, &walk->epoch));
    while (walk_on(order, walk))
        ;
    load_epoch_free(&walk->epoch);
}

static bool walks_are_alike(const struct walk *alone, const struct walk *beside)
{
    if (alone->n_rows != beside->n_rows) {
        printf("expected %llu rows; came %llu\n", (ull)alone->n_rows, (ull)beside->n_rows);
        return false;
    }
    for (uint64_t i = 0; i < alone->n_rows; i++)
        if (alone->rows[i] != beside->rows[i]) {
            printf("position %llu: expected row %llu; came row %llu\n", (ull)i, (ull)alone->rows[i],
                   (ull)beside->rows[i]);
            return false;
        }
    return true;
}

/* The last steps of epoch e in turn with the first ones of epoch e + 1. What comes next is asked of
 * both, too, and must be what an epoch says that nobody else is asked beside. */
static bool epochs_go_side_by_side(const struct load_order *order, uint64_t e)
{
    static struct walk alone[2], beside[2], asked;
    bool alike = true;
    asked = (struct walk){0};
    CHECK(!load_epoch_begin(order, e + 1, &asked.epoch));
    for (int i = 0; i < 2; i++) {
        walk_alone(order, e + (uint64_t)i, &alone[i]);
        beside[i] = (struct walk){0};
        CHECK(!load_epoch_begin(order, e + (uint64_t)i, &beside[i].epoch));
    }
    for (uint64_t batches = 0; walk_on(order, &beside[0]); batches++) {
        next_use(order, &beside[0], batches % ROWS);
        if (batches < order_steps(&order->order.shape) * VRANKS / 2) continue;
        walk_on(order, &beside[1]);
        asked.step = beside[1].step;
        uint64_t next = next_use(order, &asked, batches % ROWS);
        alike = next_use(order, &beside[1], batches % ROWS) == next;
        if (!alike) printf("rows from %llu on: when they come next\n", (ull)batches % ROWS);
        if (!alike) break;
    }
    while (walk_on(order, &beside[1]))
        ;
    for (int i = 0; i < 2; i++) {
        alike = alike && walks_are_alike(&alone[i], &beside[i]);
        load_epoch_free(&beside[i].epoch);
    }
    load_epoch_free(&asked.epoch);
    return alike;
}

static void two_epochs_are_asked_side_by_side(void)
{
    struct data data;
    size_t opened = 0, wrong = 0;
    if (!data_open(&data)) return;
    for (size_t row = 0; row < ROWS; row++)
        row_weights[row] = (double)(row % 7);
    for (size_t way = 0; way < COUNT(ways); way++)
        for (size_t v = 0; v < VARIANTS && wrong < 5; v++) {
            struct load_order order;
            if (!order_opens(&data, way, v, &order)) continue;
            for (uint64_t e = 0; e < 3; e += 2) {
                bool alike = epochs_go_side_by_side(&order, e);
                if (!alike) tell_way(way, v), printf("epochs %llu and %llu\n", (ull)e, (ull)e + 1);
                wrong += !alike;
            }
            load_order_close(&order);
            opened++;
        }
    CHECK(wrong == 0);
    CHECK(opened == 3 * VARIANTS + 4 * VARIANTS / SHARDS + TAILS);
    data_close(&data);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(two_epochs_are_asked_side_by_side),
    };
    int code = make_files() ? harness_run("epochs", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
