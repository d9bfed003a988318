#include "run_folder.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_file.h"

typedef unsigned long long ull;

static const char latest_name[] = "latest";

/* step-0000000007.h5, and step-0000000007-2.h5 for the second of a step. */
static void print_name(uint64_t step, uint64_t copy, char name[RUN_FILE_NAME_BYTES])
{
    if (copy < 2)
        snprintf(name, RUN_FILE_NAME_BYTES, "step-%010llu.h5", (ull)step);
    else
        snprintf(name, RUN_FILE_NAME_BYTES, "step-%010llu-%llu.h5", (ull)step, (ull)copy);
}

/* False for a name that is not a checkpoint's. */
static bool read_name(const char *name, uint64_t *step, uint64_t *copy)
{
    ull read_step, read_copy = 1;
    char canonical[RUN_FILE_NAME_BYTES];
    int found = sscanf(name, "step-%20llu-%20llu", &read_step, &read_copy);
    if (found < 1) return false;
    *step = read_step;
    *copy = found == 2 ? read_copy : 1;
    print_name(*step, *copy, canonical);
    return strcmp(name, canonical) == 0;
}

/* A search through a folder's checkpoints: the last by step, and of one step by copy. */
struct search {
    const char *keep[2]; /* names to pass over */
    uint64_t step;
    uint64_t copy;
    bool found;
};

static void note_name(const char *name, void *user)
{
    struct search *search = user;
    uint64_t step, copy;
    if (!read_name(name, &step, &copy)) return;
    for (int i = 0; i < 2; i++)
        if (search->keep[i] && !strcmp(name, search->keep[i])) return;
    if (search->found && (step < search->step || (step == search->step && copy < search->copy)))
        return;
    search->found = true;
    search->step = step;
    search->copy = copy;
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

/* One "NAME CHECKSUM", the checksum may be missing; a name that is no checkpoint's gives none. */
static struct run_pointer read_line(const char *line)
{
    struct run_pointer pointer = {0};
    uint64_t step, copy;
    size_t length = strcspn(line, " ");
    if (length >= sizeof pointer.name) return pointer;
    memcpy(pointer.name, line, length);
    if (line[length]) snprintf(pointer.checksum, sizeof pointer.checksum, "%s", line + length + 1);
    return read_name(pointer.name, &step, &copy) ? pointer : (struct run_pointer){0};
}

/* The first of the lines whose file is there. */
static shs_status choose_line(const char *folder, char *lines, struct run_pointer *latest)
{
    char *rest = NULL;
    for (char *line = strtok_r(lines, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        bool there = false;
        *latest = read_line(line);
        shs_status status = *latest->name ? is_there(folder, latest->name, &there) : SHS_OK;
        if (status || there) return status;
    }
    *latest = (struct run_pointer){0};
    return SHS_OK;
}

shs_status run_folder_read(const char *folder, struct run_pointer *latest)
{
    struct search search = {0};
    bool there;
    char *path, lines[2 * sizeof(struct run_pointer)];
    *latest = (struct run_pointer){0};
    shs_status status = io_exists(folder, &there);
    if (status || !there) return status;
    status = io_join(folder, latest_name, &path);
    if (status) return status;
    status = io_read_text(path, lines, sizeof lines);
    core_free(&path);
    if (!status) status = choose_line(folder, lines, latest);
    if (status || *latest->name) return status;
    status = io_list(folder, note_name, &search);
    if (!status && search.found) print_name(search.step, search.copy, latest->name);
    return status;
}

shs_status run_folder_free_name(const char *folder, uint64_t step, char name[RUN_FILE_NAME_BYTES])
{
    bool there = true;
    shs_status status = SHS_OK;
    for (uint64_t copy = 1; there && !status; copy++) {
        print_name(step, copy, name);
        status = is_there(folder, name, &there);
    }
    return status;
}

shs_status run_folder_point(const char *folder, const struct run_pointer *saved,
                            const struct run_pointer *before)
{
    struct core_text text = {0};
    char *path = NULL, *lines = NULL;
    core_text_add(&text, "%s %s\n", saved->name, saved->checksum);
    if (*before->name) core_text_add(&text, "%s %s\n", before->name, before->checksum);
    shs_status status = core_text_take(&text, &lines);
    if (!status) status = io_join(folder, latest_name, &path);
    if (!status) status = io_write_text(path, lines);
    core_free(&path);
    core_free(&lines);
    return status;
}

shs_status run_folder_prune(const char *folder, const struct run_pointer *saved,
                            const struct run_pointer *before)
{
    for (;;) {
        struct search search = {.keep = {saved->name, before->name}};
        char name[RUN_FILE_NAME_BYTES], *path;
        shs_status status = io_list(folder, note_name, &search);
        if (status || !search.found) return status;
        print_name(search.step, search.copy, name);
        status = io_join(folder, name, &path);
        if (!status) status = io_remove(path);
        core_free(&path);
        if (status) return status;
    }
}
