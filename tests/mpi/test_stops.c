/* What asks a run to stop: signals and times of one rank stop all ranks at the same step. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mpi_run.h"
#include "samples.h"

enum {
    ROWS = 60,
    BATCH = 2
};

/* ---- A run with a loader. */

struct scene {
    char folder[PATH_BYTES], path[PATH_BYTES];
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
};

static bool i_am_last(void)
{
    return my_rank() == last_rank();
}

static void open_run(struct scene *scene, const shs_run_options *options)
{
    need(!shs_open(MPI_COMM_WORLD, options, &scene->run), "shs_open");
}

static void open_loader(struct scene *scene)
{
    folder_make(scene->folder);
    samples_shared(scene->folder, "rows.h5", ROWS, (struct h5_storage){0}, scene->path);
    need(!shs_dataset_open(scene->run, scene->path, samples_fields, NULL, &scene->data), "data");
    need(!shs_loader_open(scene->data, &(shs_loader_options){.batch = BATCH}, &scene->loader),
         "shs_loader_open");
}

static void end(struct scene *scene)
{
    shs_loader_close(&scene->loader);
    shs_dataset_close(&scene->data);
    CHECK_STATUS(shs_close(&scene->run), SHS_OK);
    if (scene->folder[0]) folder_remove(scene->folder);
}

/* Collective. Whether the ranks have agreed to stop. */
static bool stops(struct scene *scene)
{
    CHECK_STATUS(shs_agree(scene->run), SHS_OK);
    return everywhere(scene->run->stop_agreed);
}

/* Goes through steps until a status comes. The last rank raises a signal in a step. Returns the
 * number of steps. */
static uint64_t run_steps(struct scene *scene, shs_loader *loader, int number, uint64_t at,
                          shs_status expected)
{
    shs_batch batch;
    shs_status status;
    uint64_t steps = 0;
    while ((status = shs_next(loader, &batch)) == SHS_OK && steps < ROWS) {
        if (i_am_last() && steps == at && batch.ends_step) raise(number);
        if (!batch.ends_step) continue;
        steps++;
        CHECK_STATUS(shs_agree(scene->run), SHS_OK);
    }
    CHECK_STATUS(status, expected);
    return steps;
}

/* ---- Signals. */

static void test_a_signal_of_one_rank_stops_all_at_a_step(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGUSR1};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct scene scene = {.loader = NULL};
        open_run(&scene, &(shs_run_options){.stop_on_term = true, .stop_signal = SIGUSR1});
        open_loader(&scene);
        CHECK_EQ(run_steps(&scene, scene.loader, numbers[i], 1, SHS_STOP), 2);
        end(&scene);
    }
}

static void test_a_signal_before_the_first_step_stops_there(void)
{
    struct scene scene = {.loader = NULL};
    open_run(&scene, &(shs_run_options){.stop_on_term = true});
    if (i_am_last()) raise(SIGTERM);
    open_loader(&scene);
    CHECK_EQ(run_steps(&scene, scene.loader, 0, ROWS, SHS_STOP), 0);
    end(&scene);
}

static void test_a_signal_in_an_evaluation_stops_behind_it(void)
{
    struct scene scene = {.loader = NULL};
    const shs_loader_options options = {
        .batch = BATCH, .epochs = 1, .shuffle = SHS_SHUFFLE_NONE, .through_stop = true};
    shs_loader *evaluation = NULL;
    open_run(&scene, &(shs_run_options){.stop_on_term = true});
    open_loader(&scene);
    need(!shs_loader_open(scene.data, &options, &evaluation), "shs_loader_open");
    uint64_t global = (uint64_t)all_ranks() * BATCH, steps = (ROWS + global - 1) / global;
    CHECK_EQ(run_steps(&scene, evaluation, SIGTERM, 0, SHS_END), steps);
    CHECK_EQ(run_steps(&scene, scene.loader, 0, ROWS, SHS_STOP), 0);
    shs_loader_close(&evaluation);
    end(&scene);
}

/* A child of fork() has the run's handler, and no run that could stop but its own. */
static void test_a_child_ends_by_the_signal(void)
{
    struct scene scene = {.loader = NULL};
    int how = 0;
    open_run(&scene, &(shs_run_options){.stop_on_term = true});
    pid_t child = fork();
    if (child == 0) {
        shs_run *own;
        bool stopped = !shs_open(MPI_COMM_NULL, &(shs_run_options){.stop_on_term = true}, &own) &&
                       !raise(SIGTERM) && !shs_agree(own) && own->stop_agreed && !shs_close(&own);
        if (stopped) raise(SIGTERM);
        _exit(0);
    }
    need(child > 0 && waitpid(child, &how, 0) == child, "fork");
    CHECK(WIFSIGNALED(how) && WTERMSIG(how) == SIGTERM);
    CHECK(!stops(&scene));
    end(&scene);
}

static volatile sig_atomic_t own_calls;

static void own_handler(int number)
{
    (void)number;
    own_calls++;
}

static void test_a_second_interrupt_does_what_it_did_before(void)
{
    struct scene scene = {.loader = NULL};
    own_calls = 0;
    signal(SIGINT, own_handler);
    signal(SIGTERM, own_handler);
    open_run(&scene, &(shs_run_options){.stop_on_term = true});
    raise(SIGINT);
    CHECK_EQ(own_calls, 0);
    raise(SIGINT);
    CHECK_EQ(own_calls, 1);
    raise(SIGTERM);
    raise(SIGTERM);
    CHECK_EQ(own_calls, 1); /* a batch system may send SIGTERM again */
    CHECK(stops(&scene));
    end(&scene);
    raise(SIGTERM);
    raise(SIGINT);
    CHECK_EQ(own_calls, 3);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

static void test_a_handler_that_is_set_within_the_run_stays(void)
{
    struct scene scene = {.loader = NULL};
    own_calls = 0;
    open_run(&scene, &(shs_run_options){.stop_on_term = true});
    signal(SIGTERM, own_handler);
    end(&scene);
    raise(SIGTERM);
    CHECK_EQ(own_calls, 1);
    signal(SIGTERM, SIG_DFL);
}

static void test_a_later_run_listens_though_a_handler_was_set(void)
{
    struct scene earlier = {.loader = NULL}, later = {.loader = NULL};
    own_calls = 0;
    open_run(&earlier, &(shs_run_options){.stop_on_term = true});
    signal(SIGTERM, own_handler);
    open_run(&later, &(shs_run_options){.stop_on_term = true});
    raise(SIGTERM);
    CHECK_EQ(own_calls, 0);
    CHECK(stops(&later));
    end(&earlier);
    end(&later);
    raise(SIGTERM);
    CHECK_EQ(own_calls, 1);
    signal(SIGTERM, SIG_DFL);
}

static void test_an_ignored_signal_stays_ignored(void)
{
    struct scene scene = {.loader = NULL};
    signal(SIGINT, SIG_IGN);
    open_run(&scene, &(shs_run_options){.stop_on_term = true});
    raise(SIGINT);
    CHECK(!stops(&scene));
    raise(SIGTERM);
    CHECK(stops(&scene));
    end(&scene);
    raise(SIGINT);
    signal(SIGINT, SIG_DFL);
}

static void test_signals_are_not_caught_unasked(void)
{
    struct scene scene = {.loader = NULL};
    own_calls = 0;
    signal(SIGTERM, own_handler);
    open_run(&scene, &(shs_run_options){.stop_signal = SIGUSR1});
    raise(SIGTERM);
    CHECK_EQ(own_calls, 1);
    CHECK(!stops(&scene));
    end(&scene);
    signal(SIGTERM, SIG_DFL);
}

/* ---- Times. */

static void test_a_time_of_one_rank_stops_all_before_the_first_step(void)
{
    struct scene scene = {.loader = NULL};
    open_run(&scene, &(shs_run_options){.end_seconds = i_am_last() ? 1e-9 : 0});
    open_loader(&scene);
    CHECK_EQ(run_steps(&scene, scene.loader, 0, ROWS, SHS_STOP), 0);
    end(&scene);
    scene = (struct scene){.loader = NULL};
    open_run(&scene, &(shs_run_options){.end_seconds = 1e6});
    CHECK(!stops(&scene));
    end(&scene);
}

/* Whether a run stops whose job ends in some seconds, by the variable of the last rank. */
static bool stops_before_end(const char *variable, int seconds, double margin)
{
    struct scene scene = {.loader = NULL};
    char text[32];
    snprintf(text, sizeof text, "%lld", (long long)time(NULL) + seconds);
    if (i_am_last()) setenv(variable, text, 1);
    open_run(&scene, &(shs_run_options){.end_margin = margin});
    unsetenv(variable);
    bool stopped = stops(&scene);
    end(&scene);
    return stopped;
}

static void test_the_environment_tells_when_the_job_ends(void)
{
    unsetenv("SLURM_JOB_END_TIME");
    CHECK(stops_before_end("SHARDSTEP_END_TIME", 3000, 4000));
    CHECK(!stops_before_end("SHARDSTEP_END_TIME", 3000, 2000));
    CHECK(!stops_before_end("SHARDSTEP_END_TIME", -3000, 0)); /* nobody asked */
    CHECK(stops_before_end("SLURM_JOB_END_TIME", 3000, 4000));
    CHECK(!stops_before_end("NO_JOB_END_TIME", 3000, 4000));
    if (i_am_last()) setenv("SLURM_JOB_END_TIME", "1000", 1);
    CHECK(!stops_before_end("SHARDSTEP_END_TIME", 3000, 2000)); /* goes before Slurm's */
    unsetenv("SLURM_JOB_END_TIME");
}

/* ---- What is refused. */

static void refuse(const shs_run_options *options, int failing, const char *words)
{
    shs_run *run;
    shs_status status = shs_open(MPI_COMM_WORLD, options, &run);
    CHECK(agreed_failure(status, SHS_ERROR_ARGUMENT, failing));
    CHECK_HAS(shs_message(), words);
    CHECK(!run);
}

static void test_times_out_of_range_are_refused(void)
{
    double odd = i_am_last() ? -1 : 0, none = i_am_last() ? (double)strtof("nan", NULL) : 0;
    refuse(&(shs_run_options){.end_seconds = odd}, last_rank(), "end_seconds -1");
    refuse(&(shs_run_options){.end_margin = odd}, last_rank(), "end_margin -1");
    refuse(&(shs_run_options){.warn_seconds = odd}, last_rank(), "warn_seconds -1");
    refuse(&(shs_run_options){.limit_seconds = odd}, last_rank(), "limit_seconds -1");
    refuse(&(shs_run_options){.limit_seconds = none}, last_rank(), "both must be 0 or more");
    if (i_am_last()) setenv("SHARDSTEP_END_TIME", "tomorrow", 1);
    refuse(&(shs_run_options){.end_margin = 1}, last_rank(),
           "variable SHARDSTEP_END_TIME is 'tomorrow'; it must be the time at which the job ends");
    unsetenv("SHARDSTEP_END_TIME");
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        {"a signal of one rank stops all at a step", test_a_signal_of_one_rank_stops_all_at_a_step},
        {"a signal before the first step stops there",
         test_a_signal_before_the_first_step_stops_there},
        {"a signal in an evaluation stops behind it",
         test_a_signal_in_an_evaluation_stops_behind_it},
        {"a second interrupt does what it did before",
         test_a_second_interrupt_does_what_it_did_before},
        {"a child ends by the signal", test_a_child_ends_by_the_signal},
        {"a handler that is set within the run stays",
         test_a_handler_that_is_set_within_the_run_stays},
        {"a later run listens though a handler was set",
         test_a_later_run_listens_though_a_handler_was_set},
        {"an ignored signal stays ignored", test_an_ignored_signal_stays_ignored},
        {"signals are not caught unasked", test_signals_are_not_caught_unasked},
        {"a time of one rank stops all before the first step",
         test_a_time_of_one_rank_stops_all_before_the_first_step},
        {"the environment tells when the job ends", test_the_environment_tells_when_the_job_ends},
        {"times out of range are refused", test_times_out_of_range_are_refused},
    };
    return harness_main_ranks("stops", tests, sizeof tests / sizeof *tests, argc, argv);
}
