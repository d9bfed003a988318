/** @file
 * Status codes, messages, memory and the version: what every other header builds on.
 *
 * Every public comment, or the heading of its section, begins with the word Collective or Local. A
 * Collective function is called by every rank of the run, in the same order, and returns the same
 * status on each. A Local function concerns only the caller.
 *
 * NULL for an argument that a function needs is SHS_ERROR_ARGUMENT, and the message names both. A
 * function that returns no status then does nothing or returns 0, NULL, false or a zeroed struct. A
 * Collective function whose first argument is NULL knows no run and cannot tell the other ranks:
 * the error is then Local. With any other argument NULL all ranks return the error. */
#ifndef SHARDSTEP_STATUS_H
#define SHARDSTEP_STATUS_H

#include <stdbool.h>
#include <stddef.h>

/** SHS_API marks what the shared library exports. SHS_MUST_CHECK marks a function whose status must
 * be looked at: the compiler warns of a call that ignores it. */
#if defined(__GNUC__)
#define SHS_API        __attribute__((visibility("default")))
#define SHS_MUST_CHECK __attribute__((warn_unused_result))
#else
#define SHS_API
#define SHS_MUST_CHECK
#endif

/** The version of these headers, for comparisons by the preprocessor: major, minor and patch.
 * Builds and packages take their version from these three lines. shs_version() returns the version
 * of the library.
 */
#define SHS_VERSION_MAJOR 0
/** The second number of the version. Before 1.0, versions that differ in it may not fit together.
 */
#define SHS_VERSION_MINOR 1
/** The third number of the version. */
#define SHS_VERSION_PATCH 0

#ifdef __cplusplus
extern "C" {
#endif

/** The one table of status codes: calls X(name, value, text) for each. The text says what the code
 * means. */
#define SHS_STATUS_LIST(X)                                                                         \
    X(SHS_OK, 0, "done")                                                                           \
    X(SHS_END, 1, "the loader has delivered its last epoch")                                       \
    X(SHS_STOP, 2, "a stop was requested and agreed on")                                           \
    X(SHS_NO_CHECKPOINT, 3, "the folder holds no checkpoint")                                      \
    X(SHS_NOT_READY, 4, "the next batch is not there yet")                                         \
    X(SHS_NO_SLOT, 5, "the program holds the memory of all batches")                               \
    X(SHS_ERROR_ARGUMENT, -1, "an argument is not valid")                                          \
    X(SHS_ERROR_MEMORY, -2, "memory ran out")                                                      \
    X(SHS_ERROR_FILE, -3, "a file could not be opened, read or written")                           \
    X(SHS_ERROR_FORMAT, -4, "a file does not hold what it must")                                   \
    X(SHS_ERROR_UNSUPPORTED, -5, "this version cannot do that")                                    \
    X(SHS_ERROR_STATE, -6, "a call came at the wrong time")                                        \
    X(SHS_ERROR_DISAGREE, -7, "the ranks called with different arguments")                         \
    X(SHS_ERROR_MISMATCH, -8, "a checkpoint belongs to another run")                               \
    X(SHS_ERROR_EXHAUSTED, -9, "a random stream has no words left")                                \
    X(SHS_ERROR_MPI, -10, "the MPI library reported an error")                                     \
    X(SHS_ERROR_ORDER, -11, "an epoch lost or repeated rows")                                      \
    X(SHS_ERROR_GATHER, -12, "the program's own gather of all ranks failed")                       \
    X(SHS_ERROR_TIMEOUT, -13, "other ranks did not come within the limit")

/** What a function that can fail returns. SHS_OK is 0 and means done. A positive status is an
 * expected outcome, a negative status is an error. The table above has them all. */
typedef enum shs_status {
#define SHS_STATUS_ENUM(name, value, text) name = (value),
    SHS_STATUS_LIST(SHS_STATUS_ENUM)
#undef SHS_STATUS_ENUM
} shs_status;

/** Local. Returns the name of a status, such as "SHS_ERROR_FILE", or "unknown status" for a number
 * that is no status. The text has static storage. */
SHS_API const char *shs_status_name(shs_status status);

/** Local. Returns a status in words, from the table above, or "unknown status" for a number that is
 * no status. The text has static storage. */
SHS_API const char *shs_status_text(shs_status status);

/** Local. Returns the version of the library that the program runs with, such as "0.1.0". It may
 * differ from the version of the headers that the program was compiled with. The text has static
 * storage. */
SHS_API const char *shs_version(void);

/** Local. Returns the calling thread's latest error message, or "" before the first. The message
 * names the failing rank, the operation, the file, the dataset, the index, the cause and what to
 * do, as far as each applies. It has at most 1023 bytes and is one line. It is borrowed until the
 * thread's next call of a Shardstep function. */
SHS_API const char *shs_message(void);

/** Local. Returns true on the one rank that should print the latest message: on the failing rank if
 * all ranks agreed on the error, on the calling rank if no other rank knows of it. */
SHS_API bool shs_message_is_mine(void);

/** Local. Returns true if the thread's latest error was returned on every rank of the run. */
SHS_API bool shs_message_is_agreed(void);

/** Local. Returns, once, what the calling thread's calls had to tell although they succeeded: text
 * for a run without a function `report` (context.h), that must not be lost. NULL if there is
 * nothing new. shs_must() of must.h prints it. The text is one line, and is borrowed until the
 * thread's next call of a Shardstep function. Only one rank has it. */
SHS_API const char *shs_notice(void);

/** How the library gets memory. Both functions may be called from any thread. */
typedef struct shs_memory {
    /** Resizes memory as realloc() does. If `memory` is NULL, it allocates. It returns NULL if
     * memory ran out. `bytes` is never 0. The result must be aligned for any type. */
    void *(*reallocate)(void *memory, size_t bytes, void *user);
    /** Releases memory that `reallocate` gave. It must accept NULL. */
    void (*release)(void *memory, void *user);
    /** A pointer of the caller's own, handed to both functions. */
    void *user;
} shs_memory;

/** Local. Uses these functions for all memory that the library takes from now on. Memory that HDF5,
 * MPI, xxHash, the C library and the libraries that decompress take for themselves is not included.
 * NULL brings back realloc() and free(). Call it before any other function, or after everything was
 * closed: memory must be released by the functions that gave it. The struct is copied. Not
 * thread-safe. */
SHS_API void shs_memory_use(const shs_memory *memory);

#ifdef __cplusplus
}
#endif

#endif
