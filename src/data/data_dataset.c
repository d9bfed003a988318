#include "data_dataset.h"

#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "data_copies.h"
#include "data_index.h"
#include "data_index_share.h"
#include "data_joined.h"
#include "data_open.h"
#include "io_guard.h"

/* ---- Opening. */

/* Returns the rows of the smallest array that these offsets cut into samples. */
static uint64_t least_rows(const struct data_sample *what, size_t offsets,
                           const struct data_field *arrays)
{
    uint64_t rows = UINT64_MAX;
    for (size_t p = 0; p < what->n_parts; p++) {
        const struct data_part *part = &what->part[p];
        if (data_part_is_run(part) && part->offsets == offsets && arrays[part->array].rows < rows)
            rows = arrays[part->array].rows;
    }
    return rows;
}

/* Takes a file's offsets, which are needed later, when the file may be closed, and which arrays
 * have the same chunks. */
static shs_status visit_file(void *user, size_t file, struct data_field *arrays)
{
    shs_dataset *dataset = user;
    struct data_sample *what = &dataset->what;
    shs_status status = SHS_OK;
    (void)file;
    for (size_t s = 0; s < what->n_arrays && !status; s++) {
        if (arrays[s].chunks) what->chunks_of[s] = (size_t)(arrays[s].chunks - arrays);
        if (data_sample_is_offsets(what, s))
            status = data_offsets_add(&dataset->offsets[s], &arrays[s], least_rows(what, s, arrays),
                                      DATA_OFFSETS_BYTES);
    }
    for (size_t p = 0; p < what->n_parts && !status; p++)
        if (what->part[p].kind == DATA_CSR)
            status = data_csr_check_offsets(&what->part[p], arrays,
                                            &dataset->offsets[what->part[p].offsets]);
    return status;
}

/* Sets `most` of ragged fields without a limit to the rows of their longest sample. It is at least
 * 1, because a tensor without elements would be of no use. */
static void set_most(shs_dataset *dataset)
{
    for (size_t p = 0; p < dataset->what.n_parts; p++) {
        struct data_part *part = &dataset->what.part[p];
        if (!data_part_is_run(part) || part->most) continue;
        part->most = dataset->offsets[part->offsets].longest;
        if (!part->most) part->most = 1;
    }
}

/* Sets the slab of a field's samples, which have an axis more than rows in windows and runs. */
static void set_slab(shs_dataset *dataset, size_t f)
{
    const struct data_part *part = &dataset->what.part[f];
    struct data_slab *slab = &dataset->slab[f];
    bool told = data_part_is_beside(part) && part->kind != DATA_VALID;
    if (told || !dataset->files.slab[part->array].length) return;
    *slab = dataset->files.slab[part->array];
    if (part->kind == DATA_RAGGED || part->window) slab->axis++;
}

/* Finds the columns that are taken of sparse matrices. */
static shs_status set_columns(shs_dataset *dataset)
{
    shs_status status = SHS_OK;
    for (size_t p = 0; p < dataset->what.n_parts && !status; p++) {
        struct data_part *part = &dataset->what.part[p];
        if (part->kind != DATA_CSR) continue;
        part->width = dataset->files.width[p];
        status = data_columns_find(part, part->width, &dataset->columns[p]);
        part->taken = dataset->columns[p].taken;
    }
    return status;
}

static shs_status set_shapes(shs_dataset *dataset)
{
    const struct data_sample *what = &dataset->what;
    shs_status status = SHS_OK;
    dataset->n_fields = what->n_parts;
    for (size_t p = 0; p < what->n_parts && !status; p++) {
        const struct data_part *part = &what->part[p];
        status = data_part_shape(part, &dataset->files.shape[part->array], &dataset->sample[p]);
        if (!status) status = shs_tensor_bytes(&dataset->sample[p], &dataset->sample_bytes[p]);
        set_slab(dataset, p);
        uint32_t row_axes = what->view[part->array].row_axes == 2 ? 2 : 1;
        data_axes_layout(part, row_axes, dataset->files.axes[part->array], &dataset->layout[p]);
    }
    return status;
}

/* Refuses windows if every file is too short for one. Some files may be too short: they have no
 * sample. */
static shs_status check_windows(const shs_dataset *dataset)
{
    const struct data_sample *what = &dataset->what;
    const struct data_files *files = &dataset->files;
    const struct data_part *longest = NULL;
    for (size_t p = 0; p < what->n_parts; p++)
        if (what->part[p].kind == DATA_WINDOW &&
            (!longest || data_part_least_rows(&what->part[p]) > data_part_least_rows(longest)))
            longest = &what->part[p];
    if (!longest || dataset->samples) return SHS_OK;
    uint64_t windows = files->kept.first_window ? files->kept.first_window[files->paths.count] : 0;
    if (windows)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "none of the %llu windows has only rows that are valid; choose shorter "
                         "windows, or leave out valid",
                         (ull)windows);
    bool series = what->view[longest->array].row_axes == 2 || files->groups;
    char every[40] = "";
    if (longest->every > 1) snprintf(every, sizeof every, ", every %llu", (ull)longest->every);
    const char *one = series ? "trajectory" : longest->joins ? "series of files" : "file";
    return core_fail(SHS_ERROR_ARGUMENT,
                     "field %s: no %s has the rows of one window: window %llu and lead %llu%s, "
                     "where all %s together have %llu; choose less",
                     longest->name, one, (ull)longest->window, (ull)longest->lead, every,
                     series ? "trajectories" : "files", (ull)dataset->files.rows[longest->array]);
}

static shs_status set_bounds(shs_dataset *dataset)
{
    const struct data_files *files = &dataset->files;
    size_t sources = files->paths.sources;
    shs_status status = core_new(sources + 1, sizeof *dataset->bounds, "sources", &dataset->bounds);
    for (size_t s = 0; s <= sources && !status; s++)
        dataset->bounds[s] = files->file[files->paths.source[s]].first;
    return status;
}

shs_status data_dataset_look(shs_dataset *dataset, const struct data_files_how *how)
{
    shs_status status =
        core_new(dataset->what.n_arrays, sizeof *dataset->offsets, "offsets", &dataset->offsets);
    if (!status) status = data_files_open(how, visit_file, dataset, &dataset->files);
    if (status) return status;
    dataset->samples = dataset->files.file[dataset->files.paths.count].first;
    set_most(dataset);
    status = set_bounds(dataset);
    if (!status) status = set_columns(dataset);
    if (!status) status = set_shapes(dataset);
    return status ? status : check_windows(dataset);
}

/* Keeps path, fields and options, with which further fields of the same files are opened. The
 * handler that maps need stays until close_local(). */
static shs_status keep(shs_dataset *dataset, const char *path, const char *fields,
                       const shs_dataset_options *options)
{
    char *program = NULL;
    shs_status status = core_copy(path, &dataset->path);
    if (!status) status = core_copy(fields, &dataset->fields);
    if (!status && options->probe_program) status = core_copy(options->probe_program, &program);
    dataset->options = *options;
    dataset->options.probe_program = program;
    if (options->map) io_guard_begin();
    return status;
}

/* What a rank does before files are looked at. */
static shs_status begin(shs_dataset *dataset, const char *path, const char *fields,
                        const shs_dataset_options *options)
{
    if (!path || !fields) return core_fail(SHS_ERROR_ARGUMENT, "path or fields is NULL; give both");
    dataset->cache_bytes = options->cache_bytes ? options->cache_bytes : DATA_CACHE_BYTES;
    shs_status status = keep(dataset, path, fields, options);
    if (!status) status = data_sample_parse(fields, options->one_sample_a_file, &dataset->what);
    if (!status && data_sample_masks(&dataset->what) && !options->cf)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "missing=mask needs the option cf, without which no number is missing; "
                         "give the option, or leave out missing");
    return status;
}

/* ---- What ranks must see alike. */

static void add_field(struct core_hash *hash, const shs_tensor *sample, const char *layout)
{
    core_hash_add(hash, sample->name, strlen(sample->name) + 1);
    core_hash_add(hash, &sample->type, sizeof sample->type);
    core_hash_add(hash, &sample->axes, sizeof sample->axes);
    core_hash_add(hash, sample->shape, sample->axes * sizeof *sample->shape);
    core_hash_add(hash, layout, strlen(layout));
}

/* Makes a hash of the names of several files, without their folders: other names, or another order
 * of names, mean other data. The name of a single file does not count: a copy on another node may
 * have another name. */
static shs_status names_of_files(const shs_dataset *dataset, char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    const struct io_paths *paths = &dataset->files.paths;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    for (size_t i = 0; i < paths->count && paths->count > 1; i++) {
        const char *slash = strrchr(paths->path[i], '/');
        const char *name = slash ? slash + 1 : paths->path[i];
        core_hash_add(hash, name, strlen(name) + 1);
    }
    core_hash_finish(&hash, text);
    return SHS_OK;
}

/* Makes a hash of names, types, shapes and layouts, and of what the fields are. The content of each
 * file is compared afterwards, file by file. */
static shs_status identity(const shs_dataset *dataset, char text[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    struct core_text what = {0};
    const struct data_files *files = &dataset->files;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add(hash, files->paths.source, files->paths.sources * sizeof *files->paths.source);
    for (size_t f = 0; f < dataset->n_fields; f++) {
        const shs_tensor sample = data_dataset_unslabbed(dataset, f);
        add_field(hash, &sample, dataset->layout[f].letters);
        data_part_describe(&dataset->what, &dataset->what.part[f], &what);
        core_text_add(&what, ";");
    }
    data_kept_hash(&files->kept, hash);
    for (size_t c = 0; c < dataset->constants.count; c++) {
        const struct data_constant *constant = &dataset->constants.constant[c];
        add_field(hash, &constant->tensor, "");
        core_hash_add(hash, constant->tensor.data, constant->bytes);
        data_constant_describe(&dataset->what.constant[c], &what);
        core_text_add(&what, ";");
    }
    if (dataset->options.cf) core_text_add(&what, "cf");
    status = what.status;
    if (!status) core_hash_add(hash, what.bytes, what.length);
    core_text_free(&what);
    core_hash_finish(&hash, text);
    return status;
}

/* Collective. Opens the files, and has the ranks agree on what they see. `mine` is this rank's
 * status so far. */
static shs_status open_all(shs_dataset *dataset, shs_run *run, const char *fields, shs_status mine)
{
    char digest[CORE_DIGEST_TEXT] = "", names[CORE_DIGEST_TEXT] = "";
    bool agreed = false;
    shs_status status = mine;
    if (data_index_is_shared(run)) {
        bool indexed = !mine && dataset->options.index;
        status = mpi_agree(run, core_wrap(mine, "shs_dataset_open"), "shs_dataset_open%s",
                           mine || !indexed ? "" : " with an index");
        agreed = status != SHS_OK;
    }
    if (!status && data_index_is_shared(run))
        status = data_open_together(dataset, fields, &agreed);
    else if (!status)
        status = data_open_alone(dataset, fields);
    if (agreed) return status;
    if (!status) status = identity(dataset, digest);
    if (!status) status = names_of_files(dataset, names);
    /* a path may differ between ranks, as node-local copies do; what is in the files may not */
    return mpi_agree(run, core_wrap(status, "shs_dataset_open"),
                     "shs_dataset_open(%.80s, %llu files of names, in order, %s holding names "
                     "of axes, types and shapes %s)",
                     fields ? fields : "NULL", status ? 0 : (ull)dataset->files.paths.count, names,
                     digest);
}

shs_status shs_dataset_open(shs_run *run, const char *path, const char *fields,
                            const shs_dataset_options *options, shs_dataset **dataset)
{
    static const shs_dataset_options defaults = {0};
    shs_dataset *nowhere = NULL;
    shs_status status = core_require(run, "shs_dataset_open", "run", "open it with shs_open()");
    if (dataset) *dataset = NULL;
    if (status) return status;
    if (!options) options = &defaults;
    if (dataset)
        status = core_new(1, sizeof **dataset, "a dataset", dataset);
    else
        status =
            core_fail(SHS_ERROR_ARGUMENT, "dataset is NULL; pass the address of a shs_dataset *");
    if (!dataset) dataset = &nowhere;
    if (!status) {
        mpi_run_hold(run);
        (*dataset)->run = run;
        (*dataset)->holders = 1;
        status = begin(*dataset, path, fields, options);
    }
    status = open_all(*dataset, run, fields, status);
    if (!status) status = data_copies_compare(*dataset);
    if (!status) status = data_resident_open(run, &(*dataset)->files, &(*dataset)->resident);
    if (!status) (*dataset)->options.index = NULL; /* further fields are not in it */
    if (status) shs_dataset_close(dataset);
    return status;
}

/* ---- Closing. */

static void close_local(shs_dataset *dataset)
{
    core_free(&dataset->path);
    core_free(&dataset->fields);
    core_free(&dataset->options.probe_program);
    for (size_t s = 0; dataset->offsets && s < dataset->what.n_arrays; s++)
        data_offsets_free(&dataset->offsets[s]);
    core_free(&dataset->offsets);
    core_free(&dataset->bounds);
    data_constants_free(&dataset->constants);
    for (size_t p = 0; p < dataset->what.n_parts; p++)
        data_columns_free(&dataset->columns[p]);
    data_resident_close(&dataset->resident);
    data_files_close(&dataset->files);
    data_index_close(&dataset->index);
    if (dataset->options.map) io_guard_end();
    data_sample_free(&dataset->what);
}

static shs_status try_rows(struct data_field *field)
{
    char *row;
    shs_status status = core_new(1, field->row_bytes, "a row", &row), first = SHS_OK, last = SHS_OK;
    if (!status && field->rows) {
        first = data_field_read(field, 0, 1, row);
        last = data_field_read(field, field->rows - 1, 1, row);
    }
    core_free(&row);
    return first == SHS_ERROR_MEMORY || last == SHS_ERROR_MEMORY ? SHS_ERROR_MEMORY : status;
}

shs_status data_dataset_try(const char *path, const char *fields,
                            const shs_dataset_options *options)
{
    shs_dataset dataset = {0};
    struct data_field *arrays;
    shs_status status = begin(&dataset, path, fields, options);
    if (!status) status = data_open_alone(&dataset, fields);
    if (!status) status = data_files_get(&dataset.files, 0, &arrays);
    for (size_t s = 0; s < dataset.what.n_arrays && !status; s++)
        status = try_rows(&arrays[s]);
    close_local(&dataset);
    return status;
}

shs_status data_dataset_examine(const char *path, const char *fields,
                                const shs_dataset_options *options, struct data_pack *pack)
{
    shs_dataset dataset = {0};
    shs_status status = begin(&dataset, path, fields, options);
    if (!status) status = data_open_examine(&dataset, fields, pack);
    close_local(&dataset);
    if (status) data_pack_free(pack);
    return status;
}

void data_dataset_hold(shs_dataset *dataset)
{
    dataset->holders++;
}

void data_dataset_release(shs_dataset *dataset)
{
    if (--dataset->holders) return;
    shs_run *run = dataset->run;
    close_local(dataset);
    core_free(&dataset);
    mpi_run_release(run);
}

void shs_dataset_close(shs_dataset **dataset)
{
    if (!dataset || !*dataset) return;
    data_dataset_release(*dataset);
    *dataset = NULL;
}

/* ---- Looking. */

uint64_t shs_dataset_samples(const shs_dataset *dataset)
{
    return dataset ? dataset->samples : 0;
}

size_t shs_dataset_fields(const shs_dataset *dataset)
{
    return dataset ? dataset->n_fields + dataset->constants.count : 0;
}

const shs_tensor *shs_dataset_field(const shs_dataset *dataset, size_t field)
{
    if (!dataset || field >= shs_dataset_fields(dataset)) return NULL;
    if (field < dataset->n_fields) return &dataset->sample[field];
    return &dataset->constants.constant[field - dataset->n_fields].tensor;
}

bool shs_dataset_is_constant(const shs_dataset *dataset, size_t field)
{
    return dataset && field >= dataset->n_fields && field < shs_dataset_fields(dataset);
}

shs_tensor data_dataset_unslabbed(const shs_dataset *dataset, size_t f)
{
    shs_tensor sample = dataset->sample[f];
    if (dataset->slab[f].length) sample.shape[dataset->slab[f].axis] = dataset->slab[f].length;
    return sample;
}

bool data_dataset_has_slabs(const shs_dataset *dataset)
{
    for (size_t f = 0; f < dataset->n_fields; f++)
        if (dataset->slab[f].length) return true;
    return false;
}

shs_slab shs_dataset_slab(const shs_dataset *dataset, size_t field)
{
    shs_slab none = {0};
    if (!dataset || field >= dataset->n_fields) return none;
    const struct data_slab *slab = &dataset->slab[field];
    if (!slab->length) return none;
    return (shs_slab){slab->axis, slab->first, slab->count, slab->length};
}

/* Returns the bytes of a sample of a field, as all members of a group have it together: the order
 * of rows must not depend on groups. */
static uint64_t bytes_of(const shs_dataset *dataset, size_t f)
{
    const struct data_slab *slab = &dataset->slab[f];
    uint64_t bytes = dataset->sample_bytes[f];
    return slab->length ? bytes / slab->count * slab->length : bytes;
}

/* Returns the number of samples whose rows lie in one chunk, at least 1, or 0 if the field has no
 * chunks. */
static uint64_t chunk_samples(const shs_dataset *dataset, const struct data_part *part)
{
    uint64_t rows = dataset->files.chunk_rows[part->array], samples;
    if (!rows || data_part_is_beside(part) || part->kind == DATA_WHOLE) return 0;
    samples = part->kind == DATA_WINDOW ? rows / part->stride : rows;
    if (data_part_is_run(part)) {
        uint64_t all_rows = dataset->files.rows[part->array];
        uint64_t a_sample = dataset->samples ? all_rows / dataset->samples : 1;
        samples = rows / (a_sample ? a_sample : 1);
    }
    return samples ? samples : 1;
}

/* Small fields, such as labels, do not count. Their chunks often have so many rows that nothing
 * would be left to permute, and decoding such a chunk more than once costs little. */
uint64_t data_dataset_block_rows(const shs_dataset *dataset)
{
    const uint64_t block_bytes = 1 << 20;
    uint64_t samples = 0, widest = 1;
    for (size_t f = 0; f < dataset->n_fields; f++)
        if (bytes_of(dataset, f) > widest) widest = bytes_of(dataset, f);
    for (size_t f = 0; f < dataset->n_fields; f++) {
        uint64_t now = chunk_samples(dataset, &dataset->what.part[f]);
        if (bytes_of(dataset, f) >= widest / 8 && now > samples) samples = now;
    }
    if (samples) return samples;
    return widest < block_bytes ? block_bytes / widest : 1;
}

uint64_t data_dataset_bytes(const shs_dataset *dataset)
{
    const struct data_files *files = &dataset->files;
    uint64_t all = 0;
    for (size_t s = 0; s < dataset->what.n_arrays; s++) {
        uint64_t shapes = files->one_a_file ? files->paths.count : files->rows[s];
        /* chunks are decoded as a whole */
        const shs_tensor *shape = files->chunk_rows[s] ? &files->whole[s] : &files->shape[s];
        uint64_t bytes = shs_type_size(shape->type);
        for (uint32_t axis = 0; axis < shape->axes; axis++)
            if (!core_multiply(bytes, shape->shape[axis], &bytes)) return UINT64_MAX;
        if (!core_multiply(bytes, shapes, &bytes) || __builtin_add_overflow(all, bytes, &all))
            return UINT64_MAX;
    }
    return all;
}

/* Finds, by bisection, the samples that have some of the rows [first, first + count) of a file. The
 * file's offsets begin at `bounds`. */
static struct data_range ragged_samples(const uint64_t *bounds, uint64_t samples, uint64_t first,
                                        uint64_t count)
{
    uint64_t low = 0, high = samples, begin, end;
    while (low < high) { /* the first sample that ends behind row `first` */
        uint64_t middle = low + (high - low) / 2;
        if (bounds[middle + 1] > first)
            high = middle;
        else
            low = middle + 1;
    }
    begin = end = low;
    for (high = samples; end < high;) { /* the first sample that begins behind the rows */
        uint64_t middle = end + (high - end) / 2;
        if (bounds[middle] >= first + count)
            high = middle;
        else
            end = middle + 1;
    }
    return (struct data_range){begin, end - begin};
}

struct data_range data_dataset_samples(const shs_dataset *dataset, size_t f, uint64_t key,
                                       uint64_t first, uint64_t count)
{
    size_t array, file = data_files_of_key(&dataset->files, key, &array);
    const struct data_part *part = &dataset->what.part[f];
    uint64_t begin = dataset->files.file[file].first;
    uint64_t samples = data_files_windows(&dataset->files, file);
    struct data_range range = {0, 0};
    bool ragged = data_part_is_run(part);
    bool same = data_part_reads(part, array) || dataset->what.chunks_of[part->array] == array;
    const uint64_t *all = ragged ? dataset->offsets[part->offsets].all : NULL;
    if (ragged && !all && (same || part->offsets == array))
        return (struct data_range){0, DATA_SAMPLES_UNKNOWN};
    if (!same || data_part_is_beside(part)) return range;
    if (dataset->files.joined)
        return data_joined_samples(&dataset->files, part, file, first, count);
    if (ragged) {
        range = ragged_samples(all + begin + file, samples, first, count);
    } else {
        range = data_part_samples(part, data_files_series(&dataset->files, file, part->array),
                                  first, count, samples);
    }
    return data_files_samples(&dataset->files, file, range);
}
