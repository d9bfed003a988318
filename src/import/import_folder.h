/* Lists folders of images, sorted and with their classes. */
#ifndef IMPORT_FOLDER_H
#define IMPORT_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

struct import_names {
    char **name;
    size_t count, room;
};

struct import_image {
    char *name;
    uint32_t label; /* number of its class */
};

/* A flat folder of images, or a folder with one sub-folder for the images of each class. Images and
 * classes are sorted by name, byte by byte. Classes are numbered from 0 on. */
struct import_folder {
    char *path;
    struct import_names classes; /* empty for a flat folder */
    struct import_image *images;
    uint64_t n_images, room;
};

/* Lists the images of a folder without hidden images. The caller must free the list even after an
 * error. */
shs_status import_folder_read(const char *path, struct import_folder *folder);
void import_folder_free(struct import_folder *folder);

/* Makes the path of an image. The caller releases *path with core_free(). */
shs_status import_folder_path_of(const struct import_folder *folder, uint64_t number, char **path);

/* Puts the images of the second folder in the order of the first folder's. Partners have the same
 * class and the same name without its ending. Images without a partner are an error whose message
 * names a few of them. */
shs_status import_folder_pair(const struct import_folder *first, struct import_folder *second);

/* Unites the classes of several folders, each class once, sorted by name, byte by byte. The caller
 * must free the names even after an error. */
shs_status import_folder_unite(const struct import_folder *const *folders, size_t count,
                               struct import_names *all);
void import_names_free(struct import_names *names);

/* Adds a name at the end of a list. */
shs_status import_names_add(struct import_names *names, const char *name);

/* Returns the index of a name in a sorted list, which must hold it. */
size_t import_names_find(const struct import_names *names, const char *name);

#endif
