/* Folders of images: which there are, in which order, of which classes. */
#ifndef IO_FOLDER_H
#define IO_FOLDER_H

#include <stddef.h>
#include <stdint.h>

#include "core_status.h"

struct io_names {
    char **name;
    size_t count, room;
};

struct io_image {
    char *name;
    uint32_t label; /* of its class */
};

/* A flat folder, or one of sub-folders, each of which holds the images of a class. Images and
 * classes are sorted by name, byte by byte; classes are numbered from 0 on. */
struct io_folder {
    char *path;
    struct io_names classes; /* none in a flat folder */
    struct io_image *images;
    uint64_t n_images, room;
};

/* Lists the images of a folder, without those that are hidden. To be freed even on error. */
shs_status io_folder_read(const char *path, struct io_folder *folder);
void io_folder_free(struct io_folder *folder);

/* To be released by core_free(). */
shs_status io_folder_path_of(const struct io_folder *folder, uint64_t number, char **path);

/* Puts the images of a second folder in the order of those of a first one that have the same class
 * and the same name, up to its ending. An error if some have no partner, which names a few. */
shs_status io_folder_pair(const struct io_folder *first, struct io_folder *second);

/* All classes of several folders, each once, sorted by name, byte by byte. To be freed even on
 * error. */
shs_status io_folder_unite(const struct io_folder *const *folders, size_t count,
                           struct io_names *all);
void io_names_free(struct io_names *names);

/* The place of a name among sorted ones that have it. */
size_t io_names_find(const struct io_names *names, const char *name);

#endif
