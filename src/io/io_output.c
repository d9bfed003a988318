#include "io_output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_durable.h"
#include "io_fail.h"
#include "io_file.h"
#include "io_folder.h"
#include "io_host.h"

enum {
    MOST_TRIES = 100 /* attempts to find an unused name */
};

static const char ending[] = ".tmp";

static shs_status is_there(const char *path)
{
    return core_fail(SHS_ERROR_FILE,
                     "%s is there already; remove it, choose another name or give --overwrite",
                     path);
}

shs_status io_output_check(const char *path, bool overwrite)
{
    struct stat found;
    if (lstat(path, &found) < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return SHS_OK; /* creating the file gives the better message */
        return io_fail("cannot look at", path, errno, NULL);
    }
    if (!S_ISREG(found.st_mode))
        return core_fail(SHS_ERROR_FILE,
                         "%s is there already: %s, and only a plain file is ever overwritten; "
                         "choose another name",
                         path, io_mode_text(found.st_mode));
    return overwrite ? SHS_OK : is_there(path);
}

/* ---- temporary files */

/* Adds what the temporary names of a path on this host begin with: PATH.HOST- */
static void print_beginning(const char *path, struct core_text *text)
{
    char host[IO_HOST_BYTES];
    io_host_name(host);
    core_text_add(text, "%s.%s-", path, host);
}

static shs_status print_name(const char *path, char **name)
{
    uint32_t number = 0;
    struct core_text text = {0};
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) < 0)
        number = 0; /* the process number still differs */
    print_beginning(path, &text);
    core_text_add(&text, "%ld-%08x%s", (long)getpid(), (unsigned)number, ending);
    return core_text_take(&text, name);
}

/* Returns true if this process has locked the file. Returns false if another process took it for a
 * file that a killed process left, and has locked or removed it. On file systems without locks no
 * process removes such files. */
static bool lock(int file)
{
    struct stat found;
    if (flock(file, LOCK_EX | LOCK_NB) < 0) return errno != EWOULDBLOCK;
    return fstat(file, &found) == 0 && found.st_nlink > 0;
}

/* Says why the file cannot be created. The message does not show the temporary name, which means
 * nothing to the user. */
static shs_status fail_to_create(const char *path, int error)
{
    char *folder;
    bool there = true;
    shs_status status = io_folder_of(path, &folder);
    if (status) return status;
    if (error == ENOENT && !io_exists(folder, &there) && !there)
        status = core_fail(SHS_ERROR_FILE,
                           "cannot create %s: the folder %s does not exist; make it, or choose "
                           "another one",
                           path, folder);
    else
        status = core_fail(SHS_ERROR_FILE, "cannot create %s in the folder %s: %s", path, folder,
                           strerror(error));
    core_free(&folder);
    return status;
}

static shs_status create(struct io_output *output)
{
    for (int tries = 0; tries < MOST_TRIES; tries++) {
        core_free(&output->temporary);
        shs_status status = print_name(output->path, &output->temporary);
        if (status) return status;
        output->lock = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (output->lock >= 0 && lock(output->lock)) return SHS_OK;
        if (output->lock < 0 && errno != EEXIST) break;
        if (output->lock >= 0) close(output->lock);
        output->lock = -1;
    }
    int error = errno;
    core_free(&output->temporary);
    return fail_to_create(output->path, error);
}

/* ---- what killed processes have left */

struct search {
    const char *folder;
    char *beginning; /* beginning of the temporary names, without the folder */
};

/* Returns true for PROCESS-NUMBER.tmp. */
static bool is_end_of_name(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *number = text + digits + 1;
    return digits && text[digits] == '-' && strspn(number, "0123456789abcdef") == 8 &&
           !strcmp(number + 8, ending);
}

/* Removes a file whose lock is free: no living process is writing it. On file systems without locks
 * the file stays, because nothing shows whether its process lives. */
static void remove_unlocked(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (file < 0) return;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) unlink(path);
    close(file);
}

static void look_at_name(const char *name, void *user)
{
    const struct search *search = user;
    size_t length = strlen(search->beginning);
    char *path;
    if (strncmp(name, search->beginning, length) || !is_end_of_name(name + length)) return;
    if (io_join(search->folder, name, &path)) return;
    remove_unlocked(path);
    core_free(&path);
}

/* Removes files that killed processes left. Errors are ignored, because they do not keep anyone
 * from making the new file. */
static void clear_up(const char *path)
{
    struct search search = {0};
    struct core_text text = {0};
    const char *slash = strrchr(path, '/');
    char *folder = NULL;
    print_beginning(slash ? slash + 1 : path, &text);
    if (!core_text_take(&text, &search.beginning) && !io_folder_of(path, &folder)) {
        search.folder = folder;
        shs_status status = io_list(folder, look_at_name, &search);
        (void)status;
    }
    core_free(&search.beginning);
    core_free(&folder);
}

/* ---- from the beginning to the end */

shs_status io_output_begin(const char *path, bool overwrite, struct io_output *output)
{
    *output = (struct io_output){.overwrite = overwrite, .lock = -1};
    shs_status status = io_output_check(path, overwrite);
    if (!status) status = core_copy(path, &output->path);
    if (status) return status;
    clear_up(path);
    return create(output);
}

shs_status io_output_write(struct io_output *output, const void *bytes, size_t count)
{
    const char *at = bytes;
    while (count) {
        ssize_t now = write(output->lock, at, count);
        if (now < 0 && errno == EINTR) continue;
        if (now < 0) return io_fail("cannot write", output->path, errno, NULL);
        at += now;
        count -= (size_t)now;
    }
    return SHS_OK;
}

/* Renames a file without replacing another, on file systems that cannot do that in one step: an
 * empty file reserves the name first. Returns 0 or an errno value. */
static int rename_over_own(const char *temporary, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) return errno;
    close(file);
    if (rename(temporary, path) == 0) return 0;
    int error = errno;
    unlink(path);
    return error;
}

/* Gives the file its final name. Returns 0 or an errno value. */
static int publish(const struct io_output *output)
{
    unsigned how = output->overwrite ? 0 : RENAME_NOREPLACE;
    if (renameat2(AT_FDCWD, output->temporary, AT_FDCWD, output->path, how) == 0) return 0;
    if (how && (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP))
        return rename_over_own(output->temporary, output->path);
    return errno;
}

/* Makes the file's new name durable: until then a crash of the system may undo the renaming. */
static shs_status sync_folder(const struct io_output *output)
{
    char *folder;
    shs_status status = io_folder_of(output->path, &folder);
    if (!status) status = io_sync(folder);
    core_free(&folder);
    if (!status) return SHS_OK;
    if (output->overwrite)
        return core_wrap(status, "%s is there and whole, but a crash of the system may undo that",
                         output->path);
    return io_discard(output->path, status);
}

shs_status io_output_commit(struct io_output *output)
{
    shs_status status = io_sync(output->temporary);
    if (!status) status = io_output_check(output->path, output->overwrite);
    if (status) return status;
    int error = publish(output);
    if (error == EEXIST) return is_there(output->path);
    if (error)
        return core_fail(SHS_ERROR_FILE, "cannot rename to %s: %s", output->path, strerror(error));
    output->committed = true;
    close(output->lock); /* a locked file would seem unfinished to a process that opens it by its
                            name */
    output->lock = -1;
    return sync_folder(output);
}

void io_output_drop(const struct io_output *output)
{
    if (output->temporary && !output->committed) unlink(output->temporary);
}

void io_output_end(struct io_output *output)
{
    io_output_drop(output);
    if (output->path && output->lock >= 0) close(output->lock);
    core_free(&output->temporary);
    core_free(&output->path);
    *output = (struct io_output){0};
}
