/** @file
 * A dataset: samples, each with the same fields, from one HDF5 file or many.
 *
 * FILES. The path of shs_dataset_open() is
 *
 *     a file              a name that exists is always taken as it is
 *     a folder            all its files *.h5, *.hdf5, *.he5, *.nc and *.nc4, but none whose
 *                         name begins with a dot, nor folders of such names
 *     @LIST               the files that the text file LIST names, one a line, in that order; paths
 *                         begin at LIST's folder; empty lines and those that begin with # are left
 *                         out
 *     a pattern           the files that match it, by the rules of glob(3), such as "year-*.h5";
 *                         folders that match are left out
 *     PATH,PATH,…         sources, each of which is one of the above, one after the other: a loader
 *                         may mix them by a ratio
 *
 * The files of a folder or a pattern are taken in the bytewise order of their names, in any locale.
 * Several files are one dataset: the samples of the first, then those of the second, and so on.
 * Their fields have the same types and the same shapes but for the first axis. Each file is looked
 * at by shs_dataset_open(), in about 0.4 ms on each rank; later, no more files are open at a time
 * than 64 or a part of what RLIMIT_NOFILE allows, so relative paths must stay valid until
 * shs_dataset_close().
 *
 * Numbers are delivered as they are stored: attributes such as scale_factor, add_offset and
 * _FillValue are not applied.
 *
 * With the option one_sample_a_file, file i holds all of sample i, and a field is a whole dataset
 * of any shape, a single number too. Only the first file is opened by shs_dataset_open(); each
 * other one is examined when its sample is first read: an error then names it.
 *
 * FIELDS. The text of fields is a list, separated by commas, of
 *
 *     [ALIAS=]NAME[(KEY=VALUE, …)]
 *
 * NAME is that of a dataset in the file, such as train/images. ALIAS is the name that the field has
 * in batches and in augment.h; by default it is NAME. One dataset may be several fields by
 * different aliases. An alias has no spaces and none of , : ; ( ) = in it. A dataset whose name
 * contains a comma or a parenthesis cannot be selected; a dataset whose name contains = needs an
 * alias. In NAME, "." between slashes and slashes that are doubled or at its end mean nothing:
 * ./g//x/ is g/x. Without parentheses sample i is row i. With them it is
 *
 * a window, of a series of rows:
 *
 * - window=W: rows of a sample, at least 1; its shape is that of a row with W before it
 * - stride=S: rows from the beginning of one sample to that of the next, at least 1 (1); the same
 *   in all windows of a dataset
 * - lead=L: rows by which all windows of the field begin later (0)
 *
 *     Sample i is rows [i*S + L, i*S + L + W). A forecast 6 rows ahead of a day of 24:
 *
 *         x=weather(window=24), y=weather(window=1, lead=29)
 *
 *     and a language model over an array of tokens that is cut into contexts:
 *
 *         x=tokens(window=1024, stride=1024), y=tokens(window=1024, stride=1024, lead=1)
 *
 *     A file with R rows has floor((R - L - W) / S) + 1 samples, or none if R < L + W; of several
 *     windows the one with the fewest samples decides. No window goes on into the next file. A
 *     field of rows beside windows has exactly as many rows as a file has samples.
 *
 *     Windows overlap where S is below the rows that a sample spans: the largest W + L among its
 *     fields, less the smallest L. A loader's subset.from and subset.to assign each sample by
 *     itself, so training and validation would then share rows (leakage): shs_loader_open() refuses
 *     such a part. Let S be at least that span, or give lists of samples (a loader's subset.rows)
 *     with a gap of span / S samples, rounded up, between training and validation.
 *
 * a run of rows of any length:
 *
 * - offsets=NAME2: a dataset of whole numbers along one axis, one more than there are samples, in
 *   the same file: sample i is rows [o(i), o(i+1)) of NAME. Offsets do not decrease and are at most
 *   the number of NAME's rows; all are checked by shs_dataset_open(). They are kept in memory if
 *   they take up to 64 MiB.
 * - most=M: rows of a sample as it is delivered, at least 1 (those of the longest)
 *
 *     A shorter sample is filled up with zeros, a longer one loses its rows from M on. A field
 *     ALIAS.length follows at once, without being asked for: for each sample a u64, the number of
 *     rows that were delivered, min(o(i+1) - o(i), M). It can be augmented like any other;
 *     operators on ALIAS see these rows only, and the zeros behind them stay zeros.
 *
 * Only the rows that samples have are read, or the chunks that these lie in.
 *
 * Elements are plain numbers: integers of 8 to 64 bits and IEEE 754 halves, singles and doubles, in
 * any byte order. Two other types are taken as such numbers:
 *
 * - An enumeration (HDF5 stores bool as an enumeration) is u8 if its members have values of 0 to
 *   255, whatever integers it is stored in; reading a value that is no member and beyond 255 is an
 *   error. Other enumerations have the type of the integers that they are stored in.
 * - Complex numbers, a compound of two floats of one type, r and i or real and imag, are these
 *   floats with one more axis, the last, of 2: the real and the imaginary part.
 *
 * Rows are compared with the checksums that import wrote, in the dataset NAME.crc32c beside NAME,
 * or beside the dataset that a soft or external link leads to; not those of a virtual dataset's
 * sources, nor those beside another hard link.
 *
 * A virtual dataset is read through HDF5. Its sources must be there, be large enough and cover all
 * of it, and those of external storage must be complete, where HDF5 alone would read fill values.
 */
#ifndef SHARDSTEP_DATASET_H
#define SHARDSTEP_DATASET_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A run, which shs_open() opens: see context.h. */
typedef struct shs_run shs_run;

/** An open dataset. */
typedef struct shs_dataset shs_dataset;

/** How a dataset is opened. A zeroed struct means the defaults. */
typedef struct shs_dataset_options {
    /** The bytes of memory that each loader may use for decoded chunks, and that HDF5 may use for
     * the chunks of a field that only HDF5 can read. 0 means 64 MiB. */
    size_t cache_bytes;
    /** Rows are not compared with their checksums. */
    bool unchecked;
    /** File i holds all of sample i: see FILES above. */
    bool one_sample_a_file;
    /** For files from elsewhere: HDF5 crashes or hangs on some damaged or malicious files. With
     * `probe`, each rank first has a process of its own open the same fields, and read some of
     * their rows, without HDF5's plug-ins unless they are allowed and with limits on time and
     * memory; what goes wrong there is an ordinary error here. It costs each rank about 10 ms and
     * the opening itself once more: of all files or, with one_sample_a_file, of the first. The
     * files must not change meanwhile. The process runs the program `shardstep` with this process's
     * environment. When it ends, this process receives SIGCHLD. */
    bool probe;
    /** The path of the program that the probe runs, borrowed during shs_dataset_open(). NULL means
     * that it is looked for beside the library, in the folder of programs of
     * the same installation, beside the running program, and where it was to be installed. */
    const char *probe_program;
    /** The most time that the probe's process may take, in seconds. 0 means 10. */
    uint32_t probe_seconds;
    /** The most memory that the probe's process may take, in MiB. 0 means 2048. */
    uint32_t probe_mebibytes;
    /** HDF5 may load plug-ins in the probe's process. */
    bool probe_plugins;
} shs_dataset_options;

/** Collective. Opens `fields`, up to SHS_MAX_FIELDS, of the files that `path` stands for, both as
 * above, read-only and without a file lock. The datasets are arrays of numbers, as above, with 1 …
 * SHS_MAX_AXES axes; samples have at most SHS_MAX_AXES - 1. All fields of a file have equally many
 * samples. A field is read directly, by position, if it lies contiguous or in chunks in one file,
 * its filters can be undone (deflate, shuffle, fletcher32 and, as the library was built, LZF, LZ4,
 * Zstandard and Blosc), and a few sample rows compare equal to what HDF5 returns (with
 * one_sample_a_file: in the first file); otherwise through HDF5. Where the HDF5 library lacks the
 * field's filter, there is nothing to compare with, and the field is read directly. A read that the
 * system failed is SHS_ERROR_FILE with its reason: it does not make the field one that is read
 * through HDF5.
 *
 * Every rank opens the files by itself, and each may have another path. On every rank these must
 * agree: how many files there are, how many samples each has, the fields' names, types and shapes
 * and, with several files, the file names (without folders) and their order. The files' content
 * must agree, too. Ranks compare a hash of each file: of a field's checksums if it has some (of
 * more than 2^20 checksums, 16 pieces), else of up to 16 of its rows, or of all rows if they have
 * at most 64 KiB. Of the files beyond those that can be open at a time (64 at most) only the first
 * and the last row are hashed, and with one_sample_a_file only the first file is compared.
 * SHS_ERROR_DISAGREE names the file, two ranks and their hosts.
 *
 * A file that is read is compared with what it was when it was opened (with one_sample_a_file:
 * first read) on that rank: at the beginning of each epoch and after a seek before it is read, at
 * each epoch's end, and in shs_save(). A file that has another size or inode is an error. If only
 * the time of its last change is another, its layout and the hash above are compared again, and
 * only a difference is an error: a file that was merely touched is read on. A file without
 * checksums is read on, too, if only rows outside the hash were written to.
 *
 * `options` may be NULL. On error *dataset is NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_dataset_open(shs_run *run, const char *path,
                                                   const char *fields,
                                                   const shs_dataset_options *options,
                                                   shs_dataset **dataset);

/** Local. Closes a dataset and leaves NULL in *dataset. Accepts NULL and a pointer to NULL. Close
 * the dataset's loaders first. */
SHS_API void shs_dataset_close(shs_dataset **dataset);

/** Local. Returns the number of samples in all files, or 0 for NULL. Without windows and offsets it
 * is the number of rows of each field. */
SHS_API uint64_t shs_dataset_samples(const shs_dataset *dataset);

/** Local. Returns the number of fields, including the fields ALIAS.length, or 0 for NULL. */
SHS_API size_t shs_dataset_fields(const shs_dataset *dataset);

/** Local. Returns the name, the type and the shape of one sample of field number `field`, counted
 * from 0; its `data` is NULL. Returns NULL for a field that is not there. The tensor is borrowed
 * until shs_dataset_close(). */
SHS_API const shs_tensor *shs_dataset_field(const shs_dataset *dataset, size_t field);

#ifdef __cplusplus
}
#endif

#endif
