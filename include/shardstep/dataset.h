/** @file
 * A dataset: samples, each with the same fields, from one HDF5 file or many.
 *
 * FILES. The path of shs_dataset_open() is
 *
 *     a file              a name that exists is always taken as it is
 *     a folder            all its files *.h5, *.hdf5, *.he5, *.nc and *.nc4, except folders of such
 *                         names and files whose name begins with a dot
 *     @LIST               the files that the text file LIST names, one a line, in that order; paths
 *                         begin at LIST's folder; empty lines and lines that begin with # are
 *                         skipped
 *     a pattern           the files that match it, by the rules of glob(3), such as "year-*.h5";
 *                         folders that match are skipped
 *     PATH,PATH,…         sources, each of which is one of the above, one after the other: a loader
 *                         may mix them by a ratio
 *
 * The files of a folder or a pattern are taken in the bytewise order of their names, in any locale.
 * Several files are one dataset: the samples of the first file come first, then those of the second
 * file, and so on. A field has the same type and, except for the first axis, the same shape in all
 * files. shs_dataset_open() looks at each file, which takes about 0.4 ms on each rank. After that,
 * at most 64 files are open at a time, or fewer if RLIMIT_NOFILE is low. So relative paths must
 * stay valid until the dataset is closed.
 *
 * Numbers are delivered as they are stored, unless the option `cf` is set: see PACKED NUMBERS
 * in fields.h.
 *
 * With the option one_sample_a_file, file i holds all of sample i. A field is then a whole dataset
 * of any shape, which may also be a single number. shs_dataset_open() opens only the first file.
 * Each other file is examined when its sample is first read; if it does not fit, the error names
 * it.
 *
 * MAPS. With the option `map`, the part of the file that holds a field is mapped into memory if the
 * field is read directly. The first read of a page is a read by position, as without the option.
 * From then on the page is known to be in memory, and its bytes are copied out of the map. The same
 * samples come, and the same errors, from a process with the option and from one without. What a
 * map saves is the system's call for each row: several times the speed for rows of 1 KiB, little
 * for rows of 64 KiB.
 *
 * The option must be asked for because it needs a handler of SIGBUS. The system sends this signal
 * where a read would return an error, for example if a file was cut short or a sector went bad. The
 * handler ends the copy. The same bytes are then read by position, only to learn the reason, and
 * the result is the error that a reader without a map gives. If this read succeeds, its bytes are
 * not used: the result is SHS_ERROR_FILE. If another file takes the place of a mapped file, the map
 * still shows the old file, and the comparison at the epoch's end tells.
 *
 * - The first shs_dataset_open() with the option installs the handler, by sigaction(). When the
 *   last such dataset and its loaders are closed, the former handler is put back.
 * - Every SIGBUS that does not come from a copy of this library goes to the former handler, or does
 *   what it would have done without a handler.
 * - A program that installs a handler of SIGBUS while such a dataset is open must call, from it,
 *   the handler that it found, for every signal that is not its own. Its handler then stays when
 *   the dataset is closed.
 * - Threads may block SIGBUS. A copy unblocks it for its own thread, and blocks it again.
 * - The handlers of the address sanitizer and the thread sanitizer are former handlers like others.
 *   Tests run under both.
 *
 * The option costs addresses for the fields of all open files; a limit on the address space
 * (RLIMIT_AS, ulimit -v) may be too low for them, which is an error. It costs memory for one bit
 * for each page (4 KiB) of a field, and the system's page tables, 8 bytes for each page used. The
 * resident memory of a process that the system shows includes pages of the file; they belong to the
 * page cache, and the system drops them when memory is short. A copy that finds a page dropped
 * waits for the disk. Soon afterwards all pages are read by position again. A program that locks
 * all its memory, by mlockall(MCL_FUTURE), must not use the option.
 *
 * A virtual dataset is read directly from its sources if each of them has whole rows of it, or
 * pieces of a row one after the other, in the same type, and if it could be read directly by itself
 * and is not virtual. No row may be mapped twice. Each source takes a descriptor: there may be 512
 * sources of a file, and no more than an eighth of the files that the process may open, shared
 * equally by the arrays that are read. Any other virtual dataset is read through HDF5; `shardstep
 * info` says why. The sources must be there, be large enough and cover all of the dataset. The
 * files of a dataset in external storage must be complete. HDF5 alone would read fill values where
 * something is missing. */
#ifndef SHARDSTEP_DATASET_H
#define SHARDSTEP_DATASET_H

#include "fields.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A run, which shs_open() opens: see context.h. */
typedef struct shs_run shs_run;

/** How a dataset is opened. A zeroed struct means the defaults. */
typedef struct shs_dataset_options {
    /** The bytes of memory for decoded rows. 0 means 64 MiB. Each of three uses may take as much:
     *
     * - Small arrays are held decoded as a whole: the smallest arrays that fit this memory
     *   together, if they are read directly, and if all files can be open at the same time. Each of
     *   their rows is read, decoded and checked once. Ranks of a node that read the same files
     *   share this memory. shs_dataset_open() reserves it, and later datasets of the run use it
     *   again. Where the system does not let them share, and in runs without MPI, each process has
     *   memory of its own. If there is no memory, no array is held.
     * - Each loader keeps decoded chunks of the other arrays.
     * - HDF5 keeps chunks of the fields that only HDF5 can read. */
    size_t cache_bytes;
    /** If true, rows and chunks are not compared with their checksums. */
    bool unchecked;
    /** If true, file i holds all of sample i: see FILES above. */
    bool one_sample_a_file;
    /** For files from elsewhere: HDF5 crashes or hangs on some damaged or malicious files. If true,
     * each rank whose files are not those that rank 0 has tried out and examined first starts a
     * process that opens the same fields and reads some of their rows.
     * This process has limits on time and memory, and no plug-ins of HDF5 unless probe_plugins
     * allows them. What goes wrong in it is an ordinary error here. The probe costs each rank about
     * 10 ms, and the time of opening all files once more (with one_sample_a_file, the first file).
     * The files must not change meanwhile. The process runs the program `shardstep` with the
     * environment of the calling process, which receives SIGCHLD when the probe ends. */
    bool probe;
    /** The path of the program that the probe runs, borrowed during shs_dataset_open(). If it is
     * NULL, four folders are searched, in this order: the shared library's folder, the folder of
     * programs of the same installation, the running program's folder, and the folder where the
     * build was configured to install the program. */
    const char *probe_program;
    /** The most time that the probe's process may take, in seconds. 0 means 10. */
    uint32_t probe_seconds;
    /** The most memory that the probe's process may take, in MiB. 0 means 2048. */
    uint32_t probe_mebibytes;
    /** If true, HDF5 may load plug-ins in the probe's process. */
    bool probe_plugins;
    /** If true, bytes that are in memory already are copied out of a map of the file: see MAPS
     * above. */
    bool map;
    /** The path of an index that `shardstep index` has made of these files, borrowed during
     * shs_dataset_open(); NULL for none. Then no file is opened before rows of it are read, and a
     * file that is read directly is not opened in HDF5 at all. Under MPI rank 0 reads the index;
     * all ranks give one or none. The index must have been made with the same one_sample_a_file,
     * unchecked and, if there are packed numbers, cf, and have the datasets of the fields, each
     * with the same axes, select and crop: otherwise the result is SHS_ERROR_ARGUMENT. A file that
     * has another size, another inode or another time of its last change than in the index is
     * examined anew, as without an index, unless it is another file of the same size with the same
     * bytes where the examination had read them. The run's `report` tells of files that were
     * examined anew (SHS_REPORT_INDEX). An index that is damaged or not complete is
     * SHS_ERROR_FORMAT, an index of another version or kind of machine SHS_ERROR_UNSUPPORTED. */
    const char *index;
    /** If true, the attributes of packed numbers are applied: see PACKED NUMBERS in fields.h. */
    bool cf;
} shs_dataset_options;

/** Collective. Opens `fields`, up to SHS_MAX_FIELDS, of the files that `path` stands for: see
 * fields.h, and FILES above. Files are opened read-only and without a file lock. The datasets in
 * them are arrays of numbers with 1 to SHS_MAX_AXES axes (with one_sample_a_file also without
 * axes). A sample has at most SHS_MAX_AXES - 1 axes. All fields of a file have equally many
 * samples. `options` may be NULL, which means the defaults. On error *dataset is NULL.
 *
 * A field is read directly, by position, if it lies contiguous or in chunks in one file, if its
 * filters can be undone (deflate, shuffle, fletcher32, bitshuffle and, as the library was built,
 * LZF, LZ4, Zstandard, Blosc and Blosc2, and LZ4 and Zstandard within bitshuffle), and if a few
 * sample rows compare equal to what HDF5 returns (with one_sample_a_file, rows of the first file).
 * Otherwise it is read through HDF5. If the HDF5 library lacks the field's filter, there is nothing
 * to compare with, and the field is read directly. A read that fails in the system is
 * SHS_ERROR_FILE with the system's reason. It is not tried again through HDF5.
 *
 * Under MPI rank 0 examines the files, and sends what it has learned to the other ranks: shapes,
 * types, where chunks lie, checksums and offsets. Another rank opens none of the files for that if
 * they are the same files, with the same device, inode, size and time of the last change. Where
 * device or inode differ, as for copies on each node, it reads from the file the bytes that rank 0
 * has read, and uses what rank 0 has learned if they are the same. Otherwise, and in runs without
 * MPI, a rank examines its files by itself. It opens a file when it first reads rows of it. A field
 * that is read through HDF5 is opened in HDF5 then.
 *
 * Each rank may have another path. On every rank these must agree: how many files there are, how
 * many samples each has, the fields' names, types and shapes and, with several files, the file
 * names (without folders) and their order. The files' content must agree, too: ranks compare a hash
 * of each file. If a field has checksums, the hash covers them (of more than 2^20 checksums, 16
 * pieces). Otherwise it covers up to 16 of the field's rows, or all rows if these have at most 64
 * KiB. It also covers which indices select and crop take. If there are more files than can be open
 * at a time, the hash of each further file covers the first and the last row only. With
 * one_sample_a_file only the first file is compared. SHS_ERROR_DISAGREE names the file, two ranks
 * and their hosts.
 *
 * Each rank compares a file with what it was when the rank first opened it (with one_sample_a_file:
 * first read it). It does so before it reads the file for the first time in an epoch or after a
 * seek, at the end of each epoch, and in shs_save(). A file that has another size or inode is an
 * error. If only the time of its last change is another, its layout and the hash above are compared
 * again, and only a difference is an error. So a file that was merely touched is read on. A file
 * without checksums is read on, too, if only rows outside the hash were written to. Rows that are
 * in memory already stay as they were read. */
SHS_API SHS_MUST_CHECK shs_status shs_dataset_open(shs_run *run, const char *path,
                                                   const char *fields,
                                                   const shs_dataset_options *options,
                                                   shs_dataset **dataset);

/** Local. Closes a dataset and leaves NULL in *dataset. Accepts NULL and a pointer to NULL. A
 * loader keeps what it needs of the dataset until the loader itself is closed. */
SHS_API void shs_dataset_close(shs_dataset **dataset);

/** Local. Returns the number of samples in all files, or 0 for NULL. Without windows and offsets it
 * is the number of rows of each field. */
SHS_API uint64_t shs_dataset_samples(const shs_dataset *dataset);

#ifdef __cplusplus
}
#endif

#endif
