/* A folder for a test's files, removed with all that it holds. */
#ifndef TEMPORARY_FOLDER_H
#define TEMPORARY_FOLDER_H

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    PATH_BYTES = 512
};

static inline bool folder_make(char folder[PATH_BYTES])
{
    const char *parent = getenv("TMPDIR");
    snprintf(folder, PATH_BYTES, "%s/shardstep-test-XXXXXX", parent && *parent ? parent : "/tmp");
    return mkdtemp(folder) != NULL;
}

static inline int folder_remove_entry(const char *path, const struct stat *about, int kind,
                                      struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

static inline void folder_remove(const char *folder)
{
    nftw(folder, folder_remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* `folder`/`name` in `path`, which it returns. */
static inline char *folder_path(const char *folder, const char *name, char path[PATH_BYTES])
{
    snprintf(path, PATH_BYTES, "%.255s/%.240s", folder, name);
    return path;
}

/* Writes a file; false if that fails. */
static inline bool file_write(const char *path, const void *bytes, size_t count)
{
    FILE *file = fopen(path, "wb");
    if (!file) return false;
    bool written = fwrite(bytes, 1, count, file) == count;
    return fclose(file) == 0 && written;
}

/* A whole file, to be released by free(); NULL if it cannot be read. */
static inline unsigned char *file_read(const char *path, size_t *count)
{
    FILE *file = fopen(path, "rb");
    *count = 0;
    if (!file) return NULL;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    unsigned char *bytes = size < 0 ? NULL : malloc((size_t)size + 1);
    rewind(file);
    *count = size < 0 ? 0 : (size_t)size;
    if (bytes && fread(bytes, 1, *count, file) != *count) {
        free(bytes);
        bytes = NULL;
    }
    fclose(file);
    return bytes;
}

#endif
