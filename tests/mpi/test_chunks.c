/* Shuffle blocks on several ranks: each chunk is decoded once but for those at cuts, and a run that
 * stops within an epoch goes on with the same batches on any number of ranks. */
#include "batches.h"
#include "data_dataset.h"
#include "shardstep/checkpoint.h"

enum {
    ROWS = 805, /* 51 chunks of 16, the last one short */
    CHUNK_ROWS = 16,
    CHUNKS = 51,
    FIELDS = 2,
    BLOCK_BYTES = CHUNK_ROWS * (IMAGE_BYTES + 4), /* of a chunk of each field */
    MOST_VRANKS = 16
};

struct scene {
    char folder[PATH_BYTES];
    char path[PATH_BYTES];
};

static struct scene scene_begin(void)
{
    struct scene scene;
    folder_make(scene.folder);
    samples_shared(scene.folder, "deflated.h5", ROWS,
                   (struct h5_storage){.chunk_rows = CHUNK_ROWS, .deflate = 1}, scene.path);
    return scene;
}

static void scene_end(const struct scene *scene)
{
    folder_remove(scene->folder);
}

/* Collective over comm. A job whose loader has room for some chunks of each field. No field is held
 * decoded as a whole. */
static struct job open_job(const struct scene *scene, MPI_Comm comm, uint64_t vranks,
                           uint64_t chunks, const shs_loader_options *options)
{
    const shs_run_options run = {.seed = 31, .vranks = vranks};
    const shs_dataset_options data = {.cache_bytes = chunks * BLOCK_BYTES + 1};
    struct job job;
    need(!shs_open(comm, &run, &job.run), "shs_open");
    need(!shs_dataset_open(job.run, scene->path, samples_fields, &data, &job.data), "dataset");
    data_resident_close(&job.data->resident);
    need(!shs_loader_open(job.data, options, &job.loader), "shs_loader_open");
    return job;
}

/* Which chunks the virtual ranks of this rank have taken rows of. */
struct taken {
    bool by[MOST_VRANKS][CHUNKS];
    bool wrong;
};

/* Takes an epoch and gives how many chunks of all fields were decoded for it. */
static uint64_t take_epoch(struct job *job, struct taken *taken)
{
    uint64_t before = shs_statistics(job->loader).chunks_decoded;
    shs_batch batch = {0};
    while (!batch.ends_epoch) {
        need(shs_next(job->loader, &batch) == SHS_OK, "shs_next");
        for (uint64_t slot = 0; slot < batch.rows; slot++)
            taken->by[batch.vrank][batch.index[slot] / CHUNK_ROWS] = true;
        taken->wrong = taken->wrong || !batch_content_is_right(&batch);
        if (batch.ends_step) need(shs_agree(job->run) == SHS_OK, "shs_agree");
    }
    return shs_statistics(job->loader).chunks_decoded - before;
}

/* Chunks of one field: those that any virtual rank here has taken, and the sum over them. */
static void count_taken(const struct taken *taken, uint64_t *any, uint64_t *sum)
{
    *any = *sum = 0;
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        uint64_t owners = 0;
        for (int vrank = 0; vrank < MOST_VRANKS; vrank++)
            owners += taken->by[vrank][chunk];
        *any += owners > 0;
        *sum += owners;
    }
}

/* With room for the hosted windows and two blocks more. All ranks together decode every chunk once
 * and, at most, one again for each cut. */
static void check_blocks(const struct scene *scene, const shs_loader_options *options,
                         uint64_t vranks)
{
    uint64_t hosted = (vranks + (uint64_t)all_ranks() - 1) / (uint64_t)all_ranks();
    struct job job =
        open_job(scene, MPI_COMM_WORLD, vranks, hosted * options->blocks.window + 2, options);
    for (int epoch = 0; epoch < 2; epoch++) {
        static const struct taken none;
        struct taken taken = none;
        uint64_t any, sum, decoded = take_epoch(&job, &taken), all = decoded;
        count_taken(&taken, &any, &sum);
        MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
        bool right = !taken.wrong && decoded <= FIELDS * sum &&
                     (epoch || decoded >= FIELDS * any) && all < FIELDS * (CHUNKS + vranks);
        CHECK(right);
        if (!right)
            printf("  rank %d, V %d, W %d, b %d: %d decoded, for %d and %d\n", my_rank(),
                   (int)vranks, (int)options->blocks.window, (int)options->batch, (int)decoded,
                   (int)(FIELDS * any), (int)(FIELDS * sum));
    }
    job_close(&job);
}

static void test_each_chunk_is_decoded_once(void)
{
    static const uint64_t batches[] = {7, 200};
    struct scene scene = scene_begin();
    for (uint64_t vranks = (uint64_t)all_ranks(); vranks < 12; vranks += 3)
        for (size_t b = 0; b < sizeof batches / sizeof *batches; b++)
            for (uint64_t window = 1; window < 5; window += 3)
                for (int shard = 0; shard < 2; shard++)
                    check_blocks(&scene,
                                 &(shs_loader_options){.batch = batches[b],
                                                       .shuffle = SHS_SHUFFLE_BLOCKS,
                                                       .shard = (shs_shard)shard,
                                                       .blocks = {.window = window},
                                                       .threads = 2},
                                 vranks);
    scene_end(&scene);
}

/* A rank decodes what it takes in the first epoch, and in the second what it has not had yet. */
static void test_what_fits_is_decoded_once(void)
{
    struct scene scene = scene_begin();
    struct taken taken = {0};
    const shs_loader_options options = {.batch = 7};
    struct job job = open_job(&scene, MPI_COMM_WORLD, (uint64_t)all_ranks() + 1, CHUNKS, &options);
    uint64_t any, sum, decoded = take_epoch(&job, &taken);
    count_taken(&taken, &any, &sum);
    CHECK_EQ(decoded, FIELDS * any);
    decoded += take_epoch(&job, &taken);
    count_taken(&taken, &any, &sum);
    CHECK_EQ(decoded, FIELDS * any);
    CHECK(!taken.wrong);
    job_close(&job);
    scene_end(&scene);
}

/* ---- the same batches */

static shs_loader_options blocks_of(uint64_t batch)
{
    return (shs_loader_options){
        .batch = batch, .epochs = 2, .shuffle = SHS_SHUFFLE_BLOCKS, .blocks = {.window = 3}};
}

/* One rank alone, without threads and with room for nothing. */
static struct record record_alone(const struct scene *scene, uint64_t vranks,
                                  const shs_loader_options *options)
{
    shs_loader_options slow = *options;
    slow.threads = 0;
    struct job job = open_job(scene, MPI_COMM_NULL, vranks, 0, &slow);
    struct record record = record_new(vranks, options->epochs * shs_epoch_steps(job.loader));
    need(record_rest(&record, job.loader) == SHS_END, "a whole run");
    job_close(&job);
    return record;
}

static void test_threads_and_room_make_no_difference(void)
{
    static const uint32_t threads[] = {0, 1, 2, 5};
    struct scene scene = scene_begin();
    uint64_t vranks = 2 * (uint64_t)all_ranks() + 1;
    shs_loader_options options = blocks_of(10);
    struct record whole = record_alone(&scene, vranks, &options);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct record own = record_new(vranks, whole.steps);
        options.threads = threads[i];
        struct job job = open_job(&scene, MPI_COMM_WORLD, vranks, 1 + 3 * i, &options);
        shs_run_info info = shs_info(job.run);
        CHECK_STATUS(record_rest(&own, job.loader), SHS_END);
        CHECK(record_agrees(&own, &whole, &info, 0));
        job_close(&job);
        record_free(&own);
    }
    record_free(&whole);
    scene_end(&scene);
}

/* Local. Runs to a step, or to the end; false if a batch is not that of the whole run. */
static bool follow(struct job *job, const struct record *whole, uint64_t to_step)
{
    shs_batch batch = {0};
    while (shs_tell(job->loader).step < to_step) {
        harness_where("on the way to step %llu, after vrank %llu, step %llu", (ull)to_step,
                      (ull)batch.vrank, (ull)batch.step);
        if (!CHECK_STATUS(shs_next(job->loader, &batch), SHS_OK)) return false;
        if (!CHECK_EQ(hash_of_batch(&batch), whole->hash[batch.step * whole->vranks + batch.vrank]))
            return false;
        if (batch.ends_step && !CHECK_STATUS(shs_agree(job->run), SHS_OK)) return false;
    }
    return true;
}

/* Collective. Runs on the first `ranks` ranks from the latest checkpoint to a step, and saves it.
 */
static bool run_leg(const struct scene *scene, int ranks, const struct record *whole,
                    uint64_t to_step)
{
    char folder[PATH_BYTES + 16];
    const shs_loader_options options = blocks_of(10);
    MPI_Comm comm;
    bool good = true;
    snprintf(folder, sizeof folder, "%s/checkpoints", scene->folder);
    MPI_Comm_split(MPI_COMM_WORLD, my_rank() < ranks ? 0 : MPI_UNDEFINED, 0, &comm);
    if (comm != MPI_COMM_NULL) {
        struct job job = open_job(scene, comm, whole->vranks, 4, &options);
        shs_status status = shs_restore(job.loader, folder, NULL, 0);
        good = status == SHS_NO_CHECKPOINT ? CHECK_EQ(shs_tell(job.loader).step, 0)
                                           : CHECK_STATUS(status, SHS_OK);
        good = good && follow(&job, whole, to_step) &&
               CHECK_STATUS(shs_save(job.loader, folder, NULL, 0), SHS_OK);
        job_close(&job);
        MPI_Comm_free(&comm);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    if (to_step == whole->steps && my_rank() == 0)
        nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    MPI_Barrier(MPI_COMM_WORLD);
    return good;
}

/* Stopped within the first epoch and within the second, where windows are half walked. */
static void test_a_run_goes_on_with_any_number_of_ranks(void)
{
    struct scene scene = scene_begin();
    const shs_loader_options options = blocks_of(10);
    struct record whole = record_alone(&scene, (uint64_t)all_ranks() + 2, &options);
    uint64_t epoch_steps = whole.steps / 2;
    for (int first = 1; first <= all_ranks(); first++)
        for (int second = 1; second <= all_ranks(); second++) {
            CHECK(run_leg(&scene, first, &whole, epoch_steps / 2));
            CHECK(run_leg(&scene, second, &whole, epoch_steps + epoch_steps / 3));
            CHECK(run_leg(&scene, first, &whole, whole.steps));
        }
    record_free(&whole);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"each chunk is decoded once", test_each_chunk_is_decoded_once},
        {"what fits is decoded once", test_what_fits_is_decoded_once},
        {"threads and room make no difference", test_threads_and_room_make_no_difference},
        {"a run goes on with any number of ranks", test_a_run_goes_on_with_any_number_of_ranks},
    };
    return harness_main_ranks("chunks", tests, sizeof tests / sizeof *tests, argc, argv);
}
