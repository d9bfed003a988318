#include "import_h5_sources.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_natural.h"
#include "core_text.h"
#include "h5_file.h"
#include "io_crc32c.h"

/* The search for the datasets of one file. */
struct search {
    struct import_h5_sources *sources;
    size_t file;
    const char *pattern;
};

static shs_status add(const struct search *search, const char *name)
{
    struct import_h5_sources *sources = search->sources;
    if (sources->count == sources->room) {
        size_t room = sources->room ? 2 * sources->room : 16;
        shs_status status =
            core_resize(room, sizeof *sources->source, "datasets", &sources->source);
        if (status) return status;
        sources->room = room;
    }
    struct import_h5_source *source = &sources->source[sources->count];
    *source = (struct import_h5_source){.file = search->file};
    shs_status status = core_copy(name, &source->name);
    if (!status) sources->count++;
    return status;
}

static shs_status add_match(const char *name, void *user)
{
    const struct search *search = user;
    if (io_crc32c_suffix(name) || fnmatch(search->pattern, name, FNM_PATHNAME) != 0) return SHS_OK;
    return add(search, name);
}

/* ---- order */

static int compare_sources(const void *one, const void *other)
{
    const struct import_h5_source *a = one, *b = other;
    return strcmp(a->name, b->name);
}

static int compare_sources_naturally(const void *one, const void *other)
{
    const struct import_h5_source *a = one, *b = other;
    return core_compare_naturally(a->name, b->name);
}

static int compare_paths_naturally(const void *one, const void *other)
{
    return core_compare_naturally(*(char *const *)one, *(char *const *)other);
}

/* ---- files */

static shs_status no_match(const char *path, const char *pattern)
{
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s: no dataset matches %s, in which * and ? stand for no '/'; shardstep info "
                     "lists the datasets",
                     path, pattern);
}

/* Adds the datasets of a file. A dataset whose own name is the pattern is taken as it is. */
static shs_status search_file(struct search *search, bool natural)
{
    struct import_h5_sources *sources = search->sources;
    const char *path = sources->files.path[search->file];
    struct h5_file *file;
    size_t before = sources->count;
    if (!strpbrk(search->pattern, "*?[")) return add(search, search->pattern);
    shs_status status = io_paths_wrap(&sources->files, search->file, h5_open(path, &file));
    if (status) return status;
    if (h5_has(file, search->pattern))
        status = add(search, search->pattern);
    else
        status = h5_list(file, add_match, search);
    h5_close(&file);
    if (status) return status;
    if (sources->count == before)
        return io_paths_wrap(&sources->files, search->file, no_match(path, search->pattern));
    qsort(sources->source + before, sources->count - before, sizeof *sources->source,
          natural ? compare_sources_naturally : compare_sources);
    return SHS_OK;
}

shs_status import_h5_sources_find(const char *path, const char *pattern, bool natural,
                                  struct import_h5_sources *sources)
{
    struct search search = {.sources = sources};
    char *normal;
    *sources = (struct import_h5_sources){0};
    shs_status status = h5_normal_name(pattern, &normal);
    if (status) return status;
    search.pattern = *normal == '/' ? normal + 1 : normal;
    status = io_paths_find(path, &sources->files);
    if (!status && natural && !import_h5_sources_listed(sources))
        qsort(sources->files.path, sources->files.count, sizeof *sources->files.path,
              compare_paths_naturally);
    for (; search.file < sources->files.count && !status; search.file++)
        status = search_file(&search, natural);
    core_free(&normal);
    return status;
}

void import_h5_sources_free(struct import_h5_sources *sources)
{
    for (size_t i = 0; i < sources->count; i++)
        core_free(&sources->source[i].name);
    core_free(&sources->source);
    io_paths_free(&sources->files);
    *sources = (struct import_h5_sources){0};
}

bool import_h5_sources_listed(const struct import_h5_sources *sources)
{
    return sources->files.lists || sources->files.sources > 1;
}

const char *import_h5_source_path(const struct import_h5_sources *sources, size_t number)
{
    return sources->files.path[sources->source[number].file];
}

shs_status import_h5_source_name(const struct import_h5_sources *sources, size_t number,
                                 char **name, uint64_t *first)
{
    struct core_text text = {0};
    core_text_add(&text, "%s:%s", import_h5_source_path(sources, number),
                  sources->source[number].name);
    *first = sources->source[number].first;
    return core_text_take(&text, name);
}
