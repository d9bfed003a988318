/* What the tests on several ranks share: who I am, failures that all ranks have agreed on, a folder
 * for files, and memory that runs out on one rank. */
#ifndef RANKS_H
#define RANKS_H

#include <ftw.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core_status.h"
#include "harness.h"
#include "shardstep/status.h"

enum {
    PATH_BYTES = 512,
    MESSAGE_BYTES = 1024
};

static inline int my_rank(void)
{
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static inline int all_ranks(void)
{
    int ranks = 1;
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    return ranks;
}

static inline int last_rank(void)
{
    return all_ranks() - 1;
}

/* Ends the job where the test's own surroundings fail: no test has been made then. */
static inline void need(bool condition, const char *what)
{
    if (condition) return;
    fprintf(stderr, "rank %d: the test cannot be prepared: %s: %s\n", my_rank(), what,
            shs_message());
    MPI_Abort(MPI_COMM_WORLD, 2);
}

/* Memory of a test; zeroed, never NULL. */
static inline void *room(size_t count, size_t bytes)
{
    void *memory = calloc(count ? count : 1, bytes ? bytes : 1);
    need(memory != NULL, "memory");
    return memory;
}

/* Collective. True on a rank whose bytes equal rank 0's. */
static inline bool equals_rank_0(const void *bytes, size_t count)
{
    char *first = room(count, 1);
    if (count) memcpy(first, bytes, count);
    MPI_Bcast(first, (int)count, MPI_BYTE, 0, MPI_COMM_WORLD);
    bool equal = count == 0 || memcmp(first, bytes, count) == 0;
    free(first);
    return equal;
}

/* Local. Whether the latest message is that of an error that `failing` had and all agreed on. */
static inline bool agreed_here(shs_status status, shs_status expected, int failing, int rank)
{
    char begin[32];
    snprintf(begin, sizeof begin, "rank %d: ", failing);
    bool good = status == expected && strncmp(shs_message(), begin, strlen(begin)) == 0 &&
                shs_message_is_mine() == (rank == failing) && shs_message_is_agreed();
    return good || WRONG("expected %s, agreed on, of rank %d; came %s, mine %d, agreed %d: %s",
                         shs_status_name(expected), failing, shs_status_name(status),
                         shs_message_is_mine(), shs_message_is_agreed(), shs_message());
}

/* Collective over all ranks. The same, and that the message is the same everywhere. */
static inline bool agreed_failure(shs_status status, shs_status expected, int failing)
{
    char message[MESSAGE_BYTES] = "";
    snprintf(message, sizeof message, "%s", shs_message());
    bool alike = equals_rank_0(message, sizeof message);
    if (!alike) WRONG("expected rank 0's message; came «%s»", message);
    return agreed_here(status, expected, failing, my_rank()) && alike;
}

static inline bool message_has(const char *text)
{
    return CHECK_HAS(shs_message(), text);
}

/* Collective. A new folder, the same for all ranks. */
static inline void folder_make(char folder[PATH_BYTES])
{
    const char *parent = getenv("TMPDIR");
    memset(folder, 0, PATH_BYTES);
    if (my_rank() == 0) {
        snprintf(folder, PATH_BYTES, "%.400s/shardstep-test-XXXXXX", parent ? parent : "/tmp");
        need(mkdtemp(folder) != NULL, folder);
    }
    MPI_Bcast(folder, PATH_BYTES, MPI_BYTE, 0, MPI_COMM_WORLD);
}

static inline int remove_entry(const char *path, const struct stat *about, int kind,
                               struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

/* Collective. Removes a folder and all in it, once no rank needs it any more. */
static inline void folder_remove(const char *folder)
{
    MPI_Barrier(MPI_COMM_WORLD);
    if (my_rank() == 0) nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    MPI_Barrier(MPI_COMM_WORLD);
}

/* A number that shows no pattern in what it is made of (splitmix64: Steele, Lea, Flood: Fast
 * splittable pseudorandom number generators. OOPSLA 2014). */
static inline uint64_t scramble(uint64_t number)
{
    number += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

/* ---- memory that runs out */

static inline void *scarce_reallocate(void *memory, size_t bytes, void *user)
{
    uint64_t *left = user, now = __atomic_load_n(left, __ATOMIC_RELAXED);
    do { /* threads of the library get memory, too */
        if (!now) return NULL;
    } while (!__atomic_compare_exchange_n(left, &now, now - 1, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return realloc(memory, bytes);
}

static inline void scarce_release(void *memory, void *user)
{
    (void)user;
    free(memory);
}

/* Local. From now on the library gets memory `left` more times; it is realloc's and free's either
 * way, so what was got before may be released after. */
static inline void memory_scarce(uint64_t left)
{
    static uint64_t counter;
    static const shs_memory scarce = {scarce_reallocate, scarce_release, &counter};
    counter = left;
    shs_memory_use(&scarce);
}

static inline void memory_plenty(void)
{
    shs_memory_use(NULL);
}

/* Collective. True if the condition holds on every rank. */
static inline bool everywhere(bool condition)
{
    int mine = condition, all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return all != 0;
}

/* Collective. Makes `call` with ever more memory on rank `poor`, until it succeeds; every time
 * before, all ranks must learn of that rank's failure. */
static inline bool survives_scarcity(int poor, shs_status (*call)(void *user), void *user)
{
    enum {
        ENOUGH = 10000
    };
    for (uint64_t left = 0; left < ENOUGH; left++) {
        if (my_rank() == poor) memory_scarce(left);
        shs_status status = call(user);
        memory_plenty();
        if (everywhere(status == SHS_OK)) return CHECK_IS(left, >, 0);
        harness_where("memory %llu times on rank %d", (ull)left, poor);
        if (!everywhere(agreed_failure(status, SHS_ERROR_MEMORY, poor))) return false;
    }
    return false;
}

#endif
