/* Runs a program of this project in a process that may crash or hang without harm to the caller.
 * The process has no terminal and no MPI, and HDF5 loads plug-ins in it only if that is allowed. It
 * reports in lines on its standard output.
 *
 * The caller receives SIGCHLD. The caller may ignore the signal, or take the process's end in a
 * handler. `environ` must not change while a process is started. */
#ifndef IO_CHILD_H
#define IO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core_status.h"

enum {
    /* Bytes of a line with its end. A longer line does not come from this project's program. */
    IO_CHILD_LINE = CORE_MESSAGE_BYTES + 256,
    /* An exit code that other code of the caller took. */
    IO_CHILD_UNKNOWN = -1000
};

struct io_child {
    pid_t id;
    int process; /* descriptor of the process; -1 if the system has none */
    int pipe;    /* reading end of its standard output; -1 at its end */
    bool ended;
    /* The exit code of a process that has ended, IO_CHILD_UNKNOWN, or a signal's number negated. */
    int exit;
    size_t at, got; /* the bytes [at, got) of `heard` were not handed out yet */
    char heard[IO_CHILD_LINE];
};

enum io_child_news {
    IO_CHILD_SAID,  /* the process wrote a line */
    IO_CHILD_ENDED, /* the process has ended, and all lines were handed out */
    IO_CHILD_LATE,  /* the deadline has passed */
    IO_CHILD_NOISE  /* the process wrote something that is no line */
};

/* Starts a program. `program` is its path. `words` are its command line, the name first and a NULL
 * last. HDF5 may load plug-ins in the process only if `plugins` is true. After an error
 * io_child_end() need not be called. */
shs_status io_child_start(const char *program, char **words, bool plugins, struct io_child *child);

/* Returns true if a process that ended with this code crashed, which means that a signal ended it
 * that only the process itself could have caused. SIGKILL and SIGTERM come from outside. */
bool io_child_crashed(int exit);

/* Returns the time of the clock that deadlines refer to, in milliseconds. */
uint64_t io_child_clock(void);

/* Waits for the next line until a deadline. *line has no line end, and is valid until the next
 * call. */
enum io_child_news io_child_wait(struct io_child *child, uint64_t deadline, char **line);

/* Ends the process if it still runs, and releases what `child` holds. The process is gone on
 * return, unless the system cannot end it, as when it waits for a dead file server. */
void io_child_end(struct io_child *child);

/* An answer is the last line of a process: its status and its latest message. */
enum {
    IO_CHILD_ANSWER = CORE_MESSAGE_BYTES + 64
};

/* Writes the answer for a status. An error brings the latest message with it. */
void io_child_answer(shs_status status, char answer[IO_CHILD_ANSWER]);

/* Returns true if a line is an answer. *status is then the answer's status, and shs_message() its
 * message. */
bool io_child_is_answer(char *line, shs_status *status);

#endif
