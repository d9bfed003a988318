#include "import_index.h"

#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_origins.h"
#include "import_origin.h"

enum {
    PIECE_RECORDS = 1 << 12
};

static shs_status create(struct h5_writer *writer, const char *array, const char *suffix,
                         const struct h5_member *members, size_t n_members, uint64_t rows)
{
    struct core_text text = {0};
    char *name;
    core_text_add(&text, "%s%s", array, suffix);
    shs_status status = core_text_take(&text, &name);
    if (!status) status = h5_create_table(writer, name, members, n_members, rows);
    core_free(&name);
    return status;
}

/* Gives the name and the first row of a source to keep. */
static shs_status find(const struct import_output *output, uint64_t number, char **name,
                       uint64_t *first)
{
    if (!output->source) return import_origin_source(output->origin, number, name, first);
    shs_status status = import_origin_source(output->origin, output->source[number], name, first);
    *first = output->source_row[number];
    return status;
}

/* Sets *longest to the bytes of the longest name. */
static shs_status measure(const struct import_output *output, uint64_t count, size_t *longest)
{
    shs_status status = SHS_OK;
    *longest = 1;
    for (uint64_t i = 0; i < count && !status; i++) {
        char *name;
        uint64_t first;
        status = find(output, i, &name, &first);
        if (!status && strlen(name) > *longest) *longest = strlen(name);
        core_free(&name);
    }
    return status;
}

/* Fills a record: the name, and the first row behind it, little-endian. */
static shs_status fill(const struct import_output *output, uint64_t number, size_t longest,
                       unsigned char *record)
{
    char *name;
    uint64_t first;
    shs_status status = find(output, number, &name, &first);
    if (status) return status;
    memset(record, 0, longest);
    for (size_t i = 0; name[i]; i++)
        record[i] = (unsigned char)name[i];
    for (int byte = 0; byte < 8; byte++)
        record[longest + (size_t)byte] = (unsigned char)(first >> 8 * byte);
    core_free(&name);
    return SHS_OK;
}

static shs_status write_sources(struct h5_writer *writer, const struct import_output *output)
{
    uint64_t count = output->source ? output->n_sources : import_origin_sources(output->origin);
    unsigned char *records = NULL;
    size_t longest, bytes;
    shs_status status = measure(output, count, &longest);
    if (status) return status;
    const struct h5_member members[] = {{H5_ORIGIN_NAME, longest}, {H5_ORIGIN_FIRST, 0}};
    bytes = longest + sizeof(uint64_t);
    status = create(writer, output->name, H5_ORIGIN, members, 2, count);
    if (!status) status = core_new(PIECE_RECORDS, bytes, "names", &records);
    for (uint64_t first = 0; first < count && !status; first += PIECE_RECORDS) {
        uint64_t now = count - first < PIECE_RECORDS ? count - first : PIECE_RECORDS;
        for (uint64_t i = 0; i < now && !status; i++)
            status = fill(output, first + i, longest, records + i * bytes);
        if (!status) status = h5_write_records(writer, first, now, records);
    }
    core_free(&records);
    return status;
}

static shs_status write_rows(struct h5_writer *writer, const struct import_output *output)
{
    static const struct h5_member members[] = {{H5_ORIGIN_OF, 0}};
    uint64_t count = output->shape.shape[0], *rows = NULL;
    shs_status status = create(writer, output->name, H5_ORIGIN_ROW, members, 1, count);
    if (!status) status = core_new(PIECE_RECORDS, sizeof *rows, "rows", &rows);
    for (uint64_t first = 0; first < count && !status; first += PIECE_RECORDS) {
        uint64_t now = count - first < PIECE_RECORDS ? count - first : PIECE_RECORDS;
        output->list(output->user, first, now, rows);
        for (uint64_t i = 0; i < now; i++) {
            unsigned char bytes[sizeof *rows];
            for (unsigned byte = 0; byte < sizeof *rows; byte++)
                bytes[byte] = (unsigned char)(rows[i] >> 8 * byte);
            memcpy(&rows[i], bytes, sizeof bytes);
        }
        status = h5_write_records(writer, first, now, rows);
    }
    core_free(&rows);
    return status;
}

shs_status import_index_write(struct h5_writer *writer, const struct import_output *output)
{
    if (!output->origin) return SHS_OK;
    shs_status status = write_sources(writer, output);
    return !status && output->list && !output->source ? write_rows(writer, output) : status;
}
