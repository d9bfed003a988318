/* This host's name, and how many files this process may have open. Safe in any thread. */
#ifndef IO_HOST_H
#define IO_HOST_H

#include <stddef.h>

enum {
    IO_HOST_BYTES = 65 /* bytes of a host's name with its end */
};

/* Writes the name of this host, or "localhost" if it has no name. The rest of `name` is 0. */
void io_host_name(char name[IO_HOST_BYTES]);

/* Returns how many files this process may have open at the same time, 0 if that is unknown. */
size_t io_files_allowed(void);

#endif
