/* Waiting in io_child_wait() is a poll() of the pipe that the process writes its lines to, and of a
 * descriptor of the process. The exit code is not needed. It is lost if the caller ignores SIGCHLD
 * or waits for any child. */
#include "io_child.h"

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
    GRACE = 1000,   /* milliseconds that a killed process has to end */
    PATIENCE = 10,  /* milliseconds between looks if the process has no descriptor */
    LONGEST = 60000 /* milliseconds between looks if it has a descriptor */
};

static const char done[] = "ok";

/* ---- starting it */

/* Returns false for variables that would make MPI start or think that it was launched, and for
 * variables of HDF5's plug-ins unless they are allowed. */
static bool is_kept(const char *variable, bool plugins)
{
    static const char plugin[] = "HDF5_PLUGIN_";
    static const char *const dropped[] = {"OMPI_", "OPAL_", "PMI_",   "PMIX_",  "MPI_",
                                          "MPIR_", "HYDI_", "I_MPI_", "SLURM_", "FLUX_"};
    if (!plugins && !strncmp(variable, plugin, strlen(plugin))) return false;
    for (size_t i = 0; i < sizeof dropped / sizeof *dropped; i++)
        if (!strncmp(variable, dropped[i], strlen(dropped[i]))) return false;
    return true;
}

static shs_status choose_environment(bool plugins, char ***environment)
{
    static char no_plugins[] = "HDF5_PLUGIN_PRELOAD=::";
    size_t count = 0, kept = 0;
    while (environ && environ[count])
        count++;
    shs_status status = core_new(count + 2, sizeof **environment, "an environment", environment);
    if (status) return status;
    for (size_t i = 0; i < count; i++)
        if (is_kept(environ[i], plugins)) (*environment)[kept++] = environ[i];
    if (!plugins) (*environment)[kept] = no_plugins;
    return SHS_OK;
}

/* Gives the process the signal settings of a new program. Without this it would inherit the signals
 * that the caller ignores or blocks. */
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

/* Leaves the process only its standard input, output and error. Standard output comes first,
 * because the pipe's number may be that of one of the others. */
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

static int start_with(const char *program, char **words, char **environment, struct io_child *child)
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

shs_status io_child_start(const char *program, char **words, bool plugins, struct io_child *child)
{
    char **environment;
    *child = (struct io_child){.process = -1, .pipe = -1, .exit = IO_CHILD_UNKNOWN};
    shs_status status = choose_environment(plugins, &environment);
    if (status) return status;
    int error = start_with(program, words, environment, child);
    core_free(&environment);
    if (!error) return SHS_OK;
    return core_fail(SHS_ERROR_FILE, "cannot start %s: %s", program, strerror(error));
}

/* ---- waiting for it */

uint64_t io_child_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

/* Reads what is in the pipe, as far as there is room. */
static void listen_to(struct io_child *child)
{
    memmove(child->heard, child->heard + child->at, child->got - child->at);
    child->got -= child->at;
    child->at = 0;
    while (child->pipe >= 0 && child->got < sizeof child->heard) {
        size_t room = sizeof child->heard - child->got;
        ssize_t got = read(child->pipe, child->heard + child->got, room);
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

static bool take_line(struct io_child *child, char **line)
{
    char *begin = child->heard + child->at, *end = memchr(begin, '\n', child->got - child->at);
    if (!end) return false;
    *end = '\0';
    *line = begin;
    child->at = (size_t)(end + 1 - child->heard);
    return true;
}

static void look_for_end(struct io_child *child)
{
    int status;
    if (child->ended) return;
    pid_t found = waitpid(child->id, &status, WNOHANG);
    if (found == 0 || (found < 0 && errno == EINTR)) return;
    child->ended = true;
    if (found > 0) child->exit = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

enum io_child_news io_child_wait(struct io_child *child, uint64_t deadline, char **line)
{
    for (;;) {
        if (take_line(child, line)) return IO_CHILD_SAID;
        /* the end is looked for first: all that the process wrote before is then in the pipe */
        look_for_end(child);
        listen_to(child);
        if (take_line(child, line)) return IO_CHILD_SAID;
        if (child->got == sizeof child->heard || (child->ended && child->got))
            return IO_CHILD_NOISE;
        uint64_t time = io_child_clock();
        if (child->ended) return IO_CHILD_ENDED;
        if (time >= deadline) return IO_CHILD_LATE;
        struct pollfd events[] = {{child->pipe, POLLIN, 0}, {child->process, POLLIN, 0}};
        uint64_t left = deadline - time, most = child->process < 0 ? PATIENCE : LONGEST;
        poll(events, 2, (int)(left < most ? left : most));
    }
}

static void kill_child(const struct io_child *child)
{
#ifdef SYS_pidfd_send_signal
    if (child->process >= 0 && !syscall(SYS_pidfd_send_signal, child->process, SIGKILL, NULL, 0))
        return;
#endif
    kill(child->id, SIGKILL);
}

/* Lines that were not handed out are dropped. */
void io_child_end(struct io_child *child)
{
    char *line;
    if (child->pipe >= 0) close(child->pipe);
    child->pipe = -1;
    child->at = child->got = 0;
    if (!child->ended) {
        kill_child(child);
        io_child_wait(child, io_child_clock() + GRACE, &line);
    }
    if (child->process >= 0) close(child->process);
    child->process = -1;
}

bool io_child_crashed(int exit)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        if (exit == -crashes[i]) return true;
    return false;
}

/* ---- answers */

void io_child_answer(shs_status status, char answer[IO_CHILD_ANSWER])
{
    if (status)
        snprintf(answer, IO_CHILD_ANSWER, "%s %s\n", shs_status_name(status), shs_message());
    else
        snprintf(answer, IO_CHILD_ANSWER, "%s\n", done);
}

static bool status_of(const char *name, size_t length, shs_status *status)
{
#define COMPARE(code, value, text)                                                                 \
    if ((value) < 0 && strlen(#code) == length && !strncmp(#code, name, length)) {                 \
        *status = code;                                                                            \
        return true;                                                                               \
    }
    SHS_STATUS_LIST(COMPARE)
#undef COMPARE
    return false;
}

bool io_child_is_answer(char *line, shs_status *status)
{
    const char *space = strchr(line, ' ');
    *status = SHS_OK;
    if (!strcmp(line, done)) return true;
    if (!space || !status_of(line, (size_t)(space - line), status)) return false;
    core_fail(*status, "%s", space + 1);
    return true;
}
