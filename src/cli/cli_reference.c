/* References to the chunks of one array. */
#include <stdio.h>
#include <string.h>

#include "cli_references.h"
#include "core_memory.h"
#include "h5_about.h"

enum {
    MOST_CHUNK_BYTES = 4 << 20, /* of an array without chunks, which is cut into some */
    MOST_CHUNKS = 1 << 16,      /* of such an array, unless more are needed */
    DEFLATE = 1,
    SHUFFLE = 2,
    FLETCHER32 = 3,
    BLOSC = 32001,
    ZSTD = 32015
};

static const bool is_little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
static const char advice[] = "leave it out of --fields, or import it anew";

/* ---- Taking. */

static bool is_known(const struct io_filter *filter)
{
    return filter->id == DEFLATE || filter->id == SHUFFLE || filter->id == FLETCHER32 ||
           filter->id == BLOSC || filter->id == ZSTD;
}

/* Refuses chunks that went through filters which Zarr has no codec for, or not through all. */
static shs_status check_filters(const struct cli_reference *array, const char *path,
                                const struct io_layout *layout)
{
    for (uint32_t i = 0; i < layout->pipeline.count; i++) {
        const struct io_filter *filter = &layout->pipeline.filter[i];
        const char *name = io_filter_name(filter->id);
        if (!is_known(filter))
            return core_fail(SHS_ERROR_UNSUPPORTED,
                             "%s: dataset %s: references have no codec for filter %lu (%s); %s",
                             path, array->name, (unsigned long)filter->id, name ? name : "unknown",
                             advice);
    }
    for (uint64_t i = 0; layout->chunked && i < layout->n_chunks; i++) {
        bool there = layout->chunks[i].address != IO_NOWHERE;
        bool raw = layout->raw_edges && io_layout_is_edge(layout, i);
        if (there && layout->pipeline.count && (layout->chunks[i].mask || raw))
            return core_fail(SHS_ERROR_UNSUPPORTED,
                             "%s: dataset %s: chunk %llu was written without some of the filters, "
                             "which references cannot say; %s",
                             path, array->name, (ull)i, advice);
    }
    return SHS_OK;
}

static bool has_gaps(const struct io_layout *layout)
{
    for (uint64_t i = 0; layout->chunked && i < layout->n_chunks; i++)
        if (layout->chunks[i].address == IO_NOWHERE) return true;
    return false;
}

/* Returns true if the attribute _FillValue is the number that unwritten elements have. */
static bool is_fill(const struct cli_reference *array, const struct io_layout *layout)
{
    const struct h5_attribute *attribute = &array->packing.attribute[H5_FILL_VALUE];
    double real = attribute->number[0], f64;
    float f32, single = (float)real;
    if (attribute->count != 1) return false;
    if (array->whole.type == SHS_F64)
        return memcpy(&f64, layout->fill, sizeof f64) &&
               (f64 == real || (f64 != f64 && real != real));
    if (array->whole.type == SHS_F32)
        return memcpy(&f32, layout->fill, sizeof f32) &&
               (f32 == single || (f32 != f32 && single != single));
    if (attribute->kind != H5_WHOLE || array->whole.type == SHS_F16) return false;
    uint64_t whole = (uint64_t)attribute->whole[0];
    const char *low = (const char *)&whole;
    if (!is_little) low += sizeof whole - layout->element_bytes;
    return !memcmp(low, layout->fill, layout->element_bytes);
}

/* Refuses chunks that are not there, unless their elements are missing values anyway: readers take
 * the fill value of a Zarr array for that of missing values. */
static shs_status check_gaps(const struct cli_reference *array, const char *path,
                             const struct io_layout *layout)
{
    if (!has_gaps(layout) || is_fill(array, layout)) return SHS_OK;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s: dataset %s: chunks of it were never written, and what they read as is no "
                     "_FillValue; readers of references would take it for missing; %s",
                     path, array->name, advice);
}

/* Refuses an array of another type or shape than in the first file. */
static shs_status compare_shape(const struct cli_reference *array, const char *path,
                                const shs_tensor *whole)
{
    const shs_tensor *one = &array->whole;
    size_t inner = whole->axes ? whole->axes - 1 : 0;
    if (one->type == whole->type && one->axes == whole->axes &&
        !memcmp(one->shape + 1, whole->shape + 1, inner * sizeof *whole->shape))
        return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s has another type or shape than in the first file; references "
                     "cannot join them: make references of each file",
                     path, array->name);
}

/* Refuses a piece whose elements are stored in another way than those of the first one. */
static shs_status compare_stored(const struct cli_reference *array)
{
    const struct cli_piece *last = &array->piece[array->pieces - 1];
    const struct io_layout *first = NULL, *layout = &last->layout;
    for (size_t i = 0; i < array->pieces && !first; i++)
        if (array->piece[i].layout.axes) first = &array->piece[i].layout;
    if (!layout->axes || !first) return SHS_OK;
    bool same_chunks =
        !layout->chunked || !memcmp(layout->chunk, first->chunk, sizeof first->chunk);
    if (layout->chunked == first->chunked && layout->swapped == first->swapped && same_chunks &&
        !memcmp(&layout->pipeline, &first->pipeline, sizeof first->pipeline))
        return SHS_OK;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s: dataset %s is stored in other chunks, by other filters or in another "
                     "byte order than in the files before; references cannot join them: make "
                     "references of each file, or import the files anew",
                     last->path, array->name);
}

static shs_status take_layout(struct h5_file *file, const char *path, struct h5_array *open,
                              const shs_tensor *whole, struct cli_reference *array)
{
    struct cli_piece *piece = &array->piece[array->pieces++];
    char reason[IO_REASON_BYTES] = "";
    *piece = (struct cli_piece){.path = path, .rows = whole->shape[0]};
    for (uint32_t i = 0; i < whole->axes; i++)
        if (!whole->shape[i]) return SHS_OK; /* nothing lies anywhere */
    shs_status status = h5_layout_of(file, open, &piece->layout, reason);
    if (!status && *reason)
        status = core_fail(SHS_ERROR_UNSUPPORTED,
                           "%s: dataset %s is %s, which references cannot express; %s", path,
                           array->name, reason, advice);
    if (!status) status = check_filters(array, path, &piece->layout);
    return status ? status : check_gaps(array, path, &piece->layout);
}

/* Reads a single number, which must be the same in all files. */
static shs_status take_single(struct h5_array *open, const char *path, bool first,
                              struct cli_reference *array)
{
    uint64_t value = 0;
    shs_status status = h5_read_rows(open, 0, 1, &value);
    if (!status && !first && value != array->value)
        status = core_fail(SHS_ERROR_FORMAT,
                           "%s: dataset %s, a single number, has another value than in the first "
                           "file; leave it out of --fields",
                           path, array->name);
    array->value = value;
    return status;
}

static shs_status compare_packing(const struct h5_array *open, const char *path,
                                  const struct cli_reference *array)
{
    struct h5_packing packing;
    shs_status status = h5_packing_read(open, &packing);
    if (status) return status;
    return h5_packing_compare(&(struct h5_packed){path, array->name, &packing},
                              &(struct h5_packed){"the first file", array->name, &array->packing},
                              "make references of each file");
}

shs_status cli_reference_add(struct h5_file *file, const char *path, struct cli_reference *array)
{
    struct h5_array *open;
    shs_tensor whole;
    bool first = !array->whole.type;
    shs_status status = h5_array_open(file, array->name, 0, true, &open, &whole);
    if (status) return status;
    if (first) {
        array->whole = whole;
        status = h5_packing_read(open, &array->packing);
        if (!status) status = cli_reference_describe(open, array);
    }
    if (!status && h5_array_has_members(open))
        status = core_fail(SHS_ERROR_UNSUPPORTED,
                           "%s: dataset %s is members of compounds, which references cannot "
                           "express; %s",
                           path, array->name, advice);
    if (!status && !first) status = compare_shape(array, path, &whole);
    if (!status && !whole.axes) status = take_single(open, path, first, array);
    if (!status && whole.axes) status = take_layout(file, path, open, &whole, array);
    if (!status && whole.axes) status = compare_stored(array);
    if (!status && !first) status = compare_packing(open, path, array);
    if (!status && !first && whole.axes) array->whole.shape[0] += whole.shape[0];
    h5_array_close(&open);
    return status;
}

/* ---- Joining. */

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Returns the largest divisor of a number up to `most`, which is 1 at least. */
static uint64_t divisor_below(uint64_t number, uint64_t most)
{
    uint64_t best = 1;
    for (uint64_t d = 1; d <= number / d; d++) {
        if (number % d) continue;
        if (d <= most && d > best) best = d;
        if (number / d <= most && number / d > best) best = number / d;
    }
    return best;
}

/* Returns how many rows are a chunk of an array without chunks, so that all pieces have whole
 * chunks: few enough to be read at once, unless the chunks were too many. */
static uint64_t choose_rows(const struct cli_reference *array, size_t row_bytes)
{
    uint64_t all = 0, least = array->whole.shape[0] / MOST_CHUNKS + 1;
    for (size_t i = 0; i < array->pieces; i++)
        all = greatest_divisor(all, array->piece[i].rows);
    uint64_t rows = divisor_below(all, MOST_CHUNK_BYTES / row_bytes);
    return rows >= least ? rows : all / divisor_below(all, all / least);
}

shs_status cli_reference_join(struct cli_reference *array)
{
    const struct io_layout *layout = NULL;
    for (size_t i = 0; i < array->pieces && !layout; i++)
        if (array->piece[i].layout.axes) layout = &array->piece[i].layout;
    for (uint32_t axis = 0; axis < array->whole.axes; axis++)
        array->chunk[axis] = array->whole.shape[axis] ? array->whole.shape[axis] : 1;
    if (!layout) return SHS_OK;
    if (!layout->chunked) {
        array->chunk[0] = choose_rows(array, layout->row_bytes);
        return SHS_OK;
    }
    memcpy(array->chunk, layout->chunk, array->whole.axes * sizeof *array->chunk);
    for (size_t i = 0; i + 1 < array->pieces; i++)
        if (array->piece[i].rows % layout->chunk[0])
            return core_fail(SHS_ERROR_UNSUPPORTED,
                             "%s: dataset %s: its %llu rows are not whole chunks of %llu rows, "
                             "so that references cannot join the next file to it; make "
                             "references of each file, or import the files anew",
                             array->piece[i].path, array->name, (ull)array->piece[i].rows,
                             (ull)layout->chunk[0]);
    return SHS_OK;
}

/* ---- Printing. */

static void print_filter(const struct io_filter *filter, size_t element, struct core_json *json)
{
    uint64_t value = filter->n_values ? filter->values[0] : 0;
    core_json_begin(json, NULL, '{');
    if (filter->id == DEFLATE) {
        core_json_text(json, "id", "zlib");
        core_json_u64(json, "level", value);
    } else if (filter->id == SHUFFLE) {
        core_json_text(json, "id", "shuffle");
        core_json_u64(json, "elementsize", value ? value : element);
    } else if (filter->id == FLETCHER32) {
        core_json_text(json, "id", "fletcher32");
    } else if (filter->id == BLOSC) {
        core_json_text(json, "id", "blosc"); /* a block says by itself how it was compressed */
    } else {
        core_json_text(json, "id", "zstd");
    }
    core_json_end(json, '}');
}

static void print_numbers(const char *name, const uint64_t *numbers, uint32_t count,
                          struct core_json *json)
{
    core_json_begin(json, name, '[');
    for (uint32_t i = 0; i < count; i++)
        core_json_u64(json, NULL, numbers[i]);
    core_json_end(json, ']');
}

/* Prints the value that stands for missing ones, if the array has an attribute that says it. */
static void print_fill(const struct cli_reference *array, struct core_json *json)
{
    const struct h5_attribute *attribute = &array->packing.attribute[H5_FILL_VALUE];
    double real = attribute->number[0];
    char number[40] = "null";
    bool whole = attribute->kind == H5_WHOLE && attribute->count == 1;
    if (whole && attribute->whole[0] < 0)
        snprintf(number, sizeof number, "%lld", (long long)attribute->whole[0]);
    else if (whole)
        snprintf(number, sizeof number, "%llu", (ull)attribute->whole[0]);
    if (attribute->kind != H5_REAL || attribute->count != 1)
        core_json_number(json, "fill_value", number);
    else if (real != real)
        core_json_text(json, "fill_value", "NaN");
    else if (real - real != 0)
        core_json_text(json, "fill_value", real > 0 ? "Infinity" : "-Infinity");
    else
        core_json_double(json, "fill_value", real);
}

static void print_type(const struct cli_reference *array, bool swapped, struct core_json *json)
{
    size_t bytes = shs_type_size(array->whole.type);
    shs_type type = array->whole.type;
    bool is_float = type == SHS_F16 || type == SHS_F32 || type == SHS_F64;
    char text[8];
    snprintf(text, sizeof text, "%c%c%zu",
             bytes == 1 ? '|'
             : swapped  ? '>'
                        : '<',
             is_float         ? 'f'
             : type >= SHS_I8 ? 'i'
                              : 'u',
             bytes);
    core_json_text(json, "dtype", text);
}

static void print_array(const struct cli_reference *array, struct core_json *json)
{
    const struct io_layout *layout = NULL;
    for (size_t i = 0; i < array->pieces && !layout; i++)
        if (array->piece[i].layout.axes) layout = &array->piece[i].layout;
    core_json_begin(json, NULL, '{');
    core_json_u64(json, "zarr_format", 2);
    print_numbers("shape", array->whole.shape, array->whole.axes, json);
    print_numbers("chunks", array->chunk, array->whole.axes, json);
    print_type(array, layout && layout->swapped, json);
    core_json_number(json, "compressor", NULL);
    uint32_t filters = layout && layout->chunked ? layout->pipeline.count : 0;
    if (filters) core_json_begin(json, "filters", '[');
    for (uint32_t i = 0; i < filters; i++)
        print_filter(&layout->pipeline.filter[i], layout->element_bytes, json);
    if (filters)
        core_json_end(json, ']');
    else
        core_json_number(json, "filters", NULL);
    print_fill(array, json);
    core_json_text(json, "order", "C");
    core_json_end(json, '}');
}

/* Prints the reference to chunk `number` of the joined array's grid, in row-major order. */
static void print_chunk(const struct cli_reference *array, uint64_t number, const char *path,
                        uint64_t address, uint64_t bytes, struct core_json *json)
{
    struct core_text key = {0};
    uint64_t at[SHS_MAX_AXES];
    for (uint32_t axis = array->whole.axes; axis-- > 0;) {
        uint64_t grid = (array->whole.shape[axis] + array->chunk[axis] - 1) / array->chunk[axis];
        at[axis] = number % grid;
        number /= grid;
    }
    core_text_add(&key, "%s/", array->name);
    for (uint32_t axis = 0; axis < array->whole.axes; axis++)
        core_text_add(&key, "%s%llu", axis ? "." : "", (ull)at[axis]);
    if (key.status && !json->text.status) json->text.status = key.status;
    if (!key.status) {
        core_json_begin(json, key.bytes, '[');
        core_json_text(json, NULL, path);
        core_json_u64(json, NULL, address);
        core_json_u64(json, NULL, bytes);
        core_json_end(json, ']');
    }
    core_text_free(&key);
}

/* Prints the chunks of a piece, before which the array has `rows` rows. */
static void print_piece(const struct cli_reference *array, const struct cli_piece *piece,
                        uint64_t rows, struct core_json *json)
{
    const struct io_layout *layout = &piece->layout;
    if (!layout->axes) return;
    if (!layout->chunked) {
        size_t bytes = array->chunk[0] * layout->row_bytes;
        for (uint64_t i = 0; i < piece->rows / array->chunk[0]; i++)
            print_chunk(array, rows / array->chunk[0] + i, piece->path, layout->address + i * bytes,
                        bytes, json);
        return;
    }
    uint64_t first = rows / array->chunk[0] * layout->chunks_a_band;
    for (uint64_t i = 0; i < layout->n_chunks; i++)
        if (layout->chunks[i].address != IO_NOWHERE)
            print_chunk(array, first + i, piece->path, layout->chunks[i].address,
                        layout->chunks[i].bytes, json);
}

/* Prints the bytes of a single number as base64 (RFC 4648). */
static void print_single(const struct cli_reference *array, struct core_json *json)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t bytes = shs_type_size(array->whole.type);
    unsigned char from[sizeof array->value + 2] = {0};
    char key[512], text[24] = "base64:";
    char *to = text + strlen(text);
    memcpy(from, &array->value, sizeof array->value);
    for (size_t i = 0; i < bytes; i += 3) {
        unsigned three = (unsigned)from[i] << 16 | (unsigned)from[i + 1] << 8 | from[i + 2];
        *to++ = digits[three >> 18];
        *to++ = digits[three >> 12 & 63];
        *to++ = digits[three >> 6 & 63];
        *to++ = digits[three & 63];
    }
    for (size_t i = 0; i < (3 - bytes % 3) % 3; i++)
        to[-1 - (ptrdiff_t)i] = '=';
    snprintf(key, sizeof key, "%.500s/0", array->name);
    core_json_text(json, key, text);
}

shs_status cli_reference_print(const struct cli_reference *array, struct core_json *json)
{
    struct core_json inner = {0};
    struct core_text key = {0};
    uint64_t rows = 0;
    print_array(array, &inner);
    core_text_add(&key, "%s/.zarray", array->name);
    shs_status status = inner.text.status ? inner.text.status : key.status;
    if (!status) core_json_text(json, key.bytes, inner.text.bytes);
    core_text_free(&inner.text);
    core_text_free(&key);
    if (!array->whole.axes) print_single(array, json);
    for (size_t i = 0; i < array->pieces && !status; rows += array->piece[i++].rows)
        print_piece(array, &array->piece[i], rows, json);
    return status ? status : json->text.status;
}
