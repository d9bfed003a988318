/* NPY files, versions 1 to 3, by themselves and in NPZ files, which are zip files of them
 * (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). They hold a magic
 * number, the length of a head, a Python dictionary as text, and then the elements, in C or Fortran
 * order, little- or big-endian. */
#include <ctype.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_format.h"
#include "io_bytes.h"

enum {
    MOST_HEAD_BYTES = 1 << 16,
    BLOCK_BYTES = 1 << 22
};

struct npy {
    struct import_array array;
    bool fortran;
    /* the rows that were gathered last, in C order, and memory for one of their columns */
    uint64_t block_first, block_count, block_room;
    unsigned char *block, *column;
};

/* ---- the head */

/* The dictionary while it is read, such as {'descr': '<f4', 'fortran_order': False, 'shape':
 * (60000, 784), }. */
struct head {
    const char *at;
    char descr[32];
    bool has_descr, has_order, has_shape, fortran;
    bool structured;
    shs_tensor *shape;
};

static bool take(struct head *head, char wanted)
{
    while (isspace((unsigned char)*head->at))
        head->at++;
    if (*head->at != wanted) return false;
    head->at++;
    return true;
}

static bool take_word(struct head *head, const char *word)
{
    size_t length = strlen(word);
    while (isspace((unsigned char)*head->at))
        head->at++;
    if (strncmp(head->at, word, length)) return false;
    head->at += length;
    return true;
}

static bool take_string(struct head *head, char *text, size_t bytes)
{
    int quote = take(head, '\'') ? '\'' : take(head, '"') ? '"' : '\0';
    const char *end = quote ? strchr(head->at, quote) : NULL;
    if (!end || (size_t)(end - head->at) >= bytes) return false;
    memcpy(text, head->at, (size_t)(end - head->at));
    text[end - head->at] = '\0';
    head->at = end + 1;
    return true;
}

static bool take_number(struct head *head, uint64_t *number)
{
    char digits[24];
    size_t count = 0;
    while (isspace((unsigned char)*head->at))
        head->at++;
    while (isdigit((unsigned char)*head->at) && count + 1 < sizeof digits)
        digits[count++] = *head->at++;
    digits[count] = '\0';
    if (*head->at == 'L') head->at++; /* Python 2 wrote this letter */
    return core_parse_u64(digits, number);
}

static bool take_shape(struct head *head)
{
    shs_tensor *shape = head->shape;
    shape->axes = 0;
    if (!take(head, '(')) return false;
    while (!take(head, ')')) {
        if (shape->axes == SHS_MAX_AXES) return false;
        if (!take_number(head, &shape->shape[shape->axes++])) return false;
        if (take(head, ',')) continue;
        return take(head, ')');
    }
    return true;
}

static bool take_descr(struct head *head)
{
    head->structured = take(head, '[');
    return head->structured || take_string(head, head->descr, sizeof head->descr);
}

static bool take_entry(struct head *head)
{
    char key[16];
    if (!take_string(head, key, sizeof key) || !take(head, ':')) return false;
    if (!strcmp(key, "descr")) return head->has_descr = take_descr(head);
    if (!strcmp(key, "shape")) return head->has_shape = take_shape(head);
    if (strcmp(key, "fortran_order")) return false;
    head->fortran = take_word(head, "True");
    return head->has_order = head->fortran || take_word(head, "False");
}

static bool parse_entries(struct head *head)
{
    while (!take(head, '}')) {
        if (!take_entry(head)) return false;
        if (head->structured) return true;
        if (!take(head, ',')) return take(head, '}');
    }
    return true;
}

/* Reads the head. Returns true if it was understood, which includes structured records, though
 * these are refused later. */
static bool parse_head(struct head *head)
{
    if (!take(head, '{') || !parse_entries(head)) return false;
    return head->structured || (head->has_descr && head->has_order && head->has_shape);
}

static shs_type type_of(const char *code)
{
    static const struct {
        const char *code;
        shs_type type;
    } types[] = {{"b1", SHS_U8},  {"u1", SHS_U8},  {"u2", SHS_U16}, {"u4", SHS_U32},
                 {"u8", SHS_U64}, {"i1", SHS_I8},  {"i2", SHS_I16}, {"i4", SHS_I32},
                 {"i8", SHS_I64}, {"f2", SHS_F16}, {"f4", SHS_F32}, {"f8", SHS_F64}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(code, types[i].code)) return types[i].type;
    return 0;
}

/* Names in words what the elements are if they are not plain numbers. */
static const char *kind_of(const struct head *head)
{
    if (head->structured) return "structured records";
    switch (strchr("<>|=", head->descr[0]) ? head->descr[1] : head->descr[0]) {
    case 'O':
        return "pickled Python objects";
    case 'c':
        return "complex numbers";
    case 'U':
    case 'S':
    case 'a':
        return "texts";
    case 'M':
    case 'm':
        return "times";
    case 'V':
        return "raw records";
    default:
        return "elements";
    }
}

static shs_status take_type(struct npy *npy, const struct head *head)
{
    const char *path = import_stream_path(npy->array.stream);
    char order = head->descr[0];
    bool little = order != '>';
    if (!head->structured && order && strchr("<>|=", order))
        npy->array.origin.shape.type = type_of(head->descr + 1);
    if (!npy->array.origin.shape.type)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s holds %s (%s), not plain numbers; save it as integers or floats of at "
                         "most 8 bytes",
                         path, kind_of(head), head->structured ? "[…]" : head->descr);
    if (order != '=') npy->array.swapped = little != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
    npy->fortran = head->fortran && npy->array.origin.shape.axes > 1;
    if (npy->array.origin.shape.axes) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT, "%s holds a single number, which has no rows", path);
}

static shs_status read_text(struct npy *npy, uint64_t at, size_t bytes, char *text)
{
    struct head head = {.at = text, .shape = &npy->array.origin.shape};
    shs_status status = import_stream_read_all(npy->array.stream, at, text, bytes, "head");
    text[bytes] = '\0';
    if (status) return status;
    if (strlen(text) != bytes || !parse_head(&head))
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: the head of this NPY file is not understood: %.120s; it must have "
                         "descr, fortran_order and a shape of 1 to %d axes",
                         import_stream_path(npy->array.stream), text, SHS_MAX_AXES);
    npy->array.offset = at + bytes;
    return take_type(npy, &head);
}

static shs_status read_head(struct npy *npy)
{
    struct import_stream *stream = npy->array.stream;
    unsigned char magic[12];
    char *text;
    shs_status status = import_stream_read_all(stream, 0, magic, sizeof magic, "head");
    if (status) return status;
    if (memcmp(magic, "\x93NUMPY", 6) || magic[6] < 1 || magic[6] > 3)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no NPY file of version 1, 2 or 3: it does not begin with 93 NUMPY "
                         "and the version",
                         import_stream_path(stream));
    uint64_t bytes = (uint64_t)magic[8] | (uint64_t)magic[9] << 8;
    if (magic[6] > 1) bytes |= (uint64_t)magic[10] << 16 | (uint64_t)magic[11] << 24;
    if (bytes > MOST_HEAD_BYTES)
        return core_fail(SHS_ERROR_FORMAT, "%s: its head is %llu bytes long; at most %d are read",
                         import_stream_path(stream), (ull)bytes, MOST_HEAD_BYTES);
    status = core_new(bytes + 1, 1, "a head", &text);
    if (!status) status = read_text(npy, magic[6] > 1 ? 12 : 10, bytes, text);
    core_free(&text);
    return status;
}

static shs_status open_npy(const struct import_request *request, struct import_origin *origin)
{
    struct npy *npy = (struct npy *)origin;
    shs_status status = import_stream_open(request->path, &npy->array.stream);
    return status ? status : read_head(npy);
}

static shs_status open_npz(const struct import_request *request, struct import_origin *origin)
{
    struct npy *npy = (struct npy *)origin;
    struct core_text text = {0};
    shs_status status =
        import_stream_open_member(request->path, request->dataset, &npy->array.stream);
    if (!status) status = read_head(npy);
    if (status || request->dataset) return status;
    core_text_add(&text, "%s is its only array", import_stream_path(npy->array.stream));
    return core_text_take(&text, &origin->note);
}

/* Prepares reading. In Fortran order a row's elements lie far apart, so packed bytes are unpacked
 * first. */
static shs_status prepare(struct import_origin *origin)
{
    struct npy *npy = (struct npy *)origin;
    shs_status status = npy->fortran ? import_stream_unpack(npy->array.stream) : SHS_OK;
    if (!status) status = import_array_check(origin);
    if (status || !npy->fortran) return status;
    npy->block_room = BLOCK_BYTES / origin->row_bytes;
    if (!npy->block_room) npy->block_room = 1;
    status = core_new(npy->block_room, origin->row_bytes, "rows", &npy->block);
    return status ? status : core_new(npy->block_room, 8, "a column", &npy->column);
}

/* ---- Fortran order: the first axis lies closest together */

/* Puts the elements of a column into rows in C order, `stride` elements apart. */
static void scatter(const unsigned char *column, uint64_t count, size_t size, uint64_t stride,
                    unsigned char *to)
{
    for (uint64_t i = 0; i < count; i++)
        memcpy(to + i * stride * size, column + i * size, size);
}

/* Goes on to the next column in Fortran order. Returns its position in a row in C order. */
static uint64_t next_position(const shs_tensor *shape, uint64_t index[SHS_MAX_AXES])
{
    uint64_t position = 0;
    for (uint32_t axis = 1; axis < shape->axes; axis++) {
        if (++index[axis] < shape->shape[axis]) break;
        index[axis] = 0;
    }
    for (uint32_t axis = 1; axis < shape->axes; axis++)
        position = position * shape->shape[axis] + index[axis];
    return position;
}

static shs_status gather_block(struct npy *npy, uint64_t first)
{
    const shs_tensor *shape = &npy->array.origin.shape;
    size_t size = shs_type_size(shape->type);
    uint64_t rows = shape->shape[0], columns = npy->array.origin.row_bytes / size, position = 0;
    uint64_t index[SHS_MAX_AXES] = {0};
    uint64_t count = rows - first < npy->block_room ? rows - first : npy->block_room;
    npy->block_count = 0;
    for (uint64_t column = 0; column < columns; column++) {
        shs_status status = import_stream_read_all(
            npy->array.stream, npy->array.offset + (column * rows + first) * size, npy->column,
            count * size, "elements");
        if (status) return status;
        scatter(npy->column, count, size, columns, npy->block + position * size);
        position = next_position(shape, index);
    }
    if (npy->array.swapped) io_swap(npy->block, count * columns, size);
    npy->block_first = first;
    npy->block_count = count;
    return SHS_OK;
}

static shs_status read_fortran(struct npy *npy, uint64_t first, uint64_t count, unsigned char *rows)
{
    size_t row_bytes = npy->array.origin.row_bytes;
    while (count) {
        if (first < npy->block_first || first - npy->block_first >= npy->block_count) {
            shs_status status = gather_block(npy, first);
            if (status) return status;
        }
        uint64_t skip = first - npy->block_first, now = npy->block_count - skip;
        if (now > count) now = count;
        memcpy(rows, npy->block + skip * row_bytes, now * row_bytes);
        rows += now * row_bytes;
        first += now;
        count -= now;
    }
    return SHS_OK;
}

static shs_status read_rows(struct import_origin *origin, uint64_t first, uint64_t count,
                            void *rows)
{
    struct npy *npy = (struct npy *)origin;
    return npy->fortran ? read_fortran(npy, first, count, rows)
                        : import_array_read(origin, first, count, rows);
}

static void close_npy(struct import_origin *origin)
{
    struct npy *npy = (struct npy *)origin;
    core_free(&npy->block);
    core_free(&npy->column);
    import_array_close(origin);
}

static bool any_order(const struct import_origin *origin)
{
    return !((const struct npy *)origin)->fortran && import_array_any_order(origin);
}

const struct import_format import_npy = {.name = "npy",
                                         .bytes = sizeof(struct npy),
                                         .open = open_npy,
                                         .prepare = prepare,
                                         .read = read_rows,
                                         .any_order = any_order,
                                         .finish = import_array_finish,
                                         .close = close_npy};

const struct import_format import_npz = {.name = "npz",
                                         .bytes = sizeof(struct npy),
                                         .open = open_npz,
                                         .prepare = prepare,
                                         .read = read_rows,
                                         .any_order = any_order,
                                         .finish = import_array_finish,
                                         .close = close_npy};
