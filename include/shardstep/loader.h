/** @file
 * The loader: batches of a dataset, in an order that is a function of seed and cursor. In the
 * sources, src/order/order.h and the headers beside it define the order step by step.
 *
 * WAITING. Without the option `ahead` loading is synchronous: all work happens inside shs_next(),
 * in the calling thread and in the `threads` beside it. With `ahead` = k it is asynchronous:
 * `threads` threads fill the batches of the next k steps while the program computes. If the batch
 * is not there yet, shs_next() does not sleep: it fills the next batch that no thread has begun.
 * It sleeps only if all are begun, or if batches take long and its own is soon there. So where data
 * is the bottleneck the calling thread works, too. shs_try_next() neither fills batches nor waits
 * for them. The batches are the same in every mode, bit by bit.
 *
 * The threads read, decode and augment. They call neither MPI nor HDF5, and block all signals. What
 * only HDF5 can read, the opening of files, and weights that are not in memory are read ahead by
 * the calling thread inside shs_next() and shs_try_next(), so these calls take the time of such
 * reads in every mode.
 *
 * SAMPLING. An epoch has each row once. The rows are those of the dataset, or of a subset of it.
 * With SHS_SHARD_GLOBAL the options `sampling` offer more:
 *
 * - Passes (repeats, epoch_rows). A pass has all rows once, in an order of its own. An epoch goes
 *   on where the previous epoch ended. At the end of each epoch, the numbers of times that any two
 *   rows have been used differ by at most 1 (rows that tail drop left out excepted). With
 *   SHS_SHUFFLE_FULL or SHS_SHUFFLE_NONE this holds after every step.
 * - A mixture (mix). Its sources are the paths that commas separate in the dataset's path. Of the M
 *   rows of an epoch, source i gives those from floor(M * C_i / C) to before
 *   floor(M * C_{i+1} / C). Here C_i is the sum of the ratio's numbers before source i, and C is
 *   the sum of all numbers. With {7, 3}, an epoch of 10 rows has exactly 7 and 3. Each source gives
 *   its rows in passes of its own. With SHS_SHUFFLE_FULL any row may follow any other. With
 *   SHS_SHUFFLE_NONE the rows of the first source come first, then those of the second, and so on.
 *   Tail drop may leave out rows of any source; with SHS_SHUFFLE_NONE it leaves out rows of the
 *   last source only.
 * - Draws by weight, with replacement (weights, weight_field, balance). How often a row comes is
 *   random, and the ledger compares only the number of rows.
 *
 * A row that comes several times in an epoch has other draws for its augmentation each time. With
 * SHS_BY_SAMPLE it has the same draws each time.
 *
 * TWINS. Every draw is a function of its place, so no two virtual ranks, epochs or slots augment
 * alike. An operator of the program's own (shs_augment_register) may break this: by rand(), a
 * clock, a static variable, or a generator that every process seeds alike. A loader whose
 * augmentation draws, or has such operators, therefore looks for twins after its first step and
 * after each epoch's first step. It runs each operator of the program's own by itself, and then the
 * whole augmentation if it draws, the library's operators included. It runs them on one sample, the
 * first row of the first batch, at 8 places of each virtual rank: slots 0 to 7 of that step or,
 * with SHS_BY_SAMPLE, 8 rows of its own. An operator that mixes samples mixes this one with itself;
 * the partner and lambda that it draws are compared, too.
 *
 * - Virtual ranks, of this epoch and of the one before, whose results all agree are twins.
 * - So are slots, if each virtual rank has one result only.
 * - Places that are run twice must give the same bytes, in the same process and on every rank.
 *
 * A finding is reported (SHS_REPORT_TWINS), or is the step's error, as the option `twins` says. Its
 * text names the virtual ranks, their ranks, and the operator; or all operators, if only the whole
 * augmentation shows it. It is raised only if an augmentation that draws as it must would give it
 * less than once in a million checks. An augmentation that hardly ever changes the sample, or only
 * in a few ways like a single flip, gives too little randomness to tell
 * (SHS_REPORT_TWINS_UNKNOWN).
 *
 * An operator that returns an error when it is tried is not judged, which is reported as
 * SHS_REPORT_TWINS_UNKNOWN, too. A step's batch may have fewer slots than are tried.
 *
 * What is not found:
 * - Virtual ranks that get the same rows. Only augmentation is compared; the ledger of the epoch
 *   finds rows that came twice.
 * - Processes that know nothing of each other, such as several that each open a run of one rank,
 *   all with the same seed.
 * - An operator that goes wrong only for some samples, only in some threads, or only later in an
 *   epoch.
 * - A fault of one of the library's operators, as long as another one beside it draws as it must.
 *
 * On several ranks this happens inside the agreement that ends the step: shs_gradient_mean() or
 * shs_agree(). Rank 0's sample goes to all ranks once. Where the ranks cannot talk to each other,
 * and with a sample above 64 KiB and the `agree` of shs_open_ranks(), each rank compares its own
 * virtual ranks only. At most 4,096 results are compared. Of more virtual ranks only some, evenly
 * spread, take part; of more than 64 operators of the program's own the first 64. The memory is
 * that of a sample before and after augmentation, what a thread needs to augment it, and at most
 * 140 KiB (`other` of shs_loader_memory_use).
 *
 * PUSH-DOWN. Where the text of a field begins with a crop, only what the crop keeps is read: the
 * rows of a window, and the chunks or bytes of a row that its box touches. The bytes of the batch
 * are those of reading all and cropping. It holds for a field
 *
 * - whose operators begin with random_crop (what its padding shows of the sample is read, too; with
 *   a padding and mode=wrap it may be all of an axis), center_crop, window_crop, or
 *   random_resized_crop, each with p=1. Before it only random_flip, time_flip, random_rot90, d4,
 *   random_symmetry, to_chw and to_hwc may stand, and none that turns components of vectors. Any
 *   operators may follow;
 * - which is neither ragged nor a sparse matrix, has no members of a compound and no slab of a
 *   group, and is not held decoded in memory (cache_bytes in dataset.h);
 * - whose rows have no checksums (NAME.crc32c), or whose chunks have checksums of their own, or if
 *   rows of a window are cut only. Otherwise rows are read whole, and compared;
 * - in a loader whose text neither mixes samples nor has, before the crop, an operator of the
 *   program's own that draws, and whose failures are SHS_DAMAGE_STOP and SHS_NAN_KEEP: which
 *   samples are replaced must not depend on what is read.
 *
 * Of a field that decodes images without resizing them, only what the crop keeps is decoded, with a
 * block around it; the bytes of an image are read whole.
 *
 * Damage outside what is read is then not noticed; `shardstep check` reads everything. In the
 * search for TWINS the elements of such a field are those of its box, in a mixed order.
 *
 * VALIDATION. Use SHS_SHUFFLE_NONE: with another order the last digits of a sum over the rows
 * depend on the epoch. To sum a scalar such as the loss reproducibly, give a gradient object one
 * more tensor for it. One gradient object may serve two loaders in turn. */
#ifndef SHARDSTEP_LOADER_H
#define SHARDSTEP_LOADER_H

#include "augment.h"
#include "batch.h"
#include "dataset.h"
#include "draws.h"
#include "failures.h"
#include "statistics.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    /** The version of the order of rows. It is part of a run's fingerprint. */
    SHS_ORDER_VERSION = 1
};

/** The order of rows. */
typedef enum shs_shuffle {
    /** Any row may follow any other. */
    SHS_SHUFFLE_FULL = 0,
    /** The order in which the rows lie in the files. */
    SHS_SHUFFLE_NONE,
    /** An order for compressed or slow storage. Blocks of neighbouring rows come in any order. The
     * sequence of all blocks is cut into one part for each virtual rank. A virtual rank mixes the
     * rows of its part within windows of whole blocks. No two virtual ranks share a block, unless
     * it is cut. With SHS_SHARD_FIXED the blocks are those of the shard's own rows: the blocks of
     * the file, cut at the shard's ends. */
    SHS_SHUFFLE_BLOCKS,
} shs_shuffle;

/** The rows that a virtual rank may take. */
typedef enum shs_shard {
    /** Each epoch shares out all rows anew: its permutation spans the dataset. */
    SHS_SHARD_GLOBAL = 0,
    /** Virtual rank v of V keeps the rows [N*v/V, N*(v+1)/V) of all N for the whole run, and
     * permutes these. */
    SHS_SHARD_FIXED,
} shs_shard;

/** What becomes of the rows that do not fill an epoch's last global batch. */
typedef enum shs_tail {
    /** Every row comes exactly once. The last step's batches are smaller. */
    SHS_TAIL_SHORT = 0,
    /** The rows that are left wait for another epoch. */
    SHS_TAIL_DROP,
    /** The last step's batches are filled up with rows of weight 0. These rows are from the
     * beginning of the epoch's order. With SHS_SHARD_FIXED or SHS_SHUFFLE_BLOCKS they are from the
     * beginning of the virtual rank's own part. SHS_ERROR_ARGUMENT if a virtual rank's part is
     * empty. */
    SHS_TAIL_PAD,
} shs_tail;

/** What the draws of an augmentation depend on. */
typedef enum shs_augment_by {
    /** The virtual rank, the step and the slot (role 1 of random.h). */
    SHS_BY_RANK_AND_STEP = 0,
    /** The planned row's number and the epoch (role 2 of random.h). Refused with mixup and cutmix:
     * a sample's partner depends on rank and step. */
    SHS_BY_SAMPLE,
} shs_augment_by;

/** The blocks of SHS_SHUFFLE_BLOCKS. Refused with another shuffle. A zeroed struct means the
 * defaults. */
typedef struct shs_blocks {
    /** Rows of a block. 0 means the rows of the largest chunk, in any file, among the fields whose
     * rows have at least an eighth (rounded down) of the widest field's bytes, which labels seldom
     * have. A chunk of a field of windows or runs counts as many rows as samples begin in it, for
     * runs on the average. If none of these fields is chunked, 0 means as many rows of the widest
     * field as fill 1 MiB.
     *
     * The number is part of the order: a run goes on with the number that it began with, also from
     * a file with other chunks. With a subset, or with passes or sources that end inside a chunk, a
     * block is this many selected rows. Blocks then no longer line up with chunks, and most chunks
     * are decoded twice an epoch, provided that 2 W decoded chunks fit in the dataset's
     * cache_bytes. */
    uint64_t rows;
    /** W, the number of whole blocks whose rows are mixed with one another. 0 means 16. A larger W
     * mixes better and needs more cache. Each chunk, except a chunk at a cut, is decoded once an
     * epoch if the dataset's cache_bytes hold W decoded blocks for each hosted virtual rank, and
     * two more blocks. */
    uint64_t window;
} shs_blocks;

/** The rows that a loader is restricted to: a part (from, to) or a list (rows), not both. Either
 * costs 8 bytes of memory for each selected row. A zeroed struct means all rows. */
typedef struct shs_subset {
    /** The beginning of a part, at least 0. A part has the rows whose draw lies in [from, to). A
     * row's draw is a number in [0, 1) made from split_seed and the row's number alone. So the
     * parts 0 to 0.8 for training and 0.8 to 1 for validation never overlap, and rows never change
     * their part when rows are appended. Windows that overlap need `block`: see fields.h. */
    double from;
    /** The end of the part, above `from` and at most 1. 0 means 1, so that a zeroed struct means
     * all rows. */
    double to;
    /** The seed of the part's draws, any value. It is not the run's seed, so runs with other seeds
     * have the same parts. */
    uint64_t split_seed;
    /** The samples of a block of a part. The samples of a series are cut into blocks of this many
     * neighbours; the last block may be smaller. A series is a file or, for windows over two axes,
     * a trajectory. All samples of a block have the draw of the block's first sample. A sample is
     * left out if it shares rows with a later sample that is not in the part. So two parts that do
     * not overlap have no row in common. With a number as large as the longest series has samples,
     * whole files or trajectories are blocks. When rows are appended to the last file, samples that
     * were its last may be left out. 0 means that each sample has a draw of its own, which is
     * refused if windows overlap. SHS_ERROR_ARGUMENT without a part. */
    uint64_t block;
    /** The list of row numbers, ascending, each number once. The loader copies it. NULL means all
     * rows. */
    const uint64_t *rows;
    /** Numbers in `rows`. */
    uint64_t n_rows;
} shs_subset;

/** How often an epoch takes each row: see SAMPLING. `repeats` and `epoch_rows` exclude each other,
 * and so do `mix`, `weights`, `weight_field` and `balance`. All six need SHS_SHARD_GLOBAL.
 * `weights`, `weight_field` and `balance` also need SHS_SHUFFLE_FULL. A zeroed struct means each
 * row once. */
typedef struct shs_sampling {
    /** Passes of an epoch. 0 means 1. */
    uint64_t repeats;
    /** Rows of an epoch, however many rows the dataset has. 0 means all rows, `repeats` times. */
    uint64_t epoch_rows;
    /** The ratio of the sources: a whole number for each source. The loader copies it. NULL means
     * that the dataset is one source. */
    const uint64_t *mix;
    /** Numbers in `mix`. */
    size_t n_mix;
    /** A weight for each sample of the dataset. Every weight is finite and not below 0. Their sum
     * is finite and above 0. A row outside the subset has weight 0. The loader makes a table of 12
     * bytes a sample from the weights. NULL means no weights. */
    const double *weights;
    /** Numbers in `weights`. */
    uint64_t n_weights;
    /** A field of the same files, in the text of fields.h, that holds a weight for each sample.
     * The loader keeps up to 20 MiB of weights. With more than 2^20 samples each draw reads the
     * weights of some neighbouring samples. Store such a field contiguously; otherwise each draw
     * decodes a chunk. */
    const char *weight_field;
    /** A field of the same files that holds the class of each sample: a whole number such as a
     * label. The numbers span at most 2^20. Every class that occurs is drawn equally often, and so
     * is every sample of a class. Memory and reads are those of weight_field. */
    const char *balance;
} shs_sampling;

/** Where the memory of batches comes from: pinned memory for a GPU, or huge pages, say. Give both
 * functions or none. A zeroed struct means the library's own memory. */
typedef struct shs_slot_memory {
    /** Allocates `bytes` bytes for a batch. The address is a multiple of `alignment`, which is 64.
     * Called in the thread that calls shs_loader_open(). NULL is SHS_ERROR_MEMORY there, and
     * another address is SHS_ERROR_ARGUMENT. */
    void *(*allocate)(void *user, size_t bytes, size_t alignment);
    /** Releases what `allocate` gave. Called in the thread that closes the loader or, for a batch
     * that is kept longer, in the thread that gives it back. It must call no function of this
     * library. */
    void (*release)(void *user, void *memory, size_t bytes);
    /** A pointer of the program's own, handed to both functions. */
    void *user;
} shs_slot_memory;

/** What becomes of twins: see TWINS. */
typedef enum shs_twins {
    /** They are reported by the `report` of shs_run_options. */
    SHS_TWINS_WARN = 0,
    /** They are an error of the step, SHS_ERROR_ARGUMENT. */
    SHS_TWINS_ERROR,
    /** Nobody looks for them. */
    SHS_TWINS_OFF,
} shs_twins;

/** What is read of samples that are cropped: see PUSH-DOWN. No result depends on it. */
typedef enum shs_pushdown {
    /** Only what a crop keeps, where that saves a quarter of what must be read or decoded. */
    SHS_PUSHDOWN_AUTO = 0,
    /** Whole samples. */
    SHS_PUSHDOWN_OFF,
    /** Only what a crop keeps, wherever this is possible. */
    SHS_PUSHDOWN_ALWAYS,
} shs_pushdown;

/** How a loader loads. A zeroed struct means the defaults. Everything that a pointer points to may
 * be released after shs_loader_open(). */
typedef struct shs_loader_options {
    /** b, the number of rows that one virtual rank takes in one step, below 2^32. 0 means 32. */
    uint64_t batch;
    /** Epochs to deliver, up to 2^32. 0 means no end. */
    uint64_t epochs;
    /** The order of rows: SHS_SHUFFLE_FULL by default. */
    shs_shuffle shuffle;
    /** Which rows a virtual rank may take: SHS_SHARD_GLOBAL by default. */
    shs_shard shard;
    /** What becomes of the last step: SHS_TAIL_SHORT by default. */
    shs_tail tail;
    /** The blocks of SHS_SHUFFLE_BLOCKS. */
    shs_blocks blocks;
    /** The rows that the loader is restricted to: all rows by default. */
    shs_subset subset;
    /** How often an epoch takes each row: once by default. */
    shs_sampling sampling;
    /** How samples are changed, in the text of augment.h. The loader copies it. Files that the text
     * names, as in normalize(from=FILE), are read when the loader is opened. NULL means samples as
     * they are. */
    const char *augment;
    /** Operators of the program's own, for `augment`: see shs_augment_register(). They are called
     * in every thread that loads. Names and versions of those that the text uses must be the same
     * on every rank, and are lines of the run's fingerprint. NULL means the library's operators. */
    shs_augment_table *operators;
    /** What the draws of `augment` depend on: SHS_BY_RANK_AND_STEP by default. */
    shs_augment_by augment_by;
    /** What becomes of virtual ranks, epochs and slots that augment alike where they must not:
     * SHS_TWINS_WARN by default. */
    shs_twins twins;
    /** What becomes of rows that cannot be delivered: damage is an error by default. */
    shs_failures failures;
    /** What is read of samples that are cropped: SHS_PUSHDOWN_AUTO by default. */
    shs_pushdown pushdown;
    /** This loader's number in the run, 0 to 15. Two open loaders of a run that both draw, as every
     * shuffle and most augmentation do, need different numbers, such as 0 for training and 1 for
     * validation. */
    uint32_t stream;
    /** If true, an agreed stop does not end this loader: an evaluation still delivers its whole
     * epoch. */
    bool through_stop;
    /** Steps to load ahead, up to 4096. 0 means that batches are loaded when they are asked for.
     * Each step takes the memory of its batches. A child of fork() has none of the threads, so it
     * must not use the loader. */
    uint32_t ahead;
    /** Threads beside the calling thread, up to 64. Without `ahead` they share the work of
     * shs_next() with it, and 0 means that it works alone. With `ahead` each thread loads whole
     * batches, and 0 means one thread. Where bytes are not in memory, up to 16 more threads wait
     * for the disk, or 32 with `ahead`. No result depends on this number. */
    uint32_t threads;
    /** Batches that the program may keep by shs_keep() beside the latest batch, up to 65,536. Their
     * memory is allocated when the loader is opened. */
    uint32_t keep;
    /** If true, shs_next() gives one batch a step, with the rows of all hosted virtual ranks: see
     * shs_batch. */
    bool step_batches;
    /** Where the memory of batches comes from: the library's own by default. */
    shs_slot_memory memory;
    /** Events of each thread that are kept for shs_trace_write(), the latest ones, up to 2^20. Each
     * takes 32 bytes. 0 means none. */
    uint32_t trace_events;
} shs_loader_options;

/** All that a loader needs to resume. At an epoch's end the cursor is {epoch + 1, 0, step}. */
typedef struct shs_cursor {
    /** The epoch, counted from 0. */
    uint64_t epoch;
    /** The step within the epoch, counted from 0. */
    uint64_t epoch_step;
    /** The step within the whole run, counted from 0. Random streams use this step. */
    uint64_t step;
} shs_cursor;

/** The batch of one virtual rank in one step or, with the option `step_batches`, of all virtual
 * ranks that this rank hosts. It is valid until the loader's next shs_next(), shs_try_next(),
 * shs_seek() or shs_restore(), or until the loader is closed. After shs_keep() it is valid until
 * shs_give_back(). The program may change the fields' data in place. Each field's data begins at a
 * multiple of 64 bytes. */
typedef struct shs_batch {
    /** The seed of the run. */
    uint64_t seed;
    /** The virtual rank whose batch this is. With step_batches it is the first hosted one. */
    uint64_t vrank;
    /** The epoch, as in shs_cursor. */
    uint64_t epoch;
    /** The step within the epoch, as in shs_cursor. */
    uint64_t epoch_step;
    /** The step within the run, as in shs_cursor. */
    uint64_t step;
    /** Rows delivered, from 0 to the option `batch`. With step_batches the sum over all parts. */
    uint64_t rows;
    /** Rows of weight 1, which come first. Leave the other rows, which tail pad repeats, out of the
     * loss. With step_batches the sum over all parts; see `weight` for which rows they are. */
    uint64_t count;
    /** Rows of weight 1 in the step's batches of all virtual ranks, the same on every rank. Weigh
     * the mean of a step with this number in a mean over the epoch. */
    uint64_t step_rows;
    /** The number of each row in the dataset. */
    const uint64_t *index;
    /** NULL if each row is the row that the order planned. Otherwise the number of the planned row
     * for each slot: it differs from `index` where another row took the place. */
    const uint64_t *replaced;
    /** The number of fields of a sample. */
    size_t fields;
    /** The data of each field, whose shape is {rows, ...}. A constant field (see fields.h) has the
     * shape of its one copy instead, whatever `rows` is. Constant fields come last, and the parts
     * of a batch share their memory. C does not check the type of `data`: shs_batch_f32() and its
     * relatives (batch.h) find a field by its name, and do. */
    const shs_tensor *field;
    /** True for the step's last batch on this rank. */
    bool ends_step;
    /** True only together with ends_step, in the epoch's last step. */
    bool ends_epoch;
    /** With step_batches the number of hosted virtual ranks, else 0. */
    size_t parts;
    /** With step_batches the batches of the hosted virtual ranks, else NULL. Their rows lie in this
     * batch's memory: those of a part right behind those of the part before. A loading error in
     * any part takes the rows of all. A part is kept and given back as the whole batch is. */
    const struct shs_batch *part;
    /** With step_batches and SHS_TAIL_PAD the weight of each row, 1 or 0, else NULL. */
    const float *weight;
    /** NULL unless the augmentation mixes the samples of a batch (mixup, cutmix). Otherwise the
     * slot in this batch of each row's partner: the row itself if it was not mixed. The loss of a
     * row is that for its own label * (1 - w) + that for the label of row partner[slot] * w, where
     * w is partner_weight[slot]. Labels are not mixed. */
    const uint64_t *partner;
    /** NULL unless the augmentation mixes. Otherwise the partner's share of each row, 0 to 1: 0 if
     * it was not mixed. For cutmix it is the share of the box or the segment as it was cut. */
    const float *partner_weight;
    /** The memory that the batch lies in, for shs_keep() and shs_give_back() only. */
    void *slot;
} shs_batch;

/** An open loader. */
typedef struct shs_loader shs_loader;

/** Collective. Opens a loader of a dataset, at the first step of epoch 0. `options` may be NULL,
 * which means the defaults. The program may close the dataset before the loader. On error
 * *loader is NULL. SHS_ERROR_ARGUMENT for an option out of its range or beside an option that
 * excludes it, and for an epoch of no steps; the message then names N, V and b. SHS_ERROR_DISAGREE
 * for options that have another effect on another rank. SHS_ERROR_STATE for a stream that another
 * open loader draws from. SHS_ERROR_MEMORY if the system gives no thread to load ahead.
 */
SHS_API SHS_MUST_CHECK shs_status shs_loader_open(shs_dataset *dataset,
                                                  const shs_loader_options *options,
                                                  shs_loader **loader);

/** Local. Closes a loader and sets the pointer to NULL. Accepts NULL and a pointer to NULL. */
SHS_API void shs_loader_close(shs_loader **loader);

/** Local. Delivers the next batch. Every hosted virtual rank gets exactly one batch in every step,
 * which may be empty.
 *
 * SHS_END after the last epoch, whether a stop was agreed on or not. SHS_STOP at the beginning of
 * the next step after a stop was agreed on, unless the option `through_stop` is set: save then, and
 * exit with SHS_EXIT_STOPPED.
 *
 * A loading error is kept in the run. Its message names the first bad sample: to find it, the rows
 * of the batch are read once more, one by one. The batch that it concerns and the later batches of
 * the step arrive with SHS_OK, no rows and count 0. The step's shs_gradient_mean() or shs_agree()
 * returns the error on every rank. From the next step on shs_next() returns the error, until a seek
 * or a restore.
 *
 * The former batch is given back, whatever shs_next() returns, unless shs_keep() keeps it.
 * SHS_NO_SLOT while the program keeps more batches than the option `keep` says: give one back and
 * call again. Nothing else has happened then, and no rank needs to know. */
SHS_API SHS_MUST_CHECK shs_status shs_next(shs_loader *loader, shs_batch *batch);

/** Local, non-blocking. Delivers the next batch like shs_next() if it is there. SHS_NOT_READY if it
 * is not there yet: do something else, and call again. SHS_NOT_READY and SHS_NO_SLOT are positive
 * and shs_must() passes them on, so a loop that goes on only while the status is SHS_OK would end.
 * Each call also prepares batches for the threads, and reads at most one piece that only HDF5 can
 * read, which are neighbouring rows of a field: the call blocks for so long, and for the time that
 * a file takes to be opened. Without the option `ahead` all work happens inside the call, which
 * then does what shs_next() does. */
SHS_API SHS_MUST_CHECK shs_status shs_try_next(shs_loader *loader, shs_batch *batch);

/** Local. Keeps the batch that shs_next() gave last: it stays valid until shs_give_back(), also
 * after the loader, the dataset and the run are closed. Copies of the struct stay valid with it.
 * Each call needs its own shs_give_back(). SHS_ERROR_STATE if the batch is not valid any more. */
SHS_API SHS_MUST_CHECK shs_status shs_keep(const shs_batch *batch);

/** Local, any thread. Gives a kept batch back, and zeroes *batch. Also gives back the latest batch
 * if it was not kept: its memory can then be filled before the next shs_next(). Accepts a zeroed
 * batch, and does nothing. SHS_ERROR_STATE if the batch was given back already, as far as its
 * memory still exists. */
SHS_API SHS_MUST_CHECK shs_status shs_give_back(shs_batch *batch);

/** Local. Returns the cursor after the last batch that was handed out. Inside a step this is the
 * cursor of the step's beginning. After an error of the loader it is the cursor of the beginning of
 * the step that failed, on every rank that has been told of the error: after shs_gradient_mean() or
 * shs_agree() on all. shs_seek() there, on every rank, takes that step again. All zero for NULL. */
SHS_API shs_cursor shs_tell(const shs_loader *loader);

/** Collective. Goes on at a cursor, in constant time. SHS_ERROR_ARGUMENT for a cursor that the
 * loader never passes. */
SHS_API SHS_MUST_CHECK shs_status shs_seek(shs_loader *loader, shs_cursor cursor);

/** Local. Tells the run's fingerprint: a text that says what the run is a function of, such as
 * fields, number of samples, seed, V, batch, order and augmentation, with one "name = value" a
 * line. shs_save() keeps it in each checkpoint. A program that keeps the cursor by itself keeps
 * the fingerprint with it, and goes on by shs_resume().
 *
 * @param loader  the loader
 * @param text    gets the text and an ending 0, or "" if `bytes` is too small or after an error;
 *                NULL if `bytes` is 0
 * @param bytes   bytes at `text`
 * @param needed  gets the bytes that the text takes, the ending 0 included; 0 after an error
 * @return SHS_OK, also if `bytes` is too small: look at *needed; SHS_ERROR_ARGUMENT for NULL;
 *         SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_fingerprint(const shs_loader *loader, char *text,
                                                  size_t bytes, size_t *needed);

/** Collective. Does what shs_seek() does, if the cursor is that of a run with the same fingerprint.
 *
 * @param loader       the loader
 * @param cursor       what shs_tell() returned in the run that is gone on with
 * @param fingerprint  what shs_fingerprint() told there
 * @return what shs_seek() returns; SHS_ERROR_MISMATCH if the fingerprints differ on any rank: the
 *         message names the first line that does. The batch must be the same, too: only
 *         shs_restore() goes on with another. After an error the loader stands where it stood */
SHS_API SHS_MUST_CHECK shs_status shs_resume(shs_loader *loader, shs_cursor cursor,
                                             const char *fingerprint);

/** Local. Makes one batch of the run again: what the virtual rank `vrank` got, or will get, in the
 * step at a cursor. `shardstep replay` does the same, but does not know a program's own operators
 * (shs_augment_register). In a run that this process opened alone with V virtual ranks, a program
 * can so look at any batch of a run of many ranks.
 *
 * The loader then stands where it stood: cursor, ledger and the order of what follows are as if
 * this call had not been made, but for the batches that were loaded ahead, which are loaded again,
 * and the counts of shs_statistics(). The batch is given back as one of shs_next(), and the former
 * batch is given back now. A stop that was agreed on does not matter.
 *
 * @param loader  the loader
 * @param cursor  the beginning of a step, at which the loader passes: see shs_seek()
 * @param vrank   a virtual rank that this rank hosts
 * @param batch   gets the batch; with step_batches it is the part of that virtual rank
 * @return SHS_OK; SHS_END for a cursor behind the last epoch; SHS_NO_SLOT as shs_next(); the error
 *         of loading, of which the run is not told; SHS_ERROR_ARGUMENT for a cursor that the loader
 *         never passes, for a virtual rank that this rank does not host, and for NULL;
 *         SHS_ERROR_STATE if the run is closed; the loader's error after an error of shs_next() */
SHS_API SHS_MUST_CHECK shs_status shs_replay(shs_loader *loader, shs_cursor cursor, uint64_t vrank,
                                             shs_batch *batch);

/** Local, any thread. Opens the random stream of a slot of a batch, for draws of the program's own,
 * such as dropout. The slot is 0 to batch->rows - 1; with step_batches it may be given of the whole
 * batch or of a part. The stream is the stream that shs_random_at()
 * opens at the seed, vrank and step of the batch. The purpose has role 0 or one of the roles 7 to
 * 15: take SHS_ROLE_USER, or ask shs_random_own_purpose(). Another loader of the same run needs
 * another purpose, because its steps are counted from 0 as well. SHS_ERROR_ARGUMENT for another
 * role, and for a slot that the batch does not have; the stream then gives only zeros. */
SHS_API SHS_MUST_CHECK shs_status shs_random_at_batch(const shs_batch *batch, uint64_t slot,
                                                      uint64_t purpose, shs_random *stream);

/** Local. Returns the slab that this rank gets of field number `field` in batches, counted from 0,
 * as shs_dataset_slab() does for samples as they are stored: an augmentation may move its axis. The
 * axis is that of a sample; in a batch it is one more. All zero for NULL, for a field that is not
 * there, and for a field that each member of a group gets whole. */
SHS_API shs_slab shs_loader_slab(const shs_loader *loader, size_t field);

/** Local. Returns the number of steps of one epoch. 0 for NULL. */
SHS_API uint64_t shs_epoch_steps(const shs_loader *loader);

#ifdef __cplusplus
}
#endif

#endif
