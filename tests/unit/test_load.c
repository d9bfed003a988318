/* The loader's parts, each by itself: epochs that are asked side by side, and files that stay open
 * while a fetch reads them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "data_open_file.h"
#include "h5_write.h"
#include "load.h"
#include "shardstep/context.h"
#include "temporary_folder.h"
#include "unit.h"

typedef unsigned long long ull;

enum {
    FIRST_ROWS = 100, /* of the first file */
    ROWS = 257,       /* of both */
    COLUMNS = 6,
    VRANKS = 3,
    BATCH = 5,
    MOST_PLACES = 1024
};

static char folder[PATH_BYTES], first_path[PATH_BYTES], second_path[PATH_BYTES];
static char both_paths[2 * PATH_BYTES];

/* ---- Two files of a contiguous field and one in chunks: rows [first, first + rows) of the
 * dataset. */

static uint32_t element(uint64_t row, uint64_t column)
{
    return (uint32_t)(row * 1000 + column);
}

static bool write_file(const char *path, uint64_t first, uint64_t rows)
{
    static uint32_t images[ROWS][COLUMNS], numbers[ROWS];
    const struct h5_storage packed = {.chunk_rows = 7, .deflate = 1}, plain = {0};
    const shs_tensor image = {.type = SHS_U32, .axes = 2, .shape = {rows, COLUMNS}};
    const shs_tensor number = {.type = SHS_U32, .axes = 1, .shape = {rows}};
    struct h5_writer *writer;
    for (uint64_t row = 0; row < rows; row++) {
        numbers[row] = (uint32_t)(first + row);
        for (uint64_t column = 0; column < COLUMNS; column++)
            images[row][column] = element(first + row, column);
    }
    return !h5_create(path, &writer) && !h5_create_field(writer, "images", &image, &packed) &&
           !h5_write_rows(writer, rows, images) &&
           !h5_create_field(writer, "numbers", &number, &plain) &&
           !h5_write_rows(writer, rows, numbers) && !h5_finish(&writer);
}

static bool make_files(void)
{
    if (!folder_make(folder)) return false;
    folder_path(folder, "first.h5", first_path);
    folder_path(folder, "second.h5", second_path);
    snprintf(both_paths, sizeof both_paths, "%s,%s", first_path, second_path);
    return write_file(first_path, 0, FIRST_ROWS) &&
           write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS);
}

struct data {
    shs_run *run;
    shs_dataset *dataset;
};

static bool data_open(struct data *data)
{
    const shs_run_options run = {.seed = 5, .vranks = VRANKS};
    *data = (struct data){0};
    bool good = !shs_open_ranks(0, 1, NULL, NULL, &run, &data->run) &&
                !shs_dataset_open(data->run, both_paths, "images,numbers", NULL, &data->dataset);
    if (!good) printf("  %s\n", shs_message());
    return NEED(good);
}

static void data_close(struct data *data)
{
    shs_dataset_close(&data->dataset);
    shs_close(&data->run);
}

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
                                       .what = &data->dataset->what};
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
    struct order_slice slice = order_slice(shape, walk->step, walk->vrank);
    if (walk->step == order_steps(shape)) return false;
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
        printf("%llu rows alone, %llu beside the other epoch\n", (ull)alone->n_rows,
               (ull)beside->n_rows);
        return false;
    }
    for (uint64_t i = 0; i < alone->n_rows; i++)
        if (alone->rows[i] != beside->rows[i]) {
            printf("place %llu: row %llu alone, row %llu beside the other epoch\n", (ull)i,
                   (ull)alone->rows[i], (ull)beside->rows[i]);
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

/* ---- Files that a fetch reads. */

/* Rows of the file's images, read as a fetch does. */
static bool held_rows_are_right(const struct data_held *held, uint64_t first, uint64_t rows)
{
    static uint32_t images[ROWS][COLUMNS];
    struct fetcher *fetcher;
    struct fetch_counts counts = {0};
    const struct fetch_piece piece = {&held->sources[0], 0, rows, images};
    if (!NEED(fetcher_new(0, &fetcher) == SHS_OK)) return false;
    const struct fetch_means means = {.fetcher = fetcher};
    bool right = fetch_pieces(&means, &piece, 1, &counts) == SHS_OK;
    if (!right) printf("  %s\n", shs_message());
    for (uint64_t row = 0; row < rows && right; row++) {
        right = images[row][COLUMNS - 1] == element(first + row, COLUMNS - 1);
        if (!right)
            printf("  row %llu of the file is %llu, not %llu\n", (ull)row,
                   (ull)images[row][COLUMNS - 1], (ull)element(first + row, COLUMNS - 1));
    }
    fetcher_free(&fetcher);
    return right;
}

static void hold(struct data_files *files, size_t file, struct data_held *held)
{
    uint64_t bytes = 0;
    CHECK(data_files_hold(files, file, held, &bytes) == SHS_OK);
}

/* All files are closed, and one may be open at a time. */
static void allow_one(struct data_files *files)
{
    while (files->n_open)
        data_open_file_close(files, files->oldest);
    files->most_open = 1;
}

/* One file may be open at a time, and a fetch reads it: another one is opened beside it, and the
 * first that is closed is one that nobody reads. */
static void a_file_that_is_read_stays_open(void)
{
    struct data data;
    struct data_held first, again, second;
    if (!data_open(&data)) return;
    struct data_files *files = &data.dataset->files;
    allow_one(files);
    hold(files, 0, &first);
    hold(files, 0, &again);
    CHECK(again.open == first.open && files->n_open == 1);
    hold(files, 1, &second);
    CHECK(files->file[0].open == first.open && files->file[1].open == second.open);
    CHECK(files->n_open == 2);
    CHECK(held_rows_are_right(&first, 0, FIRST_ROWS));
    CHECK(held_rows_are_right(&second, FIRST_ROWS, ROWS - FIRST_ROWS));
    data_files_give_back(files, &first);
    CHECK(first.open == NULL);
    CHECK(held_rows_are_right(&again, 0, FIRST_ROWS));
    data_files_give_back(files, &second);
    hold(files, 0, &first); /* closes nothing, for it is open */
    CHECK(first.open == again.open && files->n_open == 2);
    data_files_give_back(files, &first);
    data_files_give_back(files, &again);
    hold(files, 1, &second); /* open still */
    CHECK(files->n_open == 2);
    data_files_give_back(files, &second);
    data_close(&data);
}

/* Once nobody reads them, no more files are open than may be. */
static void files_that_were_read_make_room(void)
{
    struct data data;
    struct data_held held[2];
    if (!data_open(&data)) return;
    struct data_files *files = &data.dataset->files;
    allow_one(files);
    hold(files, 0, &held[0]);
    hold(files, 1, &held[1]);
    CHECK(files->n_open == 2);
    data_files_give_back(files, &held[0]);
    data_files_give_back(files, &held[1]);
    data_open_file_close(files, files->file[0].open);
    hold(files, 0, &held[0]);
    CHECK(files->n_open == 1 && files->file[1].open == NULL);
    data_files_give_back(files, &held[0]);
    data_close(&data);
}

/* A file that is looked at again is closed and opened; who reads it goes on with what it holds. */
static void a_file_that_is_looked_at_again_can_be_read(void)
{
    struct data data;
    struct data_held before, after;
    const struct timespec times[2] = {{.tv_nsec = UTIME_NOW}, {.tv_sec = 1}};
    if (!data_open(&data)) return;
    struct data_files *files = &data.dataset->files;
    hold(files, 0, &before);
    CHECK(utimensat(AT_FDCWD, first_path, times, 0) == 0);
    data_files_suspect(files);
    hold(files, 0, &after);
    CHECK(after.open != before.open && files->file[0].open == after.open);
    CHECK(held_rows_are_right(&before, 0, FIRST_ROWS));
    CHECK(held_rows_are_right(&after, 0, FIRST_ROWS));
    data_files_give_back(files, &before);
    CHECK(held_rows_are_right(&after, 0, FIRST_ROWS));
    data_files_give_back(files, &after);
    data_close(&data);
}

int main(void)
{
    static const struct harness_test tests[] = {
        TEST(two_epochs_are_asked_side_by_side),
        TEST(a_file_that_is_read_stays_open),
        TEST(files_that_were_read_make_room),
        TEST(a_file_that_is_looked_at_again_can_be_read),
    };
    int code = make_files() ? harness_run("load", tests, COUNT(tests)) : 1;
    folder_remove(folder);
    return code;
}
