/* Checking a file: what is bad is named, and what kills the process that reads it is found. */
#include <hdf5.h>
#include <string.h>
#include <sys/stat.h>

#include "core_memory.h"
#include "io_child.h"
#include "io_crc32c.h"
#include "scan_check_apart.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    ROWS = 100,
    ROW_BYTES = 40,
    CHUNK_ROWS = 8
};

static char folder[PATH_BYTES], path[PATH_BYTES], program[PATH_BYTES];

/* ---- a process that dies */

/* Speaks as the hidden command does, of three datasets: `a` of 100 rows, 50 at once, of which each
 * one in $deadly kills it, as does opening `b`; `c` has a bad row. */
static const char fake[] =
    "dataset=$6 row=$7 careful=$8 end=$9\n"
    "say() { printf '%s\\n' \"$*\"; }\n"
    "if [ $dataset -le 0 ]; then\n"
    "    say 'o 0 0 0 a'; say 'p 0 0 100 u8 100'; say 'b 0 0 0 its checksums are odd'\n"
    "    while [ $row -lt 100 ]; do\n"
    "        now=50 one=\n"
    "        if [ $careful -gt 0 ] && [ $row -lt $end ]; then now=$careful; fi\n"
    "        if [ $((row + now)) -gt 100 ]; then now=$((100 - row)); fi\n"
    "        if [ $now -le $smallest ]; then one=1; fi\n"
    "        say \"r 0 $row $now $one\"\n"
    "        if [ $row = 0 ]; then say 'b 0 0 1 wrong'; fi\n"
    "        for dead in $deadly; do\n"
    "            if [ $row -le $dead ] && [ $dead -lt $((row + now)) ]; then eval \"$death\"; fi\n"
    "        done\n"
    "        row=$((row + now))\n"
    "    done\n"
    "    say 'd 0 0 0 '\n"
    "fi\n"
    "if [ $dataset -le 1 ]; then say 'o 1 0 0 b'; eval \"$opening\"; fi\n"
    "say 'o 2 0 0 c'; say 'c 2 0 10 u8 10x4'; say 'r 2 0 10 '; say 'b 2 3 2 wrong'\n"
    "say 'd 2 0 0 '\n"
    "eval \"$last\"\n"
    "say ok\n";

static void write_program(const char *settings, const char *body)
{
    FILE *file = fopen(program, "w");
    if (CHECK(file) && CHECK_IS(fprintf(file, "#!/bin/sh\n%s\n%s", settings, body), >, 0))
        CHECK_EQ(fclose(file), 0);
    CHECK_EQ(chmod(program, 0700), 0);
}

static shs_status check_with(const char *settings, struct scan_check_result *result)
{
    const struct scan_check_limits limits = {program, 400, 100, false, false, false};
    write_program(settings, fake);
    return scan_check_apart(&limits, "some.h5", 0, 1, result);
}

static bool is_bad(const struct scan_check_result *result, uint64_t i, uint64_t dataset,
                   uint64_t first, uint64_t count, const char *text)
{
    const struct scan_check_finding *bad = &result->finding[i];
    bool same = i < result->found && bad->dataset == dataset && bad->first == first &&
                bad->count == count && strstr(bad->text, text);
    if (!same)
        printf("  %llu: dataset %llu, %llu rows from %llu on: %s\n", (unsigned long long)i,
               (unsigned long long)bad->dataset, (unsigned long long)bad->count,
               (unsigned long long)bad->first, bad->text);
    return same;
}

static void rows_that_kill_are_found(void)
{
    struct scan_check_result result;
    CHECK_STATUS(
        check_with("smallest=1 deadly='37 38 80 99' death='kill -SEGV $$' opening='kill -ABRT $$'",
                   &result),
        SHS_OK);
    CHECK_EQ(result.found, 8);
    CHECK_EQ(result.datasets, 3);
    CHECK(is_bad(&result, 0, 0, 0, 0, "its checksums are odd"));
    CHECK(is_bad(&result, 1, 0, 0, 1, "wrong"));
    CHECK(is_bad(&result, 2, 0, 37, 1, "reading it crashes HDF5 (signal 11)"));
    CHECK(is_bad(&result, 3, 0, 38, 1, "(signal 11)"));
    CHECK(is_bad(&result, 4, 0, 80, 1, "(signal 11)"));
    CHECK(is_bad(&result, 5, 0, 99, 1, "(signal 11)"));
    CHECK(is_bad(&result, 6, 1, 0, 0, "opening it crashes HDF5 (signal 6)"));
    CHECK(is_bad(&result, 7, 2, 3, 2, "wrong"));
    const struct scan_check_dataset *a = &result.dataset[0], *c = &result.dataset[2];
    if (CHECK(!strcmp(a->name, "a")) && CHECK(!strcmp(a->about, "u8 100")) && CHECK(a->field))
        CHECK(!a->summed);
    CHECK_EQ(a->rows, 100);
    CHECK_EQ(a->bad_rows, 5);
    CHECK(!strcmp(result.dataset[1].name, "b"));
    CHECK(!result.dataset[1].about);
    if (CHECK(!strcmp(c->about, "u8 10x4")) && CHECK(c->field) && CHECK(c->summed))
        CHECK_EQ(c->bad_rows, 2);
    scan_check_free(&result);
}

/* Only a crash tells something of the file. */
static void only_crashes_are_bad(void)
{
    static const struct {
        const char *death;
        const char *what;
        bool unknown;
    } cases[] = {{"kill -SEGV $$", "crashes HDF5 (signal 11)", false},
                 {"kill -FPE $$", "crashes HDF5 (signal 8)", false},
                 {"kill -KILL $$", "killed, perhaps for its memory", true},
                 {"kill -TERM $$", "was interrupted by signal 15", true},
                 {"exec sleep 50", "--probe-seconds allows more", true}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct scan_check_result result;
        char settings[128];
        snprintf(settings, sizeof settings, "smallest=60 deadly=70 death='%s' opening='%s'",
                 cases[i].death, cases[i].death);
        CHECK_STATUS(check_with(settings, &result), SHS_OK);
        CHECK_EQ(result.found, 5);
        CHECK(is_bad(&result, 2, 0, 50, 50, cases[i].what));
        CHECK(is_bad(&result, 3, 1, 0, 0, cases[i].what));
        CHECK_EQ(result.finding[2].unknown, cases[i].unknown);
        CHECK_EQ(result.finding[3].unknown, cases[i].unknown);
        CHECK_EQ(result.dataset[0].unknown_rows, cases[i].unknown ? 50 : 0);
        CHECK_EQ(result.dataset[0].bad_rows, cases[i].unknown ? 1 : 51);
        CHECK_EQ(result.dataset[1].unknown, cases[i].unknown);
        CHECK_EQ(result.dataset[1].bad, !cases[i].unknown);
        CHECK_EQ(result.dataset[0].first_read, 0);
        CHECK_EQ(result.dataset[0].end_read, 100);
        scan_check_free(&result);
    }
}

/* What could not be checked is told by the process itself, too. */
static void what_is_not_checked_is_no_damage(void)
{
    struct scan_check_result result;
    const struct scan_check_limits limits = {program, 2000, 100, false, false, false};
    write_program("", "echo 'o 0 0 0 two\\x0alines'; echo 'p 0 0 9 u8 9'; echo 'h 0 12 34 '\n"
                      "echo 'r 0 0 9 '; echo 'u 0 2 3 no such filter'; echo 'd 0 0 0 '\n"
                      "echo 'o 1 0 0 b'; echo 'u 1 0 0 Input/output error'; echo ok\n");
    CHECK_STATUS(scan_check_apart(&limits, "some.h5", 0, 1, &result), SHS_OK);
    CHECK_EQ(result.found, 2);
    CHECK_EQ(result.datasets, 2);
    if (CHECK(is_bad(&result, 0, 0, 2, 3, "no such filter"))) CHECK(result.finding[0].unknown);
    if (CHECK(is_bad(&result, 1, 1, 0, 0, "Input/output error"))) CHECK(result.finding[1].unknown);
    CHECK(!strcmp(result.dataset[0].name, "two\nlines"));
    CHECK_EQ(result.dataset[0].unknown_rows, 3);
    CHECK_EQ(result.dataset[0].bad_rows, 0);
    CHECK_EQ(result.dataset[0].checksums, 12);
    CHECK_EQ(result.dataset[0].digest, 34);
    if (CHECK(result.dataset[1].unknown)) CHECK(!result.dataset[1].bad);
    scan_check_free(&result);
}

static void the_fewest_rows_may_be_a_chunk(void)
{
    struct scan_check_result result;
    CHECK_STATUS(check_with("smallest=7 deadly=61 death='kill -SEGV $$' opening=", &result),
                 SHS_OK);
    CHECK_EQ(result.found, 4);
    CHECK(is_bad(&result, 2, 0, 56, 6, "reading them crashes"));
    scan_check_free(&result);
}

static void a_process_that_hangs_is_killed(void)
{
    struct scan_check_result result;
    CHECK_STATUS(check_with("smallest=60 deadly=70 death='exec sleep 50' opening=", &result),
                 SHS_OK);
    CHECK_EQ(result.found, 4);
    CHECK(is_bad(&result, 2, 0, 50, 50, "takes more than"));
    scan_check_free(&result);
}

static void too_many_deaths_end_a_dataset(void)
{
    struct scan_check_result result;
    CHECK_STATUS(
        check_with("smallest=1 deadly='2 3 4 5 6 7 8 9' death='exec sleep 50' opening=", &result),
        SHS_OK);
    CHECK(is_bad(&result, result.found - 2, 0, 0, 0, "given up at row"));
    CHECK(is_bad(&result, result.found - 1, 2, 3, 2, "wrong"));
    scan_check_free(&result);
}

static void what_kills_between_datasets_ends_the_check(void)
{
    struct scan_check_result result;
    CHECK_STATUS(check_with("smallest=1 deadly= opening= last='kill -SEGV $$'", &result), SHS_OK);
    CHECK_EQ(result.found, 4);
    CHECK(is_bad(&result, 3, SCAN_CHECK_FILE, 0, 0, "looking for further datasets crashes"));
    scan_check_free(&result);
    write_program("kill -SEGV $$", "");
    const struct scan_check_limits limits = {program, 400, 100, false, false, false};
    CHECK_STATUS(scan_check_apart(&limits, "some.h5", 0, 1, &result), SHS_OK);
    CHECK_EQ(result.found, 1);
    CHECK_EQ(result.datasets, 0);
    CHECK(is_bad(&result, 0, SCAN_CHECK_FILE, 0, 0, "looking for its datasets crashes"));
    scan_check_free(&result);
}

static void refuse(const char *body, shs_status expected, const char *message)
{
    struct scan_check_result result;
    const struct scan_check_limits limits = {program, 2000, 100, false, false, false};
    write_program("", body);
    CHECK_STATUS(scan_check_apart(&limits, "some.h5", 0, 1, &result), expected);
    CHECK_HAS(shs_message(), message);
    scan_check_free(&result);
}

static void other_programs_are_refused(void)
{
    const struct scan_check_limits limits = {"/no/such/program", 400, 100, false, false, false};
    struct scan_check_result result;
    CHECK_STATUS(scan_check_apart(&limits, "some.h5", 0, 1, &result), SHS_ERROR_FILE);
    CHECK_HAS(shs_message(), "cannot start /no/such/program");
    scan_check_free(&result);
    refuse("echo hello\n", SHS_ERROR_FILE, "gave no proper answer");
    refuse("exit 0\n", SHS_ERROR_FILE, "gave no proper answer");
    refuse("echo 'o 5 0 0 five'\n", SHS_ERROR_STATE, "dataset 5 comes after 0");
    refuse("echo 'o 0 x 0 a'\n", SHS_ERROR_FILE, "gave no proper answer");
    refuse("head -c 100000 /dev/zero\n", SHS_ERROR_FILE, "gave no proper answer");
    refuse("echo 'SHS_ERROR_FORMAT it is odd'; exit 2\n", SHS_ERROR_FORMAT, "it is odd");
}

/* ---- in this process */

struct noted {
    char text[8192];
};

static void note(const struct scan_check_event *event, void *user)
{
    struct noted *noted = user;
    char *line = NULL, *copy = NULL;
    struct scan_check_event back;
    if (CHECK_STATUS(scan_check_print(event, &line), SHS_OK))
        CHECK_STATUS(scan_check_print(event, &copy), SHS_OK);
    if (CHECK(scan_check_parse(copy, &back)) && CHECK_EQ(back.kind, event->kind) &&
        CHECK_EQ(back.dataset, event->dataset) && CHECK_EQ(back.first, event->first) &&
        CHECK_EQ(back.count, event->count))
        CHECK(!strcmp(back.text, event->text));
    if (event->kind != SCAN_CHECK_READING && event->kind != SCAN_CHECK_DONE &&
        strlen(noted->text) + strlen(line) + 2 < sizeof noted->text)
        sprintf(noted->text + strlen(noted->text), "%s\n", line);
    core_free(&line);
    core_free(&copy);
}

/* A dataset of `written` of ROWS rows, the others not written. */
static void write_dataset(hid_t file, const char *name, hid_t type, hsize_t columns,
                          hsize_t chunk_rows, hsize_t written, const void *rows)
{
    const hsize_t shape[2] = {ROWS, columns}, chunk[2] = {chunk_rows, columns}, first[2] = {0, 0},
                  some[2] = {written, columns};
    int axes = columns > 1 ? 2 : 1;
    hid_t list = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(axes, shape, NULL);
    hid_t memory = H5Screate_simple(axes, some, NULL);
    if (chunk_rows) H5Pset_chunk(list, axes, chunk);
    if (chunk_rows) H5Pset_fletcher32(list);
    hid_t data = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, first, NULL, some, NULL);
    CHECK(H5Dwrite(data, type, memory, space, H5P_DEFAULT, rows) >= 0);
    H5Dclose(data);
    H5Sclose(memory);
    H5Sclose(space);
    H5Pclose(list);
}

static unsigned char samples[ROWS][ROW_BYTES];

static void write_file(hsize_t chunk_rows, hsize_t written, bool summed)
{
    uint32_t sums[ROWS];
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (size_t i = 0; i < sizeof samples; i++)
        samples[i / ROW_BYTES][i % ROW_BYTES] = (unsigned char)(1 + i * 151 + i / 7);
    for (size_t i = 0; i < ROWS; i++) {
        samples[i][0] = (unsigned char)i; /* no two alike */
        sums[i] = io_crc32c(samples[i], ROW_BYTES);
    }
    hid_t group = H5Gcreate2(file, "a", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    write_dataset(file, "a/x", H5T_STD_U16LE, ROW_BYTES / 2, chunk_rows, written, samples);
    if (summed) write_dataset(file, "a/x.crc32c", H5T_STD_U32LE, 1, 0, ROWS, sums);
    H5Gclose(group);
    CHECK(H5Fclose(file) >= 0);
}

/* Flips a bit of a row, where its bytes stand in the file. */
static void damage(uint64_t row)
{
    size_t bytes;
    unsigned char *all = file_read(path, &bytes);
    unsigned char *at = all ? memmem(all, bytes, samples[row], ROW_BYTES) : NULL;
    if (!NEED(at != NULL)) return;
    at[7] ^= 16;
    CHECK(file_write(path, all, bytes));
    free(all);
}

/* What is told of the file, but for reading. */
static void expect(const char *text)
{
    struct noted noted = {""};
    const struct scan_check_task task = {.path = path, .ranks = 1, .tell = note, .user = &noted};
    CHECK_STATUS(scan_check(&task), SHS_OK);
    CHECK_TEXT(noted.text, text);
}

static const char good[] = "o 0 0 0 a/x\nc 0 0 100 u16 100x20\n"
                           "o 1 0 0 a/x.crc32c\np 1 0 100 u32 100\n";

static void a_good_file_is_good(void)
{
    write_file(0, ROWS, true);
    expect(good);
    write_file(CHUNK_ROWS, ROWS, true);
    expect(good);
    write_file(CHUNK_ROWS, ROWS, false);
    expect("o 0 0 0 a/x\np 0 0 100 u16 100x20\n");
}

static void rows_that_are_not_what_was_written_are_told(void)
{
    struct noted noted = {""};
    const struct scan_check_task task = {.path = path, .ranks = 1, .tell = note, .user = &noted};
    write_file(0, ROWS, true);
    damage(3);
    damage(41);
    damage(42);
    damage(ROWS - 1);
    CHECK_STATUS(scan_check(&task), SHS_OK);
    CHECK_HAS(noted.text, "\nb 0 3 1 not what was written: CRC-32C ");
    CHECK_HAS(noted.text, "; at byte ");
    CHECK_HAS(noted.text, "\nb 0 41 2 not what was written\n");
    CHECK_HAS(noted.text, "\nb 0 99 1 not what was written: ");
}

static void a_damaged_chunk_is_told(void)
{
    struct noted noted = {""};
    const struct scan_check_task task = {.path = path, .ranks = 1, .tell = note, .user = &noted};
    write_file(CHUNK_ROWS, ROWS, false);
    damage(17);
    CHECK_STATUS(scan_check(&task), SHS_OK);
    CHECK_HAS(noted.text, "\nb 0 16 8 chunk 2, ");
    CHECK_HAS(noted.text, "fletcher32");
}

static void a_chunk_that_is_not_there_is_told(void)
{
    write_file(CHUNK_ROWS, 80, true);
    expect("o 0 0 0 a/x\nc 0 0 100 u16 100x20\n"
           "b 0 80 8 not written: chunk 10 is not in the file\n"
           "b 0 88 8 not written: chunk 11 is not in the file\n"
           "b 0 96 4 not written: chunk 12 is not in the file\n"
           "o 1 0 0 a/x.crc32c\np 1 0 100 u32 100\n");
}

/* A field that is there twice is read by each name; a group that holds itself ends nothing. */
static void links_are_followed_once(void)
{
    write_file(0, ROWS, false);
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    CHECK(H5Lcreate_hard(file, "/", file, "a/circle", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Lcreate_hard(file, "a/x", file, "z", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Lcreate_soft("/a/x", file, "soft", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    CHECK(H5Fclose(file) >= 0);
    expect("o 0 0 0 a/x\np 0 0 100 u16 100x20\no 1 0 0 z\np 1 0 100 u16 100x20\n");
}

/* Of two datasets the header of one is damaged: the other is still read. */
static void a_damaged_dataset_does_not_hide_the_others(void)
{
    struct noted noted = {""};
    const struct scan_check_task task = {.path = path, .ranks = 1, .tell = note, .user = &noted};
    H5O_info_t about;
    write_file(0, ROWS, true);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    CHECK(H5Oget_info_by_name2(file, "a/x", &about, H5O_INFO_BASIC, H5P_DEFAULT) >= 0);
    H5Fclose(file);
    size_t bytes;
    unsigned char *all = file_read(path, &bytes);
    if (!NEED(all) || !NEED(about.addr < bytes)) return;
    all[about.addr] ^= 0x40; /* the version of its header */
    CHECK(file_write(path, all, bytes));
    free(all);
    CHECK_STATUS(scan_check(&task), SHS_OK);
    CHECK_HAS(noted.text, "o 0 0 0 a/x\nb 0 0 0 ");
    CHECK_HAS(noted.text, "o 1 0 0 a/x.crc32c\np 1 0 100 u32 100\n");
}

/* A group that cannot be listed to its end, in the old format: what came before is checked, and the
 * error is told after it. */
static void a_damaged_group_is_told_after_its_datasets(void)
{
    enum {
        NAMES = 40
    };
    char name[16];
    size_t bytes, damaged = 0;
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    for (int i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "x%03d", i);
        write_dataset(file, name, H5T_STD_U8LE, 1, 0, ROWS, samples);
    }
    CHECK(H5Fclose(file) >= 0);
    unsigned char *all = file_read(path, &bytes);
    for (unsigned char *node = all; node; damaged++) {
        struct noted noted = {""};
        const struct scan_check_task task = {
            .path = path, .ranks = 1, .tell = note, .user = &noted};
        node = memmem(node, bytes - (size_t)(node - all), "SNOD", 4);
        if (!node) break;
        *node = 'X';
        CHECK(file_write(path, all, bytes));
        *node++ = 'S';
        CHECK_STATUS(scan_check(&task), SHS_OK);
        CHECK_HAS(noted.text, " /\nb ");
        CHECK_HAS(noted.text, " 0 0 its datasets cannot be listed; the file is damaged");
    }
    if (CHECK(all)) CHECK_IS(damaged, >, 2);
    free(all);
}

/* Names of datasets have no end; lines between processes have. */
static void a_long_name_is_cut(void)
{
    char name[2 * IO_CHILD_LINE], *line;
    struct scan_check_event back;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const struct scan_check_event event = {SCAN_CHECK_OPENING, UINT64_MAX, UINT64_MAX, UINT64_MAX,
                                           name};
    if (!NEED_STATUS(scan_check_print(&event, &line), SHS_OK)) return;
    CHECK_IS(strlen(line) + 1, <=, IO_CHILD_LINE);
    if (CHECK(scan_check_parse(line, &back))) CHECK_EQ(back.count, UINT64_MAX);
    if (CHECK_IS(strlen(back.text), >, 1000)) CHECK(!strncmp(back.text, name, strlen(back.text)));
    core_free(&line);
}

/* Every row is read by one rank, and from where it is asked for. */
static void count_rows(const struct scan_check_event *event, void *user)
{
    unsigned *read = user;
    for (uint64_t i = 0;
         event->kind == SCAN_CHECK_READING && event->dataset == 0 && i < event->count; i++)
        read[event->first + i]++;
}

static void ranks_share_the_rows(void)
{
    for (int chunked = 0; chunked < 2; chunked++)
        for (int ranks = 1; ranks <= 20; ranks += 3) {
            unsigned read[ROWS] = {0}, wrong = 0;
            write_file(chunked ? CHUNK_ROWS : 0, ROWS, true);
            struct scan_check_task task = {
                .path = path, .ranks = ranks, .tell = count_rows, .user = read};
            for (task.rank = 0; task.rank < ranks; task.rank++)
                CHECK_STATUS(scan_check(&task), SHS_OK);
            for (int i = 0; i < ROWS; i++)
                wrong += read[i] != 1;
            CHECK_EQ(wrong, 0);
        }
}

static void expect_pieces(const struct scan_check_event *event, void *user)
{
    char **at = user;
    if (event->kind != SCAN_CHECK_READING || event->dataset) return;
    *at += sprintf(*at, "%llu+%llu%s ", (unsigned long long)event->first,
                   (unsigned long long)event->count, event->text);
}

static void a_careful_check_takes_few_rows_at_once(void)
{
    char text[4096], *at = text;
    struct scan_check_task task = {.path = path,
                                   .ranks = 1,
                                   .row = 16,
                                   .careful = 10,
                                   .careful_end = 40,
                                   .tell = expect_pieces,
                                   .user = &at};
    write_file(0, ROWS, true);
    if (CHECK_STATUS(scan_check(&task), SHS_OK)) CHECK(!strcmp(text, "16+10 26+10 36+10 46+54 "));
    write_file(CHUNK_ROWS, ROWS, true);
    at = text;
    if (CHECK_STATUS(scan_check(&task), SHS_OK)) CHECK(!strcmp(text, "16+81 24+81 32+81 40+60 "));
    task.dataset = 1;
    at = text;
    *text = '\0';
    if (CHECK_STATUS(scan_check(&task), SHS_OK)) CHECK(!*text);
}

/* Of rows as large as they come, none of which was written. */
static void expect_large(hsize_t bytes, hsize_t chunk_rows, const char *text)
{
    char pieces[4096] = "", *at = pieces;
    const hsize_t shape[2] = {20, bytes}, chunk[2] = {chunk_rows, bytes};
    const struct scan_check_task task = {
        .path = path, .ranks = 1, .tell = expect_pieces, .user = &at};
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    hid_t space = H5Screate_simple(2, shape, NULL), list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    H5Dclose(H5Dcreate2(file, "x", H5T_STD_U8LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
    H5Pclose(list);
    H5Sclose(space);
    H5Fclose(file);
    CHECK_STATUS(scan_check(&task), SHS_OK);
    CHECK_TEXT(pieces, text);
}

static void pieces_are_whole_chunks(void)
{
    expect_large(1 << 20, 3, "0+31 3+31 6+31 9+31 12+31 15+31 18+21 ");
    expect_large(1 << 20, 2, "0+4 4+4 8+4 12+4 16+4 ");
    expect_large(3 << 20, 5, "0+51 5+51 10+51 15+51 ");
}

static void what_is_no_file_is_an_error(void)
{
    struct noted noted = {""};
    const struct scan_check_task task = {.path = path, .ranks = 1, .tell = note, .user = &noted};
    CHECK(file_write(path, "whale", 5));
    if (CHECK_STATUS(scan_check(&task), SHS_ERROR_UNSUPPORTED)) CHECK(!*noted.text);
    CHECK(file_write(path, "\211HDF\r\n\032\n and no more", 20));
    if (CHECK_STATUS(scan_check(&task), SHS_ERROR_FORMAT)) CHECK(!*noted.text);
    remove(path);
    if (CHECK_STATUS(scan_check(&task), SHS_ERROR_FILE)) CHECK(!*noted.text);
}

static void words_are_read(void)
{
    char words[10][8] = {"f.h5", "100", "1", "3", "4", "5", "6", "7", "1", "0"}, *given[10];
    uint64_t mebibytes;
    struct scan_check_task task;
    for (int i = 0; i < 10; i++)
        given[i] = words[i];
    CHECK(scan_check_read_words(10, given, &mebibytes, &task));
    CHECK(!strcmp(task.path, "f.h5"));
    CHECK_EQ(mebibytes, 100);
    CHECK_EQ(task.rank, 1);
    CHECK_EQ(task.ranks, 3);
    CHECK_EQ(task.dataset, 4);
    CHECK_EQ(task.row, 5);
    CHECK_EQ(task.careful, 6);
    CHECK_EQ(task.careful_end, 7);
    if (CHECK(task.plugins)) CHECK(!task.compare);
    CHECK(!scan_check_read_words(9, given, &mebibytes, &task));
    CHECK(!scan_check_read_words(0, given, &mebibytes, &task));
    given[2] = given[3];
    CHECK(!scan_check_read_words(10, given, &mebibytes, &task));
    given[2] = given[0];
    CHECK(!scan_check_read_words(10, given, &mebibytes, &task));
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(rows_that_kill_are_found),
        TEST(only_crashes_are_bad),
        TEST(what_is_not_checked_is_no_damage),
        TEST(the_fewest_rows_may_be_a_chunk),
        TEST(a_process_that_hangs_is_killed),
        TEST(too_many_deaths_end_a_dataset),
        TEST(what_kills_between_datasets_ends_the_check),
        TEST(other_programs_are_refused),
        TEST(a_good_file_is_good),
        TEST(rows_that_are_not_what_was_written_are_told),
        TEST(a_damaged_chunk_is_told),
        TEST(a_chunk_that_is_not_there_is_told),
        TEST(links_are_followed_once),
        TEST(a_damaged_dataset_does_not_hide_the_others),
        TEST(a_damaged_group_is_told_after_its_datasets),
        TEST(a_long_name_is_cut),
        TEST(ranks_share_the_rows),
        TEST(a_careful_check_takes_few_rows_at_once),
        TEST(pieces_are_whole_chunks),
        TEST(what_is_no_file_is_an_error),
        TEST(words_are_read),
    };
    if (!folder_make(folder)) return 2;
    folder_path(folder, "check.h5", path);
    folder_path(folder, "program", program);
    int code = harness_main("check", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
