#include "scan_hosts.h"

#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>

#include "core_hash.h"
#include "core_memory.h"
#include "io_host.h"

/* Collective. Gathers each rank's number on every rank. */
static shs_status gather(shs_run *run, uint64_t mine, uint64_t *numbers)
{
    memset(numbers, 0, (size_t)run->ranks * sizeof *numbers);
    numbers[run->rank] = mine;
    return mpi_sum(run, numbers, (size_t)run->ranks);
}

shs_status scan_hosts_find(shs_run *run, struct scan_hosts *hosts)
{
    *hosts = (struct scan_hosts){0};
    io_host_name(hosts->name);
    shs_status status =
        core_new((size_t)run->ranks, sizeof *hosts->of, "names of hosts", &hosts->of);
    status = mpi_agree(run, status, "comparing hosts");
    if (!status) status = gather(run, core_hash_text(hosts->name), hosts->of);
    for (int rank = 1; rank < run->ranks && !status; rank++)
        hosts->several |= hosts->of[rank] != hosts->of[0];
    return status;
}

void scan_hosts_free(struct scan_hosts *hosts)
{
    core_free(&hosts->of);
}

/* Returns true if a file lies on a file system that only this host sees. */
static bool is_own(const char *path)
{
    static const unsigned long kinds[] = {
        0xef53,     /* ext2, ext3, ext4 */
        0x58465342, /* XFS */
        0x9123683e, /* Btrfs */
        0x2fc12fc1, /* ZFS */
        0xf2f52010, /* F2FS */
        0x01021994, /* tmpfs */
        0x858458f6, /* ramfs */
        0x794c7630, /* overlay, in a container */
    };
    struct statfs about;
    if (statfs(path, &about)) return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((unsigned long)about.f_type == kinds[i]) return true;
    return false;
}

/* Finds the ranks that read the same copy as this rank: those with the same number. */
static struct scan_copy find_copy(const shs_run *run, const uint64_t *numbers)
{
    struct scan_copy copy = {0};
    for (int rank = 0; rank < run->ranks; rank++) {
        bool first = true;
        for (int before = rank - 1; before >= 0 && first; before--)
            first = numbers[before] != numbers[rank];
        copy.copies += first;
        if (numbers[rank] != numbers[run->rank]) continue;
        copy.rank += rank < run->rank;
        copy.ranks++;
    }
    return copy;
}

shs_status scan_hosts_copy(shs_run *run, const struct scan_hosts *hosts, const char *path,
                           struct scan_copy *copy)
{
    uint64_t *numbers;
    *copy = (struct scan_copy){run->rank, run->ranks, 1};
    if (!hosts->several) return SHS_OK;
    shs_status status = core_new((size_t)run->ranks, sizeof *numbers, "copies", &numbers);
    status = mpi_agree(run, status, "comparing copies");
    if (!status) status = gather(run, is_own(path) ? hosts->of[run->rank] : 0, numbers);
    if (!status) *copy = find_copy(run, numbers);
    core_free(&numbers);
    return status;
}

shs_status scan_hosts_compare(shs_run *run, const struct scan_hosts *hosts, uint64_t number,
                              const char *what, shs_status *mine)
{
    struct {
        uint64_t number;
        char host[IO_HOST_BYTES];
    } first;
    *mine = SHS_OK;
    memset(&first, 0, sizeof first);
    first.number = number;
    memcpy(first.host, hosts->name, sizeof first.host);
    shs_status status = mpi_broadcast(run, &first, sizeof first);
    if (!status && number && first.number && number != first.number)
        *mine = core_fail(SHS_ERROR_DISAGREE,
                          "rank %d on host %s has another copy than rank 0 on host %s: its %s is "
                          "%llu, not %llu; give every rank the same file",
                          run->rank, hosts->name, first.host, what, (ull)number, (ull)first.number);
    return status;
}
