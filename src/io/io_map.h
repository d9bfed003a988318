/* A read-only map of a part of a file, for bytes that are in memory already. A copy out of it takes
 * no call of the system for each row. The map notes which pages are in memory: those that reads
 * were seen to find there. Safe in any thread. */
#ifndef IO_MAP_H
#define IO_MAP_H

#include <stdbool.h>

#include "core_status.h"
#include "io_guard.h"

struct io_map;

/* Maps `bytes` bytes, at least 1, of an open file from the offset `at` on. The file may be closed
 * afterwards. `path` is for the message. On error *map is NULL. */
shs_status io_map_open(int file, const char *path, uint64_t at, uint64_t bytes,
                       struct io_map **map);

/* Releases a map and sets *map to NULL, which it may be already. */
void io_map_close(struct io_map **map);

/* Notes that bytes of the map are in memory, because they have just been read from the file. */
void io_map_note(struct io_map *map, uint64_t at, size_t bytes);

/* Returns true if all of some bytes of the map have been noted. */
bool io_map_has(const struct io_map *map, uint64_t at, size_t bytes);

/* Makes copies of bytes of the map, as io_guard_copy() does, whose handler must be installed.
 * Returns how many were made. If the system has dropped pages that were noted, the copy waits for
 * the disk. The map finds that out soon after, and then all notes are void.
 *
 * Bytes behind the end of a file that was cut short inside a page are zeros here. The caller must
 * look at the file's size afterwards. */
size_t io_map_copy(struct io_map *map, const struct io_copy *copies, size_t count);

/* Returns the memory that shows the byte at an offset. A touch may raise SIGBUS. For measurements.
 */
const void *io_map_memory(const struct io_map *map, uint64_t at);

#endif
