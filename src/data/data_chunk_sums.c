#include "data_chunk_sums.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_box.h"
#include "io_crc32c.h"

static shs_status check_version(const struct data_field *sums, const char *path)
{
    char version[16];
    shs_status status = h5_read_label(sums->through, "version", version, sizeof version);
    if (status || !strcmp(version, IO_CHUNK_CRC32C_VERSION)) return status;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "%s: dataset %s has the version '%s' in its attribute version, and this "
                     "program knows " IO_CHUNK_CRC32C_VERSION "; remove the dataset, or take a "
                     "newer program",
                     path, sums->sample.name, version);
}

/* Returns true if the array `sums` has the type and the shape of checksums of chunks. */
static bool is_form(const struct data_field *sums)
{
    return sums->sample.type == SHS_U32 && sums->sample.axes == 1 &&
           sums->sample.shape[0] == IO_CHUNK_CRC32C_NUMBERS;
}

/* Takes the checksums out of `pairs` and packs them at its beginning. Returns false if chunks have
 * other numbers of bytes now than when the checksums were computed. */
static bool take_sums(const struct io_layout *layout, uint32_t *pairs)
{
    for (uint64_t i = 0; i < layout->n_chunks; i++) {
        const struct io_chunk *chunk = &layout->chunks[i];
        const uint32_t *pair = &pairs[IO_CHUNK_CRC32C_NUMBERS * i];
        if (pair[1] != (chunk->address == IO_NOWHERE ? 0 : chunk->bytes)) return false;
        pairs[i] = pair[0];
    }
    return true;
}

/* Gives the field's reader the checksums of the open array `sums`, if they are those of the chunks
 * that the field has now. */
static shs_status take(struct data_field *field, struct data_field *sums, const char *path)
{
    const struct io_layout *layout = io_reader_layout(field->direct);
    uint32_t *pairs;
    if (!is_form(sums))
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s must hold the checksums of the chunks of %s, two u32 for "
                         "each; remove it, or import the file anew",
                         path, sums->sample.name, field->sample.name);
    shs_status status = check_version(sums, path);
    if (status || !layout->chunked || sums->rows != layout->n_chunks) return status;
    status = core_new(sums->rows, IO_CHUNK_CRC32C_NUMBERS * sizeof *pairs, "checksums of chunks",
                      &pairs);
    if (status) return status;
    status = data_field_read(sums, 0, sums->rows, pairs);
    if (!status && take_sums(layout, pairs))
        io_reader_sum(field->direct, pairs);
    else
        core_free(&pairs);
    return status;
}

shs_status data_chunk_sums_find(struct h5_file *file, const char *path, const char *dataset,
                                struct data_field *field)
{
    struct core_text text = {0};
    struct data_field sums = {0};
    char *name;
    if (!field->direct || !field->rows) return SHS_OK;
    core_text_add(&text, "%s%s", dataset, IO_CHUNK_CRC32C_SUFFIX);
    shs_status status = core_text_take(&text, &name);
    if (status) return status;
    if (h5_has(file, name)) {
        status = data_field_open(file, path, name, &(struct data_field_how){.look = true}, &sums);
        if (!status) status = take(field, &sums, path);
        data_field_close(&sums);
    }
    core_free(&name);
    return status;
}
