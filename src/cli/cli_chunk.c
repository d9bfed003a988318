/* The chunks of what `import` writes. */
#include "cli_chunk.h"

#include <stdlib.h>
#include <string.h>

#include "import_origin.h"

enum {
    CHUNK_BYTES = 1 << 16 /* most bytes of a chunk of several rows, unless --chunk is given */
};

/* Reads --chunk-shape: a number for each axis of a row. Returns how many there are, 0 if it is not
 * given. */
static uint32_t read_chunk_shape(const struct cli_arguments *arguments,
                                 uint64_t sizes[SHS_MAX_AXES])
{
    const char *at = arguments->chunk_shape;
    uint32_t count = 0;
    while (at && *at && count < SHS_MAX_AXES - 1) {
        char *end;
        sizes[count++] = strtoull(at, &end, 10);
        at = *end ? end + 1 : end;
    }
    return count;
}

shs_status cli_chunk_check(const struct cli_arguments *arguments, const struct cli_fields *fields)
{
    const char *text = arguments->chunk_shape;
    uint64_t sizes[SHS_MAX_AXES];
    uint32_t count = read_chunk_shape(arguments, sizes), commas = 0;
    bool good = text && *text && strspn(text, "0123456789,") == strlen(text), fits = false;
    if (!text) return SHS_OK;
    for (const char *at = text; *at; at++)
        commas += *at == ',';
    for (uint32_t i = 0; i < count; i++)
        good = good && sizes[i] > 0 && sizes[i] <= UINT32_MAX;
    if (!good || count != commas + 1)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "--chunk-shape '%s' is no list of 1 to %d numbers from 1 to 2^32 - 1 with "
                         "commas between, such as 64,64",
                         text, SHS_MAX_AXES - 1);
    for (size_t i = 0; i < fields->count; i++)
        fits |= import_origin_shape(fields->field[i].origin)->axes == count + 1;
    if (fits) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "--chunk-shape %s has %u numbers, and no field has rows of so many axes; give "
                     "a number for each axis of a row",
                     text, count);
}

void cli_chunk_choose(const struct cli_arguments *arguments, const shs_tensor *shape,
                      uint64_t chunk[SHS_MAX_AXES])
{
    uint64_t bytes = shs_type_size(shape->type), sizes[SHS_MAX_AXES];
    bool cut = read_chunk_shape(arguments, sizes) + 1 == shape->axes;
    for (uint32_t axis = 1; axis < shape->axes; axis++) {
        chunk[axis] = shape->shape[axis];
        if (cut && sizes[axis - 1] < chunk[axis]) chunk[axis] = sizes[axis - 1];
        bytes *= chunk[axis];
    }
    chunk[0] = arguments->chunk ? arguments->chunk : 1;
    while (!arguments->chunk && 2 * chunk[0] * bytes <= CHUNK_BYTES)
        chunk[0] *= 2;
}
