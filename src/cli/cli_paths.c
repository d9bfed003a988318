#include "cli_paths.h"

#include "core_memory.h"

/* Moves the names and the lists of `more` behind those of `paths`. `more` is then empty. */
static shs_status append(struct io_paths *paths, struct io_paths *more)
{
    size_t count = paths->count + more->count, lists = paths->lists + more->lists;
    shs_status status = core_resize(count, sizeof *paths->path, "paths", &paths->path);
    if (!status) status = core_resize(count, sizeof *paths->line, "paths", &paths->line);
    if (!status && lists) status = core_resize(lists, sizeof *paths->list, "lists", &paths->list);
    if (status) return status;
    for (size_t i = 0; i < more->count; i++) {
        paths->path[paths->count + i] = more->path[i];
        paths->line[paths->count + i] =
            (struct io_paths_line){paths->lists + more->line[i].list, more->line[i].number};
    }
    for (size_t i = 0; i < more->lists; i++)
        paths->list[paths->lists + i] = more->list[i];
    paths->count = count;
    paths->lists = lists;
    more->count = more->lists = 0;
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
