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

/* Gives the field's reader the open array `sums`, if its type and its shape are right. */
static shs_status take(struct data_field *field, struct data_field *sums, const char *path)
{
    const struct io_layout *layout = io_reader_layout(field->direct);
    uint64_t chunks = layout->chunked ? layout->n_chunks : 0;
    uint32_t *all;
    if (sums->sample.type != SHS_U32 || sums->sample.axes != 0 || sums->rows != chunks)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: dataset %s must hold the checksums of the chunks of %s, a u32 for "
                         "each of its %llu chunks; remove it, or import the file anew",
                         path, sums->sample.name, field->sample.name, (ull)chunks);
    shs_status status = check_version(sums, path);
    if (!status) status = core_new(chunks, sizeof *all, "checksums of chunks", &all);
    if (status) return status;
    status = data_field_read(sums, 0, chunks, all);
    if (status)
        core_free(&all);
    else
        io_reader_sum(field->direct, all);
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
