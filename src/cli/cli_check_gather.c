/* Gathers what the ranks have found in a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_check.h"
#include "core_hash.h"
#include "core_memory.h"
#include "core_text.h"
#include "io_crc32c.h"
#include "io_host.h"

/* Numbers that are summed over the ranks, for each dataset and finally for the file. */
enum {
    BAD_ROWS,
    UNKNOWN_ROWS,
    READ_ROWS,
    BAD,     /* ranks on which the whole dataset is bad */
    UNKNOWN, /* ranks that could not check the dataset at all */
    SUMS
};

/* ---- copies: each rank's datasets compared with rank 0's */

enum {
    NAME,
    ROWS,
    CHECKSUMS,
    DIGEST,
    FACTS
};

static void set_facts(const struct scan_check_result *own, uint64_t count, uint64_t *facts)
{
    for (uint64_t i = 0; i < own->datasets && i < count; i++) {
        const struct scan_check_dataset *dataset = &own->dataset[i];
        const uint64_t all[FACTS] = {dataset->name ? core_hash_text(dataset->name) : 0,
                                     dataset->field ? dataset->rows + 1 : 0, dataset->checksums,
                                     dataset->digest};
        memcpy(facts + i * FACTS, all, sizeof all);
    }
}

/* The difference between the datasets of two copies, in words; NULL if no difference is known. */
static const char *difference(const uint64_t *mine, const uint64_t *first)
{
    static const char *const texts[FACTS] = {"another name", "another number of rows",
                                             "other checksums", "other rows"};
    for (int i = 0; i < FACTS; i++)
        if (mine[i] && first[i] && mine[i] != first[i]) return texts[i];
    return NULL;
}

/* The copy of rank 0. */
struct first_copy {
    char host[IO_HOST_BYTES];
    uint64_t datasets; /* datasets in the copy; 0 if they are not known */
};

static void add_difference(struct cli_verdict *verdict, int rank, const struct first_copy *first,
                           uint64_t dataset, const char *what)
{
    char text[CORE_MESSAGE_BYTES];
    snprintf(text, sizeof text,
             "the copy that rank %d has on host %s has %s than that of rank 0 on host %s", rank,
             verdict->hosts->name, what, first->host);
    scan_check_add(&verdict->own, false, dataset, 0, 0, text);
}

static void compare_facts(struct cli_verdict *verdict, int rank, const struct first_copy *copy,
                          const uint64_t *mine, const uint64_t *first)
{
    const struct scan_check_result *own = &verdict->own;
    bool whole = !own->bad && !own->unknown;
    for (uint64_t i = 0; i < own->datasets; i++) {
        const char *what = difference(mine + i * FACTS, first + i * FACTS);
        if (what) add_difference(verdict, rank, copy, i, what);
    }
    if (whole && copy->datasets && copy->datasets != own->datasets)
        add_difference(verdict, rank, copy, SCAN_CHECK_FILE, "more or fewer datasets");
}

/* Collective. Compares this rank's copy with rank 0's. Each difference becomes a finding. */
static shs_status compare_copies(struct cli_verdict *verdict, shs_run *run)
{
    const struct scan_check_result *own = &verdict->own;
    struct first_copy copy = {.datasets = own->bad || own->unknown ? 0 : own->datasets};
    uint64_t *mine = NULL, *first = NULL, count = own->datasets;
    if (run->ranks == 1) return SHS_OK;
    memcpy(copy.host, verdict->hosts->name, sizeof copy.host);
    shs_status status = mpi_greatest(run, &count, 1);
    if (!status) status = mpi_broadcast(run, &copy, sizeof copy);
    if (status) return status;
    status = core_new(count, FACTS * sizeof *mine, "facts", &mine);
    if (!status) status = core_new(count, FACTS * sizeof *first, "facts", &first);
    status = mpi_agree(run, status, "check");
    if (!status) {
        set_facts(own, count, mine);
        memcpy(first, mine, count * FACTS * sizeof *mine);
        status = mpi_broadcast(run, first, count * FACTS * sizeof *first);
    }
    if (!status) compare_facts(verdict, run->rank, &copy, mine, first);
    core_free(&mine);
    core_free(&first);
    return status;
}

/* ---- sums over all ranks */

static void set_sums(const struct scan_check_result *own, uint64_t count, uint64_t *sums)
{
    for (uint64_t i = 0; i < own->datasets; i++) {
        const struct scan_check_dataset *dataset = &own->dataset[i];
        const uint64_t all[SUMS] = {dataset->bad_rows, dataset->unknown_rows,
                                    dataset->end_read - dataset->first_read, dataset->bad,
                                    dataset->unknown};
        memcpy(sums + i * SUMS, all, sizeof all);
    }
    sums[count * SUMS + BAD] = own->bad;
    sums[count * SUMS + UNKNOWN] = own->unknown;
}

/* Adds a finding unless the ranks together have read all rows of a field. */
static void compare_rows(struct cli_verdict *verdict, int rank, uint64_t i, uint64_t read)
{
    char text[CORE_MESSAGE_BYTES];
    const struct scan_check_dataset *dataset = &verdict->own.dataset[i];
    if (!dataset->field || dataset->bad || dataset->unknown || read == dataset->rows) return;
    snprintf(text, sizeof text, "%llu rows were looked at, but there are %llu: the ranks see %s",
             (ull)read, (ull)dataset->rows, "other files, or the file changes");
    if (rank == 0)
        scan_check_add(&verdict->own, true, i, 0, 0, text);
    else
        verdict->own.dataset[i].unknown = true;
}

/* Takes the sums over all ranks into the verdict. If no row of a field was read, all its rows are
 * bad, or unknown, like the field. */
static void take_sums(struct cli_verdict *verdict, int rank, const uint64_t *sums)
{
    for (uint64_t i = 0; i < verdict->own.datasets; i++, sums += SUMS) {
        struct scan_check_dataset *dataset = &verdict->own.dataset[i];
        dataset->rows *= verdict->copy.copies;
        dataset->bad_rows = sums[BAD_ROWS];
        dataset->unknown_rows = sums[UNKNOWN_ROWS];
        dataset->bad = sums[BAD];
        dataset->unknown = sums[UNKNOWN];
        compare_rows(verdict, rank, i, sums[READ_ROWS]);
        if (dataset->bad && !sums[READ_ROWS]) dataset->bad_rows = dataset->rows;
        if (dataset->unknown && dataset->rows > dataset->bad_rows)
            dataset->unknown_rows = dataset->rows - dataset->bad_rows;
    }
}

/* Collective. Sums up the numbers of all ranks. A rank whose process died of a dataset knows fewer
 * datasets than the others. */
static shs_status sum_up(struct cli_verdict *verdict, shs_run *run)
{
    uint64_t count = verdict->own.datasets, *sums;
    shs_status status = mpi_greatest(run, &count, 1);
    if (status) return status;
    status = core_new(count + 1, SUMS * sizeof *sums, "sums", &sums);
    status = mpi_agree(run, status, "check");
    if (!status) {
        set_sums(&verdict->own, count, sums);
        status = mpi_sum(run, sums, (count + 1) * SUMS);
    }
    if (!status) {
        take_sums(verdict, run->rank, sums);
        /* Other ranks may have found something in datasets that this rank does not know. */
        for (uint64_t i = verdict->own.datasets; i <= count; i++) {
            verdict->own.bad |= sums[i * SUMS + BAD] || sums[i * SUMS + BAD_ROWS];
            verdict->own.unknown |= sums[i * SUMS + UNKNOWN] || sums[i * SUMS + UNKNOWN_ROWS];
        }
    }
    core_free(&sums);
    return status;
}

/* ---- findings of all ranks */

static int compare_findings(const struct cli_finding *a, const struct cli_finding *b, bool hosts)
{
    if (a->is.dataset != b->is.dataset) return a->is.dataset < b->is.dataset ? -1 : 1;
    if ((a->is.count == 0) != (b->is.count == 0)) return a->is.count == 0 ? -1 : 1;
    if (a->is.first != b->is.first) return a->is.first < b->is.first ? -1 : 1;
    int texts = strcmp(a->is.text, b->is.text);
    return texts || !hosts ? texts : strcmp(a->host, b->host);
}

static int compare_for_sorting(const void *left, const void *right)
{
    return compare_findings(left, right, true);
}

/* Sorts the findings of all ranks. A finding about a whole dataset comes from several ranks, and is
 * kept once. */
static void merge(struct cli_verdict *verdict, uint64_t capacity)
{
    uint64_t kept = 0;
    struct cli_finding *finding = verdict->finding;
    for (uint64_t i = 0; i < capacity; i++) /* an unused finding has no text */
        if (*finding[i].is.text) finding[kept++] = finding[i];
    qsort(finding, kept, sizeof *finding, compare_for_sorting);
    for (uint64_t i = 0; i < kept; i++) {
        bool hosts = verdict->copy.copies > 1;
        bool again =
            verdict->told && !compare_findings(&finding[i], &finding[verdict->told - 1], hosts);
        if (again)
            verdict->found--;
        else
            finding[verdict->told++] = finding[i];
    }
    /* The limit is that of a single rank. */
    if (verdict->told > SCAN_CHECK_TOLD) verdict->told = SCAN_CHECK_TOLD;
}

/* Collective. Gathers the findings of all ranks on rank 0. */
static shs_status gather_findings(struct cli_verdict *verdict, shs_run *run)
{
    uint64_t capacity = (run->rank ? 1 : (uint64_t)run->ranks) * SCAN_CHECK_TOLD;
    struct cli_finding *own = NULL;
    shs_status status = core_new(capacity, sizeof *own, "findings", &verdict->finding);
    if (!status) status = core_new(SCAN_CHECK_TOLD, sizeof *own, "findings", &own);
    for (size_t i = 0; i < SCAN_CHECK_TOLD && !status; i++) {
        own[i].is = verdict->own.finding[i];
        own[i].rank = run->rank;
        memcpy(own[i].host, verdict->hosts->name, sizeof own[i].host);
        if (i >= verdict->own.found) own[i].is.text[0] = '\0';
    }
    status = mpi_agree(run, status, "check");
    if (!status)
        status = mpi_gather_vranks(run, own, SCAN_CHECK_TOLD * sizeof *own, verdict->finding);
    core_free(&own);
    verdict->found = verdict->own.found;
    if (!status) status = mpi_sum(run, &verdict->found, 1);
    if (!status && run->rank == 0) merge(verdict, capacity);
    return status;
}

/* ---- counts */

bool cli_check_is_checksums(const struct scan_check_result *result,
                            const struct scan_check_dataset *dataset)
{
    size_t suffix = dataset->name ? io_crc32c_suffix(dataset->name) : 0;
    if (!suffix) return false;
    size_t length = strlen(dataset->name) - suffix;
    for (uint64_t i = 0; i < result->datasets; i++) {
        const char *name = result->dataset[i].name;
        if (name && strlen(name) == length && !strncmp(name, dataset->name, length)) return true;
    }
    return false;
}

static void count_dataset(const struct scan_check_result *own,
                          const struct scan_check_dataset *dataset, struct cli_counts *counts)
{
    bool bad = dataset->bad || dataset->bad_rows;
    bool unknown = dataset->unknown || dataset->unknown_rows;
    counts->bad += bad;
    counts->unknown += unknown;
    if (cli_check_is_checksums(own, dataset)) return;
    if (!dataset->field && !bad && !unknown) {
        counts->others++;
        return;
    }
    counts->fields++;
    counts->bad_fields += bad;
    counts->unknown_fields += unknown && !bad;
    counts->plain_fields += !dataset->summed && !dataset->bad && !dataset->unknown;
    counts->rows += dataset->rows;
    counts->bad_rows += dataset->bad_rows;
    counts->unknown_rows += dataset->unknown_rows;
}

shs_status cli_check_gather(struct cli_verdict *verdict, shs_run *run)
{
    struct cli_counts *counts = &verdict->counts;
    const struct scan_check_result *own = &verdict->own;
    shs_status status = compare_copies(verdict, run);
    if (!status) status = sum_up(verdict, run);
    if (!status) status = gather_findings(verdict, run);
    *counts = (struct cli_counts){.files = 1, .bad = own->bad, .unknown = own->unknown};
    for (uint64_t i = 0; i < own->datasets; i++)
        count_dataset(own, &own->dataset[i], counts);
    counts->bad_files = counts->bad != 0;
    counts->unknown_files = !counts->bad && counts->unknown;
    counts->bad_wholes = counts->fields ? 0 : counts->bad_files;
    counts->unknown_wholes = counts->fields ? 0 : counts->unknown_files;
    return status ? status : mpi_broadcast(run, counts, sizeof *counts);
}
