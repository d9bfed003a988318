/* The record of a run: its log is the same on any number of ranks, goes on after a stop, and says
 * what it cut off; errors of its files reach every rank. Its list is in record_list.c. */
#include <signal.h>
#include <sys/resource.h>

#include "record_scene.h"
#include "shardstep/checkpoint.h"
#include "shardstep/gradient.h"
#include "train_chain.h"
#include "train_header.h"

/* Whether the chain of a log holds, and it has the lines of steps 0 to count - 1, each once. */
static bool is_whole(const char *text, uint64_t count)
{
    struct core_hash *hash = NULL;
    struct train_chain_line line;
    char chain[CORE_DIGEST_TEXT];
    uint64_t next = 0;
    size_t header = train_header_bytes(text), length;
    need(header && !core_hash_new(&hash), "a log");
    train_chain_begin(hash, text, header, chain);
    bool holds = true;
    for (const char *at = text + header; *at && holds; at += length + 1) {
        length = strcspn(at, "\n");
        enum train_chain_kind kind = train_chain_read(at, length, &line);
        if (kind == TRAIN_CHAIN_ALIEN)
            return WRONG("expected a line; came «%.*s»", (int)length, at);
        train_chain_go_on(hash, at, line.own, chain);
        if (kind == TRAIN_CHAIN_STEP) holds = CHECK_EQ(line.step, next++);
        holds = holds && CHECK_TEXT(chain, line.chain);
    }
    core_hash_free(&hash);
    return holds && CHECK_EQ(next, count);
}

/* Collective. The record is not opened, with these words on all ranks. */
static void refuses(shs_loader *loader, const shs_record_options *options, shs_status expected,
                    const char *words)
{
    shs_record *record = (shs_record *)1; /* becomes NULL */
    CHECK(agreed_failure(shs_record_open(loader, options, &record), expected, 0));
    CHECK(message_has(words));
    CHECK(record == NULL);
}

/* ---- the log */

static void the_log_is_the_same_on_any_number_of_ranks(void)
{
    struct scene scene = scene_begin();
    char shared[PATH_BYTES], own[PATH_BYTES], file[32];
    for (int parts = 0; parts < 2; parts++) {
        struct course course = course_of();
        course.loader.step_batches = parts;
        snprintf(file, sizeof file, "shared%d.log", parts);
        name(&scene, file, shared);
        snprintf(file, sizeof file, "rank%d.%d.log", my_rank(), parts);
        name(&scene, file, own);
        const shs_record_options of_all = {.path = shared}, of_one = {.path = own};
        struct recorded run = begin(&course, MPI_COMM_WORLD, scene.path, &of_all);
        uint64_t all = 2 * shs_epoch_steps(run.job.loader);
        if (parts) {
            shs_batch batch;
            for (uint64_t i = 0; i < all; i++) {
                need(shs_next(run.job.loader, &batch) == SHS_OK, "shs_next");
                const shs_tensor tensor = {"numbers", SHS_F32, 1, {3}, run.numbers};
                CHECK_STATUS(shs_record_step(run.record, &tensor, 1, &tensor, 1), SHS_OK);
            }
        } else {
            steps(&run, all);
        }
        end(&run);
        course.loader.step_batches = false;
        run = begin(&course, MPI_COMM_NULL, scene.path, &of_one);
        steps(&run, all);
        end(&run);
        const char *log = text_of(shared);
        CHECK(is_whole(log, all));
        name(&scene, parts ? "rank0.1.log" : "rank0.0.log", own);
        CHECK_TEXT(log, text_of(own));
    }
    scene_end(&scene);
}

static void a_bit_of_the_mean_changes_one_line_alone(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char path[PATH_BYTES], other[PATH_BYTES];
    name(&scene, "right.log", path);
    name(&scene, "wrong.log", other);
    struct recorded run =
        begin(&course, MPI_COMM_WORLD, scene.path, &(shs_record_options){.path = path});
    steps(&run, 4);
    end(&run);
    run = begin(&course, MPI_COMM_WORLD, scene.path, &(shs_record_options){.path = other});
    for (int i = 0; i < 4; i++) {
        run.numbers[1] = i == 2 ? 1e-45f : 0;
        steps(&run, 1);
    }
    end(&run);
    const char *right = text_of(path), *wrong = text_of(other);
    right += train_header_bytes(right);
    wrong += train_header_bytes(wrong);
    for (uint64_t i = 0; i < 4; i++) {
        struct train_chain_line a, b;
        size_t length = strcspn(right, "\n"), other_length = strcspn(wrong, "\n");
        CHECK_EQ(train_chain_read(right, length, &a), TRAIN_CHAIN_STEP);
        CHECK_EQ(train_chain_read(wrong, other_length, &b), TRAIN_CHAIN_STEP);
        CHECK_TEXT(a.part[TRAIN_CHAIN_BATCH], b.part[TRAIN_CHAIN_BATCH]);
        CHECK_EQ(strcmp(a.part[TRAIN_CHAIN_MEAN], b.part[TRAIN_CHAIN_MEAN]) != 0, i == 2);
        CHECK_EQ(strcmp(a.chain, b.chain) != 0, i >= 2);
        right += length + 1;
        wrong += other_length + 1;
    }
    scene_end(&scene);
}

static void a_run_that_goes_back_cuts_its_log_and_says_so(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char path[PATH_BYTES];
    name(&scene, "run.log", path);
    const shs_record_options options = {.path = path};
    struct recorded run = begin(&course, MPI_COMM_WORLD, scene.path, &options);
    const uint64_t epoch = shs_epoch_steps(run.job.loader);
    steps(&run, epoch);
    CHECK_STATUS(shs_seek(run.job.loader, (shs_cursor){0}), SHS_OK); /* in one process */
    steps(&run, 1);
    const char *log = text_of(path);
    CHECK(is_whole(log, 1));
    char words[128];
    snprintf(words, sizeof words,
             "note\tthe run goes on at step 0; %llu lines of steps 0 to %llu were cut off",
             (ull)epoch, (ull)epoch - 1);
    CHECK_HAS(log, words);
    end(&run);
    if (my_rank() == 0) { /* a process that was killed while it wrote */
        FILE *file = fopen(path, "ab");
        need(file && fputs("1\t0123", file) > 0 && !fclose(file), path);
    }
    run = begin(&course, MPI_COMM_WORLD, scene.path, &options);
    CHECK_STATUS(shs_seek(run.job.loader, (shs_cursor){1, 0, epoch}), SHS_OK);
    steps(&run, 1);
    end(&run);
    log = text_of(path);
    snprintf(words, sizeof words,
             "goes on at step %llu; a line that was not whole was cut off; steps 1 to %llu have no "
             "line\t",
             (ull)epoch, (ull)epoch - 1);
    if (epoch > 1) CHECK_HAS(log, words);
    scene_end(&scene);
}

/* ---- logs and files that are refused */

static void a_log_of_another_run_is_refused(void)
{
    struct scene scene = scene_begin();
    struct course course = course_of();
    char path[PATH_BYTES];
    name(&scene, "run.log", path);
    const shs_record_options options = {.path = path};
    struct recorded run = begin(&course, MPI_COMM_WORLD, scene.path, &options);
    steps(&run, 2);
    refuses(run.job.loader, &options, SHS_ERROR_STATE, "the loader has a record already");
    end(&run);
    course.seed++;
    run.job = course_open(&course, MPI_COMM_WORLD, scene.path);
    refuses(run.job.loader, &options, SHS_ERROR_MISMATCH,
            "is the log of another run: it has «seed = 42», this run has «seed = 43»");
    const shs_record_options data = {.path = scene.path};
    refuses(run.job.loader, &data, SHS_ERROR_FORMAT, "is no log that shs_record_open() began");
    job_close(&run.job);
    scene_end(&scene);
}

/* On rank 0: puts a text of the same length in the place of another one in a file. */
static void exchange(const char *path, const char *was, const char *is)
{
    char text[TEXT_BYTES] = "";
    if (my_rank()) return;
    FILE *file = fopen(path, "r+b");
    need(file && fread(text, 1, sizeof text - 1, file) > 0, path);
    char *at = strstr(text, was);
    need(at && !fseek(file, at - text, SEEK_SET), was);
    need(fputs(is, file) >= 0 && !fclose(file), is);
}

/* The fingerprints are the same. */
static void a_log_with_other_options_is_refused(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char path[PATH_BYTES];
    name(&scene, "run.log", path);
    const shs_record_options options = {.path = path};
    struct recorded run = begin(&course, MPI_COMM_WORLD, scene.path, &options);
    steps(&run, 1);
    end(&run);
    run.job = course_open(&course, MPI_COMM_WORLD, scene.path);
    static const struct {
        const char *was, *is, *words;
    } changes[] = {
        {"option\t--batch\t3", "option\t--batch\t4",
         "option --batch is «4» there and «3» in this run; give this run another file for its log, "
         "or the options of the log"},
        {"option\t--batch\t4", "option\t--patch\t4",
         "option --patch is «4» there and not given in this run"},
        {"option\t--patch\t4\n", "options-patch\t4 \n",
         "option --batch is not given there and «3» in this run"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        exchange(path, changes[i].was, changes[i].is);
        refuses(run.job.loader, &options, SHS_ERROR_MISMATCH, changes[i].words);
    }
    job_close(&run.job);
    scene_end(&scene);
}

/* A record is opened before the checkpoint tells since when the run has its batch. */
static void a_log_knows_since_when_its_run_has_the_batch(void)
{
    struct scene scene = scene_begin();
    struct course course = course_of();
    char path[PATH_BYTES], folder[PATH_BYTES], words[64];
    float weights[3] = {0};
    const shs_tensor state = {"weights", SHS_F32, 1, {3}, weights};
    const shs_record_options options = {.path = path}, none = {0};
    name(&scene, "run.log", path);
    name(&scene, "checkpoints", folder);
    struct recorded run = begin(&course, MPI_COMM_WORLD, scene.path, &none);
    const uint64_t epoch = shs_epoch_steps(run.job.loader);
    steps(&run, epoch);
    CHECK_STATUS(shs_save(run.job.loader, folder, &state, 1), SHS_OK);
    end(&run);
    course.loader.batch = 2;
    for (int again = 0; again < 2; again++) {
        run = begin(&course, MPI_COMM_WORLD, scene.path, &options);
        CHECK_STATUS(shs_restore(run.job.loader, folder, &state, 1), SHS_OK);
        steps(&run, 2);
        end(&run);
        snprintf(words, sizeof words, "\noption\t--since\t1,%llu\n", (ull)epoch);
        CHECK_HAS(text_of(path), words);
    }
    run = begin(&course, MPI_COMM_WORLD, scene.path, &options);
    CHECK(agreed_failure(step(&run), SHS_ERROR_MISMATCH, 0));
    snprintf(words, sizeof words, "--since is «1,%llu» there and not given in this run",
             (ull)epoch);
    CHECK(message_has(words));
    end(&run);
    scene_end(&scene);
}

/* Before the training, not at an epoch's end. */
static void files_that_cannot_be_are_refused(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    shs_record *record;
    const shs_record_options no_log = {.path = ""}, no_list = {.worst = ""};
    const shs_record_options one = {.path = "run.log", .worst = "run.log"};
    refuses(job.loader, &no_log, SHS_ERROR_ARGUMENT, "path is an empty text");
    refuses(job.loader, &no_list, SHS_ERROR_ARGUMENT, "worst is an empty text");
    refuses(job.loader, &one, SHS_ERROR_ARGUMENT, "path and worst are both run.log");
    char path[PATH_BYTES], log[PATH_BYTES];
    name(&scene, "absent/worst.txt", path);
    name(&scene, "run.log", log);
    const shs_record_options absent = {.path = log, .worst = path};
    refuses(job.loader, &absent, SHS_ERROR_FILE, "absent/worst.txt.tmp");
    CHECK(message_has("make its folder"));
    CHECK_TEXT(text_of(log), "");
    const shs_record_options folder = {.worst = scene.folder}, data = {.worst = scene.path};
    refuses(job.loader, &folder, SHS_ERROR_FILE, "it is a folder");
    CHECK(agreed_failure(shs_record_open(job.loader, &data, &record), SHS_ERROR_FORMAT, 0));
    name(&scene, "worst.txt", path);
    const shs_record_options right = {.worst = path};
    CHECK_STATUS(shs_record_open(job.loader, &right, &record), SHS_OK);
    CHECK_STATUS(shs_record_close(&record), SHS_OK);
    CHECK_TEXT(text_of(path), ""); /* nothing is left behind by trying */
    job_close(&job);
    scene_end(&scene);
}

/* ---- steps, and files that cannot be written */

static void a_step_is_recorded_once_and_whole(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char path[PATH_BYTES];
    name(&scene, "run.log", path);
    struct recorded run =
        begin(&course, MPI_COMM_WORLD, scene.path, &(shs_record_options){.path = path});
    shs_status status = shs_record_step(run.record, NULL, 0, NULL, 0);
    CHECK(agreed_failure(status, SHS_ERROR_STATE, 0));
    CHECK(message_has("has not given a batch since the last call"));
    steps(&run, 1);
    status = shs_record_step(run.record, NULL, 0, NULL, 0);
    CHECK(agreed_failure(status, SHS_ERROR_STATE, 0));
    shs_batch batch = {0};
    if (my_rank() == last_rank())
        need(shs_next(run.job.loader, &batch) == SHS_OK, "shs_next");
    else
        take(&run);
    bool all_taken = last_rank() > 0 && batch.ends_step; /* a rank with one virtual rank */
    MPI_Bcast(&all_taken, 1, MPI_C_BOOL, last_rank(), MPI_COMM_WORLD);
    if (!all_taken) {
        status = shs_record_step(run.record, NULL, 0, NULL, 0);
        CHECK(agreed_failure(status, SHS_ERROR_STATE, last_rank()));
        CHECK(message_has("batches of step 1 were taken"));
        while (!batch.ends_step && my_rank() == last_rank())
            need(shs_next(run.job.loader, &batch) == SHS_OK, "shs_next");
    }
    CHECK_STATUS(shs_record_step(run.record, NULL, 0, NULL, 0), SHS_OK);
    end(&run);
    CHECK(is_whole(text_of(path), 2));
    scene_end(&scene);
}

/* Rank 0 may write no further than `bytes`. */
static void limit_files(rlim_t bytes)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = bytes;
    signal(SIGXFSZ, SIG_IGN);
    need(!setrlimit(RLIMIT_FSIZE, &limit), "setrlimit");
}

static void a_full_disk_reaches_all_and_leaves_the_log_whole(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char path[PATH_BYTES];
    name(&scene, "run.log", path);
    struct recorded run =
        begin(&course, MPI_COMM_WORLD, scene.path, &(shs_record_options){.path = path});
    steps(&run, 1);
    size_t length = strlen(text_of(path));
    if (my_rank() == 0) limit_files(length + 100);
    CHECK(agreed_failure(step(&run), SHS_ERROR_FILE, 0));
    CHECK(message_has("cannot write"));
    if (my_rank() == 0) limit_files(RLIM_INFINITY);
    CHECK(is_whole(text_of(path), 1));
    CHECK_STATUS(step(&run), SHS_OK);
    CHECK_HAS(text_of(path), "goes on at step 2; steps 1 to 1 have no line\t");
    end(&run);
    scene_end(&scene);
}

static void a_log_and_a_list_that_both_fail_are_both_told(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char log[PATH_BYTES], list[PATH_BYTES];
    name(&scene, "run.log", log);
    name(&scene, "worst.txt", list);
    struct recorded run = begin(&course, MPI_COMM_WORLD, scene.path,
                                &(shs_record_options){.path = log, .worst = list});
    steps(&run, shs_epoch_steps(run.job.loader) - 1);
    if (my_rank() == 0) limit_files(100);
    CHECK(agreed_failure(step(&run), SHS_ERROR_FILE, 0));
    CHECK(message_has("run.log: File too large;"));
    CHECK(message_has("; and cannot write"));
    CHECK(message_has("worst.txt.tmp: File too large"));
    if (my_rank() == 0) limit_files(RLIM_INFINITY);
    end(&run);
    scene_end(&scene);
}

/* ---- notes and memory */

static void notes_are_of_the_present_step(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    struct recorded run = {.job = course_open(&course, MPI_COMM_WORLD, scene.path)};
    shs_batch batch = {0};
    double loss = 0;
    while (!batch.ends_step)
        need(shs_next(run.job.loader, &batch) == SHS_OK, "shs_next");
    batch.count = 1;
    CHECK_STATUS(shs_note(run.job.loader, &batch, &loss), SHS_ERROR_STATE);
    CHECK(message_has("the loader has no record"));
    CHECK_STATUS(shs_record_open(run.job.loader, NULL, &run.record), SHS_OK);
    CHECK_STATUS(shs_note(run.job.loader, &batch, &loss), SHS_ERROR_STATE);
    CHECK(message_has("is not of the step that goes on"));
    shs_loader_close(&run.job.loader); /* before its record */
    shs_status status = shs_record_step(run.record, NULL, 0, NULL, 0);
    CHECK(agreed_failure(status, SHS_ERROR_STATE, 0));
    CHECK(message_has("the loader is closed"));
    end(&run);
    scene_end(&scene);
}

struct scarce {
    shs_loader *loader;
    shs_record_options options;
};

static shs_status open_scarce(void *user)
{
    const struct scarce *scarce = user;
    shs_record *record = NULL;
    shs_status status = shs_record_open(scarce->loader, &scarce->options, &record);
    if (status) CHECK(record == NULL);
    if (!status) CHECK_STATUS(shs_record_close(&record), SHS_OK);
    return status;
}

static void a_rank_without_memory_is_told_on_all(void)
{
    struct scene scene = scene_begin();
    const struct course course = course_of();
    char path[PATH_BYTES], worst[PATH_BYTES];
    name(&scene, "run.log", path);
    name(&scene, "worst.txt", worst);
    struct job job = course_open(&course, MPI_COMM_WORLD, scene.path);
    struct scarce scarce = {job.loader, {.path = path, .worst = worst}};
    for (int poor = 0; poor < all_ranks(); poor += last_rank() ? last_rank() : 1)
        CHECK(survives_scarcity(poor, open_scarce, &scarce));
    job_close(&job);
    scene_end(&scene);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"the log is the same on any number of ranks", the_log_is_the_same_on_any_number_of_ranks},
        {"a bit of the mean changes one line alone", a_bit_of_the_mean_changes_one_line_alone},
        {"a run that goes back cuts its log and says so",
         a_run_that_goes_back_cuts_its_log_and_says_so},
        {"a log of another run is refused", a_log_of_another_run_is_refused},
        {"a log with other options is refused", a_log_with_other_options_is_refused},
        {"a log knows since when its run has the batch",
         a_log_knows_since_when_its_run_has_the_batch},
        {"files that cannot be are refused", files_that_cannot_be_are_refused},
        {"a step is recorded once and whole", a_step_is_recorded_once_and_whole},
        {"a full disk reaches all and leaves the log whole",
         a_full_disk_reaches_all_and_leaves_the_log_whole},
        {"a log and a list that both fail are both told",
         a_log_and_a_list_that_both_fail_are_both_told},
        {"the list of the worst rows is the same on any number of ranks",
         the_list_of_the_worst_rows_is_the_same_on_any_number_of_ranks},
        {"a list says that its run went back", a_list_says_that_its_run_went_back},
        {"a list has the rows of recorded steps", a_list_has_the_rows_of_recorded_steps},
        {"a list may know no losses", a_list_may_know_no_losses},
        {"notes are of the present step", notes_are_of_the_present_step},
        {"a rank without memory is told on all", a_rank_without_memory_is_told_on_all},
    };
    return harness_main_ranks("record", tests, sizeof tests / sizeof *tests, argc, argv);
}
