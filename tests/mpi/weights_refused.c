/* Rows by weight: numbers and calls that are refused, and files that change later. */
#include <math.h>

#include "weights_scene.h"

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
    scene_of(&scene, type, (struct h5_storage){0}, numbers, ROWS);
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

/* ---- Numbers that are no weights. */

void test_numbers_that_are_no_weights(void)
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

void test_sums_of_blocks_that_overflow(void)
{
    struct scene scene = scene_begin();
    struct load_weights *weights;
    double *numbers = some_weights(ROWS);
    numbers[2] = numbers[5] = 1e308;
    scene_of(&scene, SHS_F64, (struct h5_storage){0}, numbers, ROWS);
    const struct load_weights_limits limits = {300, 4};
    shs_status status = load_weights_open_within(scene.data, &by_field, &limits, &weights);
    CHECK(agreed_failure(status, SHS_ERROR_FORMAT, 0));
    CHECK_HAS(shs_message(),
              "field w: weights of samples 0 to 9 add up to more than a double holds");
    scene_end(&scene);
    free(numbers);
}

void test_numbers_that_are_no_classes(void)
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

void test_other_numbers_than_samples(void)
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
    scene_open_as(&scene, scene.path, "x", NULL);
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

/* ---- Calls. */

void test_one_way_at_a_time(void)
{
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS);
    const struct order_subset none = {.rows = (uint64_t[1]){0}, .count = 0};
    scene_of(&scene, SHS_U8, (struct h5_storage){0}, numbers, ROWS);
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

void test_ranks_have_the_same_weights(void)
{
    if (all_ranks() == 1) return;
    struct scene scene = scene_begin();
    double *numbers = some_weights(ROWS);
    bool odd = my_rank() == last_rank();
    scene_of(&scene, SHS_U8, (struct h5_storage){0}, numbers, ROWS);
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

/* ---- What changes later. */

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
    scene_of(scene, SHS_F64, (struct h5_storage){0}, numbers, 100);
    const struct load_weights_limits limits = {4, 40};
    need(!load_weights_open_within(scene->data, &by_field, &limits, &weights), "open");
    return weights;
}

static shs_status draw_one(struct load_weights *weights, uint64_t *row)
{
    *row = 1;
    return load_weights_rows(weights, &source, 1, row, 1);
}

void test_numbers_that_change_later(void)
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
void test_files_that_change_later(void)
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

void test_classes_that_change_later(void)
{
    struct scene scene = scene_begin();
    struct load_weights *weights;
    int64_t before = 123456789, after = 123456791;
    double classes[100], from, to;
    uint64_t row;
    for (int i = 0; i < 100; i++)
        classes[i] = 123456789 + (i % 2 ? 3 : 0);
    scene_of(&scene, SHS_I64, (struct h5_storage){0}, classes, 100);
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

void test_a_file_that_one_rank_lost(void)
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
