#include "train_layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_json.h"
#include "core_memory.h"

static const char metadata_name[] = "__metadata__", gap_name[] = "__hdf5__.";

/* The header begins so: the digits of the checksum follow. */
static const char header_begin[] = "{\"__metadata__\": {\"checksum\": \"";

enum {
    LENGTH_BYTES = 8,
    CHECKSUM_DIGITS = CORE_DIGEST_TEXT - 1
};

static bool is_utf8(const char *text)
{
    while (*text && core_utf8_length(text))
        text += core_utf8_length(text);
    return !*text;
}

/* Returns true for a name that the header needs for itself. */
static bool is_taken(const char *name)
{
    return !strcmp(name, metadata_name) || !strncmp(name, gap_name, strlen(gap_name));
}

shs_status train_layout_check(const struct train_state *state)
{
    for (size_t t = 0; t < state->count; t++) {
        const char *name = state->tensors[t].name;
        if (is_utf8(name) && !is_taken(name)) continue;
        return core_fail(SHS_ERROR_ARGUMENT,
                         "tensor %zu of the state is named %s, which a file of safetensors cannot "
                         "have; give it another name in UTF-8, without __hdf5__. or __metadata__",
                         t, name);
    }
    return SHS_OK;
}

void train_layout_free(struct train_layout *layout)
{
    core_free(&layout->place);
    core_free(&layout->block);
    core_free(&layout->pieces);
}

/* ---- The pieces. */

static int by_place(const void *a, const void *b)
{
    const struct io_piece *left = a, *right = b;
    return (left->at > right->at) - (left->at < right->at);
}

/* Lists the tensors that have elements, and the digits of the checksum, in the order of the file.
 */
static size_t list_placed(const struct train_layout *layout, const struct train_state *state,
                          struct io_piece *placed)
{
    size_t count = 0;
    for (size_t t = 0; t < state->count; t++) {
        uint64_t bytes = train_tensor_bytes(&state->tensors[t]);
        if (bytes)
            placed[count++] = (struct io_piece){layout->place[t], bytes, state->tensors[t].data};
    }
    placed[count++] = (struct io_piece){layout->checksum_place, CHECKSUM_DIGITS, layout->checksum};
    qsort(placed, count, sizeof *placed, by_place);
    return count;
}

static shs_status lie_wrong(void)
{
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "this version of HDF5 does not place arrays as a checkpoint needs them; "
                     "please report it with the version");
}

static void add_piece(struct train_layout *layout, struct io_piece piece)
{
    if (piece.bytes) layout->pieces[layout->n_pieces++] = piece;
}

/* Adds pieces, and between them the bytes of HDF5. */
static shs_status add_pieces(struct train_layout *layout, const struct io_piece *placed,
                             size_t count)
{
    uint64_t at = layout->block_bytes;
    add_piece(layout, (struct io_piece){0, layout->block_bytes, layout->block});
    for (size_t i = 0; i < count; i++) {
        if (placed[i].at < at || placed[i].at + placed[i].bytes > layout->bytes) return lie_wrong();
        add_piece(layout, (struct io_piece){at, placed[i].at - at, NULL});
        add_piece(layout, placed[i]);
        at = placed[i].at + placed[i].bytes;
    }
    add_piece(layout, (struct io_piece){at, layout->bytes - at, NULL});
    return SHS_OK;
}

static shs_status make_pieces(struct train_layout *layout, const struct train_state *state)
{
    struct io_piece *placed = NULL;
    shs_status status = core_new(state->count + 1, sizeof *placed, "pieces", &placed);
    /* a gap before each piece and one at the end, and the user block */
    if (!status)
        status = core_new(2 * state->count + 4, sizeof *layout->pieces, "pieces", &layout->pieces);
    if (!status) status = add_pieces(layout, placed, list_placed(layout, state, placed));
    core_free(&placed);
    return status;
}

/* ---- The header. */

/* Adds an array, whose offsets count from the end of the user block. */
static void add_array(struct core_json *json, const shs_tensor *tensor, uint64_t begin,
                      uint64_t end)
{
    char type[8];
    snprintf(type, sizeof type, "%s", shs_type_name(tensor->type));
    type[0] = (char)(type[0] - 'a' + 'A');
    core_json_begin(json, tensor->name, '{');
    core_json_text(json, "dtype", type);
    core_json_begin(json, "shape", '[');
    for (uint32_t axis = 0; axis < tensor->axes; axis++)
        core_json_u64(json, NULL, tensor->shape[axis]);
    core_json_end(json, ']');
    core_json_begin(json, "data_offsets", '[');
    core_json_u64(json, NULL, begin);
    core_json_u64(json, NULL, end);
    core_json_end(json, ']');
    core_json_end(json, '}');
}

static void add_tensors(struct core_json *json, const struct train_layout *layout,
                        const struct train_state *state)
{
    for (size_t t = 0; t < state->count; t++) {
        uint64_t bytes = train_tensor_bytes(&state->tensors[t]);
        uint64_t begin = bytes ? layout->place[t] - layout->block_bytes : 0;
        add_array(json, &state->tensors[t], begin, begin + bytes);
    }
}

/* Adds the bytes that are no tensor's: those of HDF5, and the digits of the checksum. */
static void add_gaps(struct core_json *json, const struct train_layout *layout)
{
    size_t gaps = 0;
    for (size_t i = 1; i < layout->n_pieces; i++) {
        const struct io_piece *piece = &layout->pieces[i];
        char name[sizeof gap_name + 20];
        if (piece->from && piece->from != layout->checksum) continue;
        snprintf(name, sizeof name, "%s%zu", gap_name, gaps++);
        const shs_tensor gap = {name, SHS_U8, 1, {piece->bytes}, NULL};
        uint64_t begin = piece->at - layout->block_bytes;
        add_array(json, &gap, begin, begin + piece->bytes);
    }
}

/* safetensors has only texts as metadata. */
static void add_number(struct core_json *json, const char *name, uint64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (ull)number);
    core_json_text(json, name, digits);
}

static void add_metadata(struct core_json *json, const struct train_labels *labels)
{
    static const char digits[] = "00000000000000000000000000000000";
    static const char *const names[TRAIN_PROGRESS_NUMBERS] = {[TRAIN_EPOCH] = "epoch",
                                                              [TRAIN_EPOCH_STEP] = "epoch_step",
                                                              [TRAIN_STEP] = "step",
                                                              [TRAIN_ORIGIN_EPOCH] = "origin_epoch",
                                                              [TRAIN_ORIGIN_STEP] = "origin_step",
                                                              [TRAIN_LEDGER] = "ledger_whole",
                                                              [TRAIN_LEDGER + 1] = "ledger_count",
                                                              [TRAIN_LEDGER + 2] = "ledger_sum",
                                                              [TRAIN_LEDGER + 3] =
                                                                  "ledger_squares"};
    _Static_assert(sizeof digits == CORE_DIGEST_TEXT, "room for the digits of a checksum");
    core_json_begin(json, metadata_name, '{');
    core_json_text(json, "checksum", digits);
    for (size_t i = 0; i < TRAIN_PROGRESS_NUMBERS; i++)
        add_number(json, names[i], labels->progress[i]);
    core_json_text(json, "fingerprint", labels->fingerprint);
    core_json_end(json, '}');
}

static shs_status make_header(const struct train_layout *layout, const struct train_state *state,
                              const struct train_labels *labels, char **header)
{
    struct core_json json = {0};
    core_json_begin(&json, NULL, '{');
    add_metadata(&json, labels);
    add_tensors(&json, layout, state);
    add_gaps(&json, layout);
    core_json_end(&json, '}');
    return core_text_take(&json.text, header);
}

/* ---- The user block. */

static uint64_t block_for(uint64_t header_bytes)
{
    uint64_t block = TRAIN_BLOCK_BYTES;
    while (block < LENGTH_BYTES + header_bytes)
        block *= 2;
    return block;
}

/* Writes the header's length, which counts the spaces, then the header and the spaces. */
static void fill_block(struct train_layout *layout, const char *header)
{
    uint64_t length = layout->block_bytes - LENGTH_BYTES;
    for (int i = 0; i < LENGTH_BYTES; i++)
        layout->block[i] = (char)(length >> 8 * i & 255);
    memset(layout->block + LENGTH_BYTES, ' ', length);
    memcpy(layout->block + LENGTH_BYTES, header, strlen(header));
}

shs_status train_layout_complete(struct train_layout *layout, const struct train_state *state,
                                 const struct train_labels *labels, uint64_t *needed)
{
    char *header = NULL;
    *needed = layout->block_bytes;
    shs_status status = core_new(layout->block_bytes, 1, "a header", &layout->block);
    if (!status) status = make_pieces(layout, state);
    if (!status) status = make_header(layout, state, labels, &header);
    if (!status) *needed = block_for(strlen(header));
    if (!status && *needed <= layout->block_bytes) fill_block(layout, header);
    core_free(&header);
    return status;
}

void train_layout_seal(struct train_layout *layout, const char *checksum)
{
    memcpy(layout->checksum, checksum, CORE_DIGEST_TEXT);
    memcpy(layout->block + LENGTH_BYTES + strlen(header_begin), checksum, CHECKSUM_DIGITS);
}
