/* Folders of images: which there are, in which order, of which classes. */
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
    uint32_t label; /* of its class */
};

/* A flat folder, or one of sub-folders, each of which holds the images of a class. Images and
 * classes are sorted by name, byte by byte; classes are numbered from 0 on. */
struct import_folder {
    char *path;
    struct import_names classes; /* none in a flat folder */
    struct import_image *images;
    uint64_t n_images, room;
};

/* Lists the images of a folder, without those that are hidden. To be freed even on error. */
shs_status import_folder_read(const char *path, struct import_folder *folder);
void import_folder_free(struct import_folder *folder);

/* To be released by core_free(). */
shs_status import_folder_path_of(const struct import_folder *folder, uint64_t number, char **path);

/* Puts the images of a second folder in the order of those of a first one that have the same class
 * and the same name, up to its ending. An error if some have no partner, which names a few. */
shs_status import_folder_pair(const struct import_folder *first, struct import_folder *second);

/* All classes of several folders, each once, sorted by name, byte by byte. To be freed even on
 * error. */
shs_status import_folder_unite(const struct import_folder *const *folders, size_t count,
                               struct import_names *all);
void import_names_free(struct import_names *names);

/* The place of a name among sorted ones that have it. */
size_t import_names_find(const struct import_names *names, const char *name);

#endif
