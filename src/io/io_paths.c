#include "io_paths.h"

#include <errno.h>
#include <glob.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"
#include "io_folder.h"

/* A list of paths while it grows. */
struct collection {
    struct io_paths *paths;
    size_t capacity;
    size_t first;       /* index of the first path of the current source */
    const char *folder; /* folder of the names that are added; NULL for the current folder */
    size_t line;        /* of the latest list, which is read; 0: none is read */
    shs_status status;
};

static shs_status add(struct collection *to, const char *path)
{
    struct io_paths *paths = to->paths;
    if (paths->count == to->capacity) {
        size_t capacity = to->capacity ? 2 * to->capacity : 16;
        shs_status status = core_resize(capacity, sizeof *paths->path, "paths", &paths->path);
        if (!status) status = core_resize(capacity, sizeof *paths->line, "paths", &paths->line);
        if (status) return status;
        to->capacity = capacity;
    }
    shs_status status = core_copy(path, &paths->path[paths->count]);
    if (status) return status;
    paths->line[paths->count++] = (struct io_paths_line){paths->lists - (to->line > 0), to->line};
    return SHS_OK;
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Adds a path unless it is a folder's, since a folder may have a name like a file's. */
static shs_status add_file(struct collection *to, const char *path)
{
    return is_folder(path) ? SHS_OK : add(to, path);
}

static shs_status add_in_folder(struct collection *to, const char *name,
                                shs_status (*add_path)(struct collection *to, const char *path))
{
    char *path;
    if (*name == '/' || !to->folder) return add_path(to, name);
    shs_status status = io_join(to->folder, name, &path);
    if (!status) status = add_path(to, path);
    core_free(&path);
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t found(const struct collection *of)
{
    return of->paths->count - of->first;
}

static void sort(struct collection *of)
{
    char **path = of->paths->path;
    if (found(of)) qsort(path + of->first, found(of), sizeof *path, compare_paths);
}

/* ---- a folder */

static const char patterns[] = IO_FOLDER_PATTERNS("or");

static bool may_be_hdf5(const char *name)
{
    char ending[16];
    for (const char *at = strchr(patterns, '*'); at; at = strchr(at + 1, '*')) {
        snprintf(ending, sizeof ending, "%.*s", (int)strcspn(at + 1, ", "), at + 1);
        if (core_ends_in(name, ending)) return true;
    }
    return false;
}

/* A name that the folder tells to be a plain file's need not be looked at. */
static void visit_name(const char *name, bool plain, void *user)
{
    struct collection *to = user;
    if (to->status || *name == '.') return;
    if (may_be_hdf5(name)) to->status = add_in_folder(to, name, plain ? add : add_file);
}

static shs_status find_in_folder(const char *path, struct collection *to)
{
    char *folder;
    shs_status status = core_copy(path, &folder);
    if (status) return status;
    for (size_t length = strlen(folder); length > 1 && folder[length - 1] == '/'; length--)
        folder[length - 1] = '\0';
    to->folder = folder;
    status = io_list_kinds(folder, visit_name, to);
    if (!status) status = to->status;
    core_free(&folder);
    sort(to);
    if (status || found(to)) return status;
    return core_fail(SHS_ERROR_FILE,
                     "the folder %s holds no file %s; give another one, a pattern such as '%s/*' "
                     "or a list, and bring images and files of other formats to HDF5 by shardstep "
                     "import first",
                     path, patterns, path);
}

/* ---- a list */

static shs_status add_line(struct collection *to, char *line)
{
    static const char spaces[] = " \t\r";
    line += strspn(line, spaces);
    for (size_t length = strlen(line); length && strchr(spaces, line[length - 1]); length--)
        line[length - 1] = '\0';
    return *line && *line != '#' ? add_in_folder(to, line, add) : SHS_OK;
}

/* Notes the list from which the next paths are. */
static shs_status note_list(const char *path, struct io_paths *paths)
{
    shs_status status = core_resize(paths->lists + 1, sizeof *paths->list, "lists", &paths->list);
    if (!status) status = core_copy(path, &paths->list[paths->lists]);
    if (!status) paths->lists++;
    return status;
}

static shs_status find_in_list(const char *path, struct collection *to)
{
    char *text = NULL, *folder = NULL;
    shs_status status = io_read_all(path, &text);
    if (!status) status = io_folder_of(path, &folder);
    if (!status) status = note_list(path, to->paths);
    to->folder = strchr(path, '/') ? folder : NULL;
    for (char *line = text, *next; !status && line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        to->line++;
        status = add_line(to, line);
    }
    to->line = 0;
    core_free(&text);
    core_free(&folder);
    if (status || found(to)) return status;
    return core_fail(SHS_ERROR_FILE, "the list %s names no file", path);
}

/* ---- a pattern */

/* Stops the search at an error, unless the error says that a path does not exist. A folder that
 * cannot be read might hold a match. */
static int visit_error(const char *path, int error)
{
    (void)path;
    return error != ENOENT && error != ENOTDIR;
}

/* Finds matches in the locale "C": what a range such as [a-z] holds must not depend on the
 * program's locale. */
static int match(const char *pattern, glob_t *matches)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain) return GLOB_NOSPACE;
    locale_t before = uselocale(plain);
    int result = glob(pattern, GLOB_NOSORT, visit_error, matches);
    int error = errno;
    uselocale(before);
    freelocale(plain);
    errno = error;
    return result;
}

static shs_status find_matches(const char *pattern, struct collection *to)
{
    glob_t matches = {0};
    shs_status status = SHS_OK;
    switch (match(pattern, &matches)) {
    case 0:
        for (size_t i = 0; i < matches.gl_pathc && !status; i++)
            status = add_file(to, matches.gl_pathv[i]);
        sort(to);
        if (!status && !found(to))
            status = core_fail(SHS_ERROR_FILE, "no file matches '%s', only folders do", pattern);
        break;
    case GLOB_NOMATCH:
        status = core_fail(SHS_ERROR_FILE, "no file matches '%s'", pattern);
        break;
    case GLOB_NOSPACE:
        status =
            core_fail(SHS_ERROR_MEMORY, "no memory to find the files that match '%s'", pattern);
        break;
    default:
        status = core_fail(SHS_ERROR_FILE, "cannot read a folder to find what matches '%s': %s",
                           pattern, strerror(errno));
    }
    globfree(&matches);
    return status;
}

static bool is_there(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0;
}

/* ---- Sources. */

/* Returns the comma that ends the first source, or the text's end. A comma in brackets belongs to a
 * pattern. */
static char *end_of_source(char *text)
{
    char *at = text;
    for (bool inside = false; *at && (inside || *at != ','); at++)
        inside = *at == '[' || (inside && *at != ']');
    return at;
}

static shs_status find_source(const char *path, struct collection *to)
{
    struct io_paths *paths = to->paths;
    shs_status status =
        core_resize(paths->sources + 2, sizeof *paths->source, "sources", &paths->source);
    if (status) return status;
    paths->source[0] = 0;
    to->first = paths->count;
    to->folder = NULL;
    if (is_folder(path))
        status = find_in_folder(path, to);
    else if (!is_there(path) && *path == '@')
        status = find_in_list(path + 1, to);
    else if (!is_there(path) && strpbrk(path, "*?["))
        status = find_matches(path, to);
    else
        status = add(to, path);
    paths->source[++paths->sources] = paths->count;
    return status;
}

static shs_status find_sources(const char *path, struct collection *to)
{
    char *text;
    shs_status status = core_copy(path, &text);
    for (char *source = text, *next; !status && source; source = next) {
        char *end = end_of_source(source);
        next = *end ? end + 1 : NULL;
        *end = '\0';
        status = *source || !*path ? find_source(source, to)
                                   : core_fail(SHS_ERROR_ARGUMENT,
                                               "'%s' has an empty path beside a comma; take the "
                                               "comma away",
                                               path);
    }
    core_free(&text);
    return status;
}

shs_status io_paths_find(const char *path, struct io_paths *paths)
{
    struct collection to = {.paths = paths};
    *paths = (struct io_paths){0};
    if (!*path)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "the path is empty; give a file, a folder, a pattern or @LIST");
    bool one = is_there(path) || (*path == '@' && is_there(path + 1));
    shs_status status = one ? find_source(path, &to) : find_sources(path, &to);
    if (status) io_paths_free(paths);
    return status;
}

shs_status io_paths_wrap(const struct io_paths *paths, size_t number, shs_status status)
{
    const struct io_paths_line *line = &paths->line[number];
    if (!status || !line->number) return status;
    return core_wrap(status, "%s, line %zu", paths->list[line->list], line->number);
}

void io_paths_free(struct io_paths *paths)
{
    for (size_t i = 0; i < paths->lists; i++)
        core_free(&paths->list[i]);
    for (size_t i = 0; i < paths->count; i++)
        core_free(&paths->path[i]);
    core_free(&paths->path);
    core_free(&paths->line);
    core_free(&paths->list);
    core_free(&paths->source);
    paths->count = paths->sources = paths->lists = 0;
}
