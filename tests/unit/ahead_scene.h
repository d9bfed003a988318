/* Loaders that load ahead, over two files with fields of each kind, and threads that dawdle. */
#ifndef AHEAD_SCENE_H
#define AHEAD_SCENE_H

#include <dirent.h>
#include <hdf5.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "core_hash.h"
#include "fetch_work.h"
#include "hdf5_array.h"
#include "judge.h"
#include "load.h"
#include "message.h"
#include "two_files.h"

/* Chunks, contiguous rows, rows that only HDF5 reads, and runs of rows. */
static const char all_fields[] = "images,numbers,odd,values(offsets=offsets)";
static const char direct_fields[] = "images,numbers";
static const char augmentation[] = "images: random_flip(axis=w, layout=w) cast(type=f32)";

/* A run has 0 to 3 rows. */
static inline bool add_arrays(const char *path, uint64_t first, uint64_t rows)
{
    uint32_t odd[ROWS], values[4 * ROWS], offsets[ROWS + 1] = {0};
    hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    for (uint64_t i = 0; i < rows; i++) {
        odd[i] = (uint32_t)(7 * (first + i));
        offsets[i + 1] = offsets[i] + (uint32_t)((first + i) % 4);
    }
    for (uint32_t i = 0; i < offsets[rows]; i++)
        values[i] = (uint32_t)first + 3 * i;
    bool written = write_array(file, "odd", rows, true, odd) &&
                   write_array(file, "values", offsets[rows], false, values) &&
                   write_array(file, "offsets", rows + 1, false, offsets);
    return H5Fclose(file) >= 0 && written;
}

static inline bool make_all_files(void)
{
    return make_files() && add_arrays(first_path, 0, FIRST_ROWS) &&
           add_arrays(second_path, FIRST_ROWS, ROWS - FIRST_ROWS);
}

static inline bool write_second_again(void)
{
    return write_file(second_path, FIRST_ROWS, ROWS - FIRST_ROWS) &&
           add_arrays(second_path, FIRST_ROWS, ROWS - FIRST_ROWS);
}

/* A cache of 0 bytes is the default, which holds all arrays decoded. */
static inline bool open_within(struct data *data, const char *fields, size_t cache_bytes)
{
    const shs_run_options run = {.seed = 5, .vranks = VRANKS};
    const shs_dataset_options how = {.cache_bytes = cache_bytes};
    *data = (struct data){0};
    return NEED_STATUS(shs_open_ranks(0, 1, NULL, NULL, &run, &data->run), SHS_OK) &&
           NEED_STATUS(shs_dataset_open(data->run, both_paths, fields, &how, &data->dataset),
                       SHS_OK);
}

/* With a cache that has room for four chunks. */
static inline bool open_fields(struct data *data, const char *fields)
{
    return open_within(data, fields, 4 * CHUNK_ROWS * COLUMNS * 4);
}

/* ---- Delays. */

static _Atomic uint64_t delays;

/* Waits at one call of `of` or so, up to a third of a millisecond. */
static inline void dawdle_once(uint64_t of)
{
    uint64_t state = atomic_fetch_add(&delays, 1);
    uint64_t drawn = judge_random(&state);
    if (drawn % of == 0) usleep((useconds_t)(drawn >> 8) % 333);
}

static inline void dawdle(void)
{
    dawdle_once(3);
}

static inline void dawdle_at_read(void)
{
    dawdle_once(19);
}

/* Threads dawdle from now on, between batches and between reads. Loaders are open neither now nor
 * at the end. */
static inline void delays_begin(void)
{
    load_lanes_delay = dawdle;
    fetch_work_delay = dawdle_at_read;
    fetch_thread_work = 1;
}

static inline void delays_end(void)
{
    load_lanes_delay = fetch_work_delay = NULL;
}

/* ---- Threads and descriptors of this process. */

static inline unsigned count_entries(const char *of)
{
    unsigned count = 0;
    DIR *all = opendir(of);
    while (all && readdir(all))
        count++;
    if (all) closedir(all);
    return count;
}

struct held_by_process {
    unsigned threads, descriptors;
};

/* How often to do something: as the environment says. */
static inline long often(const char *variable, long times)
{
    const char *number = getenv(variable);
    return number ? strtol(number, NULL, 10) : times;
}

static inline struct held_by_process count_held(void)
{
    return (struct held_by_process){count_entries("/proc/self/task"),
                                    count_entries("/proc/self/fd")};
}

/* Counts again once there are as few threads as before, or after two seconds: the system lists a
 * thread for a moment after it was joined. */
static inline struct held_by_process count_held_after(const struct held_by_process *before)
{
    struct held_by_process held = count_held();
    for (int wait = 0; wait < 200 && held.threads > before->threads; wait++) {
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        held = count_held();
    }
    return held;
}

#endif
