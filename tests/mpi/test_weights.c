/* Rows by weight on several ranks: the same rows and digest as one process finds with all weights
 * in memory, whatever the number of ranks, layout, files and pieces; and classes. What is refused
 * is in weights_refused.c. */
#include <math.h>

#include "../unit/judge.h"
#include "weights_scene.h"

/* ---- Fields. */

static void test_rows_of_a_field(void)
{
    static const struct load_weights_limits limits[] = {{1 << 20, 1 << 17}, {ROWS, 100}, {700, 64},
                                                        {128, 1000},        {16, 64},    {1, 700}};
    static const struct h5_storage storages[] = {{0}, {.chunk_rows = 177, .deflate = 3}};
    double *numbers = some_weights(ROWS);
    for (size_t s = 0; s < 2; s++) {
        struct scene scene = scene_begin();
        scene_of(&scene, SHS_F32, storages[s], numbers, ROWS);
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
            CHECK(opens_as_weights(scene.data, &by_field, &limits[i], numbers, ROWS));
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
        scene_of(&scene, types[i], (struct h5_storage){0}, numbers, ROWS);
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
    scene_of(&scene, SHS_F64, (struct h5_storage){0}, numbers, ROWS);
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
    scene_of(&scene, SHS_F64, (struct h5_storage){0}, numbers, ROWS);
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

enum {
    FILES = 9
};

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
    for (uint64_t blocks = 4; blocks < 200; blocks *= 3)
        CHECK(opens_as_weights(scene.data, &by_field, &(struct load_weights_limits){blocks, 40},
                               numbers, rows));
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
    for (uint64_t blocks = 3; blocks <= FILES; blocks += FILES - 3)
        CHECK(opens_as_weights(scene.data, &by_field, &(struct load_weights_limits){blocks, 5},
                               numbers, FILES));
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
    scene_of(&scene, SHS_F64, (struct h5_storage){0}, numbers, MILLIONS);
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
        scene_of(&scene, types[i], (struct h5_storage){0}, classes, 1011);
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
    scene_of(&scene, SHS_I64, (struct h5_storage){0}, classes, 1011);
    const struct load_weights_how how = {.balance = "w", .subset = &subset};
    for (uint64_t blocks = 90; blocks <= 2000; blocks += 1910)
        CHECK(opens_as_weights(scene.data, &how, &(struct load_weights_limits){blocks, 50},
                               expected, 1011));
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
    scene_of(&scene, SHS_U64, (struct h5_storage){0}, classes, 4);
    CHECK(opens_as(scene.data, &by_class, &(struct load_weights_limits){4, 4}, &reference));
    order_weights_free(&reference.order);
    scene_end(&scene);
    free(expected);
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
    scene_of(&scene, SHS_U8, (struct h5_storage){0}, numbers, 100);
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
