/* Copies bytes out of mapped files. Where the system cannot deliver a byte, it sends SIGBUS; a
 * handler turns that into the end of the copy. Safe in any thread. */
#ifndef IO_GUARD_H
#define IO_GUARD_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of a file that are mapped into memory, from the offset `at` of the file on. */
struct io_span {
    const char *memory;
    size_t bytes; /* whole pages */
    uint64_t at;
};

/* `bytes` bytes from the offset `at` of a file on, and the memory that they go to. */
struct io_copy {
    uint64_t at;
    size_t bytes;
    void *to;
};

/* Installs the handler of SIGBUS, or counts once more if it is installed. The handler takes only
 * faults inside the span that its thread copies from. It hands every other SIGBUS on to the handler
 * that was there before, as the system would have called it. */
void io_guard_begin(void);

/* Takes one count away. The last call puts the former handler back. If the program has installed a
 * handler of its own meanwhile, that stays, and the handler here goes on to hand signals on to the
 * former handler, since the program's handler may call it. */
void io_guard_end(void);

/* Makes the copies in their order. Each must lie inside the span. Returns how many were made whole:
 * fewer than `count` if the system could not deliver a byte of the next copy. The handler must be
 * installed. The thread may block SIGBUS, which is then unblocked as long as the copies take. */
size_t io_guard_copy(const struct io_span *span, const struct io_copy *copies, size_t count);

#endif
