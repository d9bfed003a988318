#include "h5_sequences.h"

#include <string.h>

#include "core_memory.h"
#include "h5_guard.h"
#include "h5_type.h"
#include "io_bytes.h"
#include "io_reader.h"

enum {
    LENGTH_BYTES = 4,
    ADDRESS_BYTES = 8,
    NUMBER_BYTES = 4,
    REFERENCE_BYTES = LENGTH_BYTES + ADDRESS_BYTES + NUMBER_BYTES,
    AT_ONCE = 1 << 16 /* references that are read at once */
};

/* ---- The references. */

static uint64_t number_at(const unsigned char *from, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | from[i];
    return number;
}

/* Takes reference i. The length counts numbers. */
static shs_status take(struct h5_sequences *sequences, uint64_t i, const unsigned char *from)
{
    uint64_t length = number_at(from, LENGTH_BYTES), end;
    if (length > sequences->heap.identity.bytes / sequences->number_bytes ||
        __builtin_add_overflow(sequences->offset[i], length, &end))
        return core_fail(SHS_ERROR_FORMAT,
                         "the variable-length array of row %llu has %llu numbers, more than fit "
                         "into the file; the file is damaged, get it anew",
                         (ull)i, (ull)length);
    sequences->offset[i + 1] = end;
    sequences->reference[i] = (struct h5_reference){
        number_at(from + LENGTH_BYTES, ADDRESS_BYTES),
        (uint32_t)number_at(from + LENGTH_BYTES + ADDRESS_BYTES, NUMBER_BYTES)};
    return SHS_OK;
}

static shs_status read_references(struct h5_sequences *sequences, const struct io_reader *reader)
{
    struct io_lane lane = {0};
    unsigned char *memory;
    uint64_t all = sequences->count, at_once = all < AT_ONCE ? all : AT_ONCE;
    shs_status status = core_new((size_t)at_once, REFERENCE_BYTES, "references", &memory);
    for (uint64_t first = 0, count; first < all && !status; first += count) {
        count = all - first < at_once ? all - first : at_once;
        status = io_reader_read(reader, &lane, first, count, memory);
        for (uint64_t i = 0; i < count && !status; i++)
            status = take(sequences, first + i, memory + i * REFERENCE_BYTES);
    }
    core_free(&memory);
    io_lane_free(&lane);
    return status;
}

/* Returns true if references have the usual size, and addresses are offsets in the file. */
static bool has_usual_addresses(const struct h5_file *file)
{
    size_t address = 0, size = 0;
    hsize_t block = 0;
    hid_t creation = H5Fget_create_plist(file->id);
    bool known =
        H5Pget_sizes(creation, &address, &size) >= 0 && H5Pget_userblock(creation, &block) >= 0;
    H5Pclose(creation);
    return known && address == ADDRESS_BYTES && size == ADDRESS_BYTES && !block;
}

/* Reads all references without HDF5, which would read the arrays with them. */
static shs_status find_references(struct h5_array *array)
{
    struct h5_sequences *sequences = array->sequences;
    struct io_layout layout;
    struct io_reader *reader = NULL;
    char reason[IO_REASON_BYTES] = "in a file with a user block, or of short addresses";
    shs_status status = SHS_OK;
    array->element_bytes = REFERENCE_BYTES;
    if (has_usual_addresses(array->file))
        status = h5_layout_of(array->file, array, &layout, reason);
    array->element_bytes = 0;
    if (status) return status;
    if (*reason)
        return core_fail(
            SHS_ERROR_UNSUPPORTED,
            "%s: dataset %s: its variable-length arrays cannot be read: it is %s; make "
            "it anew with HDF5's h5repack",
            array->path, array->name, reason);
    status = io_reader_open(array->path, &layout, &reader);
    if (!status) status = read_references(sequences, reader);
    io_reader_close(&reader);
    return core_wrap(status, "%s: dataset %s", array->path, array->name);
}

/* ---- The numbers. */

/* Finds the numbers of an array. */
static shs_status find_numbers(struct h5_sequences *sequences, uint64_t i, const void **numbers)
{
    uint64_t length = sequences->offset[i + 1] - sequences->offset[i];
    const struct h5_reference *reference = &sequences->reference[i];
    return io_heap_object(&sequences->heap, reference->address, reference->number,
                          length * sequences->number_bytes, numbers);
}

/* Returns the array that has a row. */
static uint64_t array_of(const struct h5_sequences *sequences, uint64_t row)
{
    uint64_t begin = 0, end = sequences->count;
    while (end - begin > 1) { /* the last array that begins at the row or before */
        uint64_t middle = begin + (end - begin) / 2;
        if (sequences->offset[middle] <= row)
            begin = middle;
        else
            end = middle;
    }
    return begin;
}

static shs_status read_run(struct h5_sequences *sequences, uint64_t first, uint64_t count, char *to)
{
    size_t bytes = sequences->number_bytes;
    uint64_t i = array_of(sequences, first);
    for (; count; i++) {
        const void *numbers;
        uint64_t begin = first - sequences->offset[i];
        uint64_t left = sequences->offset[i + 1] - first, taken = left < count ? left : count;
        if (!taken) continue;
        shs_status status = find_numbers(sequences, i, &numbers);
        if (status) return status;
        memcpy(to, (const char *)numbers + begin * bytes, taken * bytes);
        to += taken * bytes;
        first += taken;
        count -= taken;
    }
    return SHS_OK;
}

static shs_status read_numbers(struct h5_sequences *sequences, const struct h5_wanted *wanted,
                               void *rows)
{
    size_t bytes = sequences->number_bytes, all = (size_t)wanted->count * bytes;
    char *to = sequences->widened ? h5_widened_place(rows, 2 * all) : rows;
    shs_status status = SHS_OK;
    if (!wanted->list) status = read_run(sequences, wanted->first, wanted->count, to);
    for (uint64_t i = 0; wanted->list && i < wanted->count && !status; i++)
        status = read_run(sequences, wanted->list[i], 1, to + i * bytes);
    if (status) return status;
    if (sequences->swapped) io_swap(to, (size_t)wanted->count, bytes);
    if (sequences->widened) h5_widen(rows, 2 * all);
    return SHS_OK;
}

shs_status h5_sequences_read(struct h5_sequences *sequences, const struct h5_wanted *wanted,
                             void *rows)
{
    if (!sequences->gives_offsets) return read_numbers(sequences, wanted, rows);
    for (uint64_t i = 0; i < wanted->count; i++)
        memcpy((char *)rows + i * sizeof *sequences->offset,
               &sequences->offset[wanted->list ? wanted->list[i] : wanted->first + i],
               sizeof *sequences->offset);
    return SHS_OK;
}

/* ---- Opening. */

/* Returns true if HDF5 reads the same numbers of an array. */
static bool is_same(const struct h5_array *array, hid_t stored, uint64_t i, const void *numbers)
{
    const struct h5_sequences *sequences = array->sequences;
    const hsize_t one = 1;
    hvl_t found = {0};
    hid_t memory = H5Tcopy(stored), space = H5Screate_simple(1, &one, NULL);
    bool same = H5Sselect_elements(array->file_space, H5S_SELECT_SET, 1, &(hsize_t){i}) >= 0 &&
                H5Dread(array->dataset, memory, space, array->file_space, H5P_DEFAULT, &found) >= 0;
    uint64_t length = sequences->offset[i + 1] - sequences->offset[i];
    same = same && found.len == length &&
           (!length || !memcmp(found.p, numbers, length * sequences->number_bytes));
    H5Dvlen_reclaim(memory, space, H5P_DEFAULT, &found);
    H5Sclose(space);
    H5Tclose(memory);
    return same;
}

/* Compares an array that has numbers with what HDF5 reads, if there is one. */
static shs_status compare(const struct h5_array *array, hid_t stored, uint64_t i)
{
    struct h5_sequences *sequences = array->sequences;
    const void *numbers;
    if (sequences->offset[i + 1] == sequences->offset[i]) return SHS_OK;
    shs_status status = find_numbers(sequences, i, &numbers);
    if (status) return core_wrap(status, "dataset %s", array->name);
    if (is_same(array, stored, i, numbers)) return SHS_OK;
    return h5_fail(SHS_ERROR_FORMAT,
                   "%s: dataset %s: the variable-length array of row %llu is not where HDF5 reads "
                   "it; check the file, or make it anew",
                   array->path, array->name, (ull)i);
}

/* Takes the type of the numbers. The dataset's shape is that of the references for now. */
static shs_status take_type(struct h5_array *array, hid_t base)
{
    struct h5_sequences *sequences = array->sequences;
    struct h5_numbers numbers = h5_numbers_of(base);
    int axes = H5Sget_simple_extent_ndims(array->file_space);
    if (!numbers.type || numbers.pair || numbers.narrowed || axes != 1)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "%s: dataset %s has %d axes of variable-length arrays of %s; runs of rows "
                         "are made of one axis of arrays of plain numbers",
                         array->path, array->name, axes, h5_type_text(base));
    array->axes = array->row_axes = 1;
    array->memory_type = h5_numbers_in_memory(base);
    array->widened = numbers.widened;
    sequences->widened = numbers.widened;
    sequences->number_bytes = H5Tget_size(base);
    sequences->swapped =
        sequences->number_bytes > 1 && H5Tget_order(base) != H5Tget_order(array->memory_type);
    if (H5Sget_simple_extent_dims(array->file_space, array->shape, NULL) < 0)
        return h5_fail(SHS_ERROR_FORMAT, "%s: dataset %s: its shape cannot be read", array->path,
                       array->name);
    sequences->count = array->shape[0];
    return SHS_OK;
}

static shs_status open_all(struct h5_array *array, hid_t stored, hid_t base)
{
    struct h5_sequences *sequences = array->sequences;
    shs_status status = take_type(array, base);
    if (!status) status = io_heap_open(array->path, &sequences->heap);
    if (!status)
        status = core_new((size_t)sequences->count + 1, sizeof *sequences->offset, "offsets",
                          &sequences->offset);
    if (status || !sequences->count) return status;
    status = core_new((size_t)sequences->count, sizeof *sequences->reference, "references",
                      &sequences->reference);
    if (!status) status = find_references(array);
    if (!status) status = compare(array, stored, 0);
    if (!status) status = compare(array, stored, sequences->count - 1);
    return status;
}

shs_status h5_sequences_open(struct h5_array *array, bool offsets, shs_tensor *shape)
{
    hid_t stored = H5Dget_type(array->dataset), base = H5Tget_super(stored);
    shs_status status = core_new(1, sizeof *array->sequences, "references", &array->sequences);
    if (!status) status = open_all(array, stored, base);
    if (!status) {
        struct h5_sequences *sequences = array->sequences;
        sequences->gives_offsets = offsets;
        *shape = (shs_tensor){.type = offsets ? SHS_U64 : h5_numbers_of(base).type, .axes = 1};
        shape->shape[0] = offsets ? sequences->count + 1 : sequences->offset[sequences->count];
        array->shape[0] = shape->shape[0];
        array->row_space = h5_space_of_rows(array, 1);
    }
    H5Tclose(base);
    H5Tclose(stored);
    return status;
}

void h5_sequences_free(struct h5_sequences **sequences)
{
    if (!*sequences) return;
    io_heap_close(&(*sequences)->heap);
    core_free(&(*sequences)->offset);
    core_free(&(*sequences)->reference);
    core_free(sequences);
}
