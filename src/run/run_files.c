#include "run_files.h"

#include <string.h>

#include "core_memory.h"
#include "io_file.h"

typedef unsigned long long ull;

enum {
    MOST_OPEN = 64
};

struct run_open_file {
    struct run_open_file *newer, *older;
    size_t number;
    struct h5_file *h5; /* NULL: no field needs it */
    struct run_field *sources;
};

/* ---- Open files, the newest used first. */

static void unlink_file(struct run_files *files, struct run_open_file *open)
{
    *(open->newer ? &open->newer->older : &files->newest) = open->older;
    *(open->older ? &open->older->newer : &files->oldest) = open->newer;
}

static void put_first(struct run_files *files, struct run_open_file *open)
{
    open->newer = NULL;
    open->older = files->newest;
    *(open->older ? &open->older->newer : &files->oldest) = open;
    files->newest = open;
}

/* What a field's checksums take in memory. */
static size_t checksum_bytes(const struct run_field *field)
{
    return field->checksums ? (size_t)field->rows * sizeof *field->checksums : 0;
}

static void free_open(struct run_files *files, struct run_open_file *open)
{
    for (size_t s = 0; open->sources && s < files->sample->n_sources; s++) {
        if (open->sources[s].direct)
            files->closed_bytes += io_reader_bytes(open->sources[s].direct);
        files->checksum_bytes -= checksum_bytes(&open->sources[s]);
        run_field_close(&open->sources[s]);
    }
    h5_close(&open->h5);
    core_free(&open->sources);
    core_free(&open);
}

static void close_oldest(struct run_files *files)
{
    struct run_open_file *open = files->oldest;
    unlink_file(files, open);
    files->file[open->number].open = NULL;
    files->n_open--;
    free_open(files, open);
}

/* ---- Whether a file is what it was. */

static shs_status compare(struct run_files *files, size_t number)
{
    const char *path = files->paths.path[number];
    struct run_file *file = &files->file[number];
    struct io_identity now;
    shs_status status = io_identify_path(path, &now);
    if (status) return status;
    if (!file->known) {
        file->bytes = now.bytes;
        file->seconds = now.seconds;
        file->nanoseconds = (int32_t)now.nanoseconds;
        file->known = true;
    }
    if (now.bytes < file->bytes)
        return core_fail(SHS_ERROR_FILE,
                         "%s has %llu bytes, %llu fewer than when it was opened: it was cut short "
                         "or replaced; put it back and start again",
                         path, (ull)now.bytes, (ull)(file->bytes - now.bytes));
    if (now.bytes != file->bytes || now.seconds != file->seconds ||
        now.nanoseconds != file->nanoseconds)
        return core_fail(
            SHS_ERROR_FILE,
            "%s has changed since it was opened; put it back as it was and start again", path);
    return SHS_OK;
}

/* Each time the file itself, if HDF5 reads it: it does not tell of all that is missing. Once a
 * round also other files that its fields are in. */
static shs_status compare_open(struct run_files *files, const struct run_open_file *open)
{
    bool new_round = files->file[open->number].checked != files->round;
    if (!new_round && !open->h5) return SHS_OK;
    shs_status status = compare(files, open->number);
    if (status || !new_round) return status;
    for (size_t s = 0; s < files->sample->n_sources && !status; s++)
        if (open->sources[s].through) status = h5_field_check(open->sources[s].through);
    if (!status) files->file[open->number].checked = files->round;
    return status;
}

void run_files_suspect(struct run_files *files)
{
    files->round++;
}

/* ---- Opening. */

static shs_tensor shape_of(const struct run_files *files, const struct run_field *field)
{
    shs_tensor shape = field->sample;
    shape.name = NULL;
    if (!files->one_a_file || field->is_single) return shape;
    memmove(shape.shape + 1, shape.shape, shape.axes * sizeof *shape.shape);
    shape.shape[0] = field->rows;
    shape.axes++;
    return shape;
}

static shs_status compare_shape(const struct run_files *files, size_t source, size_t number,
                                const struct run_field *field)
{
    const shs_tensor *first = &files->shape[source];
    shs_tensor shape = shape_of(files, field);
    if (first->type == shape.type && first->axes == shape.axes &&
        !memcmp(first->shape, shape.shape, shape.axes * sizeof *shape.shape))
        return SHS_OK;
    struct core_text texts = {0};
    core_text_add_shape(&texts, &shape);
    core_text_add(&texts, ", but in %s ", files->paths.path[0]);
    core_text_add_shape(&texts, first);
    core_fail(SHS_ERROR_FORMAT, "%s: dataset %s is of %s; it must be alike in all files",
              files->paths.path[number], files->sample->source[source],
              texts.status ? "another shape" : texts.bytes);
    core_text_free(&texts);
    return SHS_ERROR_FORMAT;
}

static shs_status open_source(struct run_files *files, struct run_open_file *open, size_t source,
                              const struct run_field_how *how)
{
    struct run_field *field = &open->sources[source];
    const char *path = files->paths.path[open->number];
    shs_status status = run_field_open(open->h5, path, files->sample->source[source], how, field);
    if (!status && !files->shape[source].type) files->shape[source] = shape_of(files, field);
    if (!status) status = compare_shape(files, source, open->number, field);
    if (!status && !files->unchecked && !how->look)
        status = run_field_find_checksums(open->h5, path,
                                          RUN_CHECKSUM_BYTES - files->checksum_bytes, field);
    files->checksum_bytes += checksum_bytes(field);
    if (status) return status;
    field->key = run_files_key(files, open->number, source);
    field->all_rows = files->rows[source];
    return SHS_OK;
}

/* Such a file need not be compared again when it is opened again. */
static bool is_compared(const struct run_files *files, const struct run_open_file *open)
{
    for (size_t s = 0; s < files->sample->n_sources; s++)
        if (open->sources[s].differs) return false;
    return true;
}

/* HDF5 need not stay open for fields that are read directly. */
static void close_unneeded(const struct run_files *files, struct run_open_file *open)
{
    for (size_t s = 0; s < files->sample->n_sources; s++)
        if (run_field_is_through(&open->sources[s])) return;
    h5_close(&open->h5);
}

static shs_status open_sources(struct run_files *files, struct run_open_file *open, bool look)
{
    const struct run_sample *sample = files->sample;
    struct run_file *file = &files->file[open->number];
    struct run_field_how how = {.cache_bytes = files->cache_bytes / files->most_open,
                                .single = files->one_a_file,
                                .trusted = file->compared ||
                                           (files->one_a_file && files->file[0].compared)};
    shs_status status =
        core_new(sample->n_sources, sizeof *open->sources, "a file's fields", &open->sources);
    /* a change is told before what HDF5 makes of it; of a new file HDF5 tells more */
    bool known = file->known;
    if (!status && known) status = compare(files, open->number);
    if (!status) status = h5_open(files->paths.path[open->number], &open->h5);
    if (!status && !known) status = compare(files, open->number);
    for (size_t s = 0; s < sample->n_sources && !status; s++) {
        how.look = look && !run_sample_is_offsets(sample, s);
        status = open_source(files, open, s, &how);
    }
    if (status || look) return status;
    file->checked = files->round;
    file->compared = is_compared(files, open);
    close_unneeded(files, open);
    return SHS_OK;
}

static shs_status open_file(struct run_files *files, size_t number, bool look,
                            struct run_open_file **open)
{
    shs_status status = core_new(1, sizeof **open, "an open file", open);
    if (status) return status;
    (*open)->number = number;
    status = open_sources(files, *open, look);
    if (!status) return SHS_OK;
    free_open(files, *open);
    *open = NULL;
    return status;
}

shs_status run_files_get(struct run_files *files, size_t number, struct run_field **sources)
{
    struct run_file *file = &files->file[number];
    struct run_open_file *open = file->open;
    shs_status status = SHS_OK;
    if (!open) {
        if (files->n_open == files->most_open) close_oldest(files);
        status = open_file(files, number, false, &open);
        if (status) return status;
        file->open = open;
        files->n_open++;
        put_first(files, open);
    } else {
        unlink_file(files, open);
        put_first(files, open);
        status = compare_open(files, open);
    }
    *sources = open->sources;
    return status;
}

/* ---- All of them. */

static shs_status count_samples(struct run_files *files, const struct run_open_file *open)
{
    const struct run_sample *sample = files->sample;
    uint64_t rows[2 * SHS_MAX_FIELDS], samples;
    struct run_file *file = &files->file[open->number];
    for (size_t s = 0; s < sample->n_sources; s++) {
        rows[s] = open->sources[s].rows;
        files->rows[s] += rows[s];
        if (open->sources[s].chunk_rows > files->chunk_rows[s])
            files->chunk_rows[s] = open->sources[s].chunk_rows;
    }
    shs_status status =
        core_wrap(run_sample_count(sample, rows, &samples), "%s", files->paths.path[open->number]);
    if (!status && __builtin_add_overflow(file->first, samples, &file[1].first))
        status = core_fail(SHS_ERROR_FORMAT, "%s: more than 2^64 samples",
                           files->paths.path[open->number]);
    return status;
}

/* Files that can stay open are opened for good; others only looked at. */
static shs_status look_at(struct run_files *files, size_t number, run_files_visit *visit,
                          void *user)
{
    struct run_open_file *open;
    struct run_field *sources;
    bool stays = number < files->most_open;
    shs_status status =
        stays ? run_files_get(files, number, &sources) : open_file(files, number, true, &open);
    if (status) return status;
    if (stays) open = files->file[number].open;
    status = count_samples(files, open);
    if (!status) status = visit(user, number, open->sources);
    if (!stays) free_open(files, open);
    return status;
}

/* Descriptors: one for HDF5, one for each field, and one more if its checksums are read too. Half
 * of what there is may be needed by others. */
static size_t most_open(const struct run_files *files)
{
    enum {
        RESERVED = 32
    };
    size_t each = files->sample->n_sources * (files->unchecked ? 1 : 2) + 1;
    size_t allowed = io_files_allowed();
    size_t most = (allowed > 2 * RESERVED ? allowed - RESERVED : allowed / 2) / 2 / each;
    if (most > MOST_OPEN) most = MOST_OPEN;
    if (most > files->paths.count) most = files->paths.count;
    return most ? most : 1;
}

static void set_all_rows(struct run_files *files)
{
    for (size_t s = 0; s < files->sample->n_sources; s++) {
        if (files->one_a_file &&
            !core_multiply(files->rows[s], files->paths.count, &files->rows[s]))
            files->rows[s] = UINT64_MAX;
        for (struct run_open_file *open = files->newest; open; open = open->older)
            open->sources[s].all_rows = files->rows[s];
    }
}

static shs_status look_at_all(struct run_files *files, run_files_visit *visit, void *user)
{
    size_t n_look = files->one_a_file ? 1 : files->paths.count;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < n_look && !status; i++)
        status = look_at(files, i, visit, user);
    for (size_t i = n_look; i < files->paths.count && !status; i++)
        files->file[i + 1].first = files->file[i].first + 1;
    if (!status) set_all_rows(files);
    return status;
}

shs_status run_files_open(const struct run_files_how *how, run_files_visit *visit, void *user,
                          struct run_files *files)
{
    *files = (struct run_files){.sample = how->sample,
                                .one_a_file = how->one_a_file,
                                .unchecked = how->unchecked,
                                .cache_bytes = how->cache_bytes};
    shs_status status = io_paths_find(how->path, &files->paths);
    if (!status)
        status = core_new(files->paths.count + 1, sizeof *files->file, "files", &files->file);
    if (status) return status;
    files->most_open = most_open(files);
    return look_at_all(files, visit, user);
}

void run_files_close(struct run_files *files)
{
    while (files->n_open)
        close_oldest(files);
    core_free(&files->file);
    io_paths_free(&files->paths);
}

size_t run_files_of(const struct run_files *files, uint64_t sample)
{
    size_t low = 0, high = files->paths.count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(files->file[middle].first <= sample ? &low : &high) = middle;
    }
    return low;
}

uint64_t run_files_key(const struct run_files *files, size_t file, size_t source)
{
    return (uint64_t)file * files->sample->n_sources + source;
}

size_t run_files_of_key(const struct run_files *files, uint64_t key, size_t *source)
{
    *source = (size_t)(key % files->sample->n_sources);
    return (size_t)(key / files->sample->n_sources);
}

uint64_t run_files_bytes(const struct run_files *files)
{
    uint64_t bytes = files->closed_bytes;
    for (const struct run_open_file *open = files->newest; open; open = open->older)
        for (size_t s = 0; s < files->sample->n_sources; s++)
            if (open->sources[s].direct) bytes += io_reader_bytes(open->sources[s].direct);
    return bytes;
}
