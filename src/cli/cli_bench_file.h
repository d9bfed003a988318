/* shardstep bench PATH: a loader, beside what the machine can do with the same rows.
 *
 *     cli_bench_file           opens loaders, plans the time, and measures in rounds: the loader,
 *         |                    then each ceiling, and again
 *         +-- _lines           what each epoch cost each rank, as lines of JSON
 *         +-- _pass            some steps of a loader: samples, CPU seconds, time waited for data
 *         +-- _memory          the rows in memory that ceilings work on
 *         +-- _stored          the ceilings of reading and decoding
 *         +-- _ceilings        the other ceilings, and the table of all
 *         +-- _print           the result as text and as JSON
 */
#ifndef CLI_BENCH_FILE_H
#define CLI_BENCH_FILE_H

#include "cli.h"
#include "core_json.h"
#include "core_text.h"
#include "io_filter.h"
#include "io_layout.h"
#include "load_advice.h"
#include "shardstep/times.h"

/* ---- Lines of JSON, for --json-lines. */

/* The lines of this rank so far. An error stays in json.text.status until bench_lines_write(). */
struct bench_lines {
    struct core_json json;
    const char *pass; /* what the present pass is called */
    uint64_t round;   /* its round, from 1 on; 0: the first pass */
    uint64_t steps;   /* steps since the last line */
};

/* The next functions are Local, and accept NULL, which means that no lines are wanted. The first
 * begins a pass, the second tells of a step that is done, and the third ends the pass. */
void bench_lines_begin(struct bench_lines *lines, shs_loader *loader, const char *pass, int round);
void bench_lines_step(struct bench_lines *lines, shs_loader *loader, bool ends_epoch);
void bench_lines_end(struct bench_lines *lines, shs_loader *loader);

/* Collective. Writes the lines of all ranks to a new file of rank 0. */
shs_status bench_lines_write(shs_run *run, const struct bench_lines *lines, const char *path);

/* ---- A pass: steps of a loader. */

/* What a step does after its batches are there. */
struct bench_compute {
    double seconds; /* time that a step computes; 0: the step only loads */
    bool busy;      /* true if the time is spent on the CPU; false if the rank sleeps */
};

/* What steps took on this rank. Times are in seconds. */
struct bench_pass {
    uint64_t steps, samples; /* samples of weight 1 */
    uint64_t bytes;          /* bytes of the samples as they were delivered */
    double seconds, cpu;
    /* The next three numbers leave out the first step. */
    double steady; /* time of the steps */
    double waited; /* time inside shs_next() */
    double computed;
    shs_loader_statistics read; /* what was read; other members than counts are not used */
    struct bench_lines *lines;  /* NULL: no lines are wanted */
};

/* Collective. Does `steps` steps, and adds them to the pass. A step that computes ends in an
 * agreement of all ranks, as a step of a training program does; otherwise the ranks agree after the
 * last step only. */
shs_status bench_pass_add(shs_run *run, shs_loader *loader, uint64_t steps,
                          const struct bench_compute *compute, struct bench_pass *pass);

/* What a pass took on all ranks together. */
struct bench_total {
    uint64_t steps;
    double samples, bytes, cpu, read_bytes, reads, cold_reads, decoded; /* sums over the ranks */
    double seconds;      /* time of the rank that took longest */
    double waited;       /* waiting time of the rank that waited longest */
    double waited_mean;  /* mean over the ranks */
    double waited_share; /* greatest share of a rank's steady time that it waited */
    double utilisation;  /* mean over the ranks of the share of steady time that computed */
};

/* Collective. Adds a pass up over the ranks. */
shs_status bench_pass_total(shs_run *run, const struct bench_pass *pass, struct bench_total *total);

/* ---- Rows in memory. */

/* What ceilings work on: rows of this rank, and the numbers of the rows that it loads, in the
 * loader's order. A zeroed struct may be freed. */
struct bench_memory {
    size_t n_fields;
    bool ragged[SHS_MAX_FIELDS];         /* true if the next field has the rows' lengths */
    size_t sample_bytes[SHS_MAX_FIELDS]; /* bytes of a sample as stored */
    size_t output_bytes[SHS_MAX_FIELDS]; /* bytes of a sample as delivered */
    shs_augment *augment;
    bool augments; /* true if the augmentation changes a field */
    uint64_t seed, stream;

    uint64_t rows;                /* samples in memory; 0: this rank loads none */
    void *stored[SHS_MAX_FIELDS]; /* these samples, as stored */

    uint64_t *order;              /* numbers of samples of the dataset */
    uint64_t count;               /* numbers in `order` */
    uint64_t batch;               /* samples that a ceiling takes at a time */
    void *output[SHS_MAX_FIELDS]; /* memory for a batch, as stored or as delivered */
    void *scratch;
};

/* Collective. Finds the rows that a loader of the dataset loads from a cursor on, without loading
 * them, and loads others into memory. Reading ends after `seconds`. */
shs_status bench_memory_fill(shs_dataset *dataset, const shs_loader *loader, double seconds,
                             struct bench_memory *memory);

void bench_memory_free(struct bench_memory *memory);

/* ---- Ceilings. */

/* Ceilings, in the order in which they are printed. */
enum bench_ceiling {
    BENCH_READ,    /* positional reads */
    BENCH_DECODE,  /* the decoders alone */
    BENCH_AUGMENT, /* the augmentation alone */
    BENCH_COPY,    /* memcpy() of rows as stored */
    BENCH_SET,     /* memset() of rows as delivered */
    BENCH_CEILINGS
};

/* Why a ceiling is left out. */
enum bench_lack {
    BENCH_IS_THERE,
    BENCH_NO_ROWS,
    BENCH_THROUGH_HDF5,
    BENCH_FROM_SOURCES,
    BENCH_UNKNOWN_PLACES,
    BENCH_NOT_COMPRESSED,
    BENCH_NOT_AUGMENTED
};

/* Neighbouring bytes of a file that one read takes. */
struct bench_run {
    uint64_t address;
    size_t bytes;
    size_t file; /* index in bench_stored.file */
};

/* Stored chunks of an array, in memory. */
struct bench_chunks {
    const char *array; /* its name, borrowed from the dataset */
    struct io_pipeline pipeline;
    double rows_a_chunk, rows_a_sample;
    size_t chunk_bytes;
    size_t count, next;
    int file;
    struct bench_chunk {
        uint64_t address;
        size_t at; /* where its bytes begin in `bytes` */
        uint32_t stored, mask;
    } * chunk;
    char *bytes;
};

enum {
    BENCH_FILES = 16 /* files that a ceiling reads, at most */
};

/* What the ceilings of reading and decoding work on. A zeroed struct may be freed. */
struct bench_stored {
    int file[BENCH_FILES];
    size_t files;

    /* Reads of contiguous arrays. Those of a group of samples begin at run[first_run[group]]. */
    struct bench_run *run;
    size_t *first_run;
    size_t groups, next_group;
    uint64_t *samples; /* samples of each group */
    size_t most_bytes; /* bytes of the longest read */

    struct bench_chunks chunks[2 * SHS_MAX_FIELDS];
    size_t n_chunks;
    void *memory; /* room for what is read or decoded */
    struct io_decoder *decoder;
    enum bench_lack no_read, no_decode;
};

/* Local. Finds the rows of `memory` in the files. Errors of the system are errors here, too. */
shs_status bench_stored_open(shs_dataset *dataset, const struct bench_memory *memory,
                             struct bench_stored *stored);

void bench_stored_close(struct bench_stored *stored);

/* Local. Read or decode for about `seconds`, and set *rate to samples a second. */
shs_status bench_stored_read(struct bench_stored *stored, double seconds, double *rate);
shs_status bench_stored_decode(struct bench_stored *stored, double seconds, double *rate);

/* Collective. Measures a ceiling for about `seconds` on each rank, all at once. Sets *rate to the
 * samples a second of all ranks together. */
shs_status bench_ceiling_measure(shs_run *run, enum bench_ceiling ceiling, double seconds,
                                 struct bench_memory *memory, struct bench_stored *stored,
                                 double *rate);

/* Local. Why a ceiling is left out on this rank. */
enum bench_lack bench_ceiling_lack(enum bench_ceiling ceiling, const struct bench_memory *memory,
                                   const struct bench_stored *stored);

/* ---- The result. */

enum {
    BENCH_ROUNDS = 5,
    BENCH_SETTINGS = 65 /* numbers of threads in a range, at most */
};

/* What one number of threads gave. */
struct bench_result {
    uint32_t threads;
    struct bench_total first;                   /* the first pass, cold with --cold */
    struct bench_total alone[BENCH_ROUNDS];     /* the loader alone */
    struct bench_total computing[BENCH_ROUNDS]; /* the loader beside a computation */
    double rate[BENCH_ROUNDS][BENCH_CEILINGS];
    int rounds;
    shs_loader_memory_use memory;  /* announced on this rank */
    char report[SHS_REPORT_BYTES]; /* says whether data kept up in the last pass */
};

struct bench_file {
    const struct cli_arguments *arguments;
    shs_run *run;
    double seconds; /* time for all settings together */
    struct bench_compute compute;
    struct bench_memory memory;
    struct bench_stored stored;
    struct bench_lines lines;
    enum bench_lack lack[BENCH_CEILINGS]; /* on any rank */
    uint64_t samples, epoch_samples, epoch_steps, sample_bytes, batch;
    shs_shuffle shuffle;
    uint32_t ahead;
    bool images;               /* true if a field decodes images */
    struct core_text pushdown; /* a line for each field that is cropped */
    struct load_advice advice;
    char *advised; /* the name that the advice points to */
    struct bench_result *result;
    size_t results;
};

/* Local. Prints the result on standard output. */
shs_status bench_print(const struct bench_file *bench);

/* Collective. Measures a loader of the file that the arguments name. Returns the exit code. */
int cli_bench_file(const struct cli_arguments *arguments);

#endif
