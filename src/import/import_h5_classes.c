/* Datasets of texts in HDF5 files, whose different texts become classes. */
#include "core_memory.h"
#include "h5_texts.h"
#include "import_classes.h"

struct h5_classes {
    struct import_origin origin;
    struct import_h5_sources sources;
    struct import_classes classes;
};

static shs_status take_text(void *user, uint64_t row, const char *text)
{
    shs_status status = import_classes_add(user, text);
    return status ? core_wrap(status, "row %llu", (ull)row) : SHS_OK;
}

static shs_status read_sources(struct h5_classes *texts)
{
    struct import_h5_sources *sources = &texts->sources;
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
        source->first = texts->classes.rows;
        if (!status)
            status = h5_texts_read(file, source->name, take_text, &texts->classes, &source->rows);
    }
    h5_close(&file);
    return status;
}

static shs_status open_classes(const struct import_request *request, struct import_origin *origin)
{
    struct h5_classes *texts = (struct h5_classes *)origin;
    shs_status status =
        import_h5_sources_find(request->path, request->dataset, request->natural, &texts->sources);
    if (!status) status = read_sources(texts);
    if (status) return status;
    origin->files = (const char *const *)texts->sources.files.path;
    origin->n_files = texts->sources.files.count;
    if (texts->sources.count > 1) origin->n_sources = texts->sources.count;
    return import_classes_finish(&texts->classes, origin);
}

static shs_status read_rows(struct import_origin *origin, uint64_t first, uint64_t count,
                            void *rows)
{
    import_classes_read(&((struct h5_classes *)origin)->classes, origin, first, count, rows);
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
    const struct h5_classes *texts = (const struct h5_classes *)origin;
    return import_h5_source_name(&texts->sources, (size_t)number, name, first);
}

static void close_classes(struct import_origin *origin)
{
    struct h5_classes *texts = (struct h5_classes *)origin;
    import_h5_sources_free(&texts->sources);
    import_classes_free(&texts->classes);
}

const struct import_format import_h5_classes = {.name = "h5 classes",
                                                .bytes = sizeof(struct h5_classes),
                                                .open = open_classes,
                                                .read = read_rows,
                                                .any_order = any_order,
                                                .source = name_source,
                                                .close = close_classes};
