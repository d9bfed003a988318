/* A process that tries a file out: what it says, what it dies of, what it leaves behind. Scripts
 * take the place of the program shardstep. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "counted_memory.h"
#include "io_child.h"
#include "io_probe.h"
#include "temporary_folder.h"
#include "unit.h"

static char folder[PATH_BYTES], program[PATH_BYTES];

enum {
    SOON = 50, /* milliseconds, for what hangs */
    NEVER = 60000
};

static bool write_script(const char *text)
{
    char whole[2048];
    snprintf(whole, sizeof whole, "#!/bin/sh\n%s\n", text);
    return file_write(program, whole, strlen(whole)) && chmod(program, 0755) == 0;
}

static shs_status try_limits(const char *text, uint64_t milliseconds, uint32_t mebibytes)
{
    const struct io_probe probe = {
        .program = program, .milliseconds = milliseconds, .mebibytes = mebibytes};
    if (!write_script(text)) return SHS_ERROR_ARGUMENT; /* which no probe returns */
    return io_probe(&probe, "x.h5", "a,b");
}

static shs_status try(const char *text)
{
    return try_limits(text, NEVER, 0);
}

static bool says(const char *words)
{
    bool has = strstr(shs_message(), words) != NULL;
    if (!has) printf("  no «%s» in: %s\n", words, shs_message());
    return has;
}

static size_t count_files(void)
{
    size_t count = 0;
    DIR *files = opendir("/proc/self/fd");
    while (files && readdir(files))
        count++;
    if (files) closedir(files);
    return count;
}

/* What the program does with the end of its children. */
static void take_all(int number)
{
    int kept = errno;
    (void)number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    errno = kept;
}

static const struct sigaction habits[] = {{.sa_handler = SIG_DFL},
                                          {.sa_handler = SIG_IGN},
                                          {.sa_handler = take_all},
                                          {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDWAIT}};

/* Whether the exit code gets through: with a handler chance decides. */
static bool tells(size_t habit)
{
    return habit == 0;
}

static bool none_left(void)
{
    return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* Runs a test with each habit; no file stays open and no process stays behind. */
static void with_each_habit(void (*test)(size_t habit))
{
    for (size_t habit = 0; habit < COUNT(habits); habit++) {
        struct sigaction before;
        size_t files = count_files();
        sigaction(SIGCHLD, &habits[habit], &before);
        test(habit);
        sigaction(SIGCHLD, &before, NULL);
        CHECK(none_left());
        CHECK_EQ(count_files(), files);
    }
}

static void good(size_t habit)
{
    (void)habit;
    CHECK_STATUS(try("echo ok"), SHS_OK);
    CHECK_STATUS(try("printf o; sleep 0.05; echo k; exec >&-; sleep 0.05"), SHS_OK);
    CHECK_STATUS(try("sleep 1 & echo ok"), SHS_OK); /* its child has the pipe for longer */
}

static void its_own_error(size_t habit)
{
    (void)habit;
    CHECK_STATUS(try("echo SHS_ERROR_FILE x.h5 holds no dataset; exit 2"), SHS_ERROR_FILE);
    CHECK_TEXT(shs_message(), "x.h5 holds no dataset");
    CHECK_STATUS(try("echo SHS_ERROR_UNSUPPORTED not yet; exit 2"), SHS_ERROR_UNSUPPORTED);
    CHECK_STATUS(try_limits("echo SHS_ERROR_MEMORY none; exit 2", NEVER, 77), SHS_ERROR_MEMORY);
    CHECK(says("x.h5: opening it took more than 77 MiB"));
    CHECK(says("probe_mebibytes"));
}

static void hanging(size_t habit)
{
    static const char *const scripts[] = {
        "exec sleep 1000",
        "exec >&-; exec sleep 1000",
        "echo ok; exec sleep 1000",
        "trap '' TERM INT; while :; do :; done",
        "kill -STOP $$",
    };
    for (size_t i = 0; i < COUNT(scripts); i++) {
        CHECK_STATUS(try_limits(scripts[i], SOON, 0), SHS_ERROR_FILE);
        CHECK(says("x.h5: opening it took more than 50 ms"));
        CHECK(says("probe_seconds"));
        CHECK(!strstr(shs_message(), "damaged"));
        CHECK(!strstr(shs_message(), "hostile"));
    }
    if (!tells(habit)) return;
    CHECK_STATUS(try_limits("exec sleep 1000", 1000, 0), SHS_ERROR_FILE);
    CHECK(says("more than 1 s;"));
}

/* Only a crash tells something of the file; and only where the exit code gets through. */
static void crashing(size_t habit)
{
    if (!tells(habit)) {
        shs_status status = try("kill -SEGV $$"); /* a handler may or may not come first */
        CHECK(status == SHS_ERROR_FORMAT || status == SHS_ERROR_FILE);
        CHECK(says("x.h5: "));
        return;
    }
    CHECK_STATUS(try("kill -SEGV $$"), SHS_ERROR_FORMAT);
    CHECK(says("x.h5: opening it crashed HDF5 (signal 11); the file is damaged or hostile"));
    CHECK_STATUS(try("exec >&-; kill -ABRT $$"), SHS_ERROR_FORMAT);
    if (CHECK_STATUS(try("echo ok; kill -BUS $$"), SHS_ERROR_FORMAT)) CHECK(says("signal 7"));
    CHECK_STATUS(try("kill -KILL $$"), SHS_ERROR_FILE);
    CHECK(says("was killed from outside (signal 9), perhaps because the machine had too little"));
    CHECK(!strstr(shs_message(), "damaged"));
    CHECK(!strstr(shs_message(), "hostile"));
    if (CHECK_STATUS(try("kill -TERM $$"), SHS_ERROR_FILE))
        CHECK(says("ended from outside (signal 15)"));
    CHECK(!strstr(shs_message(), "damaged"));
    CHECK(!strstr(shs_message(), "hostile"));
}

static void talking_nonsense(size_t habit)
{
    static const char *const scripts[] = {
        "echo hello",
        "exec head -c 10000000 /dev/zero",
        "exec yes ok",
        "yes ok & exec sleep 1000",
        "printf ok",
        "echo ok; echo ok",
        "echo ' ok'",
        "echo SHS_ERROR_FILE",
        "printf 'SHS_ERROR_FILE no end'",
        "echo SHS_ERROR_FILES more; exit 2",
        "echo SHS_END that is no error",
        "printf 'SHS_ERROR_FILE two\\nlines\\n'",
    };
    for (size_t i = 0; i < COUNT(scripts); i++) {
        shs_status status = try(scripts[i]);
        CHECK_STATUS(status, SHS_ERROR_FILE);
        CHECK(says("gave no proper answer"));
        CHECK(says(program));
    }
    if (!tells(habit)) return;
    if (CHECK_STATUS(try("exit 0"), SHS_ERROR_FILE)) CHECK(says("gave no proper answer"));
    if (CHECK_STATUS(try("exit 3"), SHS_ERROR_FILE)) CHECK(says("gave no proper answer"));
    if (CHECK_STATUS(try("echo ok; exit 2"), SHS_ERROR_FILE)) CHECK(says("gave no proper answer"));
}

static void good_ones_pass(void)
{
    with_each_habit(good);
}

static void its_own_error_is_handed_on(void)
{
    with_each_habit(its_own_error);
}

static void hanging_ones_are_killed(void)
{
    with_each_habit(hanging);
}

static void crashing_ones_are_errors(void)
{
    with_each_habit(crashing);
}

static void nonsense_is_an_error(void)
{
    with_each_habit(talking_nonsense);
}

static void a_program_that_cannot_be_started(void)
{
    struct io_probe probe = {.program = program};
    size_t files = count_files();
    if (CHECK(write_script("echo ok"))) CHECK_EQ(unlink(program), 0);
    CHECK_STATUS(io_probe(&probe, "x.h5", NULL), SHS_ERROR_FILE);
    CHECK(says(program));
    CHECK(says("x.h5"));
    CHECK(says("No such file"));
    CHECK(says("probe_program"));
    if (CHECK(write_script("echo ok"))) CHECK_EQ(chmod(program, 0644), 0);
    if (CHECK_STATUS(io_probe(&probe, "x.h5", NULL), SHS_ERROR_FILE))
        CHECK(says("Permission denied"));
    if (CHECK(file_write(program, "no program", 10))) CHECK_EQ(chmod(program, 0755), 0);
    if (CHECK_STATUS(io_probe(&probe, "x.h5", NULL), SHS_ERROR_FILE)) CHECK(says("cannot start"));
    probe.program = folder;
    if (CHECK_STATUS(io_probe(&probe, "x.h5", NULL), SHS_ERROR_FILE))
        CHECK(says("Permission denied"));
    if (CHECK_EQ(count_files(), files)) CHECK(none_left());
}

/* ---- what it is given */

/* What the script wrote to a file. */
static char *written(char *text, size_t bytes)
{
    char path[PATH_BYTES];
    size_t count = 0;
    unsigned char *all = file_read(folder_path(folder, "written", path), &count);
    snprintf(text, bytes, "%.*s", (int)count, all ? (const char *)all : "");
    free(all);
    return text;
}

static bool run_with(bool plugins, const char *fields, const char *script, char *text, size_t bytes)
{
    char whole[2 * PATH_BYTES];
    const struct io_probe probe = {program, 4321, 765, false, plugins, fields && *fields == 'p'};
    snprintf(whole, sizeof whole, "exec 3>&1 >'%s/written'; %s; echo ok >&3", folder, script);
    bool done = write_script(whole) && io_probe(&probe, "-- x y.h5", fields) == SHS_OK;
    return *written(text, bytes) && done;
}

static bool run_and_read(const char *fields, const char *script, char *text, size_t bytes)
{
    return run_with(false, fields, script, text, bytes);
}

static void arguments_arrive_whole(void)
{
    char text[1024];
    CHECK(run_and_read("a, b/c", "printf '<%s>' \"$@\"", text, sizeof text));
    CHECK_TEXT(text, "<probe><4321><765><-- x y.h5><a, b/c>");
    CHECK(run_and_read("packed", "printf '<%s>' \"$@\"", text, sizeof text));
    CHECK_TEXT(text, "<probe><4321><765><-- x y.h5><packed><cf>");
    CHECK(run_and_read(NULL, "printf '<%s>' \"$@\"", text, sizeof text));
    CHECK_TEXT(text, "<probe><4321><765><-- x y.h5>");
}

static void neither_launcher_nor_plugins_are_seen(void)
{
    static const char *const gone[] = {
        "OMPI_COMM_WORLD_SIZE", "PMI_RANK",       "PMIX_RANK",       "SLURM_STEP_NUM_TASKS",
        "HDF5_PLUGIN_PATH",     "PMIX_NAMESPACE", "MPI_LOCALRANKID", "OMPI_MCA_orte_hnp_uri"};
    static char text[1 << 16];
    for (size_t i = 0; i < COUNT(gone); i++)
        setenv(gone[i], "unwanted", 1);
    setenv("HDF5_PLUGIN_PRELOAD", "unwanted", 1);
    setenv("SHARDSTEP_TEST_KEPT", "wanted", 1);
    CHECK(run_and_read(NULL, "env", text, sizeof text));
    CHECK(strstr(text, "unwanted") == NULL);
    CHECK_HAS(text, "SHARDSTEP_TEST_KEPT=wanted\n");
    CHECK_HAS(text, "HDF5_PLUGIN_PRELOAD=::\n");
    CHECK(run_with(true, NULL, "printf '<%s>' \"$@\"; env", text, sizeof text));
    CHECK_HAS(text, "<probe-with-plugins>");
    CHECK_HAS(text, "HDF5_PLUGIN_PATH=unwanted\n");
    CHECK_HAS(text, "HDF5_PLUGIN_PRELOAD=unwanted\n");
    CHECK_TEXT(getenv("PMI_RANK"), "unwanted"); /* ours stay */
    for (size_t i = 0; i < COUNT(gone); i++)
        unsetenv(gone[i]);
    unsetenv("HDF5_PLUGIN_PRELOAD");
}

static void signals_are_as_new(void)
{
    char text[1024];
    sigset_t blocked, before;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, &before);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    CHECK(run_and_read(NULL, "grep Sig /proc/self/status", text, sizeof text));
    signal(SIGINT, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    const char *ignored = strstr(text, "SigIgn:\t");
    CHECK_HAS(text, "SigBlk:\t0000000000000000\n");
    /* signals 32 and 33 are the C library's own */
    if (CHECK(ignored)) CHECK_EQ((strtoull(ignored + 8, NULL, 16) & 0x7fffffff), 0);
}

static void no_file_but_the_pipe(void)
{
    char text[1024];
    int extra = dup2(STDERR_FILENO, 77); /* not to be closed by an exec */
    CHECK(run_and_read(NULL, "ls /proc/$$/fd | tr '\\n' ' '", text, sizeof text));
    CHECK(strstr(text, "77") == NULL);
    CHECK(run_and_read(NULL, "readlink /proc/$$/fd/0 /proc/$$/fd/2", text, sizeof text));
    CHECK_TEXT(text, "/dev/null\n/dev/null\n");
    close(extra);
}

/* The pipe takes the numbers of standard files that the program has closed. */
static void standard_files_may_be_closed(void)
{
    for (unsigned closed = 1; closed < 8; closed++) {
        int kept[3];
        fflush(stdout);
        for (int i = 0; i < 3; i++)
            kept[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
        for (int i = 0; i < 3; i++)
            if (closed >> i & 1) close(i);
        shs_status status = try("read x && exit 1; echo noise >&2; echo ok");
        for (int i = 0; i < 3; i++) {
            dup2(kept[i], i);
            close(kept[i]);
        }
        CHECK_STATUS(status, SHS_OK);
    }
}

/* ---- around it */

static volatile sig_atomic_t alarms;

static void count_alarm(int number)
{
    (void)number;
    alarms++;
}

static void signals_do_not_disturb(void)
{
    const struct sigaction counting = {.sa_handler = count_alarm};
    const struct itimerval often = {{0, 3000}, {0, 3000}}, never = {{0, 0}, {0, 0}};
    sigaction(SIGALRM, &counting, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    CHECK_STATUS(try("sleep 0.1; echo ok"), SHS_OK);
    CHECK_STATUS(try_limits("exec sleep 1000", SOON, 0), SHS_ERROR_FILE);
    setitimer(ITIMER_REAL, &never, NULL);
    signal(SIGALRM, SIG_DFL);
    CHECK_IS(alarms, >, 10);
}

static void without_memory(void)
{
    struct counted_memory counted;
    CHECK(write_script("echo ok"));
    counted_begin(&counted, 1);
    CHECK_STATUS(io_probe(&(struct io_probe){.program = program}, "x.h5", NULL), SHS_ERROR_MEMORY);
    if (CHECK_EQ(counted_end(&counted), 0)) CHECK_EQ(counted.failed, 1);
    counted_begin(&counted, 0);
    CHECK_STATUS(io_probe(&(struct io_probe){.program = program}, "x.h5", NULL), SHS_OK);
    CHECK_EQ(counted_end(&counted), 0);
}

static void without_room_for_files(void)
{
    enum {
        MOST = 64
    };
    const struct io_probe probe = {.program = program};
    int opened[MOST], count = 0;
    struct rlimit before, few;
    if (CHECK(write_script("echo ok"))) CHECK_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = (struct rlimit){MOST, before.rlim_max};
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    while (count < MOST && (opened[count] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        count++;
    if (CHECK_IS(count, >, 2) && CHECK_STATUS(io_probe(&probe, "x.h5", NULL), SHS_ERROR_FILE))
        CHECK(says("Too many"));
    close(opened[--count]);
    if (CHECK_STATUS(io_probe(&probe, "x.h5", NULL), SHS_ERROR_FILE)) CHECK(says("Too many"));
    close(opened[--count]);
    CHECK_STATUS(io_probe(&probe, "x.h5", NULL), SHS_OK);
    while (count > 0)
        close(opened[--count]);
    CHECK_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    CHECK(none_left());
}

static void answers_are_understood(void)
{
    char answer[IO_CHILD_ANSWER], long_name[2000], script[IO_CHILD_ANSWER + 64];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    io_child_answer(SHS_OK, answer);
    CHECK_TEXT(answer, "ok\n");
    CHECK_STATUS(core_fail(SHS_ERROR_UNSUPPORTED, "%s", long_name), SHS_ERROR_UNSUPPORTED);
    io_child_answer(SHS_ERROR_UNSUPPORTED, answer);
    CHECK_EQ(strlen(answer), strlen("SHS_ERROR_UNSUPPORTED ") + CORE_MESSAGE_BYTES);
    snprintf(script, sizeof script, "printf '%s'", answer);
    CHECK_STATUS(try(script), SHS_ERROR_UNSUPPORTED);
    CHECK_EQ(strlen(shs_message()), CORE_MESSAGE_BYTES - 1);
    CHECK(says("nnnnn"));
}

/* The last test: there is no way back. An older system has no descriptors of processes. */
static void without_process_descriptors(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog all = {COUNT(filter), filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all))
        return;
    CHECK_IS(syscall(SYS_pidfd_open, getpid(), 0), <, 0);
    good_ones_pass();
    hanging_ones_are_killed();
    crashing_ones_are_errors();
    nonsense_is_an_error();
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(good_ones_pass),
        TEST(its_own_error_is_handed_on),
        TEST(hanging_ones_are_killed),
        TEST(crashing_ones_are_errors),
        TEST(nonsense_is_an_error),
        TEST(a_program_that_cannot_be_started),
        TEST(arguments_arrive_whole),
        TEST(neither_launcher_nor_plugins_are_seen),
        TEST(signals_are_as_new),
        TEST(no_file_but_the_pipe),
        TEST(standard_files_may_be_closed),
        TEST(signals_do_not_disturb),
        TEST(without_memory),
        TEST(without_room_for_files),
        TEST(answers_are_understood),
        TEST(without_process_descriptors),
    };
    if (!folder_make(folder)) return 2;
    folder_path(folder, "program", program);
    int code = harness_main("probe", tests, COUNT(tests), argc, argv);
    folder_remove(folder);
    return code;
}
