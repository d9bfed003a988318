/* Parts of windows that overlap, cut by blocks: no row is in two parts, and no sample is left out
 * without need. Every row of every sample is looked at. */
#include <string.h>

#include "sample_scene.h"

enum {
    PARTS = 3,
    MOST_SAMPLES = 400,
    FILES = 3,
    MOST_ROWS = 400 /* of a file, or of all files */
};

static const double borders[PARTS + 1] = {0, 0.5, 0.8, 1};

/* The parts that samples and rows are in, a bit for each part. */
struct seen {
    unsigned char sample[MOST_SAMPLES], row[FILES][MOST_ROWS];
    uint64_t samples;
};

/* Counts in the rows at the edges that are padding of a sample. */
static void mark_nearest(const shs_dataset *data, uint64_t sample, size_t f, uint64_t *first,
                         uint64_t *end)
{
    const struct data_part *part = &data->what.part[f];
    size_t file = data_files_of(&data->files, sample);
    int64_t rows = (int64_t)data_files_series(&data->files, file, part->array).rows;
    uint64_t anchor = data_files_number(&data->files, file, sample) * part->stride;
    for (uint64_t k = 0; k < part->window; k++) {
        int64_t row = (int64_t)(anchor + part->lead + k * part->every) - (int64_t)part->back;
        uint64_t nearest = (uint64_t)(row < 0 ? 0 : row < rows ? row : rows - 1);
        if (nearest < *first) *first = nearest;
        if (nearest + 1 > *end) *end = nearest + 1;
    }
}

/* Returns the rows before a file, if they count: windows continue in the next file. */
static uint64_t rows_before(const shs_dataset *data, uint64_t file)
{
    return data->files.joined ? data->files.joined[file].before : 0;
}

/* Marks the rows of a sample, and those between them. */
static void mark_rows(shs_dataset *data, uint64_t sample, unsigned char part, struct seen *seen)
{
    uint64_t first = UINT64_MAX, end = 0, file = 0;
    shs_rows rows;
    for (size_t f = 0; f < shs_dataset_fields(data); f++) {
        if (!CHECK_STATUS(shs_locate_rows(data, sample, f, &rows), SHS_OK)) return;
        if (data->what.part[f].pad == DATA_PAD_EDGE && !data->files.joined)
            mark_nearest(data, sample, f, &first, &end);
        if (!rows.count) continue;
        rows.first += rows_before(data, rows.file);
        uint64_t behind = rows.first + (rows.count - 1) * rows.every + 1;
        if (rows.first < first) first = rows.first;
        if (behind > end) end = behind;
    }
    if (!data->files.joined) file = data_files_of(&data->files, sample);
    for (uint64_t row = first; row < end && CHECK_IS(row, <, MOST_ROWS); row++)
        seen->row[file][row] |= part;
}

static void mark_part(struct reading *reading, const shs_loader_options *options,
                      unsigned char part, struct seen *seen)
{
    if (shs_loader_open(reading->data, options, &reading->loader)) {
        CHECK_HAS(shs_message(), "has none of the"); /* a small dataset of few blocks */
        CHECK_HAS(shs_message(), "or another subset.block");
        return;
    }
    const struct order_subset *subset = &reading->loader->plan.order.subset;
    for (uint64_t i = 0; i < subset->count; i++) {
        seen->sample[subset->rows[i]] |= part;
        mark_rows(reading->data, subset->rows[i], part, seen);
    }
    shs_loader_close(&reading->loader);
}

static bool is_one_part(unsigned char parts)
{
    return (parts & (parts - 1)) == 0;
}

/* Returns the samples of no part. */
static uint64_t count_left_out(const struct seen *seen)
{
    uint64_t left_out = 0, shared = 0;
    for (size_t file = 0; file < FILES; file++)
        for (size_t row = 0; row < MOST_ROWS; row++)
            shared += !is_one_part(seen->row[file][row]);
    CHECK_EQ(shared, 0);
    for (uint64_t i = 0; i < seen->samples; i++) {
        CHECK(is_one_part(seen->sample[i]));
        left_out += !seen->sample[i];
    }
    return left_out;
}

/* Returns the samples that are left out, and sets the borders between blocks of a series. */
static uint64_t cut(const char *path, const char *fields, uint64_t block, uint64_t *between)
{
    struct reading reading;
    struct seen seen = {.samples = 0};
    *between = 0;
    if (!NEED_STATUS(open_data(&reading, path, fields, NULL), SHS_OK)) return 0;
    seen.samples = shs_dataset_samples(reading.data);
    if (!NEED(seen.samples <= MOST_SAMPLES)) return 0;
    for (unsigned p = 0; p < PARTS; p++) {
        const shs_loader_options options = {
            .subset = {.from = borders[p], .to = borders[p + 1], .split_seed = 3, .block = block}};
        mark_part(&reading, &options, (unsigned char)(1u << p), &seen);
    }
    for (uint64_t i = 0; i < seen.samples; i++) {
        struct data_window window = data_files_window(&reading.data->files, i);
        *between += i > window.first && (i - window.first) % block == 0;
    }
    close_data(&reading);
    return count_left_out(&seen);
}

/* Rows 0 … n - 1 of several files, and trajectories of 30 rows. */
static void parts_have_no_row_in_common_in_folder(void)
{
    static const struct {
        const char *fields;
        uint64_t gap;
    } cases[] = {
        {"t(window=4)", 3},
        {"t(window=4, stride=4)", 0},
        {"t(window=9, stride=4)", 2},
        {"t(window=3, every=5)", 10},
        {"x=t(window=2, lead=3), y=t(window=1, lead=9)", 6},
        {"w(axes=2, window=4)", 3},
        {"t(window=4, lead=-3, pad=edge)", 3},
        {"t(window=4, series)", 3},
        {"t(window=3, stride=2, lead=-2, every=2, pad=zero, series)", 2},
        {"t(window=1, lead=5, pad=edge)", 5},
        {"t(window=2, stride=2, lead=-7, pad=edge)", 3},
        {"t(window=1, lead=5, pad=zero)", 0},
        {"x=t(window=3, lead=-2, pad=zero), y=t(window=1, lead=2)", 4},
        {"w(axes=2, window=3, lead=-1, every=2, pad=zero)", 4},
        {"w(axes=2, window=7, stride=3)", 2},
        {"t", 0},
    };
    static const uint64_t blocks[] = {1, 3, 20, 1000}, rows[FILES] = {7, 2, 4};
    struct files *files = calloc(1, sizeof *files);
    *files = (struct files){.count = FILES, .names = 2};
    for (size_t i = 0; i < FILES; i++) {
        char name[24];
        snprintf(name, sizeof name, "%zu.h5", i);
        folder_path(folder, name, files->path[i]);
        files->whole[i][0] = (struct whole){
            .name = "w", .type = SHS_U8, .axes = 2, .shape = {30, 2}, .rows = rows[i]};
        files->whole[i][1] = (struct whole){.name = "t", .type = SHS_U8, .rows = 30 * rows[i]};
        write_file(files, i, (struct h5_storage){0}, i);
    }
    for (size_t i = 0; i < COUNT(cases); i++)
        for (size_t b = 0; b < COUNT(blocks); b++) {
            uint64_t between;
            harness_where("%s, blocks of %llu", cases[i].fields, (ull)blocks[b]);
            uint64_t left_out = cut(folder, cases[i].fields, blocks[b], &between);
            CHECK_IS(left_out, <=, between * cases[i].gap);
        }
    harness_where(NULL);
    free_files(files);
}
IN_FOLDER(parts_have_no_row_in_common)

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {TEST(parts_have_no_row_in_common)};
    return harness_main("apart", tests, COUNT(tests), argc, argv);
}
