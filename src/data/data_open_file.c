#include "data_open_file.h"

#include <string.h>

#include "core_memory.h"
#include "data_admit.h"
#include "data_compare.h"
#include "data_content.h"
#include "data_index.h"
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
    if (!status) status = data_admit_array(files, open, array);
    if (!status && !files->unchecked && !how->look)
        status = data_field_find_checksums(open->h5, path,
                                           DATA_CHECKSUM_BYTES - files->checksum_bytes, field);
    files->checksum_bytes += checksum_bytes(field);
    files->n_sources += data_sources_count(field->sources);
    if (!status && how->content) status = data_compare_checksums(field);
    if (!status) settle_array(files, open, array);
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
    struct h5_sparse sparse[SHS_MAX_FIELDS];
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
    if (!status) status = data_admit_look_at_csr(files, open, sparse);
    for (size_t s = 0; s < sample->n_arrays && !status; s++) {
        how.look = opened->look && !data_sample_is_read_at_open(sample, s);
        how.cf = files->cf && data_sample_takes_values(sample, s);
        how.view = &sample->view[s];
        status = open_array(files, open, s, &how);
    }
    if (!status) status = data_admit_check_csr(files, open, sparse);
    if (!status) status = data_groups_check(sample, open->arrays, open->h5);
    if (!status && opened->content) status = data_content_take(files, open);
    if (status || opened->look) return status;
    file->compared = is_compared(files, open);
    close_unneeded(files, open);
    return data_content_compare_layout(files, open);
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
        files->n_sources += data_sources_count(field->sources);
        open->needs_hdf5 |= needs_hdf5;
        if (!status) status = data_slab_take(&files->sample->view[array], files->member, field);
        if (!status) status = data_admit_array(files, open, array);
    }
    if (!status) status = data_admit_indexed_csr(files, open);
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
    if (!status) status = data_content_take(files, open);
    if (status) return status;
    file->identity = indexed->identity;
    file->known = true;
    open->late = true;
    if (indexed->glanced) return SHS_OK;
    file->compared = indexed->compared;
    return data_content_compare_layout(files, open);
}

/* Returns true if the file must be examined: an array must be read to open it, and the index does
 * not have its rows, or not what the group of a sparse matrix says. */
static bool lacks_values(const struct data_files *files, const struct data_open_file *open)
{
    const struct data_sample *sample = files->sample;
    for (size_t s = 0; s < sample->n_arrays; s++)
        if (data_sample_is_read_at_open(sample, s) && open->arrays[s].rows && !open->arrays[s].held)
            return true;
    for (size_t p = 0; p < sample->n_parts; p++)
        if (sample->part[p].kind == DATA_CSR && !open->arrays[sample->part[p].array].sparse)
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
    if (field->sources) return data_sources_begin(field->sources, files->map);
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
    struct io_witness witness = {0};
    bool learns = !content && data_alike_wants(&files->alike, files);
    make_room(files);
    if (learns) io_witness_begin(&witness);
    shs_status status = data_open_file(files, number, &how, &file->open);
    if (learns) io_witness_end();
    if (!status) {
        files->n_open++;
        put_first(files, file->open);
    }
    if (!status && learns) status = data_alike_learn(&files->alike, files, file->open, &witness);
    io_witness_free(&witness);
    return status;
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

/* Takes a file that is like one that HDF5 has opened. */
static shs_status open_alike(struct data_files *files, size_t number, struct data_open_file **open)
{
    shs_status status = data_open_file_indexed(files, number, files->alike.index, true, open);
    if (!status) data_alike_note(&files->alike, *open != NULL);
    return io_paths_wrap(&files->paths, number, status);
}

/* A file that is opened again may be in an index that was kept. */
shs_status data_open_file_keep(struct data_files *files, size_t number, bool content)
{
    struct data_open_file *open = NULL;
    shs_status status = SHS_OK;
    if (!content && files->index[0] && files->file[number].known)
        status = data_open_file_indexed(files, number, files->index[0], true, &open);
    if (!content && files->alike.index && !open && !status)
        status = open_alike(files, number, &open);
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
