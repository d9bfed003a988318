/* flips FILE FLIPS CUTS: flips single bits of a file with checksums, and cuts it short, each time
 * in a process of its own as `shardstep check` has one. What is wrong with it must be told, unless
 * all fields read back as they were: nothing may go unnoticed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data_field.h"
#include "scan_check.h"

enum {
    FIELDS = 16,
    SECONDS = 60, /* that one may take, on a busy machine and with sanitizers */
    HARMLESS = 10,
    TOLD,
    SILENT,
    ENDS
};

static const char *path;
static const char *const ends[ENDS] = {
    [HARMLESS] = "harmless", [TOLD] = "told", [SILENT] = "SILENT"};

/* What the fields held before. */
static struct kept {
    char name[256];
    uint64_t rows;
    size_t bytes;
    char *data;
} kept[FIELDS];
static size_t n_kept;

static void need(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "flips: %s: %s\n", what, shs_message());
    exit(2);
}

static shs_status read_field(struct h5_file *file, const char *name, struct kept *field)
{
    struct data_field open = {0};
    shs_status status = data_field_open(file, path, name, &(struct data_field_how){0}, &open);
    if (status) return status;
    *field = (struct kept){.rows = open.rows, .bytes = open.rows * open.row_bytes};
    snprintf(field->name, sizeof field->name, "%s", name);
    field->data = malloc(field->bytes);
    status = data_field_read(&open, 0, open.rows, field->data);
    data_field_close(&open);
    return status;
}

static shs_status keep(const char *name, void *user)
{
    need(n_kept < FIELDS, "too many fields");
    return read_field(user, name, &kept[n_kept++]);
}

static void keep_all(void)
{
    struct h5_file *file;
    need(!h5_open(path, &file) && !h5_list(file, keep, file), "the file cannot be read");
    need(n_kept > 0, "no fields");
    h5_close(&file);
}

struct comparison {
    struct h5_file *file;
    size_t equal;
    size_t others;
};

static shs_status compare(const char *name, void *user)
{
    struct comparison *comparison = user;
    struct kept now;
    comparison->others++;
    for (size_t i = 0; i < n_kept; i++) {
        if (strcmp(kept[i].name, name)) continue;
        shs_status status = read_field(comparison->file, name, &now);
        comparison->equal += !status && now.rows == kept[i].rows && now.bytes == kept[i].bytes &&
                             !memcmp(now.data, kept[i].data, now.bytes);
        if (!status) free(now.data);
    }
    return SHS_OK;
}

static bool same_as_before(void)
{
    struct comparison comparison = {0};
    if (h5_open(path, &comparison.file)) return false;
    bool listed = !h5_list(comparison.file, compare, &comparison);
    h5_close(&comparison.file);
    return listed && comparison.equal == n_kept && comparison.others == n_kept;
}

static void count_findings(const struct scan_check_event *event, void *user)
{
    *(uint64_t *)user += event->kind == SCAN_CHECK_BAD || event->kind == SCAN_CHECK_UNKNOWN;
}

static int check(void)
{
    uint64_t found = 0;
    const struct scan_check_task task = {
        .path = path, .ranks = 1, .tell = count_findings, .user = &found};
    shs_status status = scan_check(&task);
    if (status || found) return TOLD;
    return same_as_before() ? HARMLESS : SILENT;
}

/* How a check of the file as it is ends, by its exit code or its signal's negative number. */
static int check_apart(void)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(SECONDS);
        _exit(check());
    }
    need(child > 0 && waitpid(child, &status, 0) == child, "fork");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* splitmix64 */
static uint64_t scramble(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static unsigned n_wrong, n_ends[ENDS];

static void judge(int end, bool may_be_harmless, const char *what, uint64_t at)
{
    bool known = end >= HARMLESS && end < ENDS;
    if (known) n_ends[end]++;
    if (end == TOLD || (end == HARMLESS && may_be_harmless)) return;
    n_wrong++;
    printf("%s %llu: %s (%d)\n", what, (unsigned long long)at, known ? ends[end] : "it died", end);
}

static void flip(FILE *file, uint64_t bit)
{
    long at = (long)(bit / 8);
    need(!fseek(file, at, SEEK_SET), "seek");
    int byte = fgetc(file);
    need(byte != EOF && !fseek(file, at, SEEK_SET), "read");
    need(fputc(byte ^ 1 << bit % 8, file) != EOF && !fflush(file), "write");
}

static void flip_bits(uint64_t bytes, uint64_t flips)
{
    FILE *file = fopen(path, "r+b");
    need(file != NULL, path);
    for (uint64_t i = 0; i < flips; i++) {
        uint64_t bit = scramble(i) % (8 * bytes);
        flip(file, bit);
        judge(check_apart(), true, "flipped bit", bit);
        flip(file, bit);
    }
    fclose(file);
    printf("%llu flipped bits: %u told, %u harmless, %u silent\n", (unsigned long long)flips,
           n_ends[TOLD], n_ends[HARMLESS], n_ends[SILENT]);
}

static void cut(const char *whole, uint64_t bytes, uint64_t cuts)
{
    for (uint64_t i = 0; i < cuts; i++) {
        uint64_t left = i ? scramble(~i) % bytes : bytes - 1;
        FILE *file = fopen(path, "wb");
        need(file && fwrite(whole, 1, left, file) == left && !fclose(file), "write");
        judge(check_apart(), false, "cut to bytes", left);
    }
    printf("%llu cuts\n", (unsigned long long)cuts);
}

int main(int count, char **words)
{
    struct stat about;
    need(count == 4, "usage: flips FILE FLIPS CUTS");
    path = words[1];
    need(!stat(path, &about), path);
    uint64_t bytes = (uint64_t)about.st_size;
    char *whole = malloc(bytes);
    FILE *file = fopen(path, "rb");
    need(file && whole && fread(whole, 1, bytes, file) == bytes && !fclose(file), path);
    keep_all();
    need(check_apart() == HARMLESS, "the file is bad before anything was done to it");
    flip_bits(bytes, strtoull(words[2], NULL, 10));
    cut(whole, bytes, strtoull(words[3], NULL, 10));
    free(whole);
    for (size_t i = 0; i < n_kept; i++)
        free(kept[i].data);
    return n_wrong ? 1 : 0;
}
