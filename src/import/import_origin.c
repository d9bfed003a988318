#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_format.h"
#include "import_hint.h"
#include "import_spool.h"
#include "io_folder.h"

static const struct import_format *const formats[] = {
    &import_idx, &import_npy, &import_csv, &import_png, &import_raw, &import_h5, &import_npz};

enum {
    N_FORMATS = sizeof formats / sizeof *formats
};

/* ---- recognising */

/* Returns true if a name ends in `ending`, perhaps followed by ".gz". */
static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), bytes = strlen(ending);
    if (length > 3 && !strcmp(path + length - 3, ".gz")) length -= 3;
    return length > bytes && !strncmp(path + length - bytes, ending, bytes);
}

static const struct import_format *format_of_name(const char *path)
{
    static const struct {
        const char *ending;
        const struct import_format *format;
    } endings[] = {{".idx", &import_idx}, {"-ubyte", &import_idx}, {".npy", &import_npy},
                   {".csv", &import_csv}, {".tsv", &import_csv},   {".txt", &import_csv}};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(path, endings[i].ending)) return endings[i].format;
    return NULL;
}

static const struct import_format *format_of_bytes(const unsigned char bytes[8])
{
    if (!memcmp(bytes, "\x93NUMPY", 6)) return &import_npy;
    if (!memcmp(bytes, "PK\3\4", 4) || !memcmp(bytes, "PK\5\6", 4)) return &import_npz;
    if (!bytes[0] && !bytes[1] && bytes[2] >= 0x08 && bytes[2] <= 0x0e && bytes[3] >= 1 &&
        bytes[3] <= SHS_MAX_AXES)
        return &import_idx;
    return NULL;
}

static shs_status unknown_format(const char *path, const unsigned char bytes[8])
{
    if (!memcmp(bytes, "\x89HDF\r\n\x1a\n", 8))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s is an HDF5 file; name a dataset of it, as in h5:%s:DATASET", path,
                         path);
    if (!memcmp(bytes, "\x89PNG", 4) || !memcmp(bytes, "\xff\xd8\xff", 3))
        return core_fail(SHS_ERROR_FORMAT, "%s is a single %s image; give the folder of all", path,
                         *bytes == 0xff ? "JPEG" : "PNG");
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s is of no format that can be told by its content (IDX, NPY, NPZ) or its name "
        "(.csv, .tsv, .txt, .npy, .idx); put idx:, npy:, csv: or raw:TYPE:SHAPE: "
        "before it",
        path);
}

static shs_status recognise(const char *path, const struct import_format **format)
{
    unsigned char bytes[8] = {0};
    size_t got;
    bool folder;
    struct import_stream *stream;
    shs_status status = io_is_folder(path, &folder);
    if (!status && folder) *format = &import_png;
    if (status || folder) return status;
    status = import_stream_open(path, &stream);
    if (status) return status;
    status = import_stream_read(stream, 0, bytes, sizeof bytes, &got);
    import_stream_close(&stream);
    if (status) return status;
    const struct import_format *found = format_of_bytes(bytes);
    if (!found) found = format_of_name(path);
    if (!found) return unknown_format(path, bytes);
    *format = found;
    return SHS_OK;
}

/* ---- the text */

/* Returns the next part of *text up to a colon, and moves *text past it. Returns NULL, and changes
 * nothing, if there is no colon. */
static char *next_part(char **text)
{
    char *part = *text, *colon = strchr(part, ':');
    if (!colon) return NULL;
    *colon = '\0';
    *text = colon + 1;
    return part;
}

static shs_type type_of(const char *name, bool *big_endian)
{
    char plain[8];
    size_t length = strlen(name);
    *big_endian = length > 3 && !strcmp(name + length - 2, "be");
    if (*big_endian) length -= 2;
    if (length >= sizeof plain) return 0;
    memcpy(plain, name, length);
    plain[length] = '\0';
    for (shs_type type = SHS_U8; type <= SHS_F64; type++)
        if (!strcmp(plain, shs_type_name(type))) return type;
    return 0;
}

/* Reads a shape such as 60000x28x28. */
static bool parse_shape(char *text, struct import_request *request)
{
    for (char *at = text; at;) {
        char *cross = strchr(at, 'x');
        if (cross) *cross = '\0';
        if (request->axes == SHS_MAX_AXES || !core_parse_u64(at, &request->shape[request->axes++]))
            return false;
        at = cross ? cross + 1 : NULL;
    }
    return request->axes > 0;
}

static shs_status parse_raw(char *text, struct import_request *request)
{
    char *type = next_part(&text), *shape = type ? next_part(&text) : NULL;
    if (type) request->type = type_of(type, &request->big_endian);
    request->path = text;
    if (shape && request->type && *text && parse_shape(shape, request)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "a raw file is given as raw:TYPE:SHAPE:FILE, such as "
                     "raw:u8:60000x28x28:images.bin or, big-endian, raw:f32be:1000x3:points.bin; "
                     "TYPE is u8 … u64, i8 … i64, f16, f32 or f64, SHAPE has 1 to %d axes",
                     SHS_MAX_AXES);
}

/* Reads the parts before the file's name. A part is a type, the word classes or a list of columns,
 * whichever it looks like. */
static void parse_csv(char *text, struct import_request *request)
{
    bool big_endian;
    char *rest = text, *part = next_part(&rest);
    if (part && type_of(part, &big_endian) && !big_endian)
        request->type = type_of(part, &big_endian);
    else if (part && !strcmp(part, "classes"))
        request->classes = true;
    if (request->type || request->classes) {
        text = rest;
        part = next_part(&rest);
    }
    if (part && *part && strspn(part, "0123456789-,") == strlen(part)) {
        request->columns = part;
        text = rest;
    } else if (part) {
        part[strlen(part)] = ':';
    }
    request->path = text;
}

/* Reads the order of axes, such as 2,0,1. */
static bool parse_axes(char *text, struct import_h5_way *way)
{
    way->axes = IMPORT_H5_LISTED;
    way->n_order = 0;
    for (char *at = text; at;) {
        uint64_t axis;
        char *comma = strchr(at, ',');
        if (comma) *comma = '\0';
        if (way->n_order == SHS_MAX_AXES || !core_parse_u64(at, &axis) || axis >= SHS_MAX_AXES)
            return false;
        way->order[way->n_order++] = (uint32_t)axis;
        at = comma ? comma + 1 : NULL;
    }
    return true;
}

/* Reads a word that stands before the name of an HDF5 file. Sets *wrong if its list of axes is no
 * list. Returns false for any other text. */
static bool parse_h5_word(char *word, struct import_request *request, bool *wrong)
{
    bool big_endian;
    shs_type type = type_of(word, &big_endian);
    if (type && !big_endian)
        request->type = type;
    else if (!strcmp(word, "natural"))
        request->natural = true;
    else if (!strcmp(word, "classes"))
        request->classes = true;
    else if (!strcmp(word, "reversed"))
        request->way.axes = IMPORT_H5_REVERSED;
    else if (!strncmp(word, "axes=", 5))
        *wrong |= !parse_axes(word + 5, &request->way);
    else
        return false;
    return true;
}

/* The name of the dataset stands behind the last colon, because names of files have more often a
 * colon in them. */
static shs_status parse_h5(char *text, struct import_request *request)
{
    bool wrong = false;
    for (char *rest = text, *word = next_part(&rest); word; word = next_part(&rest)) {
        if (!parse_h5_word(word, request, &wrong)) {
            word[strlen(word)] = ':';
            break;
        }
        text = rest;
    }
    char *colon = strrchr(text, ':');
    request->path = text;
    if (request->classes && (request->type || request->way.axes != IMPORT_H5_STORED))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "classes are numbers of texts along one axis; leave out the type and the "
                         "order of axes: h5:classes:FILE:DATASET");
    if (colon && colon > text && colon[1] && !wrong) {
        *colon = '\0';
        request->dataset = colon + 1;
        return SHS_OK;
    }
    return core_fail(
        SHS_ERROR_ARGUMENT,
        "datasets are given as h5:FILE:DATASET or, with any of these words before "
        "FILE, h5:f32:reversed:natural:FILE:DATASET: a type to convert to; reversed or "
        "axes=2,0,1, the order of axes; natural, to sort names with their numbers by "
        "size; classes, to number texts");
}

/* Takes the name of an array off the text, if it has one. */
static void parse_npz(char *text, struct import_request *request)
{
    char *colon = strrchr(text, ':');
    request->path = text;
    if (!colon || colon == text || !colon[1]) return;
    *colon = '\0';
    request->dataset = colon + 1;
}

static shs_status take_apart(char *text, struct import_request *request,
                             const struct import_format **format)
{
    *format = NULL;
    for (int i = 0; i < N_FORMATS && !*format; i++) {
        size_t length = strlen(formats[i]->name);
        if (!strncmp(text, formats[i]->name, length) && text[length] == ':') {
            *format = formats[i];
            text += length + 1;
        }
    }
    if (!*format && !strncmp(text, "images:", strlen("images:"))) {
        *format = &import_png;
        text += strlen("images:");
    }
    request->path = text;
    if (*format == &import_raw) return parse_raw(text, request);
    if (*format == &import_h5) {
        shs_status status = parse_h5(text, request);
        if (request->classes) *format = &import_h5_classes;
        return status;
    }
    if (*format == &import_npz) parse_npz(text, request);
    if (*format == &import_csv) {
        parse_csv(text, request);
        if (request->classes) *format = &import_csv_classes;
    }
    return *format || !*request->path ? SHS_OK : recognise(text, format);
}

/* ---- the origin */

static shs_status check_shape(struct import_origin *origin, const char *path)
{
    size_t bytes;
    const shs_tensor *shape = &origin->shape;
    shs_status status = shs_tensor_bytes(shape, &bytes);
    if (status)
        return core_fail(status, "%s: a process cannot address as many elements; check its shape",
                         path);
    if (!bytes || !shape->axes || bytes > INT64_MAX)
        return core_fail(SHS_ERROR_FORMAT, "%s has no elements, or too many", path);
    origin->row_bytes = bytes / (size_t)shape->shape[0];
    return SHS_OK;
}

/* Keeps what distinguishes the files from what they may become while they are imported. A new file
 * in a folder is no change of its images. */
static shs_status identify(struct import_origin *origin)
{
    shs_status status = SHS_OK;
    const char *path;
    size_t count = origin->files ? origin->n_files : 1;
    if (origin->format == &import_png) return SHS_OK;
    status = core_new(count, sizeof *origin->then, "files", &origin->then);
    for (size_t i = 0; !status && (path = import_origin_path(origin, i)); i++)
        status = io_identify_path(path, &origin->then[i]);
    return status;
}

/* Refuses an origin of which a file has changed since it was opened, so that the rows may be of no
 * one state of it. */
static shs_status check_unchanged(const struct import_origin *origin)
{
    const char *path;
    for (size_t i = 0; origin->then && (path = import_origin_path(origin, i)); i++) {
        struct io_identity now;
        bool touched;
        shs_status status = io_identify_path(path, &now);
        if (!status) status = io_compare(path, &origin->then[i], &now, &touched);
        if (!status && touched)
            status = core_fail(SHS_ERROR_FILE,
                               "%s was written to, or touched, while it was imported; import it "
                               "again when nothing writes to it",
                               path);
        if (status) return status;
    }
    return SHS_OK;
}

static shs_status open_origin(const struct import_request *request,
                              const struct import_format *format, struct import_origin **origin)
{
    shs_status status = core_new(1, format->bytes, "an origin", origin);
    if (status) return status;
    (*origin)->format = format;
    status = core_copy(request->path, &(*origin)->path);
    if (!status) status = format->open(request, *origin);
    if (!status) status = identify(*origin);
    if (!status) status = check_shape(*origin, request->path);
    if (!status && format->prepare) status = format->prepare(*origin);
    if (status) import_origin_close(origin);
    return status;
}

shs_status import_origin_open(const char *text, const struct import_origin_options *options,
                              struct import_origin **origin)
{
    char *copy;
    const struct import_format *format = NULL;
    struct import_request request = {
        .labels = options->labels, .encoded = options->encoded, .heading = options->heading};
    *origin = NULL;
    shs_status status = core_copy(text, &copy);
    if (!status) status = take_apart(copy, &request, &format);
    if (!status && !*request.path)
        status = core_fail(SHS_ERROR_ARGUMENT, "'%s' names no file; put FILE behind it", text);
    if (!status && request.labels && format != &import_png)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s: only a folder of images has labels; give one name for a file",
                           request.path);
    if (!status && format == &import_csv && !request.type) request.type = options->type;
    if (!status) status = open_origin(&request, format, origin);
    if (status) import_hint(status, &request, format);
    core_free(&copy);
    return status;
}

void import_origin_close(struct import_origin **origin)
{
    if (!*origin) return;
    (*origin)->format->close(*origin);
    core_free(&(*origin)->path);
    core_free(&(*origin)->note);
    core_free(&(*origin)->then);
    import_spool_close(&(*origin)->spool);
    core_free(origin);
}

const shs_tensor *import_origin_shape(const struct import_origin *origin)
{
    return &origin->shape;
}

const char *import_origin_path(const struct import_origin *origin, size_t number)
{
    if (origin->files) return number < origin->n_files ? origin->files[number] : NULL;
    return number ? NULL : origin->path;
}

uint64_t import_origin_sources(const struct import_origin *origin)
{
    return origin->n_sources;
}

shs_status import_origin_source(const struct import_origin *origin, uint64_t number, char **name,
                                uint64_t *first)
{
    *name = NULL;
    return origin->format->source(origin, number, name, first);
}

const char *import_origin_note(const struct import_origin *origin)
{
    return origin->note;
}

const char *const *import_origin_classes(const struct import_origin *origin, uint64_t *count)
{
    *count = origin->n_classes;
    return origin->classes;
}

bool import_origin_is_folder(const struct import_origin *origin)
{
    return origin->format == &import_png;
}

bool import_origin_is_encoded(const struct import_origin *origin)
{
    return origin->format == &import_png && import_png_is_encoded(origin);
}

shs_status import_origin_pair(const struct import_origin *first, struct import_origin *second)
{
    return import_png_pair(first, second);
}

shs_status import_origin_share_classes(struct import_origin *const *origins, size_t count)
{
    struct import_origin **labels;
    size_t n_labels = 0;
    shs_status status = core_new(count, sizeof *labels, "origins", &labels);
    for (size_t i = 0; i < count && !status; i++)
        if (origins[i]->classes && import_origin_is_folder(origins[i]))
            labels[n_labels++] = origins[i];
    if (!status && n_labels > 1) status = import_png_share_classes(labels, n_labels);
    core_free(&labels);
    return status;
}

shs_status import_origin_read(struct import_origin *origin, uint64_t first, uint64_t count,
                              void *rows)
{
    return origin->spool ? import_spool_read(origin->spool, first, count, rows)
                         : origin->format->read(origin, first, count, rows);
}

shs_status import_origin_any_order(struct import_origin *origin)
{
    const struct import_format *format = origin->format;
    if (origin->spool || (format->any_order && format->any_order(origin))) return SHS_OK;
    return import_spool_open(origin, &origin->spool);
}

shs_status import_origin_finish(struct import_origin *origin)
{
    shs_status status = origin->format->finish ? origin->format->finish(origin) : SHS_OK;
    return status ? status : check_unchanged(origin);
}
