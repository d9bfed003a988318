/* Resident arrays: small arrays whose rows are all held decoded, in one memory. The ranks of a node
 * share this memory if they read the same files and the system lets them (mpi_window.h), so a row
 * is read, decoded and checked once a node. Otherwise it is memory of the process, shared by its
 * threads.
 *
 * Which arrays. An array is resident if it is read directly in every file, if its checksums are in
 * memory, and if it is among the smallest arrays which together fit the dataset's cache_bytes. All
 * files must be able to stay open at the same time.
 *
 * The memory is reserved when the dataset opens, and filled while rows are wanted. It is filled by
 * *units* of neighbouring rows of one file: UNIT_BYTES of a contiguous array, or a band of chunks,
 * which are the chunks that hold the same rows. Units of very small chunks have several bands. With
 * rows over two axes units are whole series. Each
 * unit has a state, an atomic number in the same memory:
 *
 *     absent --- data_resident_claim() --> being written --- data_resident_publish() --> there
 *       ^                                     |
 *       +------- data_resident_give_up() -----+
 *
 * - A thread that wants rows of a unit calls data_resident_claim(), which returns the state that it
 *   found.
 * - DATA_UNIT_ABSENT: the unit is now the caller's, and no other thread of any process writes to
 *   it. The caller reads and decodes all its rows into place, and compares them with their
 *   checksums. It then publishes the unit. After any error it gives the unit up, and whoever claims
 *   the unit next meets the error itself.
 * - DATA_UNIT_THERE: the rows can be read where they are. They never change again.
 * - DATA_UNIT_BEING_WRITTEN: the caller reads the rows that it wants into memory of its own, as if
 *   the array were not resident. It never waits: the writer may be slow, or a process that has
 *   died. The unit of a process that has died stays in this state.
 *
 * What a writer did before it published is seen by all who find the unit there. A rank that knows
 * other units, because its copy of a file has other chunks, does not share: ranks share only if
 * their files, units and places in the memory are the same. The memory holds no addresses, since
 * each process may have it at another address. */
#ifndef DATA_RESIDENT_H
#define DATA_RESIDENT_H

#include <stdatomic.h>

#include "data_files.h"
#include "mpi_run.h"

_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a lock would be the process's own");

/* The state of a unit. */
enum data_unit {
    DATA_UNIT_ABSENT,
    DATA_UNIT_BEING_WRITTEN,
    DATA_UNIT_THERE
};

/* The rows that one file has of a resident array. The struct belongs to the process. */
struct data_resident_array {
    char *memory;        /* row r begins at memory + r * row_bytes */
    atomic_uint *states; /* the state of each unit */
    atomic_uint *there;  /* how many units are there */
    uint64_t rows;
    size_t row_bytes;
    uint64_t unit_rows; /* rows of a unit; the last unit may have fewer */
    uint64_t units;
};

/* The resident arrays of a dataset. A zeroed struct has none. */
struct data_resident {
    struct mpi_window window;
    bool holds[2 * SHS_MAX_FIELDS];    /* for each array whether it is resident */
    size_t keys;                       /* files times arrays */
    struct data_resident_array *array; /* by the key of data_files_key(); NULL without any */
};

/* Collective. Chooses the resident arrays of open files, and takes memory for them. No row is read.
 * Where memory is short, nothing is resident, which is no error. On error *resident is zeroed. */
shs_status data_resident_open(shs_run *run, const struct data_files *files,
                              struct data_resident *resident);

/* Local. Gives the memory back, and zeroes *resident. No thread may use the arrays any more. The
 * run must still be held. */
void data_resident_close(struct data_resident *resident);

/* Local. Returns the memory of the resident arrays in bytes, with the states of their units. */
uint64_t data_resident_bytes(const struct data_resident *resident);

/* The functions below may be called in any thread. */

/* Returns the rows that the file of a key (data_files_key()) has of the key's array. Returns NULL
 * if the array is not resident, or has no rows there. */
static inline const struct data_resident_array *
data_resident_find(const struct data_resident *resident, uint64_t key)
{
    if (!resident->array || !resident->array[key].units) return NULL;
    return &resident->array[key];
}

/* Returns the address of a row. Its bytes may be read if its unit is there, and written by the
 * thread that has claimed its unit. */
static inline char *data_resident_row(const struct data_resident_array *array, uint64_t row)
{
    return array->memory + row * array->row_bytes;
}

/* Returns the unit that a row belongs to. */
static inline uint64_t data_resident_unit(const struct data_resident_array *array, uint64_t row)
{
    return row / array->unit_rows;
}

/* Returns the rows of a unit. */
static inline struct data_range data_resident_rows(const struct data_resident_array *array,
                                                   uint64_t unit)
{
    uint64_t first = unit * array->unit_rows, left = array->rows - first;
    return (struct data_range){first, left < array->unit_rows ? left : array->unit_rows};
}

/* Returns true if the rows of a unit can be read. */
static inline bool data_resident_is_there(const struct data_resident_array *array, uint64_t unit)
{
    return atomic_load_explicit(&array->states[unit], memory_order_acquire) == DATA_UNIT_THERE;
}

/* Returns true if all rows can be read, so that no unit need be asked. */
static inline bool data_resident_is_complete(const struct data_resident_array *array)
{
    return atomic_load_explicit(array->there, memory_order_acquire) == array->units;
}

/* Claims a unit if it is absent. Returns the state that the unit had. */
enum data_unit data_resident_claim(const struct data_resident_array *array, uint64_t unit);

/* The first function makes a unit that the caller has claimed and written readable for all. The
 * second gives a claimed unit up: it is absent again. */
void data_resident_publish(const struct data_resident_array *array, uint64_t unit);
void data_resident_give_up(const struct data_resident_array *array, uint64_t unit);

#endif
