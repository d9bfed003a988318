#include "data_offsets.h"

#include <string.h>

#include "core_memory.h"

enum {
    AT_ONCE = 1 << 16 /* most offsets that are read at once */
};

static uint64_t bits_of(size_t size, const void *element)
{
    uint8_t one;
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (size) {
    case sizeof one:
        memcpy(&one, element, sizeof one);
        return one;
    case sizeof two:
        memcpy(&two, element, sizeof two);
        return two;
    case sizeof four:
        memcpy(&four, element, sizeof four);
        return four;
    default:
        memcpy(&eight, element, sizeof eight);
        return eight;
    }
}

bool data_offset_of(shs_type type, const void *element, uint64_t *offset)
{
    size_t size = shs_type_size(type);
    bool is_signed = type >= SHS_I8 && type <= SHS_I64;
    *offset = bits_of(size, element);
    return !is_signed || !(*offset >> (8 * size - 1));
}

static shs_status check_type(const struct data_field *field)
{
    if (field->sample.axes == 0 && field->sample.type <= SHS_I64 && field->rows > 0) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s cannot be offsets: they are whole numbers along one axis, one "
                     "more than there are samples",
                     field->path, field->sample.name);
}

static shs_status wrong(const struct data_field *field, uint64_t i, const char *what)
{
    return core_fail(SHS_ERROR_FORMAT, "%s: dataset %s: offset %llu is %s", field->path,
                     field->sample.name, (ull)i, what);
}

/* Takes offset i, which must not be below `before` and not above `rows`. */
static shs_status take(const struct data_field *field, uint64_t i, const void *element,
                       uint64_t before, uint64_t rows, uint64_t *offset)
{
    if (!data_offset_of(field->sample.type, element, offset))
        return wrong(field, i, "negative; it must be the number of a row");
    if (*offset < before)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s: offset %llu is %llu, smaller than the one before, %llu; "
                         "offsets must not decrease: numbers of rows are no offsets, but their "
                         "running sums behind a 0 are",
                         field->path, field->sample.name, (ull)i, (ull)*offset, (ull)before);
    if (*offset <= rows) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s: dataset %s: offset %llu is %llu, but there are %llu rows only",
                     field->path, field->sample.name, (ull)i, (ull)*offset, (ull)rows);
}

shs_status data_offsets_check(const struct data_field *field, uint64_t i, const void *pair,
                              uint64_t rows, uint64_t *begin, uint64_t *end)
{
    size_t size = shs_type_size(field->sample.type);
    shs_status status = take(field, i, pair, 0, rows, begin);
    if (status) return status;
    return take(field, i + 1, (const char *)pair + size, *begin, rows, end);
}

static shs_status make_room(struct data_offsets *offsets, uint64_t more, size_t most_bytes)
{
    if (offsets->too_many || offsets->count + more > most_bytes / sizeof *offsets->all) {
        core_free(&offsets->all);
        offsets->too_many = true;
        return SHS_OK;
    }
    if (offsets->count + more <= offsets->capacity) return SHS_OK;
    uint64_t capacity = 2 * offsets->capacity > offsets->count + more ? 2 * offsets->capacity
                                                                      : offsets->count + more;
    shs_status status =
        core_resize((size_t)capacity, sizeof *offsets->all, "offsets", &offsets->all);
    if (!status) offsets->capacity = capacity;
    return status;
}

/* Goes through offsets [first, first + count) of a file, which are in memory. */
static shs_status take_all(struct data_offsets *offsets, const struct data_field *field,
                           uint64_t first, uint64_t count, const char *elements, uint64_t rows,
                           uint64_t *last)
{
    size_t size = shs_type_size(field->sample.type);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t offset;
        shs_status status = take(field, first + i, elements + i * size, *last, rows, &offset);
        if (status) return status;
        if (first + i > 0 && offset - *last > offsets->longest) offsets->longest = offset - *last;
        if (first + i == 0) offsets->first = offset;
        offsets->last = *last = offset;
        if (!offsets->too_many) offsets->all[offsets->count++] = offset;
    }
    return SHS_OK;
}

shs_status data_offsets_add(struct data_offsets *offsets, struct data_field *field, uint64_t rows,
                            size_t most_bytes)
{
    char *elements;
    uint64_t last = 0;
    shs_status status = check_type(field);
    if (!status) status = make_room(offsets, field->rows, most_bytes);
    if (status) return status;
    status = core_new(AT_ONCE, shs_type_size(field->sample.type), "offsets", &elements);
    for (uint64_t at = 0, now; at < field->rows && !status; at += now) {
        now = field->rows - at < AT_ONCE ? field->rows - at : AT_ONCE;
        status = data_field_read(field, at, now, elements);
        if (!status) status = take_all(offsets, field, at, now, elements, rows, &last);
    }
    core_free(&elements);
    return status;
}

void data_offsets_free(struct data_offsets *offsets)
{
    core_free(&offsets->all);
    *offsets = (struct data_offsets){0};
}
