#include "train_folder.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_folder.h"

static const char latest_name[] = "latest", run_word[] = "run ", none_line[] = "none";

shs_status train_folder_given(const char *folder)
{
    if (folder && *folder) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "no folder is given");
}

shs_status train_ranks_check(const shs_run *run)
{
    if (!mpi_is_apart(run)) return SHS_OK;
    return core_fail(SHS_ERROR_UNSUPPORTED,
                     "the ranks of this run cannot talk to each other: shs_open_ranks() was given "
                     "no function `agree`; give it one, or keep the cursor of shs_tell() yourself, "
                     "and go on from there by shs_seek()");
}

struct train_folder_label train_folder_label(const char *folder)
{
    struct train_folder_label label = {""};
    if (folder && strlen(folder) < sizeof label.text)
        snprintf(label.text, sizeof label.text, "%s", folder);
    else if (folder)
        snprintf(label.text, sizeof label.text, "%016llx: %.130s...", (ull)core_hash_text(folder),
                 folder);
    return label;
}

/* ---- Names of checkpoints. */

/* step-0000000007.h5, and step-0000000007-2.h5 for the second of a step. */
static void print_name(uint64_t step, uint64_t copy, char name[TRAIN_FILE_NAME_BYTES])
{
    if (copy < 2)
        snprintf(name, TRAIN_FILE_NAME_BYTES, "step-%010llu.h5", (ull)step);
    else
        snprintf(name, TRAIN_FILE_NAME_BYTES, "step-%010llu-%llu.h5", (ull)step, (ull)copy);
}

/* Takes a checkpoint's name apart. Returns false for any other name. */
static bool read_name(const char *name, uint64_t *step, uint64_t *copy)
{
    ull read_step, read_copy = 1;
    char canonical[TRAIN_FILE_NAME_BYTES];
    int found = sscanf(name, "step-%20llu-%20llu", &read_step, &read_copy);
    if (found < 1) return false;
    *step = read_step;
    *copy = found == 2 ? read_copy : 1;
    print_name(*step, *copy, canonical);
    return strcmp(name, canonical) == 0;
}

/* A search for the last of a folder's checkpoints: the checkpoint of the highest step and, among
 * the copies of this step, the highest copy. */
struct search {
    const struct train_latest *skip; /* its names are passed over; NULL: none */
    bool bounded;                    /* checkpoints from `bound` on are passed over */
    uint64_t bound[2];               /* step and copy */
    uint64_t found[2];               /* step and copy of the last checkpoint so far */
    bool any;                        /* `found` is set */
};

static bool is_before(const uint64_t a[2], const uint64_t b[2])
{
    return a[0] < b[0] || (a[0] == b[0] && a[1] < b[1]);
}

/* Returns the place of a name in `latest`, or the number of its names if it is not there. */
static size_t find_kept(const struct train_latest *latest, const char *name)
{
    size_t i = 0;
    while (i < latest->count && strcmp(latest->kept[i].name, name) != 0)
        i++;
    return i;
}

static void note_name(const char *name, void *user)
{
    struct search *search = user;
    uint64_t number[2];
    if (!read_name(name, &number[0], &number[1])) return;
    if (search->skip && find_kept(search->skip, name) < search->skip->count) return;
    if (search->bounded && !is_before(number, search->bound)) return;
    if (search->any && !is_before(search->found, number)) return;
    search->any = true;
    memcpy(search->found, number, sizeof number);
}

/* Sets `name` to the last of the checkpoints that a search looks at; "" without a checkpoint. */
static shs_status find_last(const char *folder, struct search *search,
                            char name[TRAIN_FILE_NAME_BYTES])
{
    search->any = false;
    *name = '\0';
    shs_status status = io_list(folder, note_name, search);
    if (!status && search->any) print_name(search->found[0], search->found[1], name);
    return status;
}

static shs_status is_there(const char *folder, const char *name, bool *there)
{
    char *path;
    shs_status status = io_join(folder, name, &path);
    if (status) return status;
    status = io_exists(path, there);
    core_free(&path);
    return status;
}

/* ---- Advice after an error. */

/* Sets `name` to a checkpoint from which the run could go on without the newest `failed` ones; ""
 * without such a checkpoint. *lines says how many lines of `latest` stand before it; 0 if `latest`
 * has no line for it. */
static shs_status find_other(const char *folder, const struct train_latest *latest, size_t failed,
                             char name[TRAIN_FILE_NAME_BYTES], size_t *lines)
{
    struct search search = {.skip = latest};
    bool there = false;
    for (*lines = failed; *lines < latest->count; ++*lines) {
        shs_status status = is_there(folder, latest->kept[*lines].name, &there);
        if (status) return status;
        if (there) break;
    }
    if (there)
        memcpy(name, latest->kept[*lines].name, TRAIN_FILE_NAME_BYTES);
    else
        *lines = 0;
    return there ? SHS_OK : find_last(folder, &search, name);
}

/* In the words of an advice: the lines to remove. */
static void print_lines(size_t lines, char text[32])
{
    if (lines == 1)
        snprintf(text, 32, "line");
    else
        snprintf(text, 32, "%zu lines", lines);
}

shs_status train_folder_advise(const char *folder, const struct train_latest *latest, size_t failed,
                               shs_status status)
{
    char message[CORE_MESSAGE_BYTES], name[TRAIN_FILE_NAME_BYTES], first[32];
    size_t lines;
    if (status != SHS_ERROR_FILE && status != SHS_ERROR_FORMAT && status != SHS_ERROR_UNSUPPORTED)
        return status;
    snprintf(message, sizeof message, "%s", shs_message());
    /* the first error is reported */
    if (find_other(folder, latest, failed, name, &lines)) *name = '\0';
    if (!*name)
        return core_fail(status,
                         "%s; no other checkpoint is there: to start anew, remove %s/latest and "
                         "any step-*.h5 beside it",
                         message, folder);
    print_lines(lines, first);
    if (lines)
        return core_fail(status,
                         "%s; to go on from %s, the checkpoint before it, remove the first %s of "
                         "%s/latest",
                         message, name, first, folder);
    return core_fail(status,
                     "%s; to go on from %s, the newest other one, write that name alone into "
                     "%s/latest",
                     message, name, folder);
}

shs_status train_folder_check(const char *path, const struct train_pointer *pointer)
{
    char checksum[CORE_DIGEST_TEXT];
    if (!*pointer->checksum) return SHS_OK;
    shs_status status = io_checksum(path, checksum);
    if (status || !strcmp(pointer->checksum, checksum)) return status;
    return core_fail(SHS_ERROR_FORMAT, "%s is damaged: its bytes have checksum %s, not %s", path,
                     checksum, pointer->checksum);
}

static shs_status is_gone(const char *folder, const struct train_latest *latest)
{
    shs_status status = core_fail(SHS_ERROR_FILE,
                                  "%s/latest names %s as the checkpoint saved last, but that file "
                                  "is not there; copy it back",
                                  folder, latest->kept[0].name);
    return train_folder_advise(folder, latest, 1, status);
}

/* SHS_ERROR_FILE if a folder without `latest` has checkpoints: nobody can tell which of them was
 * saved last. */
static shs_status check_none(const char *folder)
{
    struct search search = {0};
    static const struct train_latest none;
    char name[TRAIN_FILE_NAME_BYTES];
    shs_status status = find_last(folder, &search, name);
    if (status || !*name) return status;
    status = core_fail(SHS_ERROR_FILE,
                       "%s has checkpoints, but no file latest, which names the one saved last; "
                       "copy it back",
                       folder);
    return train_folder_advise(folder, &none, 0, status);
}

/* ---- The file `latest`. */

/* Reads "NAME CHECKSUM" or "NAME". The pointer has no name if NAME is not a checkpoint's. */
static struct train_pointer read_pointer(const char *line)
{
    struct train_pointer pointer = {0};
    uint64_t step, copy;
    size_t length = strcspn(line, " ");
    if (length >= sizeof pointer.name) return pointer;
    memcpy(pointer.name, line, length);
    if (line[length]) snprintf(pointer.checksum, sizeof pointer.checksum, "%s", line + length + 1);
    return read_name(pointer.name, &step, &copy) ? pointer : (struct train_pointer){0};
}

/* Adds what a line of `latest` says to *latest. Returns false for a line that does not belong in
 * this file. */
static bool read_line(const char *line, struct train_latest *latest, bool *is_none)
{
    size_t run = strlen(run_word);
    if (!strcmp(line, none_line)) return *is_none = true;
    if (!strncmp(line, run_word, run)) {
        snprintf(latest->owner, sizeof latest->owner, "%s", line + run);
        return true;
    }
    if (latest->count == TRAIN_KEEP_MOST) return false;
    struct train_pointer *pointer = &latest->kept[latest->count];
    *pointer = read_pointer(line);
    if (!*pointer->name) return false;
    latest->count++;
    return true;
}

static shs_status is_no_latest(const char *folder, const char *line)
{
    static const struct train_latest none;
    shs_status status = core_fail(SHS_ERROR_FORMAT,
                                  "%s/latest has '%.40s' where the name of a checkpoint such as "
                                  "step-0000000002.h5 must stand",
                                  folder, line);
    return train_folder_advise(folder, &none, 0, status);
}

static shs_status read_lines(const char *folder, char *lines, struct train_latest *latest)
{
    char *rest = NULL;
    bool there = true, is_none = false;
    for (char *line = strtok_r(lines, "\r\n", &rest); line; line = strtok_r(NULL, "\r\n", &rest))
        if (!read_line(line, latest, &is_none)) return is_no_latest(folder, line);
    if (!latest->count) return is_none ? SHS_OK : is_no_latest(folder, "");
    shs_status status = is_there(folder, latest->kept[0].name, &there);
    return status || there ? status : is_gone(folder, latest);
}

/* Refuses a file that is none: a folder, a pipe, or a link to a file that is gone. */
static shs_status check_kind(const char *folder, const char *path)
{
    static const struct train_latest none;
    const char *odd = io_is_odd(path);
    if (!odd) return SHS_OK;
    shs_status status = core_fail(SHS_ERROR_FILE,
                                  "%s is %s, where the file must be that names the checkpoint "
                                  "saved last; remove it",
                                  path, odd);
    return train_folder_advise(folder, &none, 0, status);
}

static shs_status read_latest(const char *folder, struct train_latest *latest)
{
    enum {
        MOST_BYTES = 2 * sizeof *latest
    };
    char *path, *lines = NULL;
    shs_status status = io_join(folder, latest_name, &path);
    if (status) return status;
    status = check_kind(folder, path);
    if (!status) status = io_exists(path, &latest->there);
    if (!status) status = core_new(MOST_BYTES, 1, "the file latest", &lines);
    if (!status) status = io_read_text(path, lines, MOST_BYTES);
    if (!status) status = latest->there ? read_lines(folder, lines, latest) : check_none(folder);
    core_free(&lines);
    core_free(&path);
    return status;
}

shs_status train_folder_read(const char *folder, struct train_latest *latest)
{
    bool there;
    memset(latest, 0, sizeof *latest);
    shs_status status = io_exists(folder, &there);
    return status || !there ? status : read_latest(folder, latest);
}

void train_latest_add(struct train_latest *latest, const struct train_pointer *pointer,
                      uint64_t keep)
{
    size_t former = latest->count < keep - 1 ? latest->count : (size_t)(keep - 1);
    memmove(latest->kept + 1, latest->kept, former * sizeof *latest->kept);
    latest->kept[0] = *pointer;
    latest->count = former + 1;
}

void train_latest_go_back(struct train_latest *latest, const char *name)
{
    size_t newer = find_kept(latest, name);
    if (newer == latest->count) return;
    latest->count -= newer;
    memmove(latest->kept, latest->kept + newer, latest->count * sizeof *latest->kept);
}

shs_status train_folder_free_name(const char *folder, uint64_t step,
                                  char name[TRAIN_FILE_NAME_BYTES])
{
    bool there = true;
    shs_status status = SHS_OK;
    for (uint64_t copy = 1; there && !status; copy++) {
        print_name(step, copy, name);
        status = is_there(folder, name, &there);
    }
    return status;
}

static void add_pointer(struct core_text *text, const struct train_pointer *pointer)
{
    core_text_add(text, "%s%s%s\n", pointer->name, *pointer->checksum ? " " : "",
                  pointer->checksum);
}

shs_status train_folder_point(const char *folder, const struct train_latest *latest)
{
    struct core_text text = {0};
    char *path = NULL, *lines = NULL;
    if (!latest->count) core_text_add(&text, "%s\n", none_line);
    for (size_t i = 0; i < latest->count; i++)
        add_pointer(&text, &latest->kept[i]);
    core_text_add(&text, "%s%s\n", run_word, latest->owner);
    shs_status status = core_text_take(&text, &lines);
    if (!status) status = io_join(folder, latest_name, &path);
    if (!status) status = io_write_text(path, lines);
    core_free(&path);
    core_free(&lines);
    return status;
}

/* Removes a file, but no folder: a user has made a folder with a checkpoint's name. */
static shs_status remove_file(const char *folder, const char *name)
{
    char *path;
    bool is_folder;
    shs_status status = io_join(folder, name, &path);
    if (status) return status;
    if (io_is_folder(path, &is_folder) || !is_folder) status = io_remove(path);
    core_free(&path);
    return status;
}

shs_status train_folder_prune(const char *folder, const struct train_latest *latest)
{
    struct search search = {.skip = latest};
    for (;;) {
        char name[TRAIN_FILE_NAME_BYTES];
        shs_status status = find_last(folder, &search, name);
        if (status || !*name) return status;
        status = remove_file(folder, name);
        if (status) return status;
        search.bounded = true;
        memcpy(search.bound, search.found, sizeof search.bound);
    }
}
