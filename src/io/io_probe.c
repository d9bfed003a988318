#include "io_probe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "io_child.h"
#include "io_program.h"

enum {
    DEFAULT_MILLISECONDS = 10000,
    DEFAULT_MEBIBYTES = 2048
};

static shs_status find(const char *path, char **program)
{
    shs_status status = io_program_find(program);
    if (status != SHS_ERROR_FILE) return status;
    return core_fail(status,
                     "%s cannot be tried out (install shardstep, or name it by probe_program): %s",
                     path, shs_message());
}

static shs_status start(const struct io_probe *probe, const char *path, const char *fields,
                        struct io_child *child)
{
    char milliseconds[24], mebibytes[16], *words[9] = {0};
    char one_sample[] = IO_PROBE_ONE_SAMPLE, cf[] = IO_PROBE_CF;
    snprintf(milliseconds, sizeof milliseconds, "%llu", (ull)probe->milliseconds);
    snprintf(mebibytes, sizeof mebibytes, "%u", probe->mebibytes);
    const char *const plain[] = {"shardstep",  probe->plugins ? IO_PROBE_WITH_PLUGINS : IO_PROBE,
                                 milliseconds, mebibytes,
                                 path,         fields};
    enum {
        PLAIN = sizeof plain / sizeof *plain
    };
    memcpy(words, plain, sizeof plain);
    char **more = words + PLAIN;
    if (fields && probe->one_sample_a_file) *more++ = one_sample;
    if (fields && probe->cf) *more = cf;
    shs_status status = io_child_start(probe->program, words, probe->plugins, child);
    if (status != SHS_ERROR_FILE) return status;
    return core_fail(status, "%s, which was to try out %s; install it, or name it by probe_program",
                     shs_message(), path);
}

/* ---- what came of it */

/* Says why the process ended without an answer. Only a crash says something about the file. */
static shs_status judge_death(const char *path, int exit)
{
    if (io_child_crashed(exit))
        return core_fail(SHS_ERROR_FORMAT,
                         "%s: opening it crashed HDF5 (signal %d); the file is damaged or hostile: "
                         "make it anew, and look where it came from",
                         path, -exit);
    if (exit == IO_CHILD_UNKNOWN)
        return core_fail(SHS_ERROR_FILE,
                         "%s: the process that tried it out ended without an answer, and the "
                         "program that started it took its exit code; 'shardstep info' tells more",
                         path);
    if (exit == -SIGKILL)
        return core_fail(SHS_ERROR_FILE,
                         "%s: the process that tried it out was killed from outside (signal 9), "
                         "perhaps because the machine had too little memory; try it again",
                         path);
    return core_fail(SHS_ERROR_FILE,
                     "%s: the process that tried it out was ended from outside (signal %d); try it "
                     "again",
                     path, -exit);
}

static shs_status judge_delay(const struct io_probe *probe, const char *path)
{
    bool whole = probe->milliseconds % 1000 == 0;
    return core_fail(SHS_ERROR_FILE,
                     "%s: opening it took more than %llu %s; it may be large or far away: allow "
                     "more by --probe-seconds (in a program by probe_seconds)",
                     path, (ull)(whole ? probe->milliseconds / 1000 : probe->milliseconds),
                     whole ? "s" : "ms");
}

static shs_status judge_program(const struct io_probe *probe, const char *path)
{
    return core_fail(SHS_ERROR_FILE,
                     "%s, which was to try out %s, gave no proper answer; is it the program "
                     "shardstep of version %d.%d.%d? probe_program names another",
                     probe->program, path, SHS_VERSION_MAJOR, SHS_VERSION_MINOR, SHS_VERSION_PATCH);
}

/* Waits for the process's answer, which is one line, and for its end. Both must come before the
 * deadline. */
static shs_status hear_out(const struct io_probe *probe, const char *path, uint64_t deadline,
                           struct io_child *child)
{
    char *line;
    shs_status status = SHS_OK;
    enum io_child_news news = io_child_wait(child, deadline, &line);
    bool said = news == IO_CHILD_SAID, proper = said && io_child_is_answer(line, &status);
    if (said) news = io_child_wait(child, deadline, &line);
    if (news == IO_CHILD_LATE) return judge_delay(probe, path);
    bool silent = !said && news == IO_CHILD_ENDED, unknown = child->exit == IO_CHILD_UNKNOWN;
    if (child->ended && child->exit < 0 && (silent || !unknown))
        return judge_death(path, child->exit);
    if (!proper || news != IO_CHILD_ENDED || (!status && child->exit > 0))
        return judge_program(probe, path);
    if (status == SHS_ERROR_MEMORY)
        return core_fail(status,
                         "%s: opening it took more than %u MiB of memory; allow more by "
                         "--probe-mebibytes (in a program by probe_mebibytes)",
                         path, probe->mebibytes);
    return status;
}

static shs_status try_out(const struct io_probe *probe, const char *path, const char *fields)
{
    struct io_child child;
    uint64_t deadline = io_child_clock() + probe->milliseconds;
    shs_status status = start(probe, path, fields, &child);
    if (status) return status;
    status = hear_out(probe, path, deadline, &child);
    io_child_end(&child);
    return status;
}

shs_status io_probe(const struct io_probe *probe, const char *path, const char *fields)
{
    struct io_probe full = *probe;
    char *found = NULL;
    if (!full.milliseconds) full.milliseconds = DEFAULT_MILLISECONDS;
    if (!full.mebibytes) full.mebibytes = DEFAULT_MEBIBYTES;
    if (!full.program) {
        shs_status status = find(path, &found);
        if (status) return status;
        full.program = found;
    }
    shs_status status = try_out(&full, path, fields);
    core_free(&found);
    return status;
}
