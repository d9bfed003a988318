/** @file
 * Accounting: where the time of a loader goes, and whether data keeps up with the program. */
#ifndef SHARDSTEP_TIMES_H
#define SHARDSTEP_TIMES_H

#include "loader.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a loader has cost the program on this rank. Times are in seconds of a clock that never goes
 * back, since the loader was opened. */
typedef struct shs_loader_times {
    /** Time since the loader was opened. */
    double elapsed;
    /** Time inside shs_next() and shs_try_next(), in which the program waited for data. */
    double waited;
    /** The part of it that belongs to the latest step whose last batch was delivered. */
    double waited_in_step;
    /** Lanes that load. With the option `ahead` they are its threads, which are numbered from 1 on.
     * The calling thread, lane 0, helps them and does not count. Without `ahead` the only lane is
     * lane 0, which other threads help. */
    uint32_t lanes;
} shs_loader_times;

/** Where the time of a lane went, in seconds. The other members add up to `elapsed`. A lane is a
 * thread that loads; lane 0 is the calling thread, which with `ahead` fills batches while it waits
 * inside shs_next(). The batch that a lane is filling now counts when it is filled. */
typedef struct shs_lane_times {
    /** Time that is accounted for, since the loader was opened. */
    double elapsed;
    /** The lane had nothing to do. For lane 0 this is the time of the program. */
    double idle;
    /** Row numbers were computed, files were opened, and rows were read through HDF5. Only lane 0
     * does so. */
    double preparing;
    /** Rows and chunks were read by position. Copying rows out of new chunks is included. */
    double reading;
    /** Chunks were decoded. If `threads` help lane 0, this is their time divided by their number,
     * and the rest of the time that they need is reading. */
    double decoding;
    /** Rows were compared with their checksums. */
    double checking;
    /** Samples were augmented. */
    double augmenting;
    /** The lane waited for chunks that another lane decodes. Lane 0 also waited for batches. */
    double waiting;
    /** Reads were planned, and rows that are in memory were copied. For lane 0 also the
     * rest of shs_next(). */
    double other;
} shs_lane_times;

/** Local. Returns what a loader has cost so far. All zero for NULL. */
SHS_API shs_loader_times shs_times(const shs_loader *loader);

/** Local. Returns where the time of a lane went so far. All zero for NULL, and for a lane that the
 * loader does not have. */
SHS_API shs_lane_times shs_times_of_lane(const shs_loader *loader, uint32_t lane);

enum {
    /** Bytes that hold any report of shs_loader_report(). */
    SHS_REPORT_BYTES = 1024
};

/** Collective. Says whether data kept up with the program since the last report, or since the
 * loader was opened. Call it once an epoch, say. The text is the same on every rank. It is about
 * the rank that waited for the greatest share of its time, and is one line without an end of line:
 *
 *     data kept up: waited 0.31% of 12.4 s on rank 0 (mean of ranks 0.20%); its 1 lane: …
 *     reading is the bottleneck on rank 5: waited 34.1% of 12.4 s (…); its 1 lane: …; try threads=3
 *
 * Data kept up if less than 1% of the time was waited. The number of threads is what loads in the
 * time that the program computes, at most the CPUs that the process may use. The line is for
 * people: programs read shs_times().
 *
 * @param loader  the loader
 * @param text    gets up to `bytes` bytes, the ending 0 included; SHS_REPORT_BYTES hold any report
 * @param bytes   bytes at `text`
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL; SHS_ERROR_DISAGREE if other ranks make another
 *         Collective call; SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_loader_report(shs_loader *loader, char *text, size_t bytes);

enum {
    /** Bytes that hold any object of shs_loader_report_json(). */
    SHS_REPORT_JSON_BYTES = 32768
};

/** Local. Gives the accounting of this rank as a JSON object (RFC 8259) on one line, without an end
 * of line. It is about the time since the last such object, or since the loader was opened. A
 * program that calls this function once an epoch, after its last step, and writes the lines to a
 * file has JSON lines:
 *
 *     {"epoch": 3, "step": 1876, "rank": 1, "ranks": 2, …, "lanes": [{"lane": 0, …}, …]}
 *
 * These keys stay; later versions may add others. Times are in seconds.
 *
 *     epoch            the epoch of the batch that was delivered last; before that, of the first
 *     step             steps of the run so far, as shs_tell() says
 *     rank, ranks      this rank, and the number of ranks
 *     ahead, threads   options of the loader
 *     samples          rows delivered; rows of weight 0, which tail pad repeats, are included
 *     rows_replaced, bytes, reads, cold_reads, chunks_decoded, chunk_hits
 *                      as in shs_loader_statistics
 *     elapsed_s        time that the object is about
 *     waited_s         time inside shs_next() and shs_try_next(), and
 *     waited_share     its share of elapsed_s, from 0 to 1
 *     cpu_s            CPU time of all threads of the process, the program's own included, and
 *     cpu_s_per_1000   CPU time for 1000 samples; null without samples
 *     bottleneck       preparing, reading, decoding, checking, augmenting, waiting or other, as the
 *                      members of shs_lane_times; null if data kept up (waited_share below 0.01),
 *                      or if the lanes had time left
 *     message          the line of shs_loader_report() about this rank alone
 *     lanes            a list with the calling thread, lane 0, and with `ahead` its threads:
 *                      lane (the number), elapsed_s, idle_s, preparing_s, reading_s, decoding_s,
 *                      checking_s, augmenting_s, waiting_s and other_s, as in shs_lane_times
 *
 * @param loader  the loader
 * @param text    gets the object and an ending 0, or "" after an error
 * @param bytes   bytes at `text`; SHS_REPORT_JSON_BYTES hold any object
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL or if `bytes` is too small; SHS_ERROR_MEMORY. After
 * an error the next object is also about this time. */
SHS_API SHS_MUST_CHECK shs_status shs_loader_report_json(shs_loader *loader, char *text,
                                                         size_t bytes);

/** Collective. Writes what the threads of all ranks did to a new file of rank 0, in the trace event
 * format of Chrome, which ui.perfetto.dev opens: a process is a rank, a thread is a lane, and an
 * event is a state that lasted. The file is there whole, or not at all. The loader needs the option
 * `trace_events`.
 *
 * Within a batch the chunks' reading and decoding alternate; the trace draws all reading, and then
 * all decoding. Times of different nodes are as exact as the nodes' clocks agree: with NTP usually
 * within a millisecond. On one node they are exact within a microsecond.
 *
 * The call takes memory for the text, about 130 bytes an event, which shs_loader_memory() does not
 * count.
 *
 * @param loader  the loader
 * @param path    the file's name, which nothing may have yet; used on rank 0
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL; SHS_ERROR_STATE without the option `trace_events`;
 *         SHS_ERROR_FILE if the file cannot be made; SHS_ERROR_UNSUPPORTED if the ranks cannot talk
 *         to each other; SHS_ERROR_DISAGREE; SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_trace_write(shs_loader *loader, const char *path);

#ifdef __cplusplus
}
#endif

#endif
