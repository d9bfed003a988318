#include "cli_encoded.h"

#include "core_memory.h"
#include "core_text.h"

enum {
    CHUNK_BYTES = 1 << 16 /* of the bytes of images, and of the offsets */
};

static shs_status join(const char *name, const char *suffix, char **joined)
{
    struct core_text text = {0};
    core_text_add(&text, "%s%s", name, suffix);
    return core_text_take(&text, joined);
}

shs_status cli_encoded_make(const struct import_origin *origin, const char *name, uint64_t **number,
                            uint64_t count, struct cli_encoded *encoded,
                            struct import_output outputs[CLI_ENCODED_OUTPUTS])
{
    struct import_encoded *images = &encoded->images;
    shs_status status = import_encoded_find(origin, number, count, images);
    if (!status) status = join(name, ".offsets", &encoded->offsets_name);
    if (!status) status = join(name, ".size", &encoded->size_name);
    if (status) return status;
    outputs[0] = (struct import_output){
        .name = name,
        .shape = {.type = SHS_U8, .axes = 1, .shape = {images->offset[count]}},
        .chunk = {CHUNK_BYTES},
        .by_chunk = true,
        .read = import_encoded_read_bytes,
        .user = images,
        .origin = origin,
        .source = images->number,
        .source_row = images->offset,
        .n_sources = count};
    outputs[1] = (struct import_output){.name = encoded->offsets_name,
                                        .shape = {.type = SHS_U64, .axes = 1, .shape = {count + 1}},
                                        .chunk = {CHUNK_BYTES / sizeof *images->offset},
                                        .read = import_encoded_read_offsets,
                                        .user = images};
    return SHS_OK;
}

void cli_encoded_free(struct cli_encoded *encoded)
{
    import_encoded_free(&encoded->images);
    core_free(&encoded->offsets_name);
    core_free(&encoded->size_name);
}
