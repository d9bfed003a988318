/* Datasets of HDF5 files, among them those of netCDF-4 and of MATLAB 7.3. */
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "import_format.h"
#include "import_h5_join.h"

enum {
    SHOWN_NAMES = 3 /* names that a note shows before the last */
};

struct hdf5 {
    struct import_origin origin;
    struct import_h5_sources sources;
    struct import_h5_join *join;
};

static void add_source(struct core_text *text, const struct import_h5_sources *sources,
                       size_t number)
{
    if (sources->files.count > 1)
        core_text_add(text, "%s:", import_h5_source_path(sources, number));
    core_text_add(text, "%s", sources->source[number].name);
}

/* Notes the order in which datasets were joined. */
static void note_order(const struct hdf5 *hdf5, bool natural, struct core_text *text)
{
    const struct import_h5_sources *sources = &hdf5->sources;
    core_text_add(
        text, "%s: %zu datasets joined in the order of %s, %s: ", hdf5->origin.path, sources->count,
        import_h5_sources_listed(sources) ? "the listed files and, in each, of their names"
                                          : "their names",
        natural ? "with numbers by size" : "byte by byte");
    for (size_t i = 0; i < sources->count && i < SHOWN_NAMES; i++) {
        if (i) core_text_add(text, ", ");
        add_source(text, sources, i);
    }
    if (sources->count > SHOWN_NAMES) {
        core_text_add(text, sources->count > SHOWN_NAMES + 1 ? ", …, " : ", ");
        add_source(text, sources, sources->count - 1);
    }
}

/* Notes the attributes that give numbers another meaning, and are not kept. */
static void note_packing(const struct hdf5 *hdf5, struct core_text *text)
{
    const struct h5_packing *packing = import_h5_join_packing(hdf5->join);
    if (!h5_packing_has_any(packing)) return;
    core_text_add(text, "%s%s: numbers are taken as they are stored: attributes ",
                  text->length ? "\n" : "", hdf5->origin.path);
    h5_packing_print(packing, text);
    core_text_add(text, " are neither applied nor kept");
}

/* Notes what was taken for granted. */
static shs_status note(struct hdf5 *hdf5, const struct import_request *request)
{
    struct core_text text = {0};
    const char *matlab = import_h5_join_matlab(hdf5->join);
    if (hdf5->sources.count > 1) note_order(hdf5, request->natural, &text);
    if (*matlab && hdf5->origin.shape.axes > 1 && request->way.axes == IMPORT_H5_STORED)
        core_text_add(&text,
                      "%s%s: MATLAB wrote the axes of this %s array last axis first, and they are "
                      "kept so; h5:reversed:FILE:DATASET gives MATLAB's order",
                      text.length ? "\n" : "", hdf5->origin.path, matlab);
    note_packing(hdf5, &text);
    return text.length ? core_text_take(&text, &hdf5->origin.note) : SHS_OK;
}

static shs_status open_h5(const struct import_request *request, struct import_origin *origin)
{
    struct hdf5 *hdf5 = (struct hdf5 *)origin;
    struct import_h5_way way = request->way;
    way.type = request->type;
    shs_status status =
        import_h5_sources_find(request->path, request->dataset, request->natural, &hdf5->sources);
    if (!status) status = import_h5_join_open(&hdf5->sources, &way, &hdf5->join, &origin->shape);
    if (status) return status;
    origin->files = (const char *const *)hdf5->sources.files.path;
    origin->n_files = hdf5->sources.files.count;
    if (hdf5->sources.count > 1) origin->n_sources = hdf5->sources.count;
    return note(hdf5, request);
}

static shs_status read_rows(struct import_origin *origin, uint64_t first, uint64_t count,
                            void *rows)
{
    return import_h5_join_read(((struct hdf5 *)origin)->join, first, count, rows);
}

static shs_status name_source(const struct import_origin *origin, uint64_t number, char **name,
                              uint64_t *first)
{
    const struct import_h5_sources *sources = &((const struct hdf5 *)origin)->sources;
    return import_h5_source_name(sources, (size_t)number, name, first);
}

static void close_h5(struct import_origin *origin)
{
    struct hdf5 *hdf5 = (struct hdf5 *)origin;
    import_h5_join_close(&hdf5->join);
    import_h5_sources_free(&hdf5->sources);
}

const struct import_format import_h5 = {.name = "h5",
                                        .bytes = sizeof(struct hdf5),
                                        .open = open_h5,
                                        .read = read_rows,
                                        .source = name_source,
                                        .close = close_h5};
