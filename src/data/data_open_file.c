#include "data_open_file.h"

#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "data_compare.h"
#include "data_csr.h"
#include "data_index.h"
#include "data_packing.h"
#include "data_sources.h"
#include "io_file.h"

/* ---- Open files, the newest used first. */

static void unlink_file(struct data_files *files, struct data_open_file *open)
{
    *(open->newer ? &open->newer->older : &files->newest) = open->older;
    *(open->older ? &open->older->newer : &files->oldest) = open->newer;
}

static void put_first(struct data_files *files, struct data_open_file *open)
{
    open->newer = NULL;
    open->older = files->newest;
    *(open->older ? &open->older->newer : &files->oldest) = open;
    files->newest = open;
}

/* Returns the bytes that a field's checksums take in memory. */
static size_t checksum_bytes(const struct data_field *field)
{
    uint64_t sums = data_field_sums(field, 0, field->rows).count;
    return field->checksums ? (size_t)sums * sizeof *field->checksums : 0;
}

static void free_file(struct data_files *files, struct data_open_file *open)
{
    for (size_t s = 0; open->arrays && s < files->sample->n_arrays; s++) {
        files->checksum_bytes -= checksum_bytes(&open->arrays[s]);
        files->n_sources -= data_sources_count(open->arrays[s].sources);
        data_field_close(&open->arrays[s]);
    }
    h5_close(&open->h5);
    core_free(&open->arrays);
    core_free(&open);
}

void data_open_file_hold(struct data_open_file *open)
{
    open->holders++;
}

void data_open_file_release(struct data_files *files, struct data_open_file *open)
{
    if (--open->holders == 0) free_file(files, open);
}

void data_open_file_first(struct data_files *files, struct data_open_file *open)
{
    unlink_file(files, open);
    put_first(files, open);
}

void data_open_file_close(struct data_files *files, struct data_open_file *open)
{
    unlink_file(files, open);
    files->file[open->number].open = NULL;
    files->n_open--;
    data_open_file_release(files, open);
}

uint64_t data_open_file_bytes(const struct data_files *files, const struct data_open_file *open)
{
    uint64_t bytes = 0;
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        if (data_field_is_direct(&open->arrays[s])) bytes += open->arrays[s].lane.bytes_read;
    return bytes;
}

/* ---- Opening. */

/* Returns the type and shape of a row, or of the part that is taken of it. With one_a_file it is
 * that of all rows. */
static shs_tensor shape_of(const struct data_files *files, const struct data_field *field,
                           bool whole)
{
    shs_tensor shape = whole ? field->whole : field->sample;
    shape.name = NULL;
    if (!files->one_a_file || field->is_single) return shape;
    memmove(shape.shape + 1, shape.shape, shape.axes * sizeof *shape.shape);
    shape.shape[0] = field->rows;
    shape.axes++;
    return shape;
}

static shs_status compare_shape(struct data_files *files, size_t array, size_t number,
                                const struct data_field *field)
{
    shs_tensor first = files->whole[array], shape = shape_of(files, field, true);
    first.type = files->shape[array].type; /* packed files may store numbers of several types */
    shape.type = field->sample.type;
    if (first.type == shape.type && first.axes == shape.axes &&
        !memcmp(first.shape, shape.shape, shape.axes * sizeof *shape.shape))
        return SHS_OK;
    struct core_text texts = {0};
    files->unfit = true;
    core_text_add_shape(&texts, &shape);
    core_text_add(&texts, ", but in %s ", files->paths.path[0]);
    core_text_add_shape(&texts, &first);
    core_fail(SHS_ERROR_FORMAT,
              "%s: dataset %s is of %s; it must be alike in all files: leave this file out, or "
              "write it anew",
              files->paths.path[number], files->sample->array[array],
              texts.status ? "another shape" : texts.bytes);
    core_text_free(&texts);
    return SHS_ERROR_FORMAT;
}

/* Refuses a file in which an axis that select, crop or slab names is another axis than in the first
 * file: the axes of a sample would come in another order. */
static shs_status compare_picked(struct data_files *files, size_t array, size_t number,
                                 const struct data_field *field)
{
    if (!strcmp(files->picked[array], field->picked)) return SHS_OK;
    files->unfit = true;
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s: dataset %s: the axes that select, crop and slab name have the numbers %s, but "
        "%s in %s; the axes must have the same order in all files: leave this file "
        "out, or write it anew",
        files->paths.path[number], files->sample->array[array], field->picked, files->picked[array],
        files->paths.path[0]);
}

/* Refuses a file whose numbers mean something else than the same numbers of the first file. */
static shs_status compare_packing(struct data_files *files, size_t array, size_t number,
                                  const struct data_field *field)
{
    if (field->unpack) return SHS_OK;
    shs_status status =
        data_packing_compare(field, field->packing, files->packing[array], files->paths.path[0]);
    if (status && number == 0)
        return core_fail(SHS_ERROR_FILE,
                         "%s has changed since it was opened: dataset %s has other attributes; put "
                         "back the file that it was, and start again",
                         field->path, field->sample.name);
    files->unfit = files->unfit || status;
    return status;
}

/* Takes what an array is in the first file that is opened. */
static shs_status take_first(struct data_files *files, size_t array, const struct data_field *field)
{
    files->shape[array] = shape_of(files, field, false);
    files->whole[array] = shape_of(files, field, true);
    memcpy(files->picked[array], field->picked, sizeof field->picked);
    files->slab[array] = field->slab;
    files->unpacked[array] = field->unpack != NULL;
    if (!field->packing) return SHS_OK;
    shs_status status = core_new(1, sizeof *field->packing, "attributes", &files->packing[array]);
    if (!status) *files->packing[array] = *field->packing;
    return status;
}

/* Returns true if two arrays are members of elements of the same dataset. */
static bool is_of_same_dataset(const struct data_field *one, const struct data_field *other)
{
    return one->dataset_bytes && one->dataset_bytes == other->dataset_bytes &&
           one->row_axes == other->row_axes &&
           !strncmp(one->sample.name, other->sample.name, one->dataset_bytes);
}

/* Returns the first array that has the same chunks. Of members the text of fields did not tell. */
static size_t first_with_chunks(const struct data_files *files, const struct data_open_file *open,
                                size_t array)
{
    size_t first = 0;
    if (!open->arrays[array].dataset_bytes) return files->sample->chunks_of[array];
    while (first < array && !is_of_same_dataset(&open->arrays[first], &open->arrays[array]))
        first++;
    return first;
}

/* Chunks without filters are not shared: only the wanted bytes of them are read. */
static void share_chunks(const struct data_files *files, const struct data_open_file *open,
                         size_t array)
{
    struct data_field *field = &open->arrays[array];
    const struct data_field *first = &open->arrays[first_with_chunks(files, open, array)];
    if (first == field || !first->direct || !field->direct) return;
    const struct io_layout *layout = io_reader_layout(field->direct);
    if (layout->chunked && layout->pipeline.count) field->chunks = first;
}

/* Refuses samples without elements. A file of one sample may have no rows. */
static shs_status refuse_empty(const struct data_files *files, size_t array, const char *path,
                               const struct data_field *field)
{
    if (field->row_bytes) return SHS_OK;
    struct core_text shape = {0};
    core_text_add_shape(&shape, &field->sample);
    core_fail(SHS_ERROR_UNSUPPORTED,
              "%s: dataset %s: its %llu rows have no elements%s%s; leave it out of the fields, or "
              "write it anew",
              path, files->sample->array[array], (ull)field->rows, shape.status ? "" : ": each is ",
              shape.status ? "" : shape.bytes);
    core_text_free(&shape);
    return SHS_ERROR_UNSUPPORTED;
}

/* Refuses an array that is not like that of the first file. */
static shs_status admit_array(struct data_files *files, const struct data_open_file *open,
                              size_t array)
{
    const struct data_field *field = &open->arrays[array];
    shs_status status = refuse_empty(files, array, files->paths.path[open->number], field);
    if (!status && !files->shape[array].type) status = take_first(files, array, field);
    if (!status) status = compare_shape(files, array, open->number, field);
    if (!status) status = compare_picked(files, array, open->number, field);
    if (!status) status = compare_packing(files, array, open->number, field);
    return status;
}

/* Puts an array among those of the files. */
static void settle_array(const struct data_files *files, const struct data_open_file *open,
                         size_t array)
{
    struct data_field *field = &open->arrays[array];
    share_chunks(files, open, array);
    data_field_tell(field,
                    data_files_key(files, open->number,
                                   field->chunks ? (size_t)(field->chunks - open->arrays) : array),
                    files->rows[array]);
}

static shs_status open_array(struct data_files *files, struct data_open_file *open, size_t array,
                             const struct data_field_how *how)
{
    struct data_field *field = &open->arrays[array];
    const char *path = files->paths.path[open->number];
    shs_status status = data_field_open(open->h5, path, files->sample->array[array], how, field);
    if (!status) status = admit_array(files, open, array);
    if (!status && !files->unchecked && !how->look)
        status = data_field_find_checksums(open->h5, path,
                                           DATA_CHECKSUM_BYTES - files->checksum_bytes, field);
    files->checksum_bytes += checksum_bytes(field);
    files->n_sources += data_sources_count(field->sources);
    if (!status && how->content) status = data_compare_checksums(field);
    if (!status) settle_array(files, open, array);
    return status;
}

/* Looks at the groups of sparse matrices, whose columns must be as many in all files. rows[p] is
 * set for each field p that is one. */
static shs_status look_at_csr(struct data_files *files, const struct data_open_file *open,
                              uint64_t *rows)
{
    const struct data_sample *sample = files->sample;
    const char *path = files->paths.path[open->number];
    shs_status status = SHS_OK;
    for (size_t p = 0; p < sample->n_parts && !status; p++) {
        const struct data_part *part = &sample->part[p];
        uint64_t width;
        if (part->kind != DATA_CSR) continue;
        status = data_csr_look(open->h5, path, part, &width, &rows[p]);
        if (status) break;
        if (!width)
            return core_fail(SHS_ERROR_ARGUMENT,
                             "%s: group %s has no attribute that gives its shape; give the number "
                             "of columns: %s=csr(%s, width=COLUMNS)",
                             path, part->group, part->name, part->group);
        if (!files->width[p]) files->width[p] = width;
        if (files->width[p] == width) continue;
        files->unfit = true;
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: group %s has %llu columns, but %llu in %s; it must be alike in all "
                         "files: leave this file out, or write it anew",
                         path, part->group, (ull)width, (ull)files->width[p], files->paths.path[0]);
    }
    return status;
}

static shs_status check_csr(const struct data_files *files, const struct data_open_file *open,
                            const uint64_t *rows)
{
    const struct data_sample *sample = files->sample;
    shs_status status = SHS_OK;
    for (size_t p = 0; p < sample->n_parts && !status; p++)
        if (sample->part[p].kind == DATA_CSR)
            status = data_csr_check(&sample->part[p], open->arrays, rows[p]);
    return status;
}

/* Returns true if the rows of all fields were equal to what HDF5 reads. The file need not be
 * compared with HDF5 when it is opened again. */
static bool is_compared(const struct data_files *files, const struct data_open_file *open)
{
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        if (open->arrays[s].differs) return false;
    return true;
}

/* Closes the file in HDF5 if all its fields are read directly. */
static void close_unneeded(const struct data_files *files, struct data_open_file *open)
{
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        if (data_field_is_through(&open->arrays[s])) return;
    h5_close(&open->h5);
}

/* ---- A file's content and layout. */

/* Returns what is taken of a row, by all members of a group together. */
static const struct io_part *shared_part(const struct data_field *field)
{
    return field->slab.length ? field->unslabbed : field->part;
}

/* Adds which indices are taken of a row. Where the content is that of checksums, it does not tell
 * what the names of indices mean in the file. */
static void add_part(struct core_hash *hash, const struct io_part *part)
{
    for (uint32_t axis = 0; part && axis < part->axes; axis++)
        core_hash_add(hash, part->axis[axis].range,
                      part->axis[axis].ranges * sizeof *part->axis[axis].range);
}

/* Adds what stored numbers mean. */
static void add_packing(struct core_hash *hash, const struct data_field *field)
{
    struct core_text text = {0};
    if (field->unpack) h5_packing_print(field->packing, &text);
    core_hash_add(hash, text.bytes ? text.bytes : "", text.length);
    core_text_free(&text);
}

/* Sets `content` to a hash of the contents of all fields. Leaves it 0, unknown, if the content of a
 * field is unknown. */
static shs_status take_content(const struct data_files *files, struct data_open_file *open)
{
    struct core_hash *hash;
    bool known = true;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    for (size_t s = 0; s < files->sample->n_arrays; s++) {
        core_hash_add(hash, &open->arrays[s].content, sizeof open->arrays[s].content);
        add_part(hash, shared_part(&open->arrays[s]));
        add_packing(hash, &open->arrays[s]);
        known = known && (open->arrays[s].content || !open->arrays[s].rows);
    }
    struct core_digest digest = core_hash_digest(hash);
    if (known) memcpy(&open->content, digest.bytes, sizeof open->content);
    core_hash_free(&hash);
    return SHS_OK;
}

static void add_layout(struct core_hash *hash, const struct io_layout *layout)
{
    core_hash_add(hash, &layout->address, sizeof layout->address);
    if (layout->extents)
        core_hash_add(hash, layout->extents, layout->n_extents * sizeof *layout->extents);
    core_hash_add(hash, layout->shape, layout->axes * sizeof *layout->shape);
    for (uint64_t i = 0; layout->chunked && i < layout->n_chunks; i++) {
        core_hash_add(hash, &layout->chunks[i].address, sizeof layout->chunks[i].address);
        core_hash_add(hash, &layout->chunks[i].bytes, sizeof layout->chunks[i].bytes);
    }
}

static void add_layouts(struct core_hash *hash, const struct data_field *field)
{
    if (field->direct) add_layout(hash, io_reader_layout(field->direct));
    for (size_t i = 0; i < data_sources_count(field->sources); i++)
        add_layouts(hash, data_sources_field(field->sources, i));
}

/* Refuses a file in which a field that is read directly lies at another place than before. */
static shs_status compare_layout(struct data_files *files, const struct data_open_file *open)
{
    struct data_file *file = &files->file[open->number];
    struct core_hash *hash;
    uint64_t layout, before = file->layout;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        add_layouts(hash, &open->arrays[s]);
    struct core_digest digest = core_hash_digest(hash);
    memcpy(&layout, digest.bytes, sizeof layout);
    core_hash_free(&hash);
    file->layout = layout;
    if (!before || before == layout) return SHS_OK;
    file->layout = before;
    return core_fail(SHS_ERROR_FILE,
                     "%s has changed since it was opened: its data lie at other places in it; put "
                     "back the file that it was, and start again",
                     files->paths.path[open->number]);
}

/* ---- Opening. */

static shs_status identify(struct data_files *files, size_t number)
{
    struct data_file *file = &files->file[number];
    if (file->known) return SHS_OK;
    shs_status status = io_identify_path(files->paths.path[number], &file->identity);
    file->known = status == SHS_OK;
    return status;
}

static shs_status open_arrays(struct data_files *files, struct data_open_file *open,
                              const struct data_open_how *opened)
{
    const struct data_sample *sample = files->sample;
    struct data_file *file = &files->file[open->number];
    uint64_t csr_rows[SHS_MAX_FIELDS] = {0};
    struct data_field_how how = {
        .cache_bytes = files->cache_bytes / files->most_open,
        .single = files->one_a_file,
        .packing = true,
        .axes = opened->content,
        .map = files->map,
        .member = files->member,
        .trusted =
            !opened->content && (file->compared || (files->one_a_file && files->file[0].compared)),
        .content = opened->content,
        .most_sources = files->most_sources / sample->n_arrays};
    shs_status status =
        core_new(sample->n_arrays, sizeof *open->arrays, "a file's fields", &open->arrays);
    if (!status) status = h5_open(files->paths.path[open->number], &open->h5);
    if (!status) status = identify(files, open->number);
    status = io_paths_wrap(&files->paths, open->number, status);
    if (!status) status = look_at_csr(files, open, csr_rows);
    for (size_t s = 0; s < sample->n_arrays && !status; s++) {
        how.look = opened->look && !data_sample_is_read_at_open(sample, s);
        how.cf = files->cf && data_sample_takes_values(sample, s) &&
                 !data_sample_is_read_at_open(sample, s);
        how.view = &sample->view[s];
        status = open_array(files, open, s, &how);
    }
    if (!status) status = check_csr(files, open, csr_rows);
    if (!status) status = data_groups_check(sample, open->arrays, open->h5);
    if (!status && opened->content) status = take_content(files, open);
    if (status || opened->look) return status;
    file->compared = is_compared(files, open);
    close_unneeded(files, open);
    return compare_layout(files, open);
}

shs_status data_open_file(struct data_files *files, size_t number, const struct data_open_how *how,
                          struct data_open_file **open)
{
    shs_status status = core_new(1, sizeof **open, "an open file", open);
    if (status) return status;
    (*open)->number = number;
    (*open)->holders = 1;
    status = open_arrays(files, *open, how);
    if (!status) return SHS_OK;
    data_open_file_release(files, *open);
    *open = NULL;
    return status;
}

static bool is_full(const struct data_files *files)
{
    return files->n_open >= files->most_open || files->n_sources > files->most_sources;
}

/* Closes files that no fetch reads, the one used least recently first, until there is room for
 * another. */
static void make_room(struct data_files *files)
{
    struct data_open_file *open = files->oldest, *newer;
    for (; open && is_full(files); open = newer) {
        newer = open->newer;
        if (open->holders == 1) data_open_file_close(files, open);
    }
}

/* ---- Files of an index. */

/* Takes the arrays that the index has of a file. Those that are no arrays of the files are
 * dropped. */
static shs_status take_arrays(struct data_files *files, const struct data_index *index,
                              struct data_index_file *file, struct data_open_file *open)
{
    const char *path = files->paths.path[open->number];
    shs_status status = SHS_OK;
    for (size_t i = 0; i < data_index_arrays(index) && !status; i++) {
        struct data_field unused = {0}, *field = &unused;
        bool needs_hdf5 = false;
        size_t array = data_index_array_number(index, i);
        if (array != SIZE_MAX) field = &open->arrays[array];
        status = data_index_take(path, file, field, &needs_hdf5);
        data_field_close(&unused);
        if (array == SIZE_MAX) continue;
        files->checksum_bytes += checksum_bytes(field);
        open->needs_hdf5 |= needs_hdf5;
        if (!status) status = admit_array(files, open, array);
    }
    for (size_t s = 0; s < files->sample->n_arrays && !status; s++)
        settle_array(files, open, s);
    return status;
}

static shs_status make_indexed(struct data_files *files, const struct data_index *index,
                               struct data_index_file *indexed, struct data_open_file *open)
{
    struct data_file *file = &files->file[open->number];
    shs_status status =
        core_new(files->sample->n_arrays, sizeof *open->arrays, "a file's fields", &open->arrays);
    if (!status) status = take_arrays(files, index, indexed, open);
    if (!status) status = take_content(files, open);
    if (status) return status;
    file->identity = indexed->identity;
    file->known = true;
    open->late = true;
    if (indexed->glanced) return SHS_OK;
    file->compared = indexed->compared;
    return compare_layout(files, open);
}

/* Returns true if an array must be read to open the file, and the index does not have its rows. */
static bool lacks_values(const struct data_files *files, const struct data_open_file *open)
{
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        if (data_sample_is_read_at_open(files->sample, s) && open->arrays[s].rows &&
            !open->arrays[s].held)
            return true;
    return false;
}

/* Returns true if a file is known as another than that of the index. */
static bool is_another(const struct data_file *file, const struct data_index_file *indexed)
{
    return file->known && memcmp(&file->identity, &indexed->identity, sizeof file->identity) != 0;
}

shs_status data_open_file_before(struct data_files *files)
{
    shs_status (*before)(void *user) = files->before;
    files->before = NULL;
    return before ? before(files->before_user) : SHS_OK;
}

shs_status data_open_file_indexed(struct data_files *files, size_t number,
                                  const struct data_index *index, bool stays,
                                  struct data_open_file **open)
{
    struct data_index_file indexed;
    struct data_file *file = &files->file[number];
    bool fits;
    *open = NULL;
    if (!data_index_serves(files)) return SHS_OK;
    shs_status status = data_index_find(index, files, number, &indexed, &fits);
    if (status || !fits || is_another(file, &indexed)) return status;
    files->is_own |= indexed.is_copy;
    if (indexed.is_copy) status = data_open_file_before(files);
    if (status) return status;
    if (stays) make_room(files);
    status = core_new(1, sizeof **open, "an open file", open);
    if (status) return status;
    (*open)->number = number;
    (*open)->holders = 1;
    status = make_indexed(files, index, &indexed, *open);
    if (status || lacks_values(files, *open)) {
        data_open_file_release(files, *open);
        *open = NULL;
        return status;
    }
    if (!file->open) file->glanced = indexed.glanced;
    if (!stays || indexed.glanced) return SHS_OK;
    file->open = *open;
    files->n_open++;
    put_first(files, *open);
    return SHS_OK;
}

void data_open_file_rest(const struct data_files *files, struct data_open_file *open)
{
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        core_free(&open->arrays[s].held);
}

/* Opens what is needed to read an array directly. */
static shs_status begin_field(const struct data_files *files, struct data_field *field)
{
    if (!field->direct) return SHS_OK;
    shs_status status = io_reader_begin(field->direct);
    if (!status && files->map && !io_reader_is_mapped(field->direct))
        status = io_reader_map(field->direct);
    if (status || !field->checked_by) return status;
    return io_reader_begin(field->checked_by->direct);
}

static shs_status open_and_keep(struct data_files *files, size_t number, bool content)
{
    struct data_file *file = &files->file[number];
    const struct data_open_how how = {.content = content};
    make_room(files);
    shs_status status = data_open_file(files, number, &how, &file->open);
    if (status) return status;
    files->n_open++;
    put_first(files, file->open);
    return SHS_OK;
}

shs_status data_open_file_begin(struct data_files *files, size_t number)
{
    struct data_open_file *open = files->file[number].open;
    shs_status status = SHS_OK;
    if (!open->late) return SHS_OK;
    if (open->needs_hdf5) {
        data_open_file_close(files, open);
        return open_and_keep(files, number, false);
    }
    for (size_t s = 0; s < files->sample->n_arrays && !status; s++)
        status = begin_field(files, &open->arrays[s]);
    if (!status) open->late = false;
    return io_paths_wrap(&files->paths, number, status);
}

/* A file that is opened again may be in an index that was kept. */
shs_status data_open_file_keep(struct data_files *files, size_t number, bool content)
{
    struct data_open_file *open = NULL;
    shs_status status = SHS_OK;
    if (!content && files->index[0] && files->file[number].known)
        status = data_open_file_indexed(files, number, files->index[0], true, &open);
    if (!status && open && files->file[number].open != open) {
        data_open_file_release(files, open); /* only glanced at */
        open = NULL;
    }
    if (status || open) {
        if (open) data_open_file_rest(files, open);
        return status;
    }
    return open_and_keep(files, number, content);
}
