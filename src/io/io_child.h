/* A process of a program of ours, which may die or hang in the caller's place: it has no terminal,
 * no MPI, no plug-ins of HDF5 unless they are allowed, and says what it finds in lines on its
 * standard output.
 *
 * The caller gets a SIGCHLD; whether it ignores that, or its handler takes the process's end for
 * itself, does not matter. `environ` must not change while one is started. */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core_status.h"

enum {
    IO_CHILD_LINE = CORE_MESSAGE_BYTES + 256, /* bytes of a line, with its end; longer ones are none
                                                 of ours */
    IO_CHILD_UNKNOWN = -1000                  /* an exit code that somebody else took */
};

struct io_child {
    pid_t id;
    int process; /* a descriptor of it; -1: the system has none */
    int pipe;    /* its standard output; -1: at its end */
    bool ended;
    int exit;       /* once it has ended: its exit code, a signal's number negative, or unknown */
    size_t at, got; /* what was heard and not handed out yet */
    char heard[IO_CHILD_LINE];
};

enum io_child_news {
    IO_CHILD_SAID,  /* a line */
    IO_CHILD_ENDED, /* the process has ended, and everything was handed out */
    IO_CHILD_LATE,  /* nothing until the deadline */
    IO_CHILD_NOISE  /* more, or other things, than lines */
};

/* Starts a program, found by its path, with these words, the first of which is its name and after
 * the last of which is a NULL. HDF5 may load plug-ins in it only if `plugins` is true. On error
 * there is nothing to end. */
shs_status io_child_start(const char *program, char **words, bool plugins, struct io_child *child);

/* Whether a process that ended with this code crashed: a signal that only the process itself could
 * have caused. SIGKILL and SIGTERM, say, come from outside. */
bool io_child_crashed(int exit);

/* The clock of deadlines: milliseconds. */
uint64_t io_child_clock(void);

/* Waits for the next line, until a deadline. *line, without its end, is valid until the next call.
 */
enum io_child_news io_child_wait(struct io_child *child, uint64_t deadline, char **line);

/* Ends the process if it still runs, and lets go of it. It is gone on return, unless the system
 * cannot end it (one that waits for a dead file server, say). */
void io_child_end(struct io_child *child);

/* What a process says in its last line: a status of its own and the latest message. */
enum {
    IO_CHILD_ANSWER = CORE_MESSAGE_BYTES + 64
};

void io_child_answer(shs_status status, char answer[IO_CHILD_ANSWER]);

/* True if a line is such an answer; *status is then its status, with its message. */
bool io_child_is_answer(char *line, shs_status *status);

#endif
