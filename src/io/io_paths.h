/* Finds the files that a path stands for. Safe in any thread. */
#ifndef IO_PATHS_H
#define IO_PATHS_H

#include <stddef.h>

#include "core_status.h"

/* The files that a folder gives, with a word before the last pattern. */
#define IO_FOLDER_PATTERNS(word) "*.h5, *.hdf5, *.he5, *.nc " word " *.nc4"

/* Where a path stands in a list. */
struct io_paths_line {
    size_t list;   /* the list, as a number in io_paths.list */
    size_t number; /* of the line, from 1; 0: the path is of no list */
};

struct io_paths {
    char **path;
    struct io_paths_line *line; /* of each path */
    size_t count;
    char **list; /* the lists that gave paths */
    size_t lists;
    size_t *source; /* source s is paths [source[s], source[s + 1]) */
    size_t sources; /* at least 1 */
};

/* Finds the files that a path stands for, in order:
 *
 *     a path that exists   the file itself, whatever characters its name has
 *     a folder             its files that IO_FOLDER_PATTERNS names, sorted by name, without folders
 *                          and without names that begin with a dot
 *     @LIST                the files that the text file LIST names, a line each; relative paths
 *                          start at LIST's folder, empty lines and lines that begin with # are
 *                          skipped
 *     a pattern            the files that match as for glob(3), sorted by name, without folders
 *     PATH,PATH,…          several sources, each in one of the forms above
 *
 * Names are sorted byte by byte, whatever the locale. A path in none of these forms is returned as
 * it is, so that opening it tells what is wrong. If there is no file at all, the result is
 * SHS_ERROR_FILE. Files are not opened. On error the struct is empty; otherwise the caller releases
 * it with io_paths_free(). */
shs_status io_paths_find(const char *path, struct io_paths *paths);

/* Puts "LIST, line N" before the message of an error that concerns path `number`, if a list gave
 * the path. Returns the status. */
shs_status io_paths_wrap(const struct io_paths *paths, size_t number, shs_status status);

/* Releases the list and leaves it empty. A zeroed list is accepted. */
void io_paths_free(struct io_paths *paths);

#endif
