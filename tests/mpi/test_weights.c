/* Rows by weight on several ranks: the same rows and digest as one process finds with all weights
 * in memory, whatever the number of ranks, layout, files and pieces; classes; and each error. */
#include <math.h>

#include "../unit/judge.h"
#include "core_memory.h"
#include "load_weights.h"
#include "order_weights.h"
#include "random_stream.h"
#include "samples.h"

enum {
    ROWS = 3000,
    DRAWS = 400,
    FILES = 9
};

static const struct order_source source = {.seed = 77, .stream = 3, .epoch = 5};

/* A run, a folder, and a dataset in it. */
struct scene {
    shs_run *run;
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
    shs_dataset *data;
};

static struct scene scene_begin(void)
{
    struct scene scene = {0};
    need(!shs_open(MPI_COMM_WORLD, NULL, &scene.run), "shs_open");
    folder_make(scene.folder);
    snprintf(scene.path, PATH_BYTES, "%.450s/file.h5", scene.folder);
    return scene;
}

static void scene_open_as(struct scene *scene, const char *path, const char *fields,
                          const shs_dataset_options *options)
{
    MPI_Barrier(MPI_COMM_WORLD); /* rank 0 has written it */
    need(!shs_dataset_open(scene->run, path, fields, options, &scene->data), fields);
}

static void scene_open(struct scene *scene)
{
    scene_open_as(scene, scene->path, "x", NULL);
}

static void scene_end(struct scene *scene)
{
    shs_dataset_close(&scene->data);
    shs_close(&scene->run);
    folder_remove(scene->folder);
}

/* ---- Files. */

/* Numbers of a type, in memory of its elements. */
static void *numbers_of(shs_type type, const double *from, uint64_t count)
{
    char *to = room(count, shs_type_size(type));
    for (uint64_t i = 0; i < count; i++) {
        const double x = from[i];
        switch (type) {
#define AS(TYPE, C)                                                                                \
    case TYPE:                                                                                     \
        ((C *)(void *)to)[i] = (C)x;                                                               \
        break;
            AS(SHS_U8, uint8_t)
            AS(SHS_U16, uint16_t)
            AS(SHS_U32, uint32_t)
            AS(SHS_U64, uint64_t)
            AS(SHS_I8, int8_t)
            AS(SHS_I16, int16_t)
            AS(SHS_I32, int32_t)
            AS(SHS_I64, int64_t)
            AS(SHS_F32, float)
            AS(SHS_F64, double)
#undef AS
        default:
            need(false, "a type that the test does not know");
        }
    }
    return to;
}

static void write_field(struct h5_writer *writer, const char *name, shs_type type,
                        struct h5_storage storage, const double *numbers, uint64_t rows)
{
    const shs_tensor shape = {.type = type, .axes = 1, .shape = {rows}};
    void *elements = numbers_of(type, numbers, rows);
    need(!h5_create_array(writer, name, &shape, &storage), name);
    need(!rows || !h5_write_rows(writer, rows, elements), name);
    free(elements);
}

/* x: u8 of so many rows, all 0. */
static void write_rows(struct h5_writer *writer, uint64_t rows)
{
    double *zeros = room(rows, sizeof *zeros);
    write_field(writer, "x", SHS_U8, (struct h5_storage){0}, zeros, rows);
    free(zeros);
}

/* One rank writes x, and w of the numbers. */
static void write_file(const char *path, shs_type type, struct h5_storage storage,
                       const double *numbers, uint64_t rows)
{
    struct h5_writer *writer;
    if (my_rank()) return;
    need(!h5_create(path, &writer), path);
    write_rows(writer, rows);
    write_field(writer, "w", type, storage, numbers, rows);
    need(!h5_finish(&writer), path);
}

/* A third of them 0, the others whole numbers that any type holds. */
static double *some_weights(uint64_t rows)
{
    double *weights = room(rows, sizeof *weights);
    for (uint64_t i = 0; i < rows; i++)
        weights[i] = scramble(i) % 3 ? (double)(scramble(i) % 101) : 0;
    return weights;
}

/* ---- One process, with all weights in memory. */

struct reference {
    const double *weights;
    struct order_weights order;
    char digest[CORE_DIGEST_TEXT];
};

static struct reference reference_make(const double *weights, uint64_t rows, uint64_t blocks)
{
    struct reference reference = {.weights = weights};
    struct order_weights *order = &reference.order;
    struct order_weights_mark mark = {{0, 0}};
    struct core_hash *hash;
    need(!order_weights_begin(order, rows, blocks), "reference");
    for (uint64_t block = 0; block < order->blocks; block++)
        order->sums[block] = order_weights_sum(0, weights + order_weights_first(order, block),
                                               order_weights_count(order, block));
    need(!order_weights_end(order), "reference");
    order_weights_mark_add(&mark, 0, weights, rows);
    const uint64_t numbers[] = {rows, order->block_rows, mark.sums[0], mark.sums[1]};
    need(!core_hash_new(&hash), "hash");
    core_hash_add_elements(hash, numbers, 4, sizeof *numbers);
    core_hash_finish(&hash, reference.digest);
    return reference;
}

static uint64_t reference_row(const struct reference *reference, uint64_t position)
{
    const struct order_weights *order = &reference->order;
    shs_random random;
    random_of_weights(source.seed, source.stream, position, source.epoch, &random);
    struct order_pick pick = order_weights_pick(order, &random);
    struct order_search search = order_weights_search(order, pick);
    order_weights_search_in(&search, reference->weights + search.next,
                            order_weights_count(order, pick.block));
    return search.last;
}

static bool has_digest(const struct load_weights *weights, const char *digest)
{
    char text[CORE_DIGEST_TEXT];
    load_weights_digest(weights, text);
    return CHECK_TEXT(text, digest);
}

/* Positions that differ in all of their bytes, each rank some of its own. */
static uint64_t position_of(uint64_t draw)
{
    return draw * 37 + (scramble(draw) % 2 ? UINT64_C(1) << 40 : 0);
}

static bool draws_as(struct load_weights *weights, const struct reference *reference,
                     unsigned threads, uint64_t at_once)
{
    uint64_t first = (uint64_t)my_rank() * DRAWS, wrong = 0, index[DRAWS];
    for (uint64_t i = 0, now; i < DRAWS; i += now) {
        now = DRAWS - i < at_once ? DRAWS - i : at_once;
        for (uint64_t j = 0; j < now; j++)
            index[i + j] = position_of(first + i + j);
        if (!CHECK_STATUS(load_weights_rows(weights, &source, threads, index + i, now), SHS_OK))
            return false;
    }
    for (uint64_t i = 0; i < DRAWS; i++) {
        harness_where("draw %llu, %u threads", (ull)(first + i), threads);
        wrong += !CHECK_EQ(index[i], reference_row(reference, position_of(first + i)));
    }
    harness_where(NULL);
    return wrong == 0;
}

/* Collective. Opened with some limits, the weights are the reference's. */
static bool opens_as(shs_dataset *data, const struct load_weights_how *how,
                     const struct load_weights_limits *limits, const struct reference *reference)
{
    struct load_weights *weights;
    bool good = CHECK_STATUS(load_weights_open_within(data, how, limits, &weights), SHS_OK);
    if (!everywhere(good)) return false;
    good = has_digest(weights, reference->digest) && draws_as(weights, reference, 1, DRAWS) &&
           draws_as(weights, reference, 2, 7);
    load_weights_close(&weights);
    return everywhere(good && weights == NULL);
}

static const struct load_weights_how by_field = {.field = "w"};

/* ---- Fields. */

static void test_rows_of_a_field(void)
{
    static const struct load_weights_limits limits[] = {{1 << 20, 1 << 17}, {ROWS, 100}, {700, 64},
                                                        {128, 1000},        {16, 64},    {1, 700}};
    static const struct h5_storage storages[] = {{0}, {.chunk_rows = 177, .deflate = 3}};
    double *numbers = some_weights(ROWS);
    for (size_t s = 0; s < 2; s++) {
        struct scene scene = scene_begin();
        write_file(scene.path, SHS_F32, storages[s], numbers, ROWS);
        scene_open(&scene);
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            struct reference reference = reference_make(numbers, ROWS, limits[i].blocks);
            CHECK(opens_as(scene.data, &by_field, &limits[i], &reference));
            order_weights_free(&reference.order);
        }
        scene_end(&scene);
    }
    free(numbers);
}

static void test_every_type(void)
{
    static const shs_type types[] = {SHS_U8,  SHS_U16, SHS_U32, SHS_U64, SHS_I8,
                                     SHS_I16, SHS_I32, SHS_I64, SHS_F32, SHS_F64};
    double *numbers = some_weights(ROWS);
    struct reference reference = reference_make(numbers, ROWS, 300);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct scene scene = scene_begin();
        write_file(scene.path, types[i], (struct h5_storage){0}, numbers, ROWS);
        scene_open(&scene);
        CHECK(opens_as(scene.data, &by_field, &(struct load_weights_limits){300, 500}, &reference));
        scene_end(&scene);
    }
    order_weights_free(&reference.order);
    free(numbers);
}

static void test_values_are_the_same_as_a_field(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS);
    struct reference reference = reference_make(numbers, ROWS, ROWS);
    const struct load_weights_how by_values = {.values = numbers};
    const struct load_weights_limits usual = {1 << 20, 1 << 17};
    write_file(scene.path, SHS_F64, (struct h5_storage){0}, numbers, ROWS);
    scene_open(&scene);
    CHECK(opens_as(scene.data, &by_values, &usual, &reference));
    CHECK(opens_as(scene.data, &by_field, &usual, &reference));
    order_weights_free(&reference.order);
    scene_end(&scene);
    free(numbers);
}

/* Rows outside a subset are as if they had weight 0, whatever is there. */
static void test_a_subset(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS), *masked = room(ROWS, sizeof *masked);
    struct order_subset subset;
    for (uint64_t i = 0; i < ROWS; i += 5)
        numbers[i] = i % 10 ? -1 : (double)NAN;
    write_file(scene.path, SHS_F64, (struct h5_storage){0}, numbers, ROWS);
    scene_open(&scene);
    uint64_t *rows = room(ROWS, sizeof *rows), count = 0;
    for (uint64_t i = 0; i < ROWS; i++)
        if (i % 5 && scramble(i) % 4) rows[count++] = i;
    need(!order_subset_list(&subset, rows, count, ROWS), "subset");
    for (uint64_t i = 0; i < count; i++)
        masked[rows[i]] = numbers[rows[i]];
    const struct load_weights_how field = {.field = "w", .subset = &subset},
                                  values = {.values = numbers, .subset = &subset};
    for (uint64_t blocks = 40; blocks <= ROWS; blocks += ROWS - 40) {
        struct reference reference = reference_make(masked, ROWS, blocks);
        CHECK(opens_as(scene.data, &field, &(struct load_weights_limits){blocks, 99}, &reference));
        if (blocks == ROWS)
            CHECK(opens_as(scene.data, &values, &(struct load_weights_limits){0}, &reference));
        order_weights_free(&reference.order);
    }
    order_subset_free(&subset);
    scene_end(&scene);
    free(rows);
    free(numbers);
    free(masked);
}

/* File i has 5 + i samples, the last one none; blocks lie across files. */
static void test_many_files(void)
{
    struct scene scene = scene_begin();
    uint64_t rows = 0;
    double *numbers = some_weights(200);
    char path[PATH_BYTES];
    for (uint64_t i = 0; i <= FILES; i++) {
        uint64_t now = i < FILES ? 5 + i : 0;
        snprintf(path, sizeof path, "%.450s/%d.h5", scene.folder, (int)i);
        write_file(path, SHS_F32, (struct h5_storage){0}, numbers + rows, now);
        rows += now;
    }
    scene_open_as(&scene, scene.folder, "x", NULL);
    for (uint64_t blocks = 4; blocks < 200; blocks *= 3) {
        struct reference reference = reference_make(numbers, rows, blocks);
        CHECK(
            opens_as(scene.data, &by_field, &(struct load_weights_limits){blocks, 40}, &reference));
        order_weights_free(&reference.order);
    }
    scene_end(&scene);
    free(numbers);
}

/* A weight for each window, and weights that are windows of one row themselves. */
static void test_windows(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS), *third = room(ROWS / 3, sizeof *third);
    struct h5_writer *writer;
    for (uint64_t i = 0; i < ROWS / 3; i++)
        third[i] = numbers[3 * i + 1];
    if (my_rank() == 0) {
        need(!h5_create(scene.path, &writer), scene.path);
        write_rows(writer, ROWS);
        write_field(writer, "w", SHS_F32, (struct h5_storage){0}, third, ROWS / 3);
        write_field(writer, "all", SHS_F32, (struct h5_storage){0}, numbers, ROWS);
        need(!h5_finish(&writer), scene.path);
    }
    scene_open_as(&scene, scene.path, "x(window=3, stride=3)", NULL);
    const struct load_weights_how windows = {.field = "a=all(window=1, stride=3, lead=1)"};
    const struct load_weights_limits limits = {200, 100};
    struct reference reference = reference_make(third, ROWS / 3, 200);
    CHECK(opens_as(scene.data, &by_field, &limits, &reference));
    CHECK(opens_as(scene.data, &windows, &limits, &reference));
    order_weights_free(&reference.order);
    scene_end(&scene);
    free(numbers);
    free(third);
}

static void test_one_sample_a_file(void)
{
    struct scene scene = scene_begin();
    const shs_tensor single = {.type = SHS_F64, .axes = 0};
    double *numbers = some_weights(FILES);
    struct h5_writer *writer;
    char path[PATH_BYTES];
    for (int i = 0; i < FILES && my_rank() == 0; i++) {
        snprintf(path, sizeof path, "%.450s/%d.h5", scene.folder, i);
        need(!h5_create(path, &writer), path);
        write_rows(writer, 4);
        need(!h5_create_array(writer, "w", &single, &(struct h5_storage){0}), path);
        need(!h5_write_rows(writer, 1, &numbers[i]), path);
        need(!h5_finish(&writer), path);
    }
    scene_open_as(&scene, scene.folder, "x", &(shs_dataset_options){.one_sample_a_file = true});
    for (uint64_t blocks = 3; blocks <= FILES; blocks += FILES - 3) {
        struct reference reference = reference_make(numbers, FILES, blocks);
        CHECK(
            opens_as(scene.data, &by_field, &(struct load_weights_limits){blocks, 5}, &reference));
        order_weights_free(&reference.order);
    }
    scene_end(&scene);
    free(numbers);
}

/* ---- How much memory, and the usual limits. */

struct bytes {
    size_t now, most;
};

static void *counted_bytes(void *memory, size_t bytes, void *user)
{
    enum {
        HEAD = 64
    };
    struct bytes *counted = user;
    size_t before = 0;
    if (memory) memcpy(&before, (char *)memory - HEAD, sizeof before);
    char *block = realloc(memory ? (char *)memory - HEAD : NULL, HEAD + bytes);
    if (!block) return NULL;
    memcpy(block, &bytes, sizeof bytes);
    counted->now += bytes - before;
    if (counted->now > counted->most) counted->most = counted->now;
    return block + HEAD;
}

static void release_bytes(void *memory, void *user)
{
    size_t before;
    if (!memory) return;
    memcpy(&before, (char *)memory - 64, sizeof before);
    ((struct bytes *)user)->now -= before;
    free((char *)memory - 64);
}

/* 3 million rows: as many draws of them at once as rows of a piece allow. With blocks of 3000 rows
 * all that is kept for 24 MB of weights are some hundred kilobytes. */
static void test_millions_of_rows_in_little_memory(void)
{
    enum {
        MILLIONS = 3000017
    };
    struct bytes bytes = {0, 0};
    double *numbers = some_weights(MILLIONS);
    shs_memory_use(&(shs_memory){counted_bytes, release_bytes, &bytes});
    struct scene scene = scene_begin();
    write_file(scene.path, SHS_F64, (struct h5_storage){0}, numbers, MILLIONS);
    scene_open(&scene);
    for (uint64_t blocks = 1000; blocks <= ORDER_WEIGHTS_BLOCKS; blocks *= 1024) {
        if (blocks > ORDER_WEIGHTS_BLOCKS / 2) blocks = ORDER_WEIGHTS_BLOCKS;
        struct load_weights_limits limits = {blocks, blocks == 1000 ? 1 << 13 : 1 << 17};
        struct reference reference = reference_make(numbers, MILLIONS, blocks);
        bytes.most = bytes.now;
        size_t before = bytes.now;
        CHECK(opens_as(scene.data, &by_field, &limits, &reference));
        CHECK_IS(bytes.most - before, <, blocks == 1000 ? 400 << 10 : 34 << 20);
        CHECK_EQ(bytes.now, before);
        order_weights_free(&reference.order);
    }
    scene_end(&scene);
    CHECK_EQ(bytes.now, 0);
    shs_memory_use(NULL);
    free(numbers);
}

/* ---- Classes. */

/* 1000 of 10, 10 of -3, and one of 7. */
static double *some_classes(void)
{
    double *classes = room(1011, sizeof *classes);
    for (int i = 0; i < 1011; i++)
        classes[i] = 10;
    for (int i = 0; i < 10; i++)
        classes[100 * i + 3] = -3;
    classes[555] = 7;
    return classes;
}

/* What a row weighs: 1 over the members of its class, in the subset. */
static double *weights_of_classes(const double *classes, uint64_t rows, const bool *is_member)
{
    double *weights = room(rows, sizeof *weights);
    for (uint64_t i = 0; i < rows; i++) {
        uint64_t count = 0;
        for (uint64_t j = 0; j < rows; j++)
            count += (!is_member || is_member[j]) && classes[j] == classes[i];
        if (!is_member || is_member[i]) weights[i] = 1 / (double)count;
    }
    return weights;
}

static const struct load_weights_how by_class = {.balance = "w"};

static void check_equal_classes(struct load_weights *weights, const double *classes)
{
    enum {
        MANY = 30000
    };
    uint64_t *index = room(MANY, sizeof *index), counts[3] = {0};
    for (uint64_t i = 0; i < MANY; i++)
        index[i] = i;
    CHECK_STATUS(load_weights_rows(weights, &source, 1, index, MANY), SHS_OK);
    for (uint64_t i = 0; i < MANY; i++)
        counts[classes[index[i]] > 9 ? 0 : classes[index[i]] < 0 ? 1 : 2]++;
    CHECK(judge_plausible(judge_chi_square(counts, 3, MANY / 3.0), 2));
    free(index);
}

static void test_classes_are_equally_likely(void)
{
    double *classes = some_classes(), *expected = weights_of_classes(classes, 1011, NULL);
    static const shs_type types[] = {SHS_I8, SHS_I16, SHS_I32, SHS_I64};
    for (size_t i = 0; i < 4; i++) {
        struct scene scene = scene_begin();
        write_file(scene.path, types[i], (struct h5_storage){0}, classes, 1011);
        scene_open(&scene);
        for (uint64_t blocks = 90; blocks <= 2000; blocks += 1910) {
            struct reference reference = reference_make(expected, 1011, blocks);
            const struct load_weights_limits limits = {blocks, 50};
            struct load_weights *weights;
            CHECK(opens_as(scene.data, &by_class, &limits, &reference));
            need(!load_weights_open_within(scene.data, &by_class, &limits, &weights), "open");
            check_equal_classes(weights, classes);
            load_weights_close(&weights);
            order_weights_free(&reference.order);
        }
        scene_end(&scene);
    }
    free(classes);
    free(expected);
}

/* Classes are counted, and found, among the rows of the subset only: others may be anything. */
static void test_classes_in_a_subset(void)
{
    struct scene scene = scene_begin();
    double *classes = some_classes();
    bool is_member[1011];
    uint64_t rows[1011], count = 0;
    struct order_subset subset;
    for (uint64_t i = 0; i < 1011; i++) {
        is_member[i] = i % 7 == 3 || i == 555 || scramble(i) % 2;
        if (is_member[i])
            rows[count++] = i;
        else if (i % 3 == 0)
            classes[i] = 1e15;
    }
    double *expected = weights_of_classes(classes, 1011, is_member);
    need(!order_subset_list(&subset, rows, count, 1011), "subset");
    write_file(scene.path, SHS_I64, (struct h5_storage){0}, classes, 1011);
    scene_open(&scene);
    const struct load_weights_how how = {.balance = "w", .subset = &subset};
    for (uint64_t blocks = 90; blocks <= 2000; blocks += 1910) {
        struct reference reference = reference_make(expected, 1011, blocks);
        CHECK(opens_as(scene.data, &how, &(struct load_weights_limits){blocks, 50}, &reference));
        order_weights_free(&reference.order);
    }
    order_subset_free(&subset);
    scene_end(&scene);
    free(classes);
    free(expected);
}

/* A span of 2^20 values, from the greatest that there are. */
static void test_classes_far_from_zero(void)
{
    struct scene scene = scene_begin();
    double classes[4];
    const double top = 18446744073709549568.0; /* 2^64 - 2048 */
    for (int i = 0; i < 4; i++)
        classes[i] = top - (i == 3 ? 1046528 : 0); /* 2^20 - 2048 */
    double *expected = weights_of_classes(classes, 4, NULL);
    struct reference reference = reference_make(expected, 4, 4);
    write_file(scene.path, SHS_U64, (struct h5_storage){0}, classes, 4);
    scene_open(&scene);
    CHECK(opens_as(scene.data, &by_class, &(struct load_weights_limits){4, 4}, &reference));
    order_weights_free(&reference.order);
    scene_end(&scene);
    free(expected);
}

/* ---- Errors. */

static bool refuses(shs_dataset *data, const struct load_weights_how *how, shs_status expected,
                    int failing, const char *text)
{
    struct load_weights *weights;
    shs_status status = load_weights_open(data, how, &weights);
    return everywhere(agreed_failure(status, expected, failing) && message_has(text) &&
                      weights == NULL);
}

static bool refuses_numbers(const double *numbers, shs_type type, bool balance, shs_status expected,
                            int failing, const char *text)
{
    struct scene scene = scene_begin();
    write_file(scene.path, type, (struct h5_storage){0}, numbers, ROWS);
    scene_open(&scene);
    bool good = refuses(scene.data, balance ? &by_class : &by_field, expected, failing, text);
    scene_end(&scene);
    return good;
}

/* The rank whose share has the row, of blocks of one row. */
static int rank_of(uint64_t row)
{
    int rank = 0;
    while (order_share(ROWS, (uint64_t)rank + 1, (uint64_t)all_ranks()) <= row)
        rank++;
    return rank;
}

static void test_numbers_that_are_no_weights(void)
{
    static const struct {
        double number;
        const char *text;
    } bad[] = {{-0.25, "sample 2222, number 2222 of this file, has weight -0.25; "},
               {NAN, "has weight nan; weights are finite"},
               {INFINITY, "has weight inf; weights are finite"},
               {-INFINITY, "has weight -inf; "}};
    double *numbers = some_weights(ROWS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        numbers[2222] = bad[i].number;
        CHECK(
            refuses_numbers(numbers, SHS_F64, false, SHS_ERROR_FORMAT, rank_of(2222), bad[i].text));
    }
    numbers[2222] = -7;
    numbers[2223] = -8;
    CHECK(refuses_numbers(numbers, SHS_I16, false, SHS_ERROR_FORMAT, rank_of(2222),
                          "field w: sample 2222, number 2222 of this file, has weight -7; "));
    memset(numbers, 0, ROWS * sizeof *numbers);
    CHECK(refuses_numbers(numbers, SHS_U8, false, SHS_ERROR_ARGUMENT, 0,
                          "field w: all weights are 0"));
    numbers[5] = numbers[2222] = 1e308;
    CHECK(refuses_numbers(numbers, SHS_F64, false, SHS_ERROR_ARGUMENT, 0,
                          "field w: the weights add up to more than a double holds"));
    free(numbers);
}

static void test_sums_of_blocks_that_overflow(void)
{
    struct scene scene = scene_begin();
    struct load_weights *weights;
    double *numbers = some_weights(ROWS);
    numbers[2] = numbers[5] = 1e308;
    write_file(scene.path, SHS_F64, (struct h5_storage){0}, numbers, ROWS);
    scene_open(&scene);
    const struct load_weights_limits limits = {300, 4};
    shs_status status = load_weights_open_within(scene.data, &by_field, &limits, &weights);
    CHECK(agreed_failure(status, SHS_ERROR_FORMAT, 0));
    CHECK_HAS(shs_message(),
              "field w: weights of samples 0 to 9 add up to more than a double holds");
    scene_end(&scene);
    free(numbers);
}

static void test_numbers_that_are_no_classes(void)
{
    double *numbers = some_weights(ROWS);
    CHECK(refuses_numbers(numbers, SHS_F32, true, SHS_ERROR_ARGUMENT, 0,
                          "field w has the type f32; classes are whole numbers"));
    numbers[7] = -5;
    numbers[2000] = 1048571;
    CHECK(refuses_numbers(numbers, SHS_I32, true, SHS_ERROR_FORMAT, 0,
                          "field w: classes from -5 to 1048571 span more than 2^20 values"));
    free(numbers);
}

static void test_other_numbers_than_samples(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS);
    struct h5_writer *writer;
    const shs_tensor two = {.type = SHS_F32, .axes = 2, .shape = {10, 2}};
    const float pairs[20] = {1};
    if (my_rank() == 0) {
        need(!h5_create(scene.path, &writer), scene.path);
        write_rows(writer, 10);
        write_field(writer, "w", SHS_U8, (struct h5_storage){0}, numbers, 11);
        write_field(writer, "o", SHS_U8, (struct h5_storage){0}, (double[11]){0}, 11);
        need(!h5_create_array(writer, "two", &two, &(struct h5_storage){0}), "two");
        need(!h5_write_rows(writer, 10, pairs), "two");
        need(!h5_finish(&writer), scene.path);
    }
    scene_open(&scene);
    CHECK(refuses(scene.data, &by_field, SHS_ERROR_FORMAT, 0,
                  "file.h5: field w has 11 numbers for 10 samples"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.field = "two"}, SHS_ERROR_ARGUMENT, 0,
                  "field two has f32 2 a sample; give one of one number"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.field = "x, w=x"}, SHS_ERROR_ARGUMENT, 0,
                  "2 fields, the first of them x; give one"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.field = "x(offsets=o)"},
                  SHS_ERROR_ARGUMENT, 0, "2 fields"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.balance = "none"}, SHS_ERROR_FILE, 0,
                  "none"));
    scene_end(&scene);
    free(numbers);
}

static void test_one_way_at_a_time(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS);
    const struct order_subset none = {.rows = (uint64_t[1]){0}, .count = 0};
    write_file(scene.path, SHS_U8, (struct h5_storage){0}, numbers, ROWS);
    scene_open(&scene);
    CHECK(refuses(scene.data, &(struct load_weights_how){0}, SHS_ERROR_ARGUMENT, 0, "0 of values"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.field = "w", .balance = "w"},
                  SHS_ERROR_ARGUMENT, 0, "2 of values, field and balance are given"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.field = "w", .values = numbers},
                  SHS_ERROR_ARGUMENT, 0, "2 of values"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.field = "w", .subset = &none},
                  SHS_ERROR_ARGUMENT, 0, "all weights are 0"));
    CHECK(refuses(scene.data, &(struct load_weights_how){.balance = "w", .subset = &none},
                  SHS_ERROR_ARGUMENT, 0, "no sample may be drawn"));
    numbers[17] = -1;
    CHECK(refuses(scene.data, &(struct load_weights_how){.values = numbers}, SHS_ERROR_ARGUMENT, 0,
                  "weight 17 is -1"));
    scene_end(&scene);
    free(numbers);
}

static void test_ranks_have_the_same_weights(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS);
    bool odd = my_rank() == last_rank();
    write_file(scene.path, SHS_U8, (struct h5_storage){0}, numbers, ROWS);
    scene_open(&scene);
    CHECK(refuses(scene.data, &(struct load_weights_how){.field = odd ? "x" : "w"},
                  SHS_ERROR_DISAGREE, last_rank(), "weights by the field x"));
    if (odd) numbers[100] += 1;
    CHECK(refuses(scene.data, &(struct load_weights_how){.values = numbers}, SHS_ERROR_DISAGREE,
                  last_rank(), "weights that hash to"));
    if (odd) numbers[100] = -1;
    CHECK(refuses(scene.data, &(struct load_weights_how){.values = numbers}, SHS_ERROR_ARGUMENT,
                  last_rank(), "weight 100 is -1"));
    scene_end(&scene);
    free(numbers);
}

/* Puts another number in the file's place of row 9, and leaves its time alone, or not. */
static void change_number(const struct scene *scene, double from, double to, bool unseen)
{
    struct stat before;
    char *bytes = room(1 << 16, 1);
    MPI_Barrier(MPI_COMM_WORLD);
    int file = open(scene->path, O_RDWR);
    need(file >= 0 && fstat(file, &before) == 0, scene->path);
    ssize_t count = pread(file, bytes, 1 << 16, 0);
    for (ssize_t at = 0; at + 8 <= count && my_rank() == 0; at++)
        if (!memcmp(bytes + at, &from, sizeof from))
            need(pwrite(file, &to, sizeof to, at) == sizeof to, scene->path);
    if (unseen && my_rank() == 0)
        need(!futimens(file, (const struct timespec[]){before.st_atim, before.st_mtim}), "time");
    close(file);
    free(bytes);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* 100 rows in 4 blocks; all that is ever drawn is row 9. */
static struct load_weights *open_one_row(struct scene *scene, double number)
{
    double numbers[100] = {[9] = number};
    struct load_weights *weights;
    *scene = scene_begin();
    write_file(scene->path, SHS_F64, (struct h5_storage){0}, numbers, 100);
    scene_open(scene);
    const struct load_weights_limits limits = {4, 40};
    need(!load_weights_open_within(scene->data, &by_field, &limits, &weights), "open");
    return weights;
}

static shs_status draw_one(struct load_weights *weights, uint64_t *row)
{
    *row = 1;
    return load_weights_rows(weights, &source, 1, row, 1);
}

static void test_numbers_that_change_later(void)
{
    struct scene scene;
    uint64_t row;
    const double first = 1234.5678;
    struct load_weights *weights = open_one_row(&scene, first);
    if (CHECK_STATUS(draw_one(weights, &row), SHS_OK)) CHECK_EQ(row, 9);
    change_number(&scene, first, -3, true);
    CHECK_STATUS(draw_one(weights, &row), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "drawing rows by weight: ");
    CHECK_HAS(shs_message(), "sample 9, number 9 of");
    CHECK_HAS(shs_message(), "weight -3");
    change_number(&scene, -3, 0, true);
    CHECK(draw_one(weights, &row) == SHS_ERROR_FORMAT ||
          (message_has("field w: samples 0 to 24 had weights above 0")));
    load_weights_close(&weights);
    scene_end(&scene);
}

/* Only when the dataset looks at its files anew: at an epoch's beginning, or after a seek. */
static void test_files_that_change_later(void)
{
    struct scene scene;
    uint64_t row;
    const double first = 1234.5678;
    struct load_weights *weights = open_one_row(&scene, first);
    change_number(&scene, first, 2, false);
    if (CHECK_STATUS(draw_one(weights, &row), SHS_OK)) CHECK_EQ(row, 9);
    data_files_suspect(&scene.data->files);
    CHECK_STATUS(draw_one(weights, &row), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "file.h5 has changed since it was opened");
    load_weights_close(&weights);
    /* and a dataset that was opened before the change has other files than its weights */
    shs_status status = load_weights_open(scene.data, &by_field, &weights);
    CHECK(agreed_failure(status, SHS_ERROR_FILE, 0));
    CHECK_HAS(shs_message(), "file.h5 has changed since it was opened");
    scene_end(&scene);
}

static void test_classes_that_change_later(void)
{
    struct scene scene = scene_begin();
    struct load_weights *weights;
    int64_t before = 123456789, after = 123456791;
    double classes[100], from, to;
    uint64_t row;
    for (int i = 0; i < 100; i++)
        classes[i] = 123456789 + (i % 2 ? 3 : 0);
    write_file(scene.path, SHS_I64, (struct h5_storage){0}, classes, 100);
    scene_open(&scene);
    const struct load_weights_limits limits = {4, 40};
    need(!load_weights_open_within(scene.data, &by_class, &limits, &weights), "open");
    CHECK_STATUS(draw_one(weights, &row), SHS_OK);
    memcpy(&from, &before, sizeof from);
    memcpy(&to, &after, sizeof to);
    change_number(&scene, from, to, true);
    CHECK_STATUS(draw_one(weights, &row), SHS_ERROR_FORMAT);
    CHECK_HAS(shs_message(), "has class 123456791, which it had not when classes were counted");
    load_weights_close(&weights);
    scene_end(&scene);
}

static void test_a_file_that_one_rank_lost(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(100);
    char own[PATH_BYTES];
    struct h5_writer *writer;
    snprintf(own, sizeof own, "%.450s/rank-%d.h5", scene.folder, my_rank());
    need(!h5_create(own, &writer), own);
    write_rows(writer, 100);
    write_field(writer, "w", SHS_U8, (struct h5_storage){0}, numbers, 100);
    need(!h5_finish(&writer), own);
    scene_open_as(&scene, own, "x", NULL);
    if (my_rank() == last_rank()) need(!unlink(own), own);
    CHECK(refuses(scene.data, &by_field, SHS_ERROR_FILE, last_rank(), "No such file"));
    scene_end(&scene);
    free(numbers);
}

/* ---- Memory that runs out. */

struct call {
    shs_dataset *data;
    struct load_weights_how how;
};

static shs_status open_and_close(void *user)
{
    const struct call *call = user;
    struct load_weights *weights;
    const struct load_weights_limits limits = {5, 30};
    shs_status status = load_weights_open_within(call->data, &call->how, &limits, &weights);
    load_weights_close(&weights);
    return status;
}

static void test_memory_that_runs_out(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(100);
    uint64_t rows[] = {1, 3, 4, 50};
    const struct order_subset subset = {rows, 4};
    write_file(scene.path, SHS_U8, (struct h5_storage){0}, numbers, 100);
    scene_open(&scene);
    const struct load_weights_how ways[] = {
        {.field = "w"}, {.balance = "w"}, {.values = numbers, .subset = &subset}};
    for (size_t i = 0; i < 3; i++) {
        struct call call = {scene.data, ways[i]};
        CHECK(survives_scarcity(last_rank(), open_and_close, &call));
    }
    scene_end(&scene);
    free(numbers);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"rows of a field", test_rows_of_a_field},
        {"every type", test_every_type},
        {"values are the same as a field", test_values_are_the_same_as_a_field},
        {"a subset", test_a_subset},
        {"many files", test_many_files},
        {"windows", test_windows},
        {"one sample a file", test_one_sample_a_file},
        {"millions of rows in little memory", test_millions_of_rows_in_little_memory},
        {"classes are equally likely", test_classes_are_equally_likely},
        {"classes in a subset", test_classes_in_a_subset},
        {"classes far from zero", test_classes_far_from_zero},
        {"numbers that are no weights", test_numbers_that_are_no_weights},
        {"sums of blocks that overflow", test_sums_of_blocks_that_overflow},
        {"numbers that are no classes", test_numbers_that_are_no_classes},
        {"other numbers than samples", test_other_numbers_than_samples},
        {"one way at a time", test_one_way_at_a_time},
        {"ranks have the same weights", test_ranks_have_the_same_weights},
        {"numbers that change later", test_numbers_that_change_later},
        {"files that change later", test_files_that_change_later},
        {"classes that change later", test_classes_that_change_later},
        {"a file that one rank lost", test_a_file_that_one_rank_lost},
        {"memory that runs out", test_memory_that_runs_out},
    };
    return harness_main_ranks("weights", tests, sizeof tests / sizeof *tests, argc, argv);
}
