/* Waiting rests on the pipe that the answer comes through and on a descriptor of the process: the
 * process's exit code is lost where the program ignores SIGCHLD or waits for any child. */
#include "io_probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core_memory.h"

enum {
    DEFAULT_MILLISECONDS = 10000,
    DEFAULT_MEBIBYTES = 2048,
    GRACE = 1000,    /* milliseconds for a killed process to go */
    PATIENCE = 10,   /* milliseconds between looks where the system cannot tell of the end, */
    LONGEST = 60000, /* and where it can */
    UNKNOWN = -1000  /* an exit code that somebody else took */
};

static const char done[] = "ok\n";

struct child {
    pid_t id;
    int process; /* a descriptor of it; -1: the system has none */
    int pipe;    /* its standard output; -1: at its end */
    bool ended;
    bool late;
    int exit; /* its exit code, a signal's number negative, or UNKNOWN */
    size_t got;
    char answer[IO_ANSWER_BYTES + 1]; /* more than that is none of ours */
};

/* ---- starting it */

/* MPI is not to start, nor to find itself launched; HDF5 is to load no plug-in. */
static bool is_kept(const char *variable)
{
    static const char *const dropped[] = {"OMPI_",  "OPAL_", "PMI_",        "PMIX_",
                                          "MPI_",   "MPIR_", "HYDI_",       "I_MPI_",
                                          "SLURM_", "FLUX_", "HDF5_PLUGIN_"};
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (!strncmp(variable, dropped[i], strlen(dropped[i]))) return false;
    return true;
}

static shs_status choose_environment(char ***environment)
{
    static char no_plugins[] = "HDF5_PLUGIN_PRELOAD=::";
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    shs_status status = core_new(count + 2, sizeof **environment, "an environment", environment);
    if (status) return status;
    for (size_t i = 0; i < count; i++)
        if (is_kept(environ[i])) (*environment)[kept++] = environ[i];
    (*environment)[kept] = no_plugins;
    return SHS_OK;
}

/* Nothing of ours but the pipe, and the signals as a new program expects them: those that are
 * ignored or blocked stay so otherwise. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    int error = posix_spawnattr_setsigdefault(attributes, &all);
    if (!error) error = posix_spawnattr_setsigmask(attributes, &none);
    if (error) return error;
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/* Standard output first: the pipe may be numbered like one of the others. */
static int set_files(posix_spawn_file_actions_t *files, int pipe)
{
    int error = posix_spawn_file_actions_adddup2(files, pipe, STDOUT_FILENO);
    if (!error)
        error = posix_spawn_file_actions_addopen(files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!error)
        error = posix_spawn_file_actions_addopen(files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
#if defined __GLIBC__ && __GLIBC_PREREQ(2, 34)
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(files, STDERR_FILENO + 1);
#endif
    return error;
}

static int spawn(const char *program, char **words, char **environment, int pipe, pid_t *id)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    int error = posix_spawnattr_init(&attributes);
    if (error) return error;
    error = posix_spawn_file_actions_init(&files);
    if (!error) {
        error = set_attributes(&attributes);
        if (!error) error = set_files(&files, pipe);
        if (!error) error = posix_spawn(id, program, &files, &attributes, words, environment);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    return error;
}

static int open_process(pid_t id)
{
#ifdef SYS_pidfd_open
    return (int)syscall(SYS_pidfd_open, id, 0);
#else
    (void)id;
    return -1;
#endif
}

static int start_with(const char *program, char **words, char **environment, struct child *child)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return errno;
    int error = spawn(program, words, environment, ends[1], &child->id);
    close(ends[1]);
    if (error) {
        close(ends[0]);
        return error;
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    child->pipe = ends[0];
    child->process = open_process(child->id);
    return 0;
}

static shs_status start(const struct io_probe *probe, const char *path, const char *fields,
                        struct child *child)
{
    char milliseconds[24], mebibytes[16], **environment, *words[7] = {0};
    shs_status status = choose_environment(&environment);
    if (status) return status;
    snprintf(milliseconds, sizeof milliseconds, "%llu", (unsigned long long)probe->milliseconds);
    snprintf(mebibytes, sizeof mebibytes, "%u", probe->mebibytes);
    const char *const plain[] = {"shardstep", "probe", milliseconds, mebibytes, path, fields};
    memcpy(words, plain, sizeof plain);
    int error = start_with(probe->program, words, environment, child);
    core_free(&environment);
    if (!error) return SHS_OK;
    return core_fail(SHS_ERROR_FILE,
                     "cannot start %s, which was to try out %s: %s; install it, or name it by "
                     "probe_program",
                     probe->program, path, strerror(error));
}

/* ---- waiting for it */

static uint64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

static bool talks_too_much(const struct child *child)
{
    return child->got == sizeof child->answer;
}

static void listen_to(struct child *child)
{
    while (child->pipe >= 0 && !talks_too_much(child)) {
        size_t room = sizeof child->answer - child->got;
        ssize_t got = read(child->pipe, child->answer + child->got, room);
        if (got > 0) {
            child->got += (size_t)got;
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(child->pipe);
            child->pipe = -1;
        } else if (errno == EAGAIN) {
            return;
        }
    }
}

static void look_for_end(struct child *child)
{
    int status;
    pid_t found = waitpid(child->id, &status, WNOHANG);
    if (found == 0 || (found < 0 && errno == EINTR)) return;
    child->ended = true;
    if (found > 0) child->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Until the process has ended, time is up, or it says more than it should. */
static void wait_until(struct child *child, uint64_t deadline)
{
    for (;;) {
        /* its end first: what it said before is then all in the pipe */
        look_for_end(child);
        listen_to(child);
        uint64_t time = now();
        child->late = !child->ended && time >= deadline;
        if (child->ended || child->late || talks_too_much(child)) return;
        struct pollfd events[] = {{child->pipe, POLLIN, 0}, {child->process, POLLIN, 0}};
        uint64_t left = deadline - time, most = child->process < 0 ? PATIENCE : LONGEST;
        poll(events, 2, (int)(left < most ? left : most));
    }
}

static void kill_child(const struct child *child)
{
#ifdef SYS_pidfd_send_signal
    if (child->process >= 0 && !syscall(SYS_pidfd_send_signal, child->process, SIGKILL, NULL, 0))
        return;
#endif
    kill(child->id, SIGKILL);
}

/* Whatever it still says is dropped. */
static void end_child(struct child *child)
{
    struct child rest = *child;
    if (!child->ended) {
        kill_child(child);
        if (rest.pipe >= 0) close(rest.pipe);
        rest.pipe = -1;
        rest.got = 0;
        wait_until(&rest, now() + GRACE);
    }
    if (rest.pipe >= 0) close(rest.pipe);
    if (child->process >= 0) close(child->process);
}

/* ---- what came of it */

static shs_status judge_death(const char *path, int exit)
{
    static const char advice[] =
        "the file is damaged or hostile: make it anew, and look where it came from";
    if (exit == UNKNOWN)
        return core_fail(SHS_ERROR_FORMAT, "%s: a process that opened it died; %s", path, advice);
    if (exit == -SIGKILL)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: a process that opened it was killed, perhaps for its memory; %s",
                         path, advice);
    return core_fail(SHS_ERROR_FORMAT, "%s: opening it crashed HDF5 (signal %d); %s", path, -exit,
                     advice);
}

static shs_status judge_greed(const char *path, uint64_t limit, const char *unit,
                              const char *option)
{
    return core_fail(
        SHS_ERROR_FORMAT,
        "%s: opening it took more than %llu %s; the file is damaged or hostile: make it "
        "anew, and look where it came from; or, if it is only large or far away, allow "
        "more by %s",
        path, (unsigned long long)limit, unit, option);
}

static shs_status judge_delay(const struct io_probe *probe, const char *path)
{
    bool whole = probe->milliseconds % 1000 == 0;
    return judge_greed(path, whole ? probe->milliseconds / 1000 : probe->milliseconds,
                       whole ? "s" : "ms", "probe_seconds");
}

static bool status_of(const char *name, size_t length, shs_status *status)
{
#define COMPARE(code, value, text)                                                                 \
    if (value < 0 && strlen(#code) == length && !strncmp(#code, name, length)) {                   \
        *status = code;                                                                            \
        return true;                                                                               \
    }
    SHS_STATUS_LIST(COMPARE)
#undef COMPARE
    return false;
}

/* A line "SHS_ERROR_FILE what is wrong". */
static bool judge_answer(const struct io_probe *probe, const char *path, char *answer,
                         shs_status *status)
{
    char *space = strchr(answer, ' '), *end = strchr(answer, '\n');
    if (!space || !end || end[1] || !status_of(answer, (size_t)(space - answer), status))
        return false;
    *end = '\0';
    if (*status == SHS_ERROR_MEMORY)
        *status = judge_greed(path, probe->mebibytes, "MiB", "probe_mebibytes");
    else
        core_fail(*status, "%s", space + 1);
    return true;
}

static shs_status judge(const struct io_probe *probe, const char *path, struct child *child)
{
    shs_status status;
    bool strange = talks_too_much(child);
    child->answer[strange ? 0 : child->got] = '\0';
    if (child->late) return judge_delay(probe, path);
    if (!strange && child->exit < 0 && (child->exit != UNKNOWN || !child->got))
        return judge_death(path, child->exit);
    bool good = child->exit == 0 || child->exit == UNKNOWN;
    if (good && !strcmp(child->answer, done)) return SHS_OK;
    if (judge_answer(probe, path, child->answer, &status)) return status;
    return core_fail(SHS_ERROR_FILE,
                     "%s, which was to try out %s, gave no proper answer; is it the program "
                     "shardstep of version %d.%d.%d? probe_program names another",
                     probe->program, path, SHS_VERSION_MAJOR, SHS_VERSION_MINOR, SHS_VERSION_PATCH);
}

shs_status io_probe(const struct io_probe *probe, const char *path, const char *fields)
{
    struct io_probe full = *probe;
    struct child child = {.process = -1, .pipe = -1, .exit = UNKNOWN};
    if (!full.program) full.program = SHARDSTEP_PROGRAM;
    if (!full.milliseconds) full.milliseconds = DEFAULT_MILLISECONDS;
    if (!full.mebibytes) full.mebibytes = DEFAULT_MEBIBYTES;
    uint64_t deadline = now() + full.milliseconds;
    shs_status status = start(&full, path, fields, &child);
    if (status) return status;
    wait_until(&child, deadline);
    end_child(&child);
    return judge(&full, path, &child);
}

void io_probe_answer(shs_status status, char answer[IO_ANSWER_BYTES])
{
    if (status)
        snprintf(answer, IO_ANSWER_BYTES, "%s %s\n", shs_status_name(status), shs_message());
    else
        snprintf(answer, IO_ANSWER_BYTES, "%s", done);
}
