#include "cli_paths.h"

#include <string.h>

#include "core_memory.h"

/* Moves the names of `more` behind those of `paths`. `more` is then empty. */
static shs_status append(struct io_paths *paths, struct io_paths *more)
{
    size_t count = paths->count + more->count;
    shs_status status = core_resize(count, sizeof *paths->path, "paths", &paths->path);
    if (status) return status;
    memcpy(paths->path + paths->count, more->path, more->count * sizeof *more->path);
    paths->count = count;
    more->count = 0;
    return SHS_OK;
}

shs_status cli_paths_find(const char *const *arguments, size_t count, struct io_paths *paths)
{
    shs_status status = SHS_OK;
    *paths = (struct io_paths){.sources = 1};
    for (size_t i = 0; i < count && !status; i++) {
        struct io_paths more;
        status = io_paths_find(arguments[i], &more);
        if (status) break;
        status = append(paths, &more);
        io_paths_free(&more);
    }
    if (status) io_paths_free(paths);
    return status;
}
