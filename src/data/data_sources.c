#include "data_sources.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "io_host.h"

struct data_sources {
    const struct h5_runs *runs; /* they belong to the array that is open in HDF5, or are `known` */
    struct h5_runs known;       /* runs from an index: without names */
    struct io_identity *file;   /* of the file of each source, from an index; or NULL */
    struct data_field *field;   /* one for each source */
    size_t count;               /* sources that were opened */
    bool alike;                 /* true if their rows have the shape of the array's rows */
    uint64_t row_elements;      /* of a row of the virtual array */
    /* The numbers of runs, source by source, and in the order of the rows of each. */
    size_t *by_source;
    size_t *begin; /* where those of each source begin, and the end */
    uint64_t most; /* rows of a source for a row of the virtual array */
};

size_t data_sources_allowed(void)
{
    enum {
        MOST = 512
    };
    size_t most = io_files_allowed() / 8;
    return most < MOST ? most : MOST;
}

static bool refuse(struct data_field *field, const char *reason)
{
    snprintf(field->reason, sizeof field->reason, "%s", reason);
    return false;
}

static uint64_t elements_of(const struct data_sources *sources, const struct data_field *source)
{
    return source->whole_bytes / sources->runs->element_bytes;
}

/* ---- opening */

/* Opens a source as a field of its own. HDF5 keeps its file open only until the source has been
 * compared. */
static shs_status open_source(struct h5_file *file, const struct data_field_how *how,
                              const struct data_field *field, const struct h5_source *named,
                              struct data_field *source)
{
    uint32_t axes = h5_array_axes(field->through);
    const struct data_view view = {.row_axes = named->axes == axes ? field->row_axes : 1};
    const struct data_field_how own = {
        .view = &view, .map = how->map, .trusted = how->trusted, .is_source = true};
    struct h5_file *other = NULL;
    shs_status status = named->path ? h5_open(named->path, &other) : SHS_OK;
    if (!status)
        status = data_field_open(other ? other : file, named->path ? named->path : field->path,
                                 named->name, &own, source);
    h5_array_close(&source->through);
    h5_close(&other);
    if (status != SHS_ERROR_UNSUPPORTED) return status;
    snprintf(source->reason, sizeof source->reason, "of another type");
    return SHS_OK;
}

/* Returns true if a source's rows are whole rows of the virtual array, or pieces of a row that
 * follow one another, in the same type. Otherwise says why not. */
static bool fits(struct data_sources *sources, struct data_field *field,
                 const struct data_field *source)
{
    const shs_tensor *own = &field->whole, *other = &source->whole;
    bool same = own->axes == other->axes &&
                !memcmp(own->shape, other->shape, own->axes * sizeof *own->shape);
    if (!source->direct) {
        snprintf(field->reason, sizeof field->reason, "virtual, over a dataset that is %.60s",
                 source->reason);
        return false;
    }
    if (own->type != other->type) return refuse(field, "virtual, over a dataset of another type");
    uint64_t elements = elements_of(sources, source);
    bool takes_part = field->part || field->slab.length;
    if (!elements || sources->row_elements % elements != 0 || (takes_part && !same))
        return refuse(field, "virtual, over a dataset of another shape");
    sources->alike = sources->alike && same;
    return true;
}

/* Returns true if a run is whole rows of the array, and of its source. */
static bool is_of_rows(const struct data_sources *sources, const struct h5_run *run)
{
    const struct data_field *source = &sources->field[run->source];
    uint64_t elements = elements_of(sources, source), rows = source->rows;
    return run->first % sources->row_elements == 0 && run->count % sources->row_elements == 0 &&
           run->from % elements == 0 && run->from / elements <= rows &&
           run->count / elements <= rows - run->from / elements;
}

static void take_part(const struct data_field *field, struct data_field *source)
{
    source->part = field->part;
    source->row_bytes = source->stored_bytes = field->stored_bytes;
    source->sample = (shs_tensor){
        .name = source->sample.name, .type = field->whole.type, .axes = field->sample.axes};
    memcpy(source->sample.shape, field->sample.shape, sizeof source->sample.shape);
}

/* Opens the sources that have runs. A source takes the part of its rows that the array takes. */
static shs_status open_sources(struct h5_file *file, const struct data_field_how *how,
                               struct data_field *field, struct data_sources *sources, bool *fit)
{
    const struct h5_runs *runs = sources->runs;
    shs_status status =
        core_new(runs->n_sources, sizeof *sources->field, "sources", &sources->field);
    for (size_t i = 0; i < runs->n_sources && !status && *fit; i++) {
        struct data_field *source = &sources->field[i];
        status = open_source(file, how, field, &runs->source[i], source);
        if (status) break;
        sources->count++;
        *fit = fits(sources, field, source);
        source->of = sources;
        if (*fit && field->part) take_part(field, source);
    }
    return status;
}

static int compare_runs(const void *left, const void *right, void *user)
{
    const struct h5_run *run = user, *a = &run[*(const size_t *)left],
                        *b = &run[*(const size_t *)right];
    if (a->source != b->source) return a->source < b->source ? -1 : 1;
    return a->from < b->from ? -1 : a->from > b->from;
}

/* Lists the runs source by source. */
static shs_status list_runs(struct data_sources *sources)
{
    const struct h5_runs *runs = sources->runs;
    shs_status status =
        core_new(runs->n_runs, sizeof *sources->by_source, "runs of rows", &sources->by_source);
    if (!status)
        status = core_new(runs->n_sources + 1, sizeof *sources->begin, "sources", &sources->begin);
    if (status) return status;
    for (size_t i = 0; i < runs->n_runs; i++) {
        sources->by_source[i] = i;
        sources->begin[runs->run[i].source + 1]++;
    }
    for (size_t i = 0; i < runs->n_sources; i++)
        sources->begin[i + 1] += sources->begin[i];
    qsort_r(sources->by_source, runs->n_runs, sizeof *sources->by_source, compare_runs, runs->run);
    return SHS_OK;
}

/* Examines whether every run is of whole rows. */
static bool are_of_rows(struct data_sources *sources, struct data_field *field)
{
    const struct h5_runs *runs = sources->runs;
    for (size_t i = 0; i < runs->n_runs; i++)
        if (!is_of_rows(sources, &runs->run[i]))
            return refuse(field, "virtual, and its sources do not have whole rows");
    for (size_t i = 0; i < sources->count; i++) {
        uint64_t each = sources->row_elements / elements_of(sources, &sources->field[i]);
        if (each > sources->most) sources->most = each;
    }
    return true;
}

/* Says why the sources are not even opened, if so. */
static bool are_few(const struct h5_runs *runs, const struct data_field_how *how,
                    struct data_field *field)
{
    size_t most = how->most_sources ? how->most_sources : data_sources_allowed();
    if (how->is_source) return refuse(field, "virtual");
    if (runs->reason) return refuse(field, runs->reason);
    for (size_t i = 0; i < runs->n_sources; i++)
        if (!runs->source[i].axes) return refuse(field, "virtual, over single numbers");
    if (runs->n_sources <= most) return field->row_bytes > 0;
    snprintf(field->reason, sizeof field->reason,
             "virtual, over %zu datasets; ulimit -n allows %zu", runs->n_sources, most);
    return false;
}

shs_status data_sources_open(struct h5_file *file, const struct data_field_how *how,
                             struct data_field *field)
{
    const struct h5_runs *runs = h5_array_runs(field->through);
    struct data_sources *sources;
    bool fit = true, touched;
    if (!runs || !are_few(runs, how, field)) return SHS_OK;
    shs_status status = core_new(1, sizeof *sources, "sources", &sources);
    if (status) return status;
    sources->runs = runs;
    sources->alike = true;
    sources->row_elements = field->whole_bytes / runs->element_bytes;
    status = open_sources(file, how, field, sources, &fit);
    fit = fit && !status && are_of_rows(sources, field);
    if (fit) status = list_runs(sources);
    /* what was opened is what was examined */
    if (fit && !status) status = h5_array_check(field->through, &touched);
    if (status || !fit)
        data_sources_close(&sources);
    else
        field->sources = sources;
    return status;
}

/* ---- from an index */

static shs_status make(size_t most, struct data_sources *sources, struct data_field *field,
                       bool *fit)
{
    const struct h5_runs *runs = sources->runs;
    *fit = sources->count <= most && runs->n_runs && runs->element_bytes && field->row_bytes;
    if (*fit) sources->row_elements = field->whole_bytes / runs->element_bytes;
    for (size_t i = 0; i < sources->count && *fit; i++) {
        *fit = fits(sources, field, &sources->field[i]);
        sources->field[i].of = sources;
        if (*fit && field->part) take_part(field, &sources->field[i]);
    }
    uint64_t end = 0;
    for (size_t i = 0; i < runs->n_runs && *fit; i++) {
        *fit = runs->run[i].source < sources->count && runs->run[i].first == end;
        end += runs->run[i].count;
    }
    *fit = *fit && end / sources->row_elements == field->rows && are_of_rows(sources, field);
    return *fit ? list_runs(sources) : SHS_OK;
}

shs_status data_sources_make(struct data_sources_known *known, size_t most,
                             struct data_field *field)
{
    struct data_sources *sources;
    bool fit = false;
    shs_status status = core_new(1, sizeof *sources, "sources", &sources);
    if (!status) {
        *sources = (struct data_sources){.known = {.run = known->run,
                                                   .n_runs = known->n_runs,
                                                   .n_sources = known->count,
                                                   .element_bytes = known->element_bytes},
                                         .file = known->file,
                                         .field = known->field,
                                         .count = known->count,
                                         .alike = true};
        sources->runs = &sources->known;
        *known = (struct data_sources_known){0};
        status = make(most, sources, field, &fit);
    }
    for (size_t i = 0; i < known->count; i++)
        data_field_close(&known->field[i]);
    core_free(&known->field);
    core_free(&known->file);
    core_free(&known->run);
    if (status || !fit)
        data_sources_close(&sources);
    else
        field->sources = sources;
    return status;
}

shs_status data_sources_begin(struct data_sources *sources, bool map)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < data_sources_count(sources) && !status; i++) {
        struct io_reader *reader = sources->field[i].direct;
        status = io_reader_begin(reader);
        if (!status && map && !io_reader_is_mapped(reader)) status = io_reader_map(reader);
    }
    return status;
}

shs_status data_sources_check(const struct data_sources *sources, bool *touched)
{
    *touched = false;
    for (size_t i = 0; sources && sources->file && i < sources->count; i++) {
        const char *path = sources->field[i].path;
        struct io_identity now;
        bool one = false;
        shs_status status = io_identify_path(path, &now);
        if (!status) status = io_compare(path, &sources->file[i], &now, &one);
        if (status) return status;
        *touched = *touched || one;
    }
    return SHS_OK;
}

const struct h5_runs *data_sources_runs(const struct data_sources *sources)
{
    return sources->runs;
}

void data_sources_close(struct data_sources **sources)
{
    if (!*sources) return;
    for (size_t i = 0; i < (*sources)->count; i++) {
        (*sources)->field[i].part = NULL; /* it is the array's */
        data_field_close(&(*sources)->field[i]);
    }
    core_free(&(*sources)->field);
    core_free(&(*sources)->file);
    core_free(&(*sources)->known.run);
    core_free(&(*sources)->by_source);
    core_free(&(*sources)->begin);
    core_free(sources);
}

/* ---- rows */

size_t data_sources_count(const struct data_sources *sources)
{
    return sources ? sources->count : 0;
}

const struct data_field *data_sources_field(const struct data_sources *sources, size_t source)
{
    return &sources->field[source];
}

bool data_sources_are_alike(const struct data_sources *sources)
{
    return !sources || sources->alike;
}

uint64_t data_sources_most(const struct data_sources *sources)
{
    return sources->most;
}

uint64_t data_sources_pieces(const struct data_sources *sources, uint64_t rows)
{
    return rows < sources->runs->n_runs ? rows : sources->runs->n_runs;
}

struct data_source_rows data_sources_find(const struct data_sources *sources, uint64_t first,
                                          uint64_t count)
{
    const struct h5_run *run = sources->runs->run;
    uint64_t at = first * sources->row_elements;
    size_t low = 0, high = sources->runs->n_runs;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(run[middle].first <= at ? &low : &high) = middle;
    }
    run += low;
    uint64_t left = (run->count - (at - run->first)) / sources->row_elements;
    uint64_t rows = left < count ? left : count;
    struct data_field *source = &sources->field[run->source];
    uint64_t elements = elements_of(sources, source);
    return (struct data_source_rows){source, (run->from + (at - run->first)) / elements,
                                     rows * (sources->row_elements / elements), rows};
}

/* Returns the row of the array that has an element of a run, or is next to the run. */
static uint64_t row_of(const struct data_sources *sources, const struct h5_run *run, uint64_t from)
{
    if (from < run->from) from = run->from;
    if (from >= run->from + run->count) from = run->from + run->count - 1;
    return (run->first + (from - run->from)) / sources->row_elements;
}

/* Some elements [from, last] of a source, and where the runs that have some of them are listed. */
struct taken {
    const struct data_sources *sources;
    uint64_t from, last;
    size_t begin, end;
};

static struct taken taken_of(const struct data_field *source, struct io_rows rows)
{
    const struct data_sources *sources = source->of;
    const struct h5_run *run = sources->runs->run;
    const size_t *list = sources->by_source, number = (size_t)(source - sources->field);
    uint64_t elements = elements_of(sources, source);
    struct taken taken = {sources, rows.first * elements, (rows.first + rows.count) * elements - 1,
                          sources->begin[number], sources->begin[number + 1]};
    size_t high = taken.end;
    while (high - taken.begin > 1) { /* the last run that does not begin behind `from` */
        size_t middle = taken.begin + (high - taken.begin) / 2;
        *(run[list[middle]].from <= taken.from ? &taken.begin : &high) = middle;
    }
    for (high = taken.begin; high < taken.end && run[list[high]].from <= taken.last; high++)
        continue;
    taken.end = high;
    return taken;
}

/* Returns the rows of the array that run i of the list has of the elements. */
static struct io_rows rows_of(const struct taken *taken, size_t i)
{
    const struct h5_run *run = &taken->sources->runs->run[taken->sources->by_source[i]];
    uint64_t first = row_of(taken->sources, run, taken->from);
    return (struct io_rows){first, row_of(taken->sources, run, taken->last) - first + 1};
}

struct io_rows data_sources_rows_of(const struct data_field *source, struct io_rows rows)
{
    const struct taken taken = taken_of(source, rows);
    struct io_rows all = {0, 0};
    for (size_t i = taken.begin; i < taken.end; i++) {
        struct io_rows more = rows_of(&taken, i);
        uint64_t end = more.first + more.count;
        if (all.count && all.first < more.first) more.first = all.first;
        if (all.count && all.first + all.count > end) end = all.first + all.count;
        all = (struct io_rows){more.first, end - more.first};
    }
    return all;
}

size_t data_sources_list(const struct data_field *source, struct io_rows rows, size_t most,
                         struct io_rows *list)
{
    const struct taken taken = taken_of(source, rows);
    if (taken.end - taken.begin > most) return 0;
    for (size_t i = taken.begin; i < taken.end; i++)
        list[i - taken.begin] = rows_of(&taken, i);
    return taken.end - taken.begin;
}

shs_status data_sources_read(struct data_field *field, uint64_t first, uint64_t count, bool whole,
                             void *to)
{
    char *at = to;
    shs_status status = SHS_OK;
    while (count && !status) {
        struct data_source_rows rows = data_sources_find(field->sources, first, count);
        const struct data_field *source = rows.source;
        status = core_wrap(io_reader_run(source->direct, &field->lane,
                                         &(struct io_run){rows.first, rows.count, at,
                                                          whole ? NULL : source->part}),
                           "dataset %s: rows %llu to %llu", source->sample.name, (ull)rows.first,
                           (ull)(rows.first + rows.count - 1));
        at += rows.count * (whole ? source->whole_bytes : source->row_bytes);
        first += rows.rows;
        count -= rows.rows;
    }
    return status;
}

void data_sources_take(const struct data_field *field)
{
    for (size_t i = 0; i < data_sources_count(field->sources); i++)
        take_part(field, &field->sources->field[i]);
}

void data_sources_tell(const struct data_field *field)
{
    const struct data_sources *sources = field->sources;
    for (size_t i = 0; i < data_sources_count(sources); i++) {
        uint64_t each = sources->row_elements / elements_of(sources, &sources->field[i]);
        sources->field[i].key = field->key | (uint64_t)(i + 1) * (DATA_ARRAY_KEY + 1);
        if (!core_multiply(field->all_rows, each, &sources->field[i].all_rows))
            sources->field[i].all_rows = UINT64_MAX;
    }
}
