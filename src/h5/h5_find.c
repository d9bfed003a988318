/* Finds a file that another file names, in the folders where HDF5 looks for it. */
#include <stdlib.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "h5_link.h"
#include "h5_open.h"
#include "io_folder.h"

struct candidate {
    const struct h5_file *of;
    const char *name;
    struct h5_file **file;
    bool found; /* true if the file exists, whether it could be opened or not */
};

static shs_status try_path(struct candidate *candidate, const char *path)
{
    shs_status status = candidate->found ? SHS_OK : io_exists(path, &candidate->found);
    if (status || !candidate->found || *candidate->file) return status;
    return h5_open(path, candidate->file);
}

static shs_status try_folder(struct candidate *candidate, const char *folder)
{
    char *path;
    if (candidate->found) return SHS_OK;
    shs_status status = io_join(folder, candidate->name, &path);
    if (!status) status = try_path(candidate, path);
    core_free(&path);
    return status;
}

/* Tries the variable's folders, which colons separate. Then tries the whole variable as one folder,
 * which may begin with ${ORIGIN}, the folder of the file that names the other. */
static shs_status try_prefixes(struct candidate *candidate, const char *variable,
                               const char *own_folder)
{
    static const char origin[] = "${ORIGIN}";
    const char *prefix = getenv(variable);
    struct core_text text = {0};
    char *prefixes = NULL, *whole = NULL, *rest = NULL;
    if (!prefix || !*prefix) return SHS_OK;
    shs_status status = core_copy(prefix, &prefixes);
    for (char *one = status ? NULL : strtok_r(prefixes, ":", &rest); one && !status;
         one = strtok_r(NULL, ":", &rest))
        status = try_folder(candidate, one);
    if (strncmp(prefix, origin, sizeof origin - 1))
        core_text_add(&text, "%s", prefix);
    else
        core_text_add(&text, "%s%s", own_folder, prefix + sizeof origin - 1);
    if (!status) status = core_text_take(&text, &whole);
    if (!status) status = try_folder(candidate, whole);
    core_text_free(&text);
    core_free(&prefixes);
    core_free(&whole);
    return status;
}

/* Tries the folder of the naming file itself, where a symbolic link leads to that file. */
static shs_status try_real_folder(struct candidate *candidate)
{
    char *path, *folder = NULL;
    shs_status status = io_real_path(candidate->of->path, &path);
    if (!status) status = io_folder_of(path, &folder);
    if (!status) status = try_folder(candidate, folder);
    core_free(&path);
    core_free(&folder);
    return status;
}

shs_status h5_link_open(const struct h5_file *of, const char *name, const char *variable,
                        struct h5_file **found)
{
    struct candidate candidate = {of, name, found, false};
    char *folder = NULL;
    shs_status status = io_folder_of(of->path, &folder);
    *found = NULL;
    if (!status && *name == '/') {
        status = try_path(&candidate, name);
        candidate.name = strrchr(name, '/') + 1;
    }
    if (!status) status = try_prefixes(&candidate, variable, folder);
    if (!status) status = try_folder(&candidate, folder);
    if (!status) status = try_path(&candidate, candidate.name);
    if (!status) status = try_real_folder(&candidate);
    core_free(&folder);
    return status;
}
