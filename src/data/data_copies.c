#include "data_copies.h"

#include <string.h>

#include "core_hash.h"
#include "core_memory.h"
#include "io_host.h"

/* What ranks compare of a file. */
struct copy {
    uint64_t samples;
    uint64_t content;    /* hash of the content; 0: not known */
    uint64_t glanced_at; /* 1 if the hash covers the first and the last row only */
};

struct host {
    char name[IO_HOST_BYTES];
};

static struct host own_host(void)
{
    struct host host;
    io_host_name(host.name);
    return host;
}

static void describe(const shs_dataset *dataset, struct copy *copies)
{
    const struct data_files *files = &dataset->files;
    for (size_t i = 0; i < files->paths.count; i++)
        copies[i] = (struct copy){files->file[i + 1].first - files->file[i].first,
                                  files->file[i].content, data_files_was_glanced_at(files, i)};
}

/* Finds whether all ranks have the same copies: the largest and the smallest of the ranks' hashes
 * are then equal. */
static shs_status are_alike(shs_run *run, const struct copy *copies, size_t count, bool *alike)
{
    struct core_hash *hash;
    uint64_t ends[2];
    shs_status status = core_hash_new(&hash);
    status = mpi_agree(run, core_wrap(status, "shs_dataset_open"), "shs_dataset_open");
    if (status) {
        core_hash_free(&hash);
        return status;
    }
    core_hash_add(hash, copies, count * sizeof *copies);
    struct core_digest digest = core_hash_digest(hash);
    core_hash_free(&hash);
    memcpy(&ends[0], digest.bytes, sizeof ends[0]);
    ends[1] = ~ends[0];
    status = mpi_greatest(run, ends, 2);
    *alike = ends[0] == ~ends[1];
    return status;
}

static bool is_same(const struct copy *mine, const struct copy *first)
{
    if (mine->samples != first->samples) return false;
    if (!mine->content || !first->content || mine->glanced_at != first->glanced_at) return true;
    return mine->content == first->content;
}

static shs_status refuse(const shs_dataset *dataset, size_t file, const struct copy *mine,
                         const struct copy *first, const struct host *first_host)
{
    const struct host host = own_host();
    const char *path = dataset->files.paths.path[file];
    int rank = dataset->run->rank;
    if (mine->samples != first->samples)
        return core_fail(SHS_ERROR_DISAGREE,
                         "%s has %llu samples on rank %d (%.64s), and %llu on rank 0 (%.64s); give "
                         "every rank the same file",
                         path, (ull)mine->samples, rank, host.name, (ull)first->samples,
                         first_host->name);
    return core_fail(SHS_ERROR_DISAGREE,
                     "%s holds other data on rank %d (%.64s) than on rank 0 (%.64s): hashes of its "
                     "checksums, or else of some rows, are %016llx and %016llx; give every rank "
                     "the same file",
                     path, rank, host.name, first_host->name, (ull)mine->content,
                     (ull)first->content);
}

/* Compares each copy with rank 0's. Sets `first` to the list of rank 0's copies. */
static shs_status compare_each(const shs_dataset *dataset, const struct copy *copies,
                               struct copy *first)
{
    shs_run *run = dataset->run;
    size_t count = dataset->files.paths.count;
    struct host host = own_host();
    memcpy(first, copies, count * sizeof *copies);
    shs_status status = mpi_broadcast(run, &host, sizeof host);
    if (!status) status = mpi_broadcast(run, first, count * sizeof *first);
    for (size_t i = 0; i < count && !status; i++)
        if (!is_same(&copies[i], &first[i]))
            status = refuse(dataset, i, &copies[i], &first[i], &host);
    return mpi_agree(run, core_wrap(status, "shs_dataset_open"), "shs_dataset_open");
}

shs_status data_copies_compare(const shs_dataset *dataset)
{
    shs_run *run = dataset->run;
    size_t count = dataset->files.paths.count;
    struct copy *copies = NULL, *first = NULL;
    bool alike = true;
    if (run->ranks == 1) return SHS_OK;
    shs_status status = core_new(count, sizeof *copies, "what files are", &copies);
    if (!status) status = core_new(count, sizeof *first, "what files are", &first);
    status = mpi_agree(run, core_wrap(status, "shs_dataset_open"), "shs_dataset_open");
    if (!status) {
        describe(dataset, copies);
        status = are_alike(run, copies, count, &alike);
    }
    if (!status && !alike) status = compare_each(dataset, copies, first);
    core_free(&copies);
    core_free(&first);
    return status;
}
