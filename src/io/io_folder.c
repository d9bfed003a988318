#include "io_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_fail.h"

shs_status io_join(const char *folder, const char *name, char **path)
{
    struct core_text text = {0};
    core_text_add(&text, "%s/%s", folder, name);
    return core_text_take(&text, path);
}

shs_status io_folder_of(const char *path, char **folder)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return core_copy(".", folder);
    shs_status status = core_copy(path, folder);
    if (!status) (*folder)[slash == path ? 1 : slash - path] = '\0';
    return status;
}

shs_status io_real_path(const char *path, char **real)
{
    char *found = realpath(path, NULL);
    *real = NULL;
    if (!found) return io_fail("cannot look at", path, errno, NULL);
    shs_status status = core_copy(found, real);
    free(found);
    return status;
}

shs_status io_make_folder(const char *path)
{
    struct stat found;
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return io_fail("cannot make the folder", path, errno,
                       "its parent must exist and be writable");
    if (stat(path, &found) < 0) return io_fail("cannot look at", path, errno, NULL);
    if (!S_ISDIR(found.st_mode))
        return io_fail("cannot use as a folder:", path, ENOTDIR, "give another path");
    return SHS_OK;
}

shs_status io_make_writable_folder(const char *path)
{
    shs_status status = io_make_folder(path);
    if (status || !faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS)) return status;
    return io_fail("cannot write in the folder", path, errno,
                   "make it writable, or give another folder");
}

shs_status io_exists(const char *path, bool *there)
{
    struct stat found;
    *there = stat(path, &found) == 0;
    if (*there || errno == ENOENT || errno == ENOTDIR) return SHS_OK;
    return io_fail("cannot look at", path, errno, NULL);
}

const char *io_is_odd(const char *path)
{
    struct stat link, found;
    if (lstat(path, &link) < 0) return NULL;
    if (stat(path, &found) < 0)
        return S_ISLNK(link.st_mode) && errno != EACCES ? "a symbolic link to nothing" : NULL;
    if (S_ISREG(found.st_mode)) return NULL;
    return S_ISDIR(found.st_mode) ? "a folder" : "no plain file";
}

shs_status io_is_folder(const char *path, bool *folder)
{
    struct stat found;
    *folder = false;
    if (stat(path, &found) < 0) return io_fail("cannot open", path, errno, NULL);
    *folder = S_ISDIR(found.st_mode);
    return SHS_OK;
}

shs_status io_list_kinds(const char *folder,
                         void (*visit)(const char *name, bool plain, void *user), void *user)
{
    DIR *directory = opendir(folder);
    if (!directory) return io_fail("cannot read the folder", folder, errno, NULL);
    errno = 0;
    for (struct dirent *entry; (entry = readdir(directory)); errno = 0)
        visit(entry->d_name, entry->d_type == DT_REG, user);
    int error = errno;
    closedir(directory);
    if (error) return io_fail("cannot read the folder", folder, error, NULL);
    return SHS_OK;
}

/* A visit that wants names only. */
struct names {
    void (*visit)(const char *name, void *user);
    void *user;
};

static void visit_name(const char *name, bool plain, void *user)
{
    const struct names *names = user;
    (void)plain;
    names->visit(name, names->user);
}

shs_status io_list(const char *folder, void (*visit)(const char *name, void *user), void *user)
{
    return io_list_kinds(folder, visit_name, &(struct names){visit, user});
}

static void remove_file(const char *name, void *user)
{
    char *path = NULL;
    if (!strcmp(name, ".") || !strcmp(name, "..") || io_join(user, name, &path)) return;
    unlink(path); /* its failure shows in that of the folder */
    core_free(&path);
}

shs_status io_remove_folder(const char *path)
{
    bool there;
    char *folder = NULL;
    shs_status status = io_exists(path, &there);
    if (status || !there) return status;
    status = core_copy(path, &folder);
    if (!status) status = io_list(path, remove_file, folder);
    if (!status && rmdir(path) < 0) status = io_fail("cannot remove", path, errno, NULL);
    core_free(&folder);
    return status;
}
