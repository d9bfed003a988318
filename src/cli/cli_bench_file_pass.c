/* A pass of `bench PATH`: steps of a loader, with or without a computation in each. */
#include <errno.h>
#include <sys/resource.h>
#include <time.h>

#include "cli_bench_file.h"
#include "cli_seconds.h"

/* CPU seconds that all threads of this process have used. */
static double cpu_seconds(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

/* Waits for a moment of cli_seconds(). */
static void work_until(double end, bool busy)
{
    struct timespec moment = {.tv_sec = (time_t)end};
    moment.tv_nsec = (long)((end - (double)moment.tv_sec) * 1e9);
    if (busy)
        while (cli_seconds() < end)
            ;
    else
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &moment, NULL) == EINTR)
            ;
}

static uint64_t delivered_bytes(const shs_batch *batch)
{
    uint64_t sum = 0;
    for (size_t f = 0; f < batch->fields; f++) {
        uint64_t bytes = shs_type_size(batch->field[f].type);
        for (uint32_t axis = 0; axis < batch->field[f].axes; axis++)
            bytes *= batch->field[f].shape[axis];
        sum += bytes;
    }
    return sum;
}

/* Loads the batches of a step. */
static shs_status load_step(shs_loader *loader, struct bench_pass *pass, bool *ends_epoch)
{
    shs_batch batch;
    do {
        shs_status status = shs_next(loader, &batch);
        if (status) return status;
        pass->samples += batch.count;
        pass->bytes += delivered_bytes(&batch);
    } while (!batch.ends_step);
    *ends_epoch = batch.ends_epoch;
    return SHS_OK;
}

static shs_status do_step(shs_run *run, shs_loader *loader, const struct bench_compute *compute,
                          struct bench_pass *pass)
{
    bool first = pass->steps == 0, ends_epoch = false;
    double begin = cli_seconds();
    shs_status status = load_step(loader, pass, &ends_epoch);
    double loaded = cli_seconds(), end = loaded;
    if (compute->seconds > 0) {
        if (!status) work_until(loaded + compute->seconds, compute->busy);
        double computed = cli_seconds();
        status = mpi_settle(run, status, "bench");
        end = cli_seconds();
        if (!first) pass->computed += computed - loaded;
    }
    if (!first) {
        pass->waited += loaded - begin;
        pass->steady += end - begin;
    }
    pass->steps++;
    bench_lines_step(pass->lines, loader, ends_epoch);
    return status;
}

static void add_reads(shs_loader_statistics *sum, const shs_loader_statistics *before,
                      const shs_loader_statistics *after)
{
    sum->reads += after->reads - before->reads;
    sum->bytes += after->bytes - before->bytes;
    sum->cold_reads += after->cold_reads - before->cold_reads;
    sum->chunks_decoded += after->chunks_decoded - before->chunks_decoded;
}

shs_status bench_pass_add(shs_run *run, shs_loader *loader, uint64_t steps,
                          const struct bench_compute *compute, struct bench_pass *pass)
{
    shs_status status = mpi_settle(run, SHS_OK, "bench"); /* all ranks begin together */
    if (status) return status;
    const shs_loader_statistics before = shs_statistics(loader);
    double begin = cli_seconds(), cpu = cpu_seconds();
    for (uint64_t i = 0; i < steps && !status; i++)
        status = do_step(run, loader, compute, pass);
    pass->seconds += cli_seconds() - begin;
    pass->cpu += cpu_seconds() - cpu;
    const shs_loader_statistics after = shs_statistics(loader);
    add_reads(&pass->read, &before, &after);
    /* a step that computes has ended in an agreement, and its error is known to every rank */
    if (status && compute->seconds > 0) return status;
    return mpi_settle(run, status, "bench");
}

/* ---- All ranks. */

/* Numbers below one are exchanged as whole numbers of this many parts. */
static const double parts = 1e9;

static uint64_t to_parts(double number)
{
    return number > 0 ? (uint64_t)(number * parts) : 0;
}

static double share(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

shs_status bench_pass_total(shs_run *run, const struct bench_pass *pass, struct bench_total *total)
{
    enum {
        SAMPLES,
        BYTES,
        CPU,
        READ_BYTES,
        READS,
        COLD_READS,
        DECODED,
        WAITED,
        COMPUTED,
        SUMS,
        SECONDS = 0,
        MOST_WAITED,
        SHARE,
        GREATEST
    };
    uint64_t sum[SUMS] = {
        [SAMPLES] = run->member ? 0 : pass->samples, /* members of a group have the same */
        [BYTES] = pass->bytes,
        [CPU] = to_parts(pass->cpu),
        [READ_BYTES] = pass->read.bytes,
        [READS] = pass->read.reads,
        [COLD_READS] = pass->read.cold_reads,
        [DECODED] = pass->read.chunks_decoded,
        [WAITED] = to_parts(pass->waited),
        [COMPUTED] = to_parts(share(pass->computed, pass->steady)),
    };
    uint64_t most[GREATEST] = {[SECONDS] = to_parts(pass->seconds),
                               [MOST_WAITED] = to_parts(pass->waited),
                               [SHARE] = to_parts(share(pass->waited, pass->steady))};
    shs_status status = mpi_sum(run, sum, SUMS);
    if (!status) status = mpi_greatest(run, most, GREATEST);
    *total = (struct bench_total){.steps = pass->steps,
                                  .samples = (double)sum[SAMPLES],
                                  .bytes = (double)sum[BYTES],
                                  .cpu = (double)sum[CPU] / parts,
                                  .read_bytes = (double)sum[READ_BYTES],
                                  .reads = (double)sum[READS],
                                  .cold_reads = (double)sum[COLD_READS],
                                  .decoded = (double)sum[DECODED],
                                  .seconds = (double)most[SECONDS] / parts,
                                  .waited = (double)most[MOST_WAITED] / parts,
                                  .waited_mean = (double)sum[WAITED] / parts / run->ranks,
                                  .waited_share = (double)most[SHARE] / parts,
                                  .utilisation = (double)sum[COMPUTED] / parts / run->ranks};
    return status;
}
