/* Making an index: the head, and an entry for each file that was examined. */
#include <stdlib.h>
#include <string.h>

#include "data_index.h"
#include "data_index_field.h"
#include "data_index_head.h"
#include "data_open_file.h"
#include "data_sources.h"

enum {
    MOST_BYTES = 256 << 20 /* of an index whose files are examined ahead; more files have none */
};

struct data_index_head data_index_head_of_this(void)
{
    return (struct data_index_head){.mark = "SHSINDX",
                                    .byte_order = 0x01020304,
                                    .version = DATA_INDEX_VERSION,
                                    .field_bytes = sizeof(struct data_field),
                                    .layout_bytes = sizeof(struct io_layout),
                                    .part_bytes = sizeof(struct io_part)};
}

shs_status data_index_digest(const struct data_pack *pack, struct core_digest *digest)
{
    const size_t head = sizeof(struct data_index_head);
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add(hash, pack->bytes + head, pack->length - head);
    *digest = core_hash_digest(hash);
    core_hash_free(&hash);
    return SHS_OK;
}

void data_index_begin(struct data_pack *pack, const struct data_files *files)
{
    const struct data_index_head head = data_index_head_of_this();
    const struct data_sample *sample = files->sample;
    *pack = (struct data_pack){0};
    data_pack_bytes(pack, &head, sizeof head);
    data_pack_number(pack, files->one_a_file);
    data_pack_number(pack, files->unchecked);
    data_pack_number(pack, files->cf);
    data_pack_number(pack, sample->n_arrays);
    for (size_t s = 0; s < sample->n_arrays; s++) {
        data_pack_text(pack, sample->array[s]);
        data_pack_number(pack, data_sample_takes_values(sample, s));
        data_pack_number(pack, sample->view[s].row_axes);
        data_pack_number(pack, sample->view[s].runs);
        data_pack_text(pack, sample->view[s].slab);
        data_pack_text(pack, sample->view[s].select);
        data_pack_text(pack, sample->view[s].crop);
    }
    data_pack_number(pack, files->one_a_file ? 1 : files->paths.count);
}

/* Notes in the head that some array has attributes of packed numbers. */
static void note_packed(struct data_pack *pack)
{
    struct data_index_head head;
    if (pack->status) return;
    memcpy(&head, pack->bytes, sizeof head);
    head.packed = 1;
    memcpy(pack->bytes, &head, sizeof head);
}

void data_index_end(struct data_pack *pack, const struct data_sample *sample,
                    const struct data_constants *constants)
{
    struct data_index_head head;
    data_constants_pack(pack, sample, constants);
    for (size_t c = 0; c < constants->count; c++)
        if (constants->constant[c].packing) note_packed(pack);
    if (pack->status) return;
    memcpy(&head, pack->bytes, sizeof head);
    head.bytes = pack->length;
    pack->status = data_index_digest(pack, &head.digest);
    memcpy(pack->bytes, &head, sizeof head);
}

/* Returns true if the files of a virtual array's sources are still those that were examined. */
static bool has_sound_sources(const struct data_field *field, const struct io_witness *witness)
{
    struct io_identity now;
    for (size_t i = 0; i < data_sources_count(field->sources); i++) {
        bool noted = false;
        if (io_identify_path(data_sources_field(field->sources, i)->path, &now)) return false;
        for (size_t k = 0; k < witness->files; k++)
            noted |= !memcmp(&witness->file[k].identity, &now, sizeof now);
        if (!noted) return false;
    }
    return true;
}

/* Returns true if a file was not changed while it was examined, and all of its fields can be
 * described. */
static bool is_sound(const struct data_files *files, const struct data_open_file *open,
                     const struct io_witness *witness)
{
    const struct data_file *file = &files->file[open->number];
    struct io_identity now;
    if (witness->status || !witness->files ||
        io_identify_path(files->paths.path[open->number], &now) ||
        memcmp(&now, &file->identity, sizeof now) != 0 ||
        memcmp(&now, &witness->file[0].identity, sizeof now) != 0)
        return false;
    for (size_t s = 0; s < files->sample->n_arrays; s++)
        if (!data_index_field_fits(&open->arrays[s],
                                   data_sample_is_read_at_open(files->sample, s)) ||
            !has_sound_sources(&open->arrays[s], witness))
            return false;
    return true;
}

/* Packs what tells whether a file is the one that was examined. */
static void pack_witness(struct data_pack *pack, const struct io_witness *witness)
{
    const struct io_witness_file *file = &witness->file[0];
    const struct core_digest digest = core_hash_digest(file->hash);
    data_pack_number(pack, witness->files - 1);
    for (size_t i = 1; i < witness->files; i++) {
        char *path = realpath(witness->file[i].path, NULL);
        data_pack_text(pack, path ? path : witness->file[i].path);
        data_pack_bytes(pack, &witness->file[i].identity, sizeof witness->file[i].identity);
        free(path);
    }
    data_pack_number(pack, witness->partial);
    data_pack_number(pack, file->reads);
    data_pack_bytes(pack, file->read, file->reads * sizeof *file->read);
    data_pack_bytes(pack, digest.bytes, sizeof digest.bytes);
}

static void pack_file(struct data_pack *pack, const struct data_files *files,
                      const struct data_open_file *open, const struct io_witness *witness)
{
    const struct data_file *file = &files->file[open->number];
    data_pack_text(pack, files->paths.path[open->number]);
    data_pack_bytes(pack, &file->identity, sizeof file->identity);
    data_pack_number(pack, file->glanced);
    data_pack_number(pack, file->compared);
    pack_witness(pack, witness);
    for (size_t s = 0; s < files->sample->n_arrays; s++) {
        data_index_field_pack(pack, &open->arrays[s], !file->glanced,
                              data_sample_is_read_at_open(files->sample, s));
        if (open->arrays[s].packing) note_packed(pack);
    }
}

void data_index_add(struct data_pack *pack, const struct data_files *files,
                    const struct data_open_file *open, const struct io_witness *witness)
{
    size_t begin = pack->length;
    data_pack_number(pack, 0);
    bool full = begin > MOST_BYTES && !files->thorough;
    if (pack->status || full || !is_sound(files, open, witness)) return;
    pack_file(pack, files, open, witness);
    if (pack->status) return;
    uint64_t bytes = pack->length - begin - sizeof bytes;
    memcpy(pack->bytes + begin, &bytes, sizeof bytes);
}

void data_index_skip(struct data_pack *pack)
{
    data_pack_number(pack, 0);
}
