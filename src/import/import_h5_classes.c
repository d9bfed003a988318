/* Datasets of texts in HDF5 files, whose different texts become classes. The classes are sorted by
 * name, byte by byte, and numbered from 0 on. */
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_texts.h"
#include "import_folder.h"
#include "import_format.h"

enum {
    MOST_CLASSES = 1 << 16,
    MOST_NOTED = 100 /* classes that the note lists */
};

struct classes {
    struct import_origin origin;
    struct import_h5_sources sources;
    struct import_names table; /* the classes: first as they are found, at last sorted */
    uint32_t *sorted;          /* numbers of the classes found, sorted by name */
    uint32_t *number;          /* of each row's class */
    size_t rows, room;
};

/* ---- reading */

/* Returns where a name is, or belongs, in the list of sorted numbers. */
static size_t place_of(const struct classes *classes, const char *text, bool *found)
{
    size_t begin = 0, end = classes->table.count;
    *found = false;
    while (begin < end && !*found) {
        size_t middle = begin + (end - begin) / 2;
        int order = strcmp(text, classes->table.name[classes->sorted[middle]]);
        *found = order == 0;
        if (order <= 0)
            end = middle;
        else
            begin = middle + 1;
    }
    return end;
}

/* Adds a class, whose number is the next. */
static shs_status add_class(struct classes *classes, size_t place, const char *text)
{
    size_t count = classes->table.count;
    if (count == MOST_CLASSES)
        return core_fail(SHS_ERROR_UNSUPPORTED,
                         "there are more than %d different texts, too many for classes",
                         MOST_CLASSES);
    shs_status status = import_names_add(&classes->table, text);
    if (status) return status;
    memmove(classes->sorted + place + 1, classes->sorted + place,
            (count - place) * sizeof *classes->sorted);
    classes->sorted[place] = (uint32_t)count;
    return SHS_OK;
}

static shs_status take_text(void *user, uint64_t row, const char *text)
{
    struct classes *classes = user;
    bool found;
    size_t place = place_of(classes, text, &found);
    shs_status status = found ? SHS_OK : add_class(classes, place, text);
    if (!status && classes->rows == classes->room) {
        size_t room = classes->room ? 2 * classes->room : 1024;
        status = core_resize(room, sizeof *classes->number, "classes of rows", &classes->number);
        if (!status) classes->room = room;
    }
    if (status) return core_wrap(status, "row %llu", (ull)row);
    classes->number[classes->rows++] = classes->sorted[place];
    return SHS_OK;
}

static shs_status read_sources(struct classes *classes)
{
    struct import_h5_sources *sources = &classes->sources;
    struct h5_file *file = NULL;
    shs_status status = SHS_OK;
    for (size_t i = 0; i < sources->count && !status; i++) {
        struct import_h5_source *source = &sources->source[i];
        bool next = !i || source->file != sources->source[i - 1].file;
        if (next) {
            h5_close(&file);
            status = io_paths_wrap(&sources->files, source->file,
                                   h5_open(sources->files.path[source->file], &file));
        }
        source->first = classes->rows;
        if (!status) status = h5_texts_read(file, source->name, take_text, classes, &source->rows);
    }
    h5_close(&file);
    return status;
}

/* ---- the table */

/* Sorts the classes, and numbers the rows anew. */
static shs_status sort(struct classes *classes)
{
    struct import_names *table = &classes->table;
    char **names;
    uint32_t *rank;
    shs_status status = core_new(table->count + 1, sizeof *names, "classes", &names);
    if (status) return status;
    status = core_new(table->count + 1, sizeof *rank, "classes", &rank);
    for (size_t i = 0; i < table->count && !status; i++) {
        names[i] = table->name[classes->sorted[i]];
        rank[classes->sorted[i]] = (uint32_t)i;
    }
    if (status) {
        core_free(&names);
        return status;
    }
    for (size_t row = 0; row < classes->rows; row++)
        classes->number[row] = rank[classes->number[row]];
    core_free(&table->name);
    table->name = names;
    core_free(&rank);
    return SHS_OK;
}

static shs_status note(struct classes *classes)
{
    struct core_text text = {0};
    size_t count = classes->table.count;
    for (size_t i = 0; i < count && i < MOST_NOTED; i++)
        core_text_add(&text, "%sclass %zu: %s", i ? "\n" : "", i, classes->table.name[i]);
    if (count > MOST_NOTED) core_text_add(&text, "\n… and %zu more classes", count - MOST_NOTED);
    return text.length ? core_text_take(&text, &classes->origin.note) : SHS_OK;
}

static void set_shape(struct classes *classes)
{
    struct import_origin *origin = &classes->origin;
    uint64_t count = classes->table.count;
    origin->shape = (shs_tensor){.axes = 1, .shape = {classes->rows}};
    origin->shape.type = count <= 1 << 8 ? SHS_U8 : SHS_U16;
    origin->classes = (const char *const *)classes->table.name;
    origin->n_classes = count;
    origin->files = (const char *const *)classes->sources.files.path;
    origin->n_files = classes->sources.files.count;
    if (classes->sources.count > 1) origin->n_sources = classes->sources.count;
}

static shs_status open_classes(const struct import_request *request, struct import_origin *origin)
{
    struct classes *classes = (struct classes *)origin;
    shs_status status = import_h5_sources_find(request->path, request->dataset, request->natural,
                                               &classes->sources);
    if (!status)
        status = core_new(MOST_CLASSES, sizeof *classes->sorted, "classes", &classes->sorted);
    if (!status) status = read_sources(classes);
    if (!status) status = sort(classes);
    if (status) return status;
    set_shape(classes);
    return note(classes);
}

static shs_status read_rows(struct import_origin *origin, uint64_t first, uint64_t count,
                            void *rows)
{
    const struct classes *classes = (struct classes *)origin;
    for (uint64_t i = 0; i < count; i++) {
        uint32_t number = classes->number[first + i];
        if (origin->shape.type == SHS_U8)
            ((uint8_t *)rows)[i] = (uint8_t)number;
        else
            ((uint16_t *)rows)[i] = (uint16_t)number;
    }
    return SHS_OK;
}

static bool any_order(const struct import_origin *origin)
{
    (void)origin;
    return true;
}

static shs_status name_source(const struct import_origin *origin, uint64_t number, char **name,
                              uint64_t *first)
{
    const struct classes *classes = (const struct classes *)origin;
    return import_h5_source_name(&classes->sources, (size_t)number, name, first);
}

static void close_classes(struct import_origin *origin)
{
    struct classes *classes = (struct classes *)origin;
    import_h5_sources_free(&classes->sources);
    import_names_free(&classes->table);
    core_free(&classes->sorted);
    core_free(&classes->number);
}

const struct import_format import_h5_classes = {.name = "h5 classes",
                                                .bytes = sizeof(struct classes),
                                                .open = open_classes,
                                                .read = read_rows,
                                                .any_order = any_order,
                                                .source = name_source,
                                                .close = close_classes};
