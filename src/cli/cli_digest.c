/* shardstep digest: hashes of the batches that a model would see. */
#include <stdio.h>

#include "cli_batch.h"
#include "cli_unite.h"
#include "core_memory.h"
#include "load_digest.h"
#include "mpi_job.h"

struct digest {
    const struct cli_arguments *arguments;
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    struct core_hash *hash;
    struct core_digest *own; /* a digest for each virtual rank of this rank */
    struct core_digest *all; /* on rank 0 a digest for each virtual rank of the run */
    struct cli_unite *unite; /* in a run of groups: what puts the members' slabs together */
};

static void print_step(struct digest *digest, uint64_t step)
{
    uint64_t vranks = digest->run->vranks;
    char text[CORE_DIGEST_TEXT];
    if (digest->arguments->per_rank) {
        for (uint64_t vrank = 0; vrank < vranks; vrank++) {
            core_digest_text(&digest->all[vrank], text);
            printf("%llu %llu %s\n", (ull)step, (ull)vrank, text);
        }
        return;
    }
    core_hash_reset(digest->hash);
    core_hash_add(digest->hash, digest->all, vranks * sizeof *digest->all);
    struct core_digest whole = core_hash_digest(digest->hash);
    core_digest_text(&whole, text);
    printf("%llu %s\n", (ull)step, text);
}

/* Makes the digests of this rank's batches. */
static shs_status do_batches(struct digest *digest, uint64_t *step)
{
    shs_run *run = digest->run;
    shs_batch batch;
    do {
        shs_status status = shs_next(digest->loader, &batch);
        if (status) return status;
        digest->own[batch.vrank - run->first_vrank] = load_digest_batch(digest->hash, &batch);
    } while (!batch.ends_step);
    *step = batch.step;
    return SHS_OK;
}

/* Called on rank 0 with a batch that has been put together of its slabs. */
static shs_status take_whole(void *user, const shs_batch *batch)
{
    struct digest *digest = user;
    digest->all[batch->vrank] = load_digest_batch(digest->hash, batch);
    return SHS_OK;
}

static shs_status do_step(struct digest *digest)
{
    shs_run *run = digest->run;
    uint64_t step = 0;
    bool united = digest->unite != NULL;
    shs_status status = united ? cli_unite_step(digest->unite, take_whole, digest, &step)
                               : do_batches(digest, &step);
    if (!status) status = mpi_settle(run, SHS_OK, "digest");
    if (!status && !united)
        status = mpi_gather_vranks(run, digest->own, sizeof *digest->own, digest->all);
    if (!status && run->rank == 0) print_step(digest, step);
    return status;
}

/* Collective. Opens the loader and seeks it to the first step. */
static shs_status open_loader(struct digest *digest)
{
    const struct cli_arguments *arguments = digest->arguments;
    shs_status status = cli_open_loader(arguments, digest->run, &digest->dataset, &digest->loader);
    if (status) return status;
    uint64_t before;
    shs_cursor start = {arguments->epoch, arguments->step, 0};
    if (!core_multiply(arguments->epoch, shs_epoch_steps(digest->loader), &before)) before = 0;
    start.step = before + arguments->step;
    return shs_seek(digest->loader, start);
}

static shs_status make_buffers(struct digest *digest)
{
    shs_run *run = digest->run;
    shs_status status = core_hash_new(&digest->hash);
    if (!status) status = core_new(run->hosted, sizeof *digest->own, "digests", &digest->own);
    if (!status)
        status =
            core_new(run->rank ? 1 : run->vranks, sizeof *digest->all, "digests", &digest->all);
    if (!status && run->group > 1) status = cli_unite_new(digest->loader, &digest->unite);
    return mpi_agree(run, status, "making room for digests");
}

static shs_status digest_steps(struct digest *digest)
{
    shs_status status = open_loader(digest);
    if (!status) status = make_buffers(digest);
    if (status) return status;
    uint64_t steps = cli_given(digest->arguments, "--steps")
                         ? digest->arguments->steps
                         : shs_epoch_steps(digest->loader) - digest->arguments->step;
    for (uint64_t i = 0; i < steps && !status; i++)
        status = do_step(digest);
    return status;
}

static int run(const struct cli_arguments *arguments)
{
    struct digest digest = {.arguments = arguments};
    shs_run_options options = {.seed = arguments->seed,
                               .vranks = arguments->vranks,
                               .group = arguments->group,
                               .report = cli_report};
    shs_status status = cli_open(&options, &digest.run);
    if (!status) status = digest_steps(&digest);
    int code = cli_exit_code(status);
    core_hash_free(&digest.hash);
    core_free(&digest.own);
    core_free(&digest.all);
    cli_unite_free(&digest.unite);
    shs_loader_close(&digest.loader);
    shs_dataset_close(&digest.dataset);
    return cli_close(&digest.run, code);
}

const struct cli_command cli_digest = {
    .name = "digest",
    .usage = "PATH",
    .summary =
        "prints a hash of each step's batches; with --vranks the same on any number of ranks",
    .details = "A line is STEP HASH or, with --per-rank, STEP RANK HASH. The batches are hashed as "
               "a model would see them, so two machines that print the same lines load the same. "
               "With --group, rank 0 first puts the slabs of each group together.",
    .examples = "digest fashion.h5 --fields images,labels --vranks 64 --steps 100\n"
                "digest fashion.h5 --vranks 8 --per-rank > digest.txt",
    .takes = CLI_WITH_ORDER | CLI_WITH_LOADER | CLI_WITH_PROBE,
    .options = "--steps --per-rank --group",
    .least_plain = 1,
    .most_plain = 1,
    .run = run,
};
