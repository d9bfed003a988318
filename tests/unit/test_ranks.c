/* Ranks without MPI, each a plain process: they get the batches of one process that hosts all
 * virtual ranks, and errors, stops and checkpoints reach all of them. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "core_status.h"
#include "h5_write.h"
#include "mpi_run.h"
#include "shardstep/checkpoint.h"
#include "shardstep/context.h"
#include "temporary_folder.h"
#include "unit.h"

enum {
    MOST_RANKS = 5,
    VRANKS = 7,
    ROWS = 61,
    BATCH = 3,
    EPOCHS = 2,
    STEPS = (ROWS + VRANKS * BATCH - 1) / (VRANKS * BATCH),
    BATCHES = EPOCHS * STEPS * VRANKS,
    PIXELS = 20,
    MOST_BYTES = 2048, /* of one call, as shs_open_ranks() promises */
    SECONDS = 60       /* after which a process that hangs is ended */
};

/* ---- Processes that gather through memory that they share. */

/* Memory of all processes of a test. */
struct team {
    int ranks;
    pthread_barrier_t barrier;
    unsigned char bytes[MOST_RANKS][MOST_BYTES];
    uint64_t hash[BATCHES]; /* of each batch, by step and virtual rank; 0 for none */
    int fails_at;           /* the call of every rank that fails; -1 for none */
    const shs_loader_options *options;
    char path[PATH_BYTES];
    char checkpoints[PATH_BYTES];
};

/* A process of a team. */
struct member {
    struct team *team;
    int rank;
    int calls;
    bool alone; /* it has no gather */
};

static int gather(void *user, const void *mine, size_t bytes, void *all)
{
    struct member *member = user;
    struct team *team = member->team;
    if (member->calls++ == team->fails_at) return 5;
    if (!bytes || bytes > MOST_BYTES) return -1;
    memcpy(team->bytes[member->rank], mine, bytes);
    pthread_barrier_wait(&team->barrier);
    for (int rank = 0; rank < team->ranks; rank++)
        memcpy((char *)all + (size_t)rank * bytes, team->bytes[rank], bytes);
    pthread_barrier_wait(&team->barrier);
    return 0;
}

static const shs_loader_options usual = {
    .batch = BATCH,
    .epochs = EPOCHS,
    .threads = 2,
    .augment =
        "images: random_crop(padding=2) random_flip(axis=w, p=0.5) normalize(mean=0.3, std=0.4)"};

static struct team *team_new(int ranks)
{
    struct team *team =
        mmap(NULL, sizeof *team, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_barrierattr_t shared;
    if (team == MAP_FAILED) abort();
    pthread_barrierattr_init(&shared);
    pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&team->barrier, &shared, (unsigned)ranks);
    pthread_barrierattr_destroy(&shared);
    team->ranks = ranks;
    team->fails_at = -1;
    team->options = &usual;
    return team;
}

static void team_free(struct team *team)
{
    munmap(team, sizeof *team);
}

/* What a process of a team does. False if a check failed. */
typedef bool member_task(struct member *member);

/* Starts the processes, and waits until all have ended. A process prints its own failed checks. */
static void team_do(struct team *team, member_task *task, bool alone)
{
    pid_t process[MOST_RANKS];
    fflush(NULL);
    for (int rank = 0; rank < team->ranks; rank++) {
        process[rank] = fork();
        if (process[rank]) continue;
        struct member member = {team, rank, 0, alone};
        harness_where("%d processes, rank %d%s", team->ranks, rank, alone ? ", alone" : "");
        alarm(SECONDS);
        bool good = task(&member);
        fflush(NULL);
        _exit(!good);
    }
    for (int rank = 0; rank < team->ranks; rank++) {
        int ended = -1;
        waitpid(process[rank], &ended, 0);
        if (ended)
            WRONG("expected that rank %d of %d ends with 0; came %d%s", rank, team->ranks, ended,
                  WIFSIGNALED(ended) && WTERMSIG(ended) == SIGALRM ? ", it hung" : "");
    }
}

/* ---- A run of such a process. */

struct job {
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
};

static shs_status open_run(struct member *member, shs_run **run)
{
    const shs_run_options options = {.seed = 42, .vranks = VRANKS};
    return shs_open_ranks(member->rank, member->team->ranks, member->alone ? NULL : gather, member,
                          &options, run);
}

static bool job_open(struct member *member, struct job *job)
{
    *job = (struct job){0};
    return NEED_STATUS(open_run(member, &job->run), SHS_OK) &&
           NEED_STATUS(shs_dataset_open(job->run, member->team->path, "images", NULL, &job->data),
                       SHS_OK) &&
           NEED_STATUS(shs_loader_open(job->data, member->team->options, &job->loader), SHS_OK);
}

static bool job_close(struct job *job, shs_status expected)
{
    shs_loader_close(&job->loader);
    shs_dataset_close(&job->data);
    return CHECK_STATUS(shs_close(&job->run), expected);
}

/* FNV-1a over the rows' numbers and what the model sees of them. */
static uint64_t hash_of(const shs_batch *batch)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const unsigned char *bytes[] = {(const unsigned char *)batch->index, batch->field[0].data};
    const uint64_t counts[] = {batch->rows * sizeof *batch->index,
                               batch->rows * PIXELS * sizeof(float)};
    for (size_t part = 0; part < 2; part++)
        for (uint64_t i = 0; i < counts[part]; i++)
            hash = (hash ^ bytes[part][i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Takes a step's batches, and agrees. */
static shs_status take_step(struct member *member, struct job *job)
{
    shs_batch batch;
    do {
        shs_status status = shs_next(job->loader, &batch);
        if (status) return status;
        member->team->hash[batch.step * VRANKS + batch.vrank] = hash_of(&batch);
    } while (!batch.ends_step);
    return shs_agree(job->run);
}

/* ---- Files. */

static char folder[PATH_BYTES];

static void write_images(const char *path, struct h5_storage storage)
{
    static const struct h5_storage contiguous = {0};
    const shs_tensor images = {.type = SHS_U8, .axes = 3, .shape = {ROWS, 4, 5}};
    const shs_tensor weights = {.type = SHS_I32, .axes = 1, .shape = {ROWS}};
    unsigned char pixels[ROWS * PIXELS];
    int32_t numbers[ROWS];
    struct h5_writer *writer;
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (unsigned char)(i * i / 7 + i);
    for (size_t i = 0; i < ROWS; i++)
        numbers[i] = (int32_t)(i % 5);
    CHECK_STATUS(h5_create(path, &writer), SHS_OK);
    CHECK_STATUS(h5_create_array(writer, "images", &images, &storage), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, ROWS, pixels), SHS_OK);
    CHECK_STATUS(h5_create_array(writer, "weights", &weights, &contiguous), SHS_OK);
    CHECK_STATUS(h5_write_rows(writer, ROWS, numbers), SHS_OK);
    CHECK_STATUS(h5_finish(&writer), SHS_OK);
}

static struct team *begin(int ranks)
{
    struct team *team = team_new(ranks);
    if (!folder_make(folder)) abort();
    folder_path(folder, "images.h5", team->path);
    folder_path(folder, "checkpoints", team->checkpoints);
    write_images(team->path, (struct h5_storage){0});
    return team;
}

static void end(struct team *team)
{
    folder_remove(folder);
    team_free(team);
}

/* ---- Batches. */

static bool take_all(struct member *member)
{
    struct job job;
    shs_status status = SHS_OK;
    bool judged = member->team->ranks == 1 || !member->alone;
    if (!job_open(member, &job)) return false;
    while (!status)
        status = take_step(member, &job);
    shs_loader_statistics done = shs_statistics(job.loader);
    bool good = CHECK_STATUS(status, SHS_END) &&
                CHECK_EQ(done.epochs_verified, judged ? EPOCHS : 0) &&
                CHECK_EQ(done.epochs_unverified, judged ? 0 : EPOCHS);
    return job_close(&job, SHS_OK) && good;
}

/* 1 to 5 processes with a gather, and 2 to 5 without. */
static void compare_batches(const shs_loader_options *options)
{
    struct team *one = begin(1);
    one->options = options;
    team_do(one, take_all, true);
    for (int ranks = 1; ranks <= MOST_RANKS; ranks++)
        for (int alone = 0; alone <= (ranks > 1); alone++) {
            struct team *team = team_new(ranks);
            team->options = options;
            memcpy(team->path, one->path, PATH_BYTES);
            team_do(team, take_all, alone);
            harness_where("%d processes%s", ranks, alone ? ", alone" : "");
            CHECK_U64S(team->hash, one->hash, BATCHES);
            size_t missing = 0;
            for (size_t i = 0; i < BATCHES; i++)
                missing += team->hash[i] == 0;
            CHECK_EQ(missing, 0);
            team_free(team);
        }
    end(one);
}

static void batches_are_those_of_one_process(void)
{
    compare_batches(&usual);
}

/* The ranks share the reading of weights and classes. Where they do not talk to each other, each
 * rank must read them all. */
static void drawn_batches_are_those_of_one_process(void)
{
    shs_loader_options options = usual;
    options.sampling.weight_field = "weights";
    compare_batches(&options);
    options = usual;
    options.sampling.balance = "weights";
    compare_batches(&options);
}

/* ---- Errors and stops. */

/* Rows 21 to 23 are in the second step's first batch, that of virtual rank 0: rank 0 fails. Alone,
 * no other rank learns of it. */
static bool fail_at_second_step(struct member *member)
{
    bool fails = !member->alone || member->rank == 0;
    struct job job;
    if (!job_open(member, &job)) return false;
    bool good = CHECK_STATUS(take_step(member, &job), SHS_OK) &&
                CHECK_STATUS(take_step(member, &job), fails ? SHS_ERROR_FORMAT : SHS_OK);
    if (good && fails)
        good = CHECK_HAS(shs_message(), "rank 0: shs_next: virtual rank 0, epoch 0, step 1") &&
               CHECK_EQ(shs_message_is_mine(), (member->rank == 0)) &&
               CHECK_EQ(shs_message_is_agreed(), !member->alone);
    if (good) good = CHECK_STATUS(take_step(member, &job), fails ? SHS_ERROR_FORMAT : SHS_OK);
    return job_close(&job, SHS_OK) && good;
}

/* Damages the chunk of rows 21 to 23: zlib's bytes begin with 0x78. Each is found by its place in
 * the order of rows. */
static void damage_chunk(const char *path, size_t number)
{
    size_t count, found = 0;
    unsigned char *bytes = file_read(path, &count);
    for (size_t i = 0; bytes && i + 1 < count; i++)
        if (bytes[i] == 0x78 && bytes[i + 1] == 0x9c && found++ == number)
            memset(bytes + i, 0xff, 8);
    CHECK_IS(found, >, number);
    CHECK(bytes && file_write(path, bytes, count));
    free(bytes);
}

static void an_error_reaches_all_at_its_step(void)
{
    shs_loader_options in_file_order = usual;
    in_file_order.shuffle = SHS_SHUFFLE_NONE;
    for (int ranks = 2; ranks <= MOST_RANKS; ranks++) {
        struct team *team = begin(ranks);
        write_images(team->path, (struct h5_storage){.chunk_rows = BATCH, .deflate = 6});
        team->options = &in_file_order;
        damage_chunk(team->path, VRANKS);
        team_do(team, fail_at_second_step, false);
        team_do(team, fail_at_second_step, true);
        end(team);
    }
}

static bool stop_in_second_step(struct member *member)
{
    bool asks = member->rank == member->team->ranks - 1, stops = asks || !member->alone;
    struct job job;
    if (!job_open(member, &job)) return false;
    bool good = CHECK_STATUS(take_step(member, &job), SHS_OK);
    if (asks) shs_request_stop(job.run);
    good = CHECK_STATUS(take_step(member, &job), SHS_OK) && good;
    good = CHECK_STATUS(take_step(member, &job), stops ? SHS_STOP : SHS_OK) && good;
    return job_close(&job, SHS_OK) && good;
}

static void a_stop_reaches_all(void)
{
    struct team *team = begin(3);
    team_do(team, stop_in_second_step, false);
    team_do(team, stop_in_second_step, true);
    end(team);
}

/* ---- Checkpoints. */

static const shs_tensor *state_of(float numbers[2000])
{
    static shs_tensor tensor = {.name = "weights", .type = SHS_F32, .axes = 1, .shape = {2000}};
    tensor.data = numbers;
    return &tensor;
}

static bool save_and_restore(struct member *member)
{
    float numbers[2000], zeros[2000] = {0};
    struct team *team = member->team;
    shs_status status = SHS_OK;
    struct job job;
    for (size_t i = 0; i < 2000; i++)
        numbers[i] = (float)i;
    if (!job_open(member, &job)) return false;
    bool good = CHECK_STATUS(shs_restore(job.loader, team->checkpoints, state_of(zeros), 1),
                             SHS_NO_CHECKPOINT) &&
                CHECK_STATUS(take_step(member, &job), SHS_OK) &&
                CHECK_STATUS(take_step(member, &job), SHS_OK) &&
                CHECK_STATUS(shs_save(job.loader, team->checkpoints, state_of(numbers), 1), SHS_OK);
    if (!job_close(&job, SHS_OK) || !good) return false;
    if (!job_open(member, &job)) return false;
    good = CHECK_STATUS(shs_restore(job.loader, team->checkpoints, state_of(zeros), 1), SHS_OK) &&
           CHECK_FLOATS(zeros, numbers, 2000) && CHECK_EQ(shs_tell(job.loader).step, 2);
    while (!status)
        status = take_step(member, &job);
    good = CHECK_STATUS(status, SHS_END) &&
           CHECK_EQ(shs_statistics(job.loader).epochs_verified, EPOCHS) && good;
    numbers[7] += (float)(member->rank == 1);
    good = CHECK_STATUS(shs_save(job.loader, team->checkpoints, state_of(numbers), 1),
                        SHS_ERROR_DISAGREE) &&
           CHECK_HAS(shs_message(), "rank 1: shs_save: the tensor weights has other content") &&
           good;
    return job_close(&job, SHS_OK) && good;
}

static void checkpoints_are_saved_and_restored(void)
{
    for (int ranks = 2; ranks <= MOST_RANKS; ranks += 3) {
        struct team *team = begin(ranks);
        team_do(team, save_and_restore, false);
        end(team);
    }
}

/* Rank 1 sees another folder of the same name: relative paths begin elsewhere. */
static bool restore_elsewhere(struct member *member)
{
    float zeros[2000] = {0}, still[2000] = {0};
    char own[PATH_BYTES];
    struct job job;
    snprintf(own, sizeof own, "%.400s/%d", folder, member->rank == 1);
    if (!NEED(chdir(own) == 0) || !job_open(member, &job)) return false;
    bool good =
        CHECK_STATUS(shs_restore(job.loader, "saved", state_of(zeros), 1), SHS_ERROR_DISAGREE) &&
        CHECK_HAS(shs_message(), "rank 1: shs_restore: the checkpoint saved last in saved "
                                 "is none with content none here, and step-0000000003.h5") &&
        CHECK_HAS(shs_message(), "give all ranks the same folder") &&
        CHECK_FLOATS(zeros, still, 2000) && CHECK_EQ(shs_tell(job.loader).step, 0);
    return job_close(&job, SHS_OK) && good;
}

static bool save_at_third_step(struct member *member)
{
    float numbers[2000] = {1};
    char saved[PATH_BYTES];
    struct job job;
    snprintf(saved, sizeof saved, "%.400s/0/saved", folder);
    if (!job_open(member, &job)) return false;
    bool good = CHECK_STATUS(shs_seek(job.loader, (shs_cursor){1, 0, STEPS}), SHS_OK) &&
                CHECK_STATUS(shs_save(job.loader, saved, state_of(numbers), 1), SHS_OK);
    return job_close(&job, SHS_OK) && good;
}

static void different_checkpoints_are_not_restored(void)
{
    struct team *team = begin(3);
    char path[PATH_BYTES];
    CHECK_EQ(STEPS, 3);
    CHECK(mkdir(folder_path(folder, "0", path), 0700) == 0);
    CHECK(mkdir(folder_path(folder, "1", path), 0700) == 0);
    team_do(team, save_at_third_step, false);
    team_do(team, restore_elsewhere, false);
    end(team);
}

/* ---- Refusals. */

static bool save_alone(struct member *member)
{
    float numbers[2000] = {0};
    struct team *team = member->team;
    struct job job;
    char begins[64];
    snprintf(begins, sizeof begins, "rank %d: shs_save: ", member->rank);
    if (!job_open(member, &job)) return false;
    bool good =
        CHECK_STATUS(take_step(member, &job), SHS_OK) &&
        CHECK_STATUS(shs_save(job.loader, team->checkpoints, state_of(numbers), 1),
                     SHS_ERROR_UNSUPPORTED) &&
        CHECK_HAS(shs_message(), begins) &&
        CHECK_HAS(shs_message(), "shs_open_ranks() was given no function `agree`") &&
        CHECK_HAS(shs_message(), "keep the cursor of shs_tell() yourself, and go on from there by "
                                 "shs_seek()") &&
        CHECK(!shs_message_is_agreed()) &&
        CHECK_STATUS(shs_restore(job.loader, team->checkpoints, state_of(numbers), 1),
                     SHS_ERROR_UNSUPPORTED) &&
        CHECK_HAS(shs_message(), "shs_seek()") &&
        CHECK_STATUS(shs_seek(job.loader, (shs_cursor){0, 1, 1}), SHS_OK) &&
        CHECK_STATUS(take_step(member, &job), SHS_OK);
    return job_close(&job, SHS_OK) && good;
}

static void checkpoints_need_a_gather(void)
{
    struct team *team = begin(2);
    team_do(team, save_alone, true);
    end(team);
}

static bool fail_in_agreement(struct member *member)
{
    char words[64];
    struct job job;
    snprintf(words, sizeof words, "returned 5 on rank %d", member->rank);
    if (!job_open(member, &job)) return false;
    member->team->fails_at = member->calls;
    bool good = CHECK_STATUS(take_step(member, &job), SHS_ERROR_GATHER) &&
                CHECK_HAS(shs_message(), words) && CHECK_HAS(shs_message(), "close the run");
    return job_close(&job, SHS_ERROR_GATHER) && CHECK_HAS(shs_message(), words) && good;
}

static void a_gather_that_fails_is_told(void)
{
    struct team *team = begin(3);
    team_do(team, fail_in_agreement, false);
    end(team);
}

/* Brings back what it is given, for a run of very many ranks that all do the same. */
struct crowd {
    uint32_t ranks;
    uint64_t calls;
    size_t most;
};

static int be_a_crowd(void *user, const void *mine, size_t bytes, void *all)
{
    struct crowd *crowd = user;
    for (uint32_t rank = 0; rank < crowd->ranks; rank++) {
        const uint32_t place[2] = {rank, crowd->ranks};
        memcpy((char *)all + rank * bytes, crowd->calls ? mine : place, bytes);
    }
    crowd->calls++;
    if (bytes > crowd->most) crowd->most = bytes;
    return 0;
}

static void many_ranks_hand_over_small_pieces(void)
{
    static const uint32_t numbers_of_ranks[] = {2, 32, 33, 1000, 8192};
    for (size_t i = 0; i < COUNT(numbers_of_ranks); i++) {
        struct crowd crowd = {numbers_of_ranks[i], 0, 0};
        uint64_t numbers[300];
        shs_run *run;
        harness_where("%u ranks", crowd.ranks);
        for (uint64_t n = 0; n < 300; n++)
            numbers[n] = n;
        if (!NEED_STATUS(shs_open_ranks(0, (int)crowd.ranks, be_a_crowd, &crowd, NULL, &run),
                         SHS_OK))
            return;
        CHECK_STATUS(mpi_sum(run, numbers, 300), SHS_OK);
        for (uint64_t n = 0; n < 300; n++)
            CHECK_EQ(numbers[n], n * crowd.ranks);
        shs_request_stop(run);
        CHECK_STATUS(shs_agree(run), SHS_OK);
        CHECK_STATUS(shs_close(&run), SHS_OK);
        CHECK_IS(crowd.most, <=, MOST_BYTES);
        CHECK_IS(crowd.most * crowd.ranks, <=, 1 << 16);
    }
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(batches_are_those_of_one_process),   TEST(drawn_batches_are_those_of_one_process),
        TEST(an_error_reaches_all_at_its_step),   TEST(a_stop_reaches_all),
        TEST(checkpoints_are_saved_and_restored), TEST(different_checkpoints_are_not_restored),
        TEST(checkpoints_need_a_gather),          TEST(a_gather_that_fails_is_told),
        TEST(many_ranks_hand_over_small_pieces),
    };
    return harness_main("ranks", tests, COUNT(tests), argc, argv);
}
