/* Folders, and the paths of files in them. Safe in any thread. */
#ifndef IO_FOLDER_H
#define IO_FOLDER_H

#include <stdbool.h>

#include "core_status.h"

/* Makes a folder unless it is there. Its parent must exist. */
shs_status io_make_folder(const char *path);

/* Makes a folder unless it is there, and refuses a folder in which this process may not make files.
 */
shs_status io_make_writable_folder(const char *path);

/* Sets *there to true if a file or folder of this path exists. */
shs_status io_exists(const char *path, bool *there);

/* Says what a path is that can be read as no file: "a folder", "a symbolic link to nothing", "no
 * plain file". NULL if it is a plain file or a link to one, or if there is nothing. */
const char *io_is_odd(const char *path);

/* Sets *folder to true if the path is a folder's. A path that does not exist is an error. */
shs_status io_is_folder(const char *path, bool *folder);

/* Calls `visit` for each name in a folder, "." and ".." among them, in no particular order. */
shs_status io_list(const char *folder, void (*visit)(const char *name, void *user), void *user);

/* The same. `plain` is true if the folder itself tells that a name is that of a plain file; not
 * every file system does. */
shs_status io_list_kinds(const char *folder,
                         void (*visit)(const char *name, bool plain, void *user), void *user);

/* Removes a folder and the files in it, but no folders in it. A folder that is not there is no
 * error. */
shs_status io_remove_folder(const char *path);

/* Makes the path `folder`/`name`. The caller releases *path with core_free(). */
shs_status io_join(const char *folder, const char *name, char **path);

/* Finds the absolute path without symbolic links of a file or folder that exists. The caller
 * releases *real with core_free(). */
shs_status io_real_path(const char *path, char **real);

/* Makes the path of the folder that a path lies in, "." for a name alone. The caller releases
 * *folder with core_free(). */
shs_status io_folder_of(const char *path, char **folder);

#endif
