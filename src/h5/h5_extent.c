/* Finds where the elements of an array lie in its file, if they can be read without HDF5. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "h5_array.h"
#include "h5_driver.h"
#include "h5_guard.h"
#include "h5_type.h"

/* The state of a search for an array's elements. */
struct search {
    const struct h5_file *file;
    const struct h5_array *array;
    /* A dataset of its own, so that HDF5 has nothing of it in buffers yet. */
    hid_t dataset;
    hid_t creation; /* creation list of the dataset */
    struct io_layout *layout;
    char *reason;      /* IO_REASON_BYTES bytes; "" as long as io can read the array */
    shs_status status; /* error of a damaged index of chunks, of a failed read or of memory */
};

static bool refuse(struct search *search, const char *reason)
{
    snprintf(search->reason, IO_REASON_BYTES, "%s", reason);
    return false;
}

static bool check_storage(struct search *search)
{
    switch (H5Pget_layout(search->creation)) {
    case H5D_CHUNKED:
        search->layout->chunked = true;
        return true;
    case H5D_CONTIGUOUS:
        if (H5Pget_external_count(search->creation) == 0) return true;
        return refuse(search, "in external files");
    case H5D_COMPACT:
        return refuse(search, "compact");
    case H5D_VIRTUAL:
        return refuse(search, "virtual");
    default:
        return refuse(search, "of unknown layout");
    }
}

/* Returns the bytes of an element that is an axis of bytes, 0 for numbers. Such are elements of
 * compounds, of which members are taken, and references to variable-length arrays. */
static size_t bytes_axis(const struct h5_array *array)
{
    return array->members ? array->members->bytes : array->element_bytes;
}

static bool describe_elements(struct search *search)
{
    const struct h5_array *array = search->array;
    struct io_layout *layout = search->layout;
    size_t bytes = bytes_axis(array);
    hid_t stored = H5Dget_type(search->dataset);
    bool plain = array->members ? array->members->plain : bytes || h5_numbers_lie_plain(stored);
    layout->axes = array->axes;
    layout->row_axes = array->row_axes;
    layout->element_bytes = H5Tget_size(array->memory_type) / (array->pair ? 2 : 1);
    if (bytes) layout->element_bytes = 1;
    layout->swapped =
        layout->element_bytes > 1 && H5Tget_order(stored) != H5Tget_order(array->memory_type);
    H5Tclose(stored);
    if (bytes && array->axes == SHS_MAX_AXES) return refuse(search, "of too many axes");
    if (!plain) return refuse(search, "not stored as it is delivered");
    for (uint32_t axis = 0; axis < array->axes; axis++) {
        layout->shape[axis] = array->shape[axis];
        if (!array->shape[axis]) return refuse(search, "empty");
    }
    if (array->pair) layout->shape[layout->axes++] = 2;
    if (bytes) layout->shape[layout->axes++] = bytes;
    return true;
}

/* Reads the first element, and notes where HDF5 turns to for it. */
static shs_status note_first(const struct search *search, hid_t file_space, hid_t memory_space,
                             herr_t *result, struct h5_noted *noted)
{
    hid_t memory_type = search->array->memory_type;
    void *element;
    shs_status status = core_new(H5Tget_size(memory_type), 1, "an element", &element);
    if (status) return status;
    h5_note_begin(search->file->id, H5_NOTE_AND_READ);
    *result = H5Dread(search->dataset, memory_type, memory_space, file_space, H5P_DEFAULT, element);
    *noted = h5_note_end(search->file->id);
    core_free(&element);
    return SHS_OK;
}

/* Takes the address of references, which HDF5 must not read: it would follow them. The caller has
 * refused files with a user block, of which versions of HDF5 differ. */
static bool take_offset(struct search *search)
{
    search->layout->address = H5Dget_offset(search->dataset);
    return search->layout->address != HADDR_UNDEF || refuse(search, "not where it can be found");
}

/* Finds the address of a contiguous array: where HDF5 itself turns to for the first element.
 * H5Dget_offset() counts a user block in some versions and not in others. */
static bool find_address(struct search *search)
{
    const struct h5_array *array = search->array;
    H5D_space_status_t allocated;
    if (H5Dget_space_status(search->dataset, &allocated) < 0 ||
        allocated != H5D_SPACE_STATUS_ALLOCATED)
        return refuse(search, "not written yet");
    if (H5Dget_storage_size(search->dataset) != search->layout->row_bytes * search->layout->rows)
        return refuse(search, "of another size than its shape");
    hsize_t start[SHS_MAX_AXES] = {0}, one[SHS_MAX_AXES], single = 1;
    for (uint32_t axis = 0; axis < array->axes; axis++)
        one[axis] = 1;
    if (array->element_bytes) return take_offset(search);
    hid_t file_space = H5Dget_space(search->dataset);
    hid_t memory_space = H5Screate_simple(1, &single, NULL);
    struct h5_noted noted = {0};
    herr_t result = H5Sselect_hyperslab(file_space, H5S_SELECT_SET, start, NULL, one, NULL);
    if (result >= 0) search->status = note_first(search, file_space, memory_space, &result, &noted);
    H5Sclose(memory_space);
    H5Sclose(file_space);
    if (search->status) return false;
    if (result < 0) {
        search->status = h5_fail(SHS_ERROR_FORMAT,
                                 "%s: dataset %s: its first element cannot be read; check the "
                                 "file, or make it anew",
                                 search->file->path, array->name);
        return false;
    }
    if (!noted.reads) return refuse(search, "not where it can be found");
    search->layout->address = noted.address;
    return true;
}

/* For references HDF5 does not set the size by which it shuffles. It then skips the filter in every
 * chunk, which the chunks' masks say. */
static void give_size(struct io_filter *filter, size_t bytes)
{
    filter->n_values = 1;
    filter->values[0] = (uint32_t)bytes;
}

static bool find_filters(struct search *search)
{
    struct io_pipeline *pipeline = &search->layout->pipeline;
    int count = H5Pget_nfilters(search->creation);
    if (count < 0) return refuse(search, "passed through unknown filters");
    pipeline->count = (uint32_t)count;
    for (int i = 0; i < count && i < IO_MAX_FILTERS; i++) {
        struct io_filter *filter = &pipeline->filter[i];
        unsigned flags, config, values[IO_FILTER_VALUES] = {0};
        size_t n_values = IO_FILTER_VALUES;
        char name[1];
        H5Z_filter_t id = H5Pget_filter2(search->creation, (unsigned)i, &flags, &n_values, values,
                                         sizeof name, name, &config);
        if (id < 0) return refuse(search, "passed through unknown filters");
        filter->id = (uint32_t)id;
        filter->n_values = (uint32_t)n_values;
        memcpy(filter->values, values, sizeof values);
        if (search->array->element_bytes && id == H5Z_FILTER_SHUFFLE && !n_values)
            give_size(filter, search->array->element_bytes);
    }
    return io_pipeline_known(pipeline, search->reason);
}

/* An element of a compound that was never written must be all zeros, because a fill value is the
 * same in all bytes of an element here. */
static bool find_fill_of_members(struct search *search)
{
    const struct io_layout *layout = search->layout;
    const struct h5_members *members = search->array->members;
    unsigned char *fill;
    bool gaps = false, zero = true;
    for (uint64_t i = 0; i < layout->n_chunks; i++)
        gaps = gaps || layout->chunks[i].address == IO_NOWHERE;
    if (!gaps) return true;
    search->status = core_new(members->bytes, 1, "a fill value", &fill);
    if (search->status) return false;
    bool known = H5Pget_fill_value(search->creation, members->memory_type, fill) >= 0;
    for (size_t i = 0; i < members->bytes; i++)
        zero = zero && !fill[i];
    core_free(&fill);
    if (!known) return refuse(search, "without a known fill value");
    return zero || refuse(search, "filled with values of its members");
}

static bool find_fill(struct search *search)
{
    H5D_fill_value_t defined;
    unsigned options = 0;
    if (H5Pfill_value_defined(search->creation, &defined) < 0 ||
        H5Pget_chunk_opts(search->creation, &options) < 0)
        return refuse(search, "without a known fill value");
    search->layout->raw_edges = options & H5D_CHUNK_DONT_FILTER_PARTIAL_CHUNKS;
    if (defined == H5D_FILL_VALUE_UNDEFINED) return true;
    if (search->array->members) return find_fill_of_members(search);
    if (search->array->element_bytes)
        return defined == H5D_FILL_VALUE_DEFAULT || refuse(search, "filled with values");
    size_t bytes = search->layout->element_bytes;
    unsigned char fill[16]; /* room for both parts of a complex number */
    if (H5Pget_fill_value(search->creation, search->array->memory_type, fill) < 0)
        return refuse(search, "without a known fill value");
    if (search->array->pair && memcmp(fill, fill + bytes, bytes) != 0)
        return refuse(search, "filled with unequal parts");
    memcpy(search->layout->fill, fill, bytes);
    return true;
}

/* Finds the address of a chunk: where HDF5 turns to for it. Returns false if the chunk has no
 * address. */
static bool find_chunk(const struct search *search, const hsize_t *corner, struct io_chunk *chunk)
{
    unsigned char nothing; /* where the read would write, which is not carried out */
    uint32_t mask = 0;
    h5_note_begin(search->file->id, H5_NOTE_ONLY);
    herr_t result = H5Dread_chunk(search->dataset, H5P_DEFAULT, corner, &mask, &nothing);
    struct h5_noted noted = h5_note_end(search->file->id);
    if (result < 0 || noted.reads != 1 || noted.bytes > UINT32_MAX) {
        *chunk = (struct io_chunk){.address = IO_NOWHERE};
        return false;
    }
    *chunk = (struct io_chunk){noted.address, (uint32_t)noted.bytes, mask};
    return true;
}

static void next_corner(const struct io_layout *layout, hsize_t *corner)
{
    for (uint32_t axis = layout->axes; axis-- > 0; corner[axis] = 0) {
        corner[axis] += layout->chunk[axis];
        if (corner[axis] < layout->shape[axis]) return;
    }
}

static bool damaged(struct search *search, const char *why)
{
    search->status = h5_fail_damaged("%s: dataset %s: its index of chunks %s", search->file->path,
                                     search->array->name, why);
    return false;
}

/* Returns the least size of a fixed array for all chunks. It is a header, a block, and in the block
 * an address for each chunk; filtered chunks have a size and a mask besides. */
static uint64_t fixed_array_bytes(const struct io_layout *layout, bool filtered, size_t address,
                                  size_t size, uint64_t *header)
{
    uint64_t chunk = address;
    *header = 12 + address + size;
    if (filtered) {
        chunk += 4 + 1;
        for (size_t bytes = layout->chunk_bytes; bytes; bytes >>= 8)
            chunk++;
    }
    if (!core_multiply(chunk, layout->n_chunks, &chunk)) return UINT64_MAX;
    return *header + 10 + address + chunk;
}

/* Refuses a fixed array that is too short for all chunks. HDF5 looks a chunk up by its number, and
 * takes whatever its memory holds beyond the fixed array's end. HDF5 does not tell how many entries
 * a fixed array has, but how many bytes it takes. */
static bool check_fixed_array(struct search *search)
{
    H5D_chunk_index_t kind;
    H5O_info_t object;
    size_t address = 0, size = 0;
    uint64_t header;
    if (H5Dget_chunk_index_type(search->dataset, &kind) < 0)
        return damaged(search, "is of no known kind");
    if (kind != H5D_CHUNK_IDX_FARRAY) return true;
    if (H5Oget_info2(search->dataset, &object, H5O_INFO_META_SIZE) < 0)
        return damaged(search, "cannot be read");
    hid_t creation = H5Fget_create_plist(search->file->id);
    H5Pget_sizes(creation, &address, &size);
    H5Pclose(creation);
    uint64_t bytes = object.meta_size.obj.index_size;
    uint64_t least = fixed_array_bytes(search->layout, H5Pget_nfilters(search->creation) > 0,
                                       address, size, &header);
    if (bytes > header &&
        bytes < least) /* a header alone, or nothing, means that no chunk was written */
        return damaged(search, "is smaller than its grid of chunks");
    return true;
}

/* Looks up every chunk. Their number and size must be what HDF5 counts: a failed look-up in a
 * damaged index must not pass for a chunk that was never written. HDF5 must not read through a
 * damaged index either, because what it takes from there may lie anywhere. */
static bool find_chunks(struct search *search)
{
    struct io_layout *layout = search->layout;
    hsize_t corner[SHS_MAX_AXES] = {0}, counted, bytes = 0, found = 0;
    const char *text;
    if (!check_fixed_array(search)) return false;
    hid_t space = H5Dget_space(search->dataset);
    herr_t result = H5Dget_num_chunks(search->dataset, space, &counted);
    H5Sclose(space);
    if (result < 0) return damaged(search, "cannot be read");
    if (counted > layout->n_chunks) return damaged(search, "has more chunks than its grid");
    if (layout->n_chunks / 16 > counted + 4096) return refuse(search, "mostly not written");
    search->status = core_wrap(
        core_new(layout->n_chunks, sizeof *layout->chunks, "places of chunks", &layout->chunks),
        "%s: dataset %s", search->file->path, search->array->name);
    if (search->status) return false;
    for (uint64_t i = 0; i < layout->n_chunks; i++, next_corner(layout, corner)) {
        if (find_chunk(search, corner, &layout->chunks[i])) {
            found++;
            bytes += layout->chunks[i].bytes;
        } else if (h5_trouble(&text)) {
            return damaged(search, "cannot be read");
        }
    }
    if (found != counted || bytes != H5Dget_storage_size(search->dataset))
        return damaged(search, "does not add up");
    return true;
}

static bool find_grid(struct search *search)
{
    uint32_t axes = search->array->axes;
    hsize_t chunk[SHS_MAX_AXES];
    if (H5Pget_chunk(search->creation, SHS_MAX_AXES, chunk) != (int)axes)
        return refuse(search, "of unknown chunks");
    for (uint32_t axis = 0; axis < axes; axis++)
        search->layout->chunk[axis] = chunk[axis];
    if (search->array->pair) search->layout->chunk[axes] = 2;
    if (bytes_axis(search->array)) search->layout->chunk[axes] = bytes_axis(search->array);
    return true;
}

static bool check_fill(struct search *search)
{
    const struct io_layout *layout = search->layout;
    bool filled = h5_is_filled(search->creation);
    for (uint64_t i = 0; i < layout->n_chunks && !filled; i++)
        if (layout->chunks[i].address == IO_NOWHERE)
            return refuse(search, "not all written, without a fill value");
    return true;
}

/* Takes the places of the datasets of a pattern. */
static bool find_extents(struct search *search)
{
    const struct h5_groups *groups = search->array->groups;
    struct io_layout *layout = search->layout;
    if (!groups->n_extents) return refuse(search, "in datasets that do not lie in one piece each");
    search->status = core_new(groups->n_extents, sizeof *layout->extents, "places of datasets",
                              &layout->extents);
    if (search->status) return false;
    memcpy(layout->extents, groups->extents, groups->n_extents * sizeof *layout->extents);
    layout->n_extents = groups->n_extents;
    return true;
}

static bool find(struct search *search)
{
    struct io_layout *layout = search->layout;
    /* with any driver other than that for one plain file, an address is no offset */
    if (!search->file->driven) return refuse(search, "not in one plain file");
    /* reads from another file would be neither noted nor left out */
    if (!search->array->around) return refuse(search, "in another file");
    if (!check_storage(search) || !describe_elements(search)) return false;
    if (search->array->groups) layout->chunked = false; /* that is the first dataset's */
    if (layout->chunked && !find_grid(search)) return false;
    if (io_layout_measure(layout)) return refuse(search, "too large");
    if (search->array->groups) return find_extents(search);
    if (!layout->chunked) return find_address(search);
    return find_chunks(search) && find_filters(search) && find_fill(search) && check_fill(search);
}

/* Looks up every chunk of an array that HDF5 will read: what a damaged index does not lead to would
 * be taken for a chunk that was never written. */
static shs_status check_index(const struct search *of)
{
    const struct h5_array *array = of->array;
    struct io_layout layout = {.chunked = true, .axes = array->axes};
    struct search search = *of;
    char reason[IO_REASON_BYTES];
    hsize_t chunk[SHS_MAX_AXES];
    bool known = search.file->driven && array->around && !array->groups &&
                 H5Pget_layout(array->creation) == H5D_CHUNKED &&
                 H5Pget_chunk(array->creation, SHS_MAX_AXES, chunk) == (int)array->axes;
    for (uint32_t axis = 0; axis < array->axes && known; axis++) {
        layout.chunk[axis] = chunk[axis];
        layout.shape[axis] = array->shape[axis];
        known = array->shape[axis] > 0;
    }
    if (!known) return SHS_OK;
    hid_t stored = H5Dget_type(search.dataset);
    layout.element_bytes = H5Tget_size(stored);
    H5Tclose(stored);
    search.layout = &layout;
    search.reason = reason;
    if (!io_layout_measure(&layout)) find_chunks(&search);
    io_layout_free(&layout);
    return search.status;
}

shs_status h5_layout_of(struct h5_file *file, struct h5_array *array, struct io_layout *layout,
                        char reason[IO_REASON_BYTES])
{
    struct search search = {.file = file, .array = array, .layout = layout, .reason = reason};
    *layout = (struct io_layout){0};
    *reason = '\0';
    if (array->sequences && !array->element_bytes) {
        snprintf(reason, IO_REASON_BYTES, "of variable-length arrays");
        return SHS_OK;
    }
    struct h5_guard guard = h5_guard_begin();
    shs_status status = h5_dataset_open(file, array->stored_name, 0, &search.dataset);
    if (!status) {
        search.creation = array->creation;
        bool found = find(&search);
        if (!found && !search.status && !layout->chunks) search.status = check_index(&search);
        status = search.status ? search.status
                               : h5_check_trouble("%s: dataset %s: where it lies cannot be found",
                                                  file->path, array->name);
        if (status || !found) {
            io_layout_free(layout);
            *layout = (struct io_layout){0};
        }
        H5Dclose(search.dataset);
    }
    h5_guard_end(&guard);
    return status;
}
