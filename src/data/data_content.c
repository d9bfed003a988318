#include "data_content.h"

#include <string.h>

#include "core_hash.h"
#include "data_sources.h"
#include "h5_packing.h"

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

shs_status data_content_take(const struct data_files *files, struct data_open_file *open)
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

shs_status data_content_compare_layout(struct data_files *files, const struct data_open_file *open)
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
