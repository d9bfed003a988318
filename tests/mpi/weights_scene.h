/* Files of weights, the rows that one process draws with all weights in memory, and what the tests
 * of rows by weight share. */
#ifndef WEIGHTS_SCENE_H
#define WEIGHTS_SCENE_H

#include "core_memory.h"
#include "load_weights.h"
#include "order_weights.h"
#include "random_stream.h"
#include "samples.h"

enum {
    ROWS = 3000,
    DRAWS = 400
};

static const struct order_source source = {.seed = 77, .stream = 3, .epoch = 5};

/* A run, a folder, and a dataset in it. */
struct scene {
    shs_run *run;
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
    shs_dataset *data;
};

static inline struct scene scene_begin(void)
{
    struct scene scene = {0};
    need(!shs_open(MPI_COMM_WORLD, NULL, &scene.run), "shs_open");
    folder_make(scene.folder);
    snprintf(scene.path, PATH_BYTES, "%.450s/file.h5", scene.folder);
    return scene;
}

static inline void scene_open_as(struct scene *scene, const char *path, const char *fields,
                                 const shs_dataset_options *options)
{
    MPI_Barrier(MPI_COMM_WORLD); /* rank 0 has written it */
    need(!shs_dataset_open(scene->run, path, fields, options, &scene->data), fields);
}

static inline void scene_end(struct scene *scene)
{
    shs_dataset_close(&scene->data);
    shs_close(&scene->run);
    folder_remove(scene->folder);
}

/* ---- Files. */

/* Numbers of a type, in memory of its elements. */
static inline void *numbers_of(shs_type type, const double *from, uint64_t count)
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

static inline void write_field(struct h5_writer *writer, const char *name, shs_type type,
                               struct h5_storage storage, const double *numbers, uint64_t rows)
{
    const shs_tensor shape = {.type = type, .axes = 1, .shape = {rows}};
    void *elements = numbers_of(type, numbers, rows);
    need(!h5_create_array(writer, name, &shape, &storage), name);
    need(!rows || !h5_write_rows(writer, rows, elements), name);
    free(elements);
}

/* x: u8 of so many rows, all 0. */
static inline void write_rows(struct h5_writer *writer, uint64_t rows)
{
    double *zeros = room(rows, sizeof *zeros);
    write_field(writer, "x", SHS_U8, (struct h5_storage){0}, zeros, rows);
    free(zeros);
}

/* One rank writes x, and w of the numbers. */
static inline void write_file(const char *path, shs_type type, struct h5_storage storage,
                              const double *numbers, uint64_t rows)
{
    struct h5_writer *writer;
    if (my_rank()) return;
    need(!h5_create(path, &writer), path);
    write_rows(writer, rows);
    write_field(writer, "w", type, storage, numbers, rows);
    need(!h5_finish(&writer), path);
}

/* Writes the usual file and opens its x. */
static inline void scene_of(struct scene *scene, shs_type type, struct h5_storage storage,
                            const double *numbers, uint64_t rows)
{
    write_file(scene->path, type, storage, numbers, rows);
    scene_open_as(scene, scene->path, "x", NULL);
}

/* A third of them 0, the others whole numbers that any type holds. */
static inline double *some_weights(uint64_t rows)
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

static inline struct reference reference_make(const double *weights, uint64_t rows, uint64_t blocks)
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

static inline uint64_t reference_row(const struct reference *reference, uint64_t position)
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

static inline bool has_digest(const struct load_weights *weights, const char *digest)
{
    char text[CORE_DIGEST_TEXT];
    load_weights_digest(weights, text);
    return CHECK_TEXT(text, digest);
}

/* Positions that differ in all of their bytes, each rank some of its own. */
static inline uint64_t position_of(uint64_t draw)
{
    return draw * 37 + (scramble(draw) % 2 ? UINT64_C(1) << 40 : 0);
}

static inline bool draws_as(struct load_weights *weights, const struct reference *reference,
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
static inline bool opens_as(shs_dataset *data, const struct load_weights_how *how,
                            const struct load_weights_limits *limits,
                            const struct reference *reference)
{
    struct load_weights *weights;
    bool good = CHECK_STATUS(load_weights_open_within(data, how, limits, &weights), SHS_OK);
    if (!everywhere(good)) return false;
    good = has_digest(weights, reference->digest) && draws_as(weights, reference, 1, DRAWS) &&
           draws_as(weights, reference, 2, 7);
    load_weights_close(&weights);
    return everywhere(good && weights == NULL);
}

/* Collective. The same, of a reference with as many blocks as the limits allow. */
static inline bool opens_as_weights(shs_dataset *data, const struct load_weights_how *how,
                                    const struct load_weights_limits *limits, const double *weights,
                                    uint64_t rows)
{
    struct reference reference = reference_make(weights, rows, limits->blocks);
    bool good = opens_as(data, how, limits, &reference);
    order_weights_free(&reference.order);
    return good;
}

/* ---- Ways to give weights. */

static const struct load_weights_how by_field = {.field = "w"};

static const struct load_weights_how by_class = {.balance = "w"};

/* ---- The tests of weights_refused.c. */

void test_numbers_that_are_no_weights(void);
void test_sums_of_blocks_that_overflow(void);
void test_numbers_that_are_no_classes(void);
void test_other_numbers_than_samples(void);
void test_one_way_at_a_time(void);
void test_ranks_have_the_same_weights(void);
void test_numbers_that_change_later(void);
void test_files_that_change_later(void);
void test_classes_that_change_later(void);
void test_a_file_that_one_rank_lost(void);

#endif
