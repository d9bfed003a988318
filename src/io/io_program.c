/* The build defines SHARDSTEP_PROGRAM, the path where the program was to be installed. It also
 * defines SHARDSTEP_BESIDE, the relative path from the library's folder to the program. */
#include "io_program.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_memory.h"
#include "core_text.h"

struct search {
    struct core_text path;  /* the latest candidate, at the end the program's path */
    struct core_text tried; /* the candidates that failed, with reasons */
    shs_status status;
    bool found;
};

/* Returns 0 for a plain file that may be run, otherwise the errno value of the reason. */
static int reason_against(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) < 0) return errno;
    if (S_ISDIR(facts.st_mode)) return EISDIR;
    return access(path, X_OK) < 0 ? errno : 0;
}

static void look_at(struct search *search, const char *folder, size_t length, const char *name)
{
    if (search->found || search->status) return;
    core_text_free(&search->path);
    core_text_add(&search->path, "%.*s%s", (int)length, folder, name);
    search->status = search->path.status;
    if (search->status) return;
    int reason = reason_against(search->path.bytes);
    search->found = !reason;
    if (reason)
        core_text_add(&search->tried, "%s%s (%s)", search->tried.length ? ", " : "",
                      search->path.bytes, strerror(reason));
    search->status = search->tried.status;
}

/* Looks for the program in the folder of `file`, and follows links to it. A `file` that does not
 * exist is passed over. */
static void look_beside(struct search *search, const char *file, const char *name)
{
    char *whole = realpath(file, NULL);
    if (!whole) return;
    look_at(search, whole, (size_t)(strrchr(whole, '/') + 1 - whole), name);
    free(whole);
}

/* Returns the path of the shared library that this code belongs to. Returns NULL if the code was
 * linked into the running program itself, whose path is known only as the first word of its command
 * line. */
static const char *library_path(void)
{
    static const char inside;
    Dl_info mine, program;
    const void *entry =
        (const void *)getauxval(AT_ENTRY); /* the address where the program begins */
    if (!dladdr(&inside, &mine)) return NULL;
    if (dladdr(entry, &program) && program.dli_fbase == mine.dli_fbase) return NULL;
    return mine.dli_fname;
}

shs_status io_program_find(char **path)
{
    struct search search = {0};
    const char *library = library_path();
    *path = NULL;
    if (library) look_beside(&search, library, "shardstep");
    if (library) look_beside(&search, library, SHARDSTEP_BESIDE);
    look_beside(&search, "/proc/self/exe", "shardstep");
    look_at(&search, "", 0, SHARDSTEP_PROGRAM);
    shs_status status = search.status;
    if (!status && !search.found)
        status = core_fail(SHS_ERROR_FILE, "the program shardstep is in none of these places: %s",
                           search.tried.bytes);
    if (!status) status = core_text_take(&search.path, path);
    core_text_free(&search.path);
    core_text_free(&search.tried);
    return status;
}
