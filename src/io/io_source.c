#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_file.h"
#include "io_format.h"

static const struct io_format *const formats[] = {&io_idx, &io_npy, &io_csv, &io_png, &io_raw};

enum {
    N_FORMATS = sizeof formats / sizeof *formats
};

/* ---- recognising */

/* True if a name ends like that, perhaps before a ".gz". */
static bool ends_in(const char *path, const char *ending)
{
    size_t length = strlen(path), bytes = strlen(ending);
    if (length > 3 && !strcmp(path + length - 3, ".gz")) length -= 3;
    return length > bytes && !strncmp(path + length - bytes, ending, bytes);
}

static const struct io_format *format_of_name(const char *path)
{
    static const struct {
        const char *ending;
        const struct io_format *format;
    } endings[] = {{".idx", &io_idx}, {"-ubyte", &io_idx}, {".npy", &io_npy},
                   {".csv", &io_csv}, {".tsv", &io_csv},   {".txt", &io_csv}};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(path, endings[i].ending)) return endings[i].format;
    return NULL;
}

static const struct io_format *format_of_bytes(const unsigned char bytes[8])
{
    if (!memcmp(bytes, "\x93NUMPY", 6)) return &io_npy;
    if (!bytes[0] && !bytes[1] && bytes[2] >= 0x08 && bytes[2] <= 0x0e && bytes[3] >= 1 &&
        bytes[3] <= SHS_MAX_AXES)
        return &io_idx;
    return NULL;
}

static shs_status unknown_format(const char *path, const unsigned char bytes[8])
{
    if (!memcmp(bytes, "\x89PNG", 4))
        return core_fail(SHS_ERROR_FORMAT, "%s is a single PNG image; give the folder of all",
                         path);
    return core_fail(SHS_ERROR_FORMAT,
                     "%s is of no format that can be told by its content (IDX, NPY) or its name "
                     "(.csv, .tsv, .txt, .npy, .idx); put idx:, npy:, csv: or raw:TYPE:SHAPE: "
                     "before it",
                     path);
}

static shs_status recognise(const char *path, const struct io_format **format)
{
    unsigned char bytes[8] = {0};
    size_t got;
    bool folder;
    struct io_stream *stream;
    shs_status status = io_is_folder(path, &folder);
    *format = &io_png;
    if (status || folder) return status;
    status = io_stream_open(path, &stream);
    if (status) return status;
    status = io_stream_read(stream, 0, bytes, sizeof bytes, &got);
    io_stream_close(&stream);
    if (status) return status;
    *format = format_of_bytes(bytes);
    if (!*format) *format = format_of_name(path);
    return *format ? SHS_OK : unknown_format(path, bytes);
}

/* ---- the text */

/* The next part of *text up to a colon, and moves on past it; NULL, and nothing changed, without a
 * colon. The parts are those of a copy, which becomes theirs. */
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

/* 60000x28x28 */
static bool parse_shape(char *text, struct io_origin *origin)
{
    for (char *at = text; at;) {
        char *cross = strchr(at, 'x');
        if (cross) *cross = '\0';
        if (origin->axes == SHS_MAX_AXES || !core_parse_u64(at, &origin->shape[origin->axes++]))
            return false;
        at = cross ? cross + 1 : NULL;
    }
    return origin->axes > 0;
}

static shs_status parse_raw(char *text, struct io_origin *origin)
{
    char *type = next_part(&text), *shape = type ? next_part(&text) : NULL;
    if (type) origin->type = type_of(type, &origin->big_endian);
    origin->path = text;
    if (shape && origin->type && *text && parse_shape(shape, origin)) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "a raw file is given as raw:TYPE:SHAPE:FILE, such as "
                     "raw:u8:60000x28x28:images.bin or, big-endian, raw:f32be:1000x3:points.bin; "
                     "TYPE is u8 … u64, i8 … i64, f16, f32 or f64, SHAPE has 1 to %d axes",
                     SHS_MAX_AXES);
}

/* Parts before the file's name are what they look like: a type, or columns. */
static void parse_csv(char *text, struct io_origin *origin)
{
    bool big_endian;
    char *rest = text, *part = next_part(&rest);
    if (part && type_of(part, &big_endian) && !big_endian) {
        origin->type = type_of(part, &big_endian);
        text = rest;
        part = next_part(&rest);
    }
    if (part && *part && strspn(part, "0123456789-,") == strlen(part)) {
        origin->columns = part;
        text = rest;
    } else if (part) {
        part[strlen(part)] = ':';
    }
    origin->path = text;
}

static shs_status take_apart(char *text, struct io_origin *origin, const struct io_format **format)
{
    *format = NULL;
    for (int i = 0; i < N_FORMATS && !*format; i++) {
        size_t length = strlen(formats[i]->name);
        if (!strncmp(text, formats[i]->name, length) && text[length] == ':') {
            *format = formats[i];
            text += length + 1;
        }
    }
    origin->path = text;
    if (*format == &io_raw) return parse_raw(text, origin);
    if (*format == &io_csv) parse_csv(text, origin);
    return *format ? SHS_OK : recognise(text, format);
}

/* ---- the source */

static shs_status check_shape(struct io_source *source, const char *path)
{
    size_t bytes;
    const shs_tensor *shape = &source->shape;
    shs_status status = shs_tensor_bytes(shape, &bytes);
    if (status) return core_wrap(status, "%s", path);
    if (!bytes || !shape->axes || bytes > INT64_MAX)
        return core_fail(SHS_ERROR_FORMAT, "%s has no elements, or too many", path);
    source->row_bytes = bytes / (size_t)shape->shape[0];
    return SHS_OK;
}

static shs_status open_source(const struct io_origin *origin, const struct io_format *format,
                              struct io_source **source)
{
    shs_status status = core_new(1, format->bytes, "a source", source);
    if (status) return status;
    (*source)->format = format;
    status = core_copy(origin->path, &(*source)->path);
    if (!status) status = format->open(origin, *source);
    if (!status) status = check_shape(*source, origin->path);
    if (!status && format->prepare) status = format->prepare(*source);
    if (status) io_source_close(source);
    return status;
}

shs_status io_source_open(const char *text, const struct io_source_options *options,
                          struct io_source **source)
{
    char *copy;
    const struct io_format *format;
    struct io_origin origin = {.labels = options->labels, .heading = options->heading};
    *source = NULL;
    shs_status status = core_copy(text, &copy);
    if (!status) status = take_apart(copy, &origin, &format);
    if (!status && origin.labels && format != &io_png)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s: only a folder of images has labels; give one name for a file",
                           origin.path);
    if (!status && format == &io_csv && !origin.type) origin.type = options->type;
    if (!status) status = open_source(&origin, format, source);
    core_free(&copy);
    return status;
}

void io_source_close(struct io_source **source)
{
    if (!*source) return;
    (*source)->format->close(*source);
    core_free(&(*source)->path);
    core_free(&(*source)->note);
    core_free(source);
}

const shs_tensor *io_source_shape(const struct io_source *source)
{
    return &source->shape;
}

const char *io_source_path(const struct io_source *source)
{
    return source->path;
}

const char *io_source_note(const struct io_source *source)
{
    return source->note;
}

const char *const *io_source_classes(const struct io_source *source, uint64_t *count)
{
    *count = source->n_classes;
    return source->classes;
}

bool io_source_is_folder(const struct io_source *source)
{
    return source->format == &io_png;
}

shs_status io_source_pair(const struct io_source *first, struct io_source *second)
{
    return io_png_pair(first, second);
}

shs_status io_source_share_classes(struct io_source *const *sources, size_t count)
{
    struct io_source **labels;
    size_t n_labels = 0;
    shs_status status = core_new(count, sizeof *labels, "sources", &labels);
    for (size_t i = 0; i < count && !status; i++)
        if (sources[i]->classes) labels[n_labels++] = sources[i];
    if (!status && n_labels > 1) status = io_png_share_classes(labels, n_labels);
    core_free(&labels);
    return status;
}

shs_status io_source_read(struct io_source *source, uint64_t first, uint64_t count, void *rows)
{
    return source->format->read(source, first, count, rows);
}

shs_status io_source_finish(struct io_source *source)
{
    return source->format->finish ? source->format->finish(source) : SHS_OK;
}
