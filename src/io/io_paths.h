/* Which files a path stands for. */
#ifndef IO_PATHS_H
#define IO_PATHS_H

#include <stddef.h>

#include "core_status.h"

/* The files that a folder gives, with a word before the last pattern. */
#define IO_FOLDER_PATTERNS(word) "*.h5, *.hdf5, *.he5, *.nc " word " *.nc4"

struct io_paths {
    char **path;
    size_t count;
    size_t *source; /* source s is paths [source[s], source[s + 1]) */
    size_t sources; /* at least 1 */
};

/* Finds the files that a path stands for, in order:
 *
 *     a file, or anything of exactly that name     itself
 *     a folder          its files that IO_FOLDER_PATTERNS names, by name; none that begins
 *                       with a dot, nor folders of such names
 *     @LIST             the files that the text file LIST names, one a line, from LIST's folder on;
 *                       empty lines and lines that begin with # are left out
 *     a pattern         the files that match, as for glob(3), by name; folders are left out
 *     PATH,PATH,…       each of these is a source, and one of the above
 *
 * By name: bytewise, whatever the locale. A path that is none of these is given as it is: opening
 * it tells why. No file at all is SHS_ERROR_FILE. Files are not opened. On error the struct is
 * empty. */
shs_status io_paths_find(const char *path, struct io_paths *paths);

void io_paths_free(struct io_paths *paths);

#endif
