/* Runs of several ranks that a function of the program joins: they are as runs over MPI. Other
 * programs of this folder run all of their tests over such a function (see tests/tests.cmake). */
#include "batches.h"
#include "io_durable.h"
#include "io_figures.h"
#include "loader_scene.h"
#include "mpi_run.h"
#include "shardstep/checkpoint.h"
#include "shardstep/gradient.h"

enum {
    TEXT_BYTES = 1 << 16
};

static shs_run *open_gathered(uint64_t vranks)
{
    shs_run *run;
    need(!open_either(MPI_COMM_WORLD, true, &(shs_run_options){.seed = 42, .vranks = vranks}, &run),
         "shs_open_ranks");
    return run;
}

/* ---- The same as over MPI. */

/* What a rank saw of a run: each status with its message. */
struct story {
    char text[TEXT_BYTES];
    size_t length;
};

static void note(struct story *story, const char *what, shs_status status)
{
    story->length += (size_t)snprintf(
        story->text + story->length, TEXT_BYTES - story->length, "%s %s «%s» %d%d\n", what,
        shs_status_name(status), status < 0 ? shs_message() : "",
        status < 0 && shs_message_is_mine(), status < 0 && shs_message_is_agreed());
    need(story->length < TEXT_BYTES, "room in a story");
}

/* The messages name the function that opened the run. */
static void name_alike(char *text)
{
    static const char longer[] = "shs_open_ranks", shorter[] = "shs_open";
    const size_t rest = strlen(longer), kept = strlen(shorter);
    for (char *at; (at = strstr(text, longer));)
        memmove(at + kept, at + rest, strlen(at + rest) + 1);
}

/* Plays a course of calls in both kinds of runs, and compares what came. With several ranks it has
 * the words. */
static void compare_stories(void (*play)(struct story *story, bool gathered, const void *user),
                            const void *user, const char *words)
{
    struct story *over_mpi = room(1, sizeof *over_mpi), *gathered = room(1, sizeof *gathered);
    play(over_mpi, false, user);
    play(gathered, true, user);
    name_alike(gathered->text);
    CHECK_TEXT(gathered->text, over_mpi->text);
    if (all_ranks() > 1) CHECK_HAS(gathered->text, words);
    free(over_mpi);
    free(gathered);
}

/* All batches of two epochs, the agreement of each step, and what the ledger says. */
static void play_batches(struct story *story, bool gathered, const void *user)
{
    const struct scene *scene = user;
    const shs_run_options options = {.seed = 42, .vranks = (uint64_t)all_ranks() + 2};
    struct job job;
    shs_batch batch;
    shs_status status;
    need(!open_either(MPI_COMM_WORLD, gathered, &options, &job.run), "opening a run");
    need(!shs_dataset_open(job.run, scene->path, samples_fields, NULL, &job.data), "a dataset");
    need(!shs_loader_open(
             job.data,
             &(shs_loader_options){.batch = 3, .epochs = 2, .threads = 2, .augment = augmentation},
             &job.loader),
         "a loader");
    while ((status = shs_next(job.loader, &batch)) == SHS_OK) {
        char hash[32];
        snprintf(hash, sizeof hash, "%016llx", (ull)hash_of_batch(&batch));
        note(story, hash, status);
        if (batch.ends_step) note(story, "shs_agree", shs_agree(job.run));
    }
    note(story, "shs_next", status);
    CHECK_EQ(shs_statistics(job.loader).epochs_verified, 2);
    CHECK_EQ(shs_statistics(job.loader).epochs_unverified, 0);
    job_close(&job);
}

static void test_batches_are_those_of_mpi(void)
{
    struct scene scene = scene_begin();
    compare_stories(play_batches, &scene, "shs_next SHS_END");
    scene_end(&scene);
}

/* ---- Figures that a file has. */

/* Rank 0 writes figures of the images for the other ranks. */
static void write_figures(const char *path)
{
    static char field[] = "images";
    static double mean = 100.125, deviation = 50.25;
    const struct io_figures figures = {
        .field = field,
        .sample = {NULL, SHS_U8, 2, {IMAGE_HEIGHT, IMAGE_WIDTH}, NULL},
        .count = 1,
        .mean = &mean,
        .deviation = &deviation};
    struct core_text text = {0};
    io_figures_print(&figures, "", &text);
    if (my_rank() == 0) need(!text.status && !io_write_text(path, text.bytes), "figures");
    core_text_free(&text);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* A batch of the figures, then a file that is not there. */
static void play_figures(struct story *story, bool gathered, const void *user)
{
    const struct scene *scene = user;
    const shs_run_options options = {.seed = 42, .vranks = (uint64_t)all_ranks()};
    static const char *const files[] = {"x.stats", "nowhere.stats"};
    char text[2 * PATH_BYTES], path[PATH_BYTES + 16];
    shs_loader_options how = {.batch = 3, .augment = text};
    struct job job;
    shs_batch batch;
    snprintf(path, sizeof path, "%s/x.stats", scene->folder);
    write_figures(path);
    need(!open_either(MPI_COMM_WORLD, gathered, &options, &job.run), "opening a run");
    need(!shs_dataset_open(job.run, scene->path, samples_fields, NULL, &job.data), "a dataset");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(text, sizeof text, "images: random_crop(padding=1) normalize(from=%s/%s)",
                 scene->folder, files[i]);
        shs_status status = shs_loader_open(job.data, &how, &job.loader);
        char hash[32] = "none";
        if (!status) status = shs_next(job.loader, &batch);
        if (!status) snprintf(hash, sizeof hash, "%016llx", (ull)hash_of_batch(&batch));
        note(story, hash, status);
        shs_loader_close(&job.loader);
    }
    snprintf(text, sizeof text, "images: random_crop(padding=1) normalize(mean=%.9g, std=%.9g)",
             100.125 / 255, 50.25 / 255);
    need(!shs_loader_open(job.data, &how, &job.loader), "a loader");
    need(!shs_next(job.loader, &batch), "a batch");
    char hash[32];
    snprintf(hash, sizeof hash, "%016llx ", (ull)hash_of_batch(&batch));
    CHECK(!strncmp(story->text, hash, strlen(hash)));
    job_close(&job);
}

static void test_figures_of_a_file_reach_every_rank(void)
{
    struct scene scene = scene_begin();
    compare_stories(play_figures, &scene,
                    "nowhere.stats: No such file or directory; check the path");
    scene_end(&scene);
}

/* The last rank makes another call than the others. */
static void play_disagreement(struct story *story, bool gathered, const void *user)
{
    shs_run *run;
    bool is_last = my_rank() == last_rank();
    shs_run_options options = {.seed = is_last ? 8 : 7};
    (void)user;
    note(story, "open", open_either(MPI_COMM_WORLD, gathered, &options, &run));
    shs_close(&run);
    options = (shs_run_options){.vranks = is_last ? UINT64_C(1) << 40 : 0};
    note(story, "open", open_either(MPI_COMM_WORLD, gathered, &options, &run));
    shs_close(&run);
    need(!open_either(MPI_COMM_WORLD, gathered, NULL, &run), "opening a run");
    note(story, "call",
         is_last ? mpi_agree(run, SHS_OK, "another call") : mpi_agree(run, SHS_OK, "a call"));
    note(story, "agree", shs_agree(run));
    note(story, "close", shs_close(&run));
}

static void test_disagreement_is_told_as_with_mpi(void)
{
    compare_stories(play_disagreement, NULL, "every rank must make the same call");
}

/* The last rank closes the run, and the others go on. */
static void play_leaving(struct story *story, bool gathered, const void *user)
{
    shs_run *run;
    (void)user;
    need(!open_either(MPI_COMM_WORLD, gathered, NULL, &run), "opening a run");
    if (my_rank() != last_rank()) {
        note(story, "agree", shs_agree(run));
        note(story, "agree", shs_agree(run));
    }
    note(story, "close", shs_close(&run));
}

static void test_a_rank_that_leaves_is_told_as_with_mpi(void)
{
    compare_stories(play_leaving, NULL, "a rank may close the run only when all do");
}

/* ---- Plain data, in pieces. */

static void test_numbers_are_joined_in_pieces(void)
{
    const size_t count = 3001;
    shs_run *run = open_gathered(0);
    uint64_t *sums = room(count, sizeof *sums), *greatest = room(count, sizeof *greatest);
    uint64_t ranks = (uint64_t)all_ranks(), rank = (uint64_t)my_rank();
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        sums[i] = scramble(i) + rank;
        greatest[i] = i % ranks == rank ? UINT64_MAX - i : rank;
    }
    CHECK_STATUS(mpi_sum(run, sums, count), SHS_OK);
    CHECK_STATUS(mpi_greatest(run, greatest, count), SHS_OK);
    for (size_t i = 0; i < count; i++)
        wrong += sums[i] != ranks * scramble(i) + ranks * (ranks - 1) / 2 ||
                 greatest[i] != UINT64_MAX - i;
    CHECK_EQ(wrong, 0);
    free(sums);
    free(greatest);
    shs_close(&run);
}

static void test_bytes_are_copied_in_pieces(void)
{
    static const size_t counts[] = {0, 1, 2047, 2048, 2049, 10007};
    shs_run *run = open_gathered(0);
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        unsigned char *bytes = room(counts[c], 1);
        size_t wrong = 0;
        for (size_t i = 0; i < counts[c]; i++)
            bytes[i] = my_rank() ? 0xff : (unsigned char)scramble(i);
        CHECK_STATUS(mpi_broadcast(run, bytes, counts[c]), SHS_OK);
        for (size_t i = 0; i < counts[c]; i++)
            wrong += bytes[i] != (unsigned char)scramble(i);
        harness_where("%zu bytes", counts[c]);
        CHECK_EQ(wrong, 0);
        free(bytes);
    }
    shs_close(&run);
}

/* Each virtual rank has a record of 1000 bytes, each rank another number of them. */
static void test_records_are_gathered_in_order(void)
{
    enum {
        RECORD_BYTES = 1000
    };
    shs_run *run = open_gathered(3 * (uint64_t)all_ranks() - 1);
    shs_run_info info = shs_info(run);
    unsigned char *own = room(info.hosted, RECORD_BYTES), *all = room(info.vranks, RECORD_BYTES);
    size_t wrong = 0;
    for (uint64_t i = 0; i < info.hosted * RECORD_BYTES; i++)
        own[i] = (unsigned char)scramble(info.first_vrank * RECORD_BYTES + i);
    CHECK_STATUS(mpi_gather_vranks(run, own, RECORD_BYTES, my_rank() ? NULL : all), SHS_OK);
    for (uint64_t i = 0; i < info.vranks * RECORD_BYTES && my_rank() == 0; i++)
        wrong += all[i] != (unsigned char)scramble(i);
    CHECK_EQ(wrong, 0);
    free(own);
    free(all);
    shs_close(&run);
}

struct taken {
    int rank;
    int fails_at; /* the rank whose bytes are refused; -1 for none */
};

static size_t bytes_of(int rank)
{
    return (size_t)rank * 3000 + 5;
}

static shs_status take(void *user, const void *bytes, size_t count)
{
    struct taken *taken = user;
    const unsigned char *byte = bytes;
    size_t wrong = 0;
    CHECK_EQ(count, bytes_of(taken->rank));
    for (size_t i = 0; i < count; i++)
        wrong += byte[i] != (unsigned char)scramble((uint64_t)taken->rank * 7 + i);
    CHECK_EQ(wrong, 0);
    return taken->rank++ == taken->fails_at ? SHS_ERROR_FILE : SHS_OK;
}

static void test_bytes_of_all_ranks_are_taken_in_order(void)
{
    shs_run *run = open_gathered(0);
    size_t count = bytes_of(my_rank());
    unsigned char *own = room(count, 1), *other = room(bytes_of(last_rank()), 1);
    for (size_t i = 0; i < count; i++)
        own[i] = (unsigned char)scramble((uint64_t)my_rank() * 7 + i);
    for (int fails_at = -1; fails_at < all_ranks(); fails_at++) {
        struct taken taken = {0, fails_at};
        bool told = my_rank() == 0 && fails_at >= 0;
        CHECK_STATUS(mpi_in_order(run, own, count, other, take, &taken),
                     told ? SHS_ERROR_FILE : SHS_OK);
        if (my_rank() == 0) CHECK_EQ(taken.rank, fails_at < 0 ? all_ranks() : fails_at + 1);
        CHECK_STATUS(shs_agree(run), SHS_OK);
    }
    free(own);
    free(other);
    shs_close(&run);
}

/* ---- A function that fails. */

static uint64_t calls_left, calls_made;

/* On every rank the same call fails. */
static int gather_until(void *user, const void *mine, size_t bytes, void *all)
{
    CHECK(user == (void *)&calls_left);
    calls_made++;
    if (!calls_left) return 17;
    calls_left--;
    return gather_by_mpi(user, mine, bytes, all);
}

static bool is_gather_error(shs_status status)
{
    char words[64];
    snprintf(words, sizeof words, "returned 17 on rank %d; the ranks may be out of step",
             my_rank());
    return CHECK_STATUS(status, SHS_ERROR_GATHER) && CHECK_HAS(shs_message(), words) &&
           CHECK(shs_message_is_mine()) && CHECK(!shs_message_is_agreed());
}

static void test_a_function_that_fails_is_told(void)
{
    enum {
        ENOUGH = 100
    };
    if (all_ranks() == 1) return;
    for (uint64_t left = 0; left < ENOUGH; left++) {
        shs_run *run = NULL;
        harness_where("the function fails after %llu calls", (ull)left);
        calls_left = left;
        shs_status status =
            shs_open_ranks(my_rank(), all_ranks(), gather_until, &calls_left, NULL, &run);
        CHECK_EQ(!run, status != SHS_OK);
        if (!status) status = shs_agree(run);
        if (!status) status = shs_close(&run);
        if (!status) {
            CHECK_IS(left, >, 3);
            return;
        }
        is_gather_error(status);
        uint64_t made = calls_made;
        if (run) is_gather_error(shs_agree(run));
        if (run) is_gather_error(shs_close(&run));
        CHECK_EQ(calls_made, made);
        CHECK(!run);
    }
    WRONG("expected that %d calls suffice", ENOUGH);
}

/* ---- A function that is no gather. */

static int gather_nothing(void *user, const void *mine, size_t bytes, void *all)
{
    (void)user;
    (void)mine;
    memset(all, 0xff, bytes * (size_t)all_ranks());
    return 0;
}

/* Brings a rank its own bytes in the place of those of every rank. */
static int gather_own(void *user, const void *mine, size_t bytes, void *all)
{
    (void)user;
    for (int rank = 0; rank < all_ranks(); rank++)
        memcpy((char *)all + (size_t)rank * bytes, mine, bytes);
    return 0;
}

static void test_a_function_that_is_no_gather_is_told(void)
{
    shs_run *run;
    if (all_ranks() == 1) return;
    CHECK_STATUS(shs_open_ranks(my_rank(), all_ranks(), gather_nothing, NULL, NULL, &run),
                 SHS_ERROR_GATHER);
    CHECK_HAS(shs_message(), "shs_open_ranks");
    CHECK_HAS(shs_message(), "brought other bytes of rank");
    CHECK_STATUS(shs_open_ranks(my_rank(), all_ranks(), gather_own, NULL, NULL, &run),
                 SHS_ERROR_GATHER);
    CHECK_HAS(shs_message(), "in the order of ranks");
    CHECK(!run);
    int ranks = all_ranks() + (my_rank() == 0);
    CHECK_STATUS(shs_open_ranks(my_rank(), ranks, gather_own, NULL, NULL, &run), SHS_ERROR_GATHER);
}

/* ---- Refusals. */

static shs_status open_and_close(void *user)
{
    shs_run *run;
    shs_status status = open_either(MPI_COMM_WORLD, true, user, &run);
    shs_close(&run);
    return status;
}

static void test_memory_runs_out_on_one_rank(void)
{
    if (all_ranks() == 1) return;
    for (int poor = 0; poor < all_ranks(); poor++)
        CHECK(survives_scarcity(poor, open_and_close, NULL));
}

static void test_run_is_null_on_one_rank(void)
{
    if (all_ranks() == 1) return;
    shs_run *run = NULL;
    shs_status status = shs_open_ranks(my_rank(), all_ranks(), gather_by_mpi, NULL, NULL,
                                       my_rank() == last_rank() ? NULL : &run);
    CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, last_rank()));
    CHECK_HAS(shs_message(), "shs_open_ranks: run is NULL");
    CHECK(!run);
}

static void test_gradients_of_several_ranks_are_refused(void)
{
    float number = 0;
    const shs_tensor tensor = {.name = "number", .type = SHS_F32, .data = &number};
    shs_gradient *gradient = (shs_gradient *)1;
    shs_run *run = open_gathered(0);
    if (all_ranks() > 1) {
        CHECK(agreed_failure(shs_gradient_open(run, &tensor, 1, NULL, &gradient),
                             SHS_ERROR_UNSUPPORTED, 0));
        CHECK_HAS(shs_message(), "shs_gradient_open");
        CHECK_HAS(shs_message(), "gradients of several ranks are added over MPI only");
        CHECK_HAS(shs_message(), "end each step by shs_agree()");
        CHECK(!gradient);
    }
    CHECK_STATUS(shs_agree(run), SHS_OK);
    shs_close(&run);
}

static void test_too_many_ranks_are_refused(void)
{
    shs_run *run;
    CHECK_STATUS(shs_open_ranks(3, 8193, gather_by_mpi, NULL, NULL, &run), SHS_ERROR_UNSUPPORTED);
    CHECK_HAS(shs_message(), "rank 3: shs_open_ranks: 8193 ranks are more than the 8192");
    CHECK(!run);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"batches are those of MPI", test_batches_are_those_of_mpi},
        {"figures of a file reach every rank", test_figures_of_a_file_reach_every_rank},
        {"disagreement is told as with MPI", test_disagreement_is_told_as_with_mpi},
        {"a rank that leaves is told as with MPI", test_a_rank_that_leaves_is_told_as_with_mpi},
        {"numbers are joined in pieces", test_numbers_are_joined_in_pieces},
        {"bytes are copied in pieces", test_bytes_are_copied_in_pieces},
        {"records are gathered in order", test_records_are_gathered_in_order},
        {"bytes of all ranks are taken in order", test_bytes_of_all_ranks_are_taken_in_order},
        {"a function that fails is told", test_a_function_that_fails_is_told},
        {"a function that is no gather is told", test_a_function_that_is_no_gather_is_told},
        {"memory runs out on one rank", test_memory_runs_out_on_one_rank},
        {"run is NULL on one rank", test_run_is_null_on_one_rank},
        {"gradients of several ranks are refused", test_gradients_of_several_ranks_are_refused},
        {"too many ranks are refused", test_too_many_ranks_are_refused},
    };
    return harness_main_ranks("gathered", tests, sizeof tests / sizeof *tests, argc, argv);
}
