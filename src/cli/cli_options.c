/* The table of all options. */
#include "cli_options.h"

#include <stddef.h>
#include <string.h>

#define OFFSET(member) offsetof(struct cli_arguments, member)
#define MEMBER(member) OFFSET(member), sizeof((struct cli_arguments *)0)->member
#define NUMBER(name, member, set, least, most, unless_given, group, value, help)                   \
    {                                                                                              \
        name, CLI_NUMBER, MEMBER(member), set, least, most, unless_given, NULL, group, value, help \
    }
#define CHOICE(name, member, set, words, group, value, help)                                       \
    {                                                                                              \
        name, CLI_CHOICE, MEMBER(member), set, 0, 0, 0, words, group, value, help                  \
    }
#define TEXT(name, member, set, group, value, help)                                                \
    {                                                                                              \
        name, CLI_TEXT, MEMBER(member), set, 0, 0, 0, NULL, group, value, help                     \
    }
#define FLAG(name, member, set, group, help)                                                       \
    {                                                                                              \
        name, CLI_FLAG, MEMBER(member), set, 0, 0, 0, NULL, group, NULL, help                      \
    }

#define MOST_24 ((UINT64_C(1) << 24) - 1)
#define MOST_32 ((UINT64_C(1) << 32) - 1)
#define MOST_64 UINT64_MAX

const struct cli_option cli_options[] = {
    TEXT("--fields", fields, CLI_WITH_LOADER, CLI_DATA, "A,B",
         "The fields of a sample; see Fields below (all datasets of numbers)."),
    FLAG("--one-sample-a-file", one_sample_a_file, CLI_WITH_LOADER, CLI_DATA,
         "File i holds all of sample i: a field is a whole dataset."),
    FLAG("--cf", cf, CLI_WITH_LOADER, CLI_DATA,
         "Packed numbers are unpacked: scale_factor, add_offset, _FillValue and the other "
         "attributes "
         "of netCDF and CF give f32, and NaN for what is missing."),
    NUMBER("--samples", samples, CLI_BY_NAME, 0, UINT64_C(1) << 56, 0, CLI_DATA, "N",
           "There are N samples; no file is opened."),
    NUMBER(
        "--sample", sample, CLI_BY_NAME, 0, UINT64_C(1) << 56, 0, CLI_QUESTION, "N",
        "Only sample number N. info: where it lies, its file and the rows of each field. preview: "
        "where it comes in the epoch. audit: so many steps are drawn, such as 100, 1% or all (1%; "
        "with --step or --steps all)."),
    NUMBER("--sample-seed", sample_seed, CLI_BY_NAME, 0, MOST_64, 0, CLI_QUESTION, "S",
           "The draw of --sample has the seed S (one that nobody can foresee, which is printed)."),
    NUMBER("--seed", seed, CLI_WITH_LOADER, 0, MOST_64, 0, CLI_RUN, "S",
           "The run has the seed S (0)."),
    NUMBER("--vranks", vranks, CLI_WITH_LOADER, 1, MOST_24 + 1, 0, CLI_RUN, "V",
           "The run is defined for V virtual ranks (the number of MPI ranks; plan: 1)."),
    NUMBER(
        "--group", group, CLI_BY_NAME, 1, MOST_24 + 1, 0, CLI_RUN, "G",
        "Each G ranks share the samples of their virtual ranks, along the axis that a field says: "
        "NAME(slab=AXIS) (1)."),
    NUMBER("--batch", loader.batch, CLI_WITH_ORDER, 1, MOST_32, 32, CLI_ORDER, "B",
           "A virtual rank takes B rows in a step (32)."),
    CHOICE(
        "--shuffle", loader.shuffle, CLI_WITH_ORDER, "full none blocks", CLI_ORDER,
        "full|blocks|none",
        "full: any row may follow any other. blocks: blocks of neighbouring rows are shuffled, and "
        "the rows of some blocks are mixed. none: the order of the file (full)."),
    NUMBER("--block-rows", loader.blocks.rows, CLI_WITH_ORDER, 1, MOST_64, 0, CLI_ORDER, "N",
           "With --shuffle blocks: a block has N rows (a chunk)."),
    NUMBER("--window-blocks", loader.blocks.window, CLI_WITH_ORDER, 1, MOST_64, 0, CLI_ORDER, "W",
           "With --shuffle blocks: the rows of W blocks are mixed (16)."),
    CHOICE("--shard", loader.shard, CLI_WITH_ORDER, "global fixed", CLI_ORDER, "global|fixed",
           "global: each epoch shares out all rows anew. fixed: a virtual rank keeps its rows "
           "(global)."),
    CHOICE(
        "--tail", loader.tail, CLI_WITH_ORDER, "short drop pad", CLI_ORDER, "short|drop|pad",
        "short: the last batches of an epoch are smaller. drop: the rows that fill no global batch "
        "wait. pad: rows of weight 0 fill the last batches up (short)."),
    NUMBER("--epoch", epoch, CLI_WITH_LOADER, 0, MOST_32, 0, CLI_RUN, "E",
           "The epoch is number E, from 0 on (0)."),
    NUMBER("--step", step, CLI_WITH_LOADER, 0, MOST_32, 0, CLI_RUN, "T",
           "The step is number T, from 0 on: of the epoch for plan and digest, of the run for "
           "random and audit, and for replay and preview of the run or, with --epoch, of the "
           "epoch."),
    NUMBER("--rank", rank, CLI_BY_NAME, 0, MOST_24, 0, CLI_RUN, "R",
           "The virtual rank is number R, from 0 on."),
    TEXT("--rows", rows, CLI_WITH_ORDER, CLI_ROWS, "FILE",
         "Only the rows whose numbers the text file FILE holds, ascending, such as 0 5 7."),
    TEXT("--part", part, CLI_WITH_ORDER, CLI_ROWS, "FROM,TO",
         "Only the rows whose keyed draw lies in [FROM, TO): 0,0.8 for training and 0.8,1 for "
         "validation have no row in common."),
    NUMBER("--part-block", loader.subset.block, CLI_WITH_ORDER, 1, MOST_64, 0, CLI_ROWS, "N",
           "--part draws blocks of N neighbouring samples, and leaves out samples that share rows "
           "with another part: for windows that overlap (each sample by itself)."),
    TEXT("--split", split, CLI_BY_NAME, CLI_ROWS, "PARTS",
         "Each row goes to one part: 0.8,0.2 (train, test), 0.8,0.1,0.1 (train, validation, test) "
         "or NAME=FRACTION,NAME=FRACTION,..."),
    NUMBER("--split-seed", loader.subset.split_seed, CLI_WITH_ORDER, 0, MOST_64, 0, CLI_ROWS, "S",
           "The draws of --part or --split have the seed S, whatever the run's seed is (0)."),
    CHOICE("--row-order", row_order, CLI_BY_NAME, "same random", CLI_ROWS, "same|random",
           "same: rows are written in the order of the origin. random: their order is drawn "
           "(same)."),
    NUMBER("--order-seed", order_seed, CLI_BY_NAME, 0, MOST_64, 0, CLI_ROWS, "S",
           "The draw of --row-order random has the seed S (0)."),
    NUMBER("--repeats", loader.sampling.repeats, CLI_WITH_ORDER, 1, MOST_64, 0, CLI_ROWS, "R",
           "Each row comes R times in an epoch (1)."),
    NUMBER("--epoch-rows", loader.sampling.epoch_rows, CLI_WITH_ORDER, 1, MOST_64, 0, CLI_ROWS, "M",
           "An epoch has M rows, taken in passes over all rows (each row once)."),
    TEXT("--mix", mix, CLI_WITH_ORDER, CLI_ROWS, "A,B,...",
         "Of every A+B+... rows A come from the first source of PATH,PATH,..., B from the second, "
         "and so on: 7,3."),
    TEXT("--weights", loader.sampling.weight_field, CLI_WITH_ORDER, CLI_ROWS, "FIELD",
         "Rows are drawn with replacement, by the weights that FIELD holds."),
    TEXT("--balance", loader.sampling.balance, CLI_WITH_ORDER, CLI_ROWS, "FIELD",
         "Rows are drawn with replacement, each class in FIELD equally often."),
    TEXT("--exclude", exclude, CLI_WITH_LOADER, CLI_ROWS, "FILE",
         "The rows whose numbers the text file FILE holds, as for --rows, are not read: the next "
         "row "
         "takes the place of each."),
    CHOICE(
        "--on-damage", loader.failures.damage, CLI_WITH_LOADER, "stop replace", CLI_READING,
        "stop|replace",
        "stop: a damaged row is an error. replace: the next good row takes its place, and a line "
        "on stderr tells of it (stop)."),
    CHOICE("--on-nan", loader.failures.nan, CLI_WITH_LOADER, "keep stop replace", CLI_READING,
           "keep|stop|replace",
           "keep: rows with a NaN are loaded. stop: they are an error. replace: as for --on-damage "
           "(keep)."),
    TEXT("--augment", loader.augment, CLI_WITH_LOADER, CLI_AUGMENTATION, "TEXT",
         "How samples are changed; see Operators below (not at all)."),
    CHOICE("--augment-by", loader.augment_by, CLI_WITH_LOADER, "rank sample", CLI_AUGMENTATION,
           "rank|sample",
           "rank: draws depend on virtual rank, step and slot. sample: on row and epoch (rank)."),
    NUMBER("--stream", loader.stream, CLI_WITH_ORDER, 0, 15, 0, CLI_RUN, "S",
           "The loader has the number S in the run (0)."),
    NUMBER("--ahead", loader.ahead, CLI_WITH_LOADER, 0, 4096, 0, CLI_READING, "K",
           "Threads load the batches of the next K steps ahead (0)."),
    NUMBER("--threads", loader.threads, CLI_WITH_LOADER, 0, 64, 0, CLI_READING, "N",
           "N threads load beside the main thread (0; with --ahead 1)."),
    NUMBER("--cache-bytes", cache_bytes, CLI_WITH_LOADER, 1, MOST_64, 0, CLI_READING, "N",
           "Decoded chunks are kept in N bytes of memory for each rank (67108864)."),
    NUMBER("--steps", steps, CLI_BY_NAME, 0, MOST_64, 0, CLI_RUN, "N",
           "N steps are done (the rest of the epoch)."),
    FLAG("--per-rank", per_rank, CLI_BY_NAME, CLI_OUTPUT, "Prints a line for each virtual rank."),
    FLAG("--verify", verify, CLI_BY_NAME, CLI_QUESTION,
         "Counts that the epoch takes each row as often as it must."),
    FLAG("--verify-step", verify_step, CLI_BY_NAME, CLI_QUESTION,
         "Proves that no other batch of the epoch takes the rows of this --step."),
    FLAG("--quality", quality, CLI_BY_NAME, CLI_QUESTION,
         "Measures how well the order mixes, beside --shuffle full."),
    TEXT("--output", output, CLI_BY_NAME, CLI_OUTPUT, "FILE",
         "The new file. replay: it gets the batch and what was drawn for it. index: the index or, "
         "with --kerchunk, the references."),
    FLAG("--encoded", encoded, CLI_BY_NAME, CLI_ROWS,
         "Images of folders are kept as they are, of any sizes, to be decoded by decode(NAME, "
         "size=S) of --fields."),
    FLAG("--kerchunk", kerchunk, CLI_BY_NAME, CLI_OUTPUT,
         "Instead of an index, writes references to the chunks in the form of kerchunk (JSON), "
         "which fsspec, zarr and xarray read: the datasets of several files are joined along "
         "their first axis, and a field NAME(constant) is taken from the first file."),
    FLAG("--overwrite", overwrite, CLI_BY_NAME, CLI_OUTPUT,
         "A file that has the name of the new file already is replaced."),
    NUMBER("--lines", lines, CLI_BY_NAME, 1, 32767, 8, CLI_OUTPUT, "N",
           "A sheet has at most N samples or, with --per-rank, virtual ranks (8)."),
    NUMBER("--tiles", tiles, CLI_BY_NAME, 1, 32767, 4, CLI_OUTPUT, "K",
           "Each sample is augmented K times: as it is at its step, and as it would be at the next "
           "K-1 steps or, with --augment-by sample, epochs. With --per-rank: K samples of each "
           "batch (4)."),
    NUMBER("--size", size, CLI_BY_NAME, 1, 8192, 112, CLI_OUTPUT, "PIXELS",
           "A tile is at most PIXELS long on a side. Smaller samples are magnified by a whole "
           "number, larger ones are averaged over boxes (112)."),
    CHOICE("--colours", colours, CLI_BY_NAME, "auto image map", CLI_OUTPUT, "auto|image|map",
           "image: greys, or the colours of 3 channels or of 4 with the opacity. map: a colour "
           "map, viridis, with a tile for each channel. auto: image for u8 and u16 (auto)."),
    TEXT(
        "--layout", layout, CLI_BY_NAME, CLI_DATA, "LETTERS",
        "A letter for each axis of a sample, such as hwc: w or x width, h or y height, c channels; "
        "preview shows the middle of any other axis, and takes LETTERS,FIELD=LETTERS,... if fields "
        "differ (that of --augment; w, hw, or hwc with 1 to 4 channels)."),
    NUMBER("--channel", channel, CLI_BY_NAME, 0, MOST_64, 0, CLI_DATA, "N",
           "Only channel number N, from 0 on (all)."),
    TEXT("--write", write, CLI_BY_NAME, CLI_OUTPUT, "FILE",
         "Writes the figures to the new text file FILE, for normalize(from=FILE)."),
    TEXT("--since", since, CLI_BY_NAME, CLI_RUN, "EPOCH,STEP",
         "The run's batch changed to --batch with this epoch, which began at this step of the run "
         "(0,0)."),
    TEXT(
        "--against", against, CLI_BY_NAME, CLI_OUTPUT, "FILE",
        "Compares the hash with the line of FILE that `digest --per-rank` printed. audit: compares "
        "the steps that the log FILE has, too."),
    TEXT("--worst", worst, CLI_BY_NAME, CLI_QUESTION, "LIST",
         "The rows of LIST, the text file of a run's worst rows, are made again."),
    NUMBER("--purpose", purpose, CLI_BY_NAME, 0, 255, 0, CLI_RUN, "P",
           "What the numbers are for: role + 16 * stream. Roles: 0 user, 1 augmentation, 6 "
           "initialisation, 7 to 15 the user's own (0)."),
    NUMBER("--slot", slot, CLI_BY_NAME, 0, MOST_32, 0, CLI_RUN, "I",
           "The slot in the batch is number I (0)."),
    NUMBER("--count", count, CLI_BY_NAME, 0, MOST_64, 4, CLI_OUTPUT, "N",
           "Prints N numbers (4; with --format raw 2^34 for each stream)."),
    CHOICE("--format", format, CLI_BY_NAME, "hex u32 float normal raw", CLI_OUTPUT,
           "hex|u32|float|normal|raw",
           "How a number is printed; raw: 4 bytes, little-endian (hex)."),
    NUMBER("--interleave", interleave, CLI_BY_NAME, 1, MOST_24 + 1, 1, CLI_RUN, "RANKS",
           "Takes a block of 4 numbers from each of RANKS streams in turn, from --rank on (1)."),
    TEXT(
        "--shape", shape, CLI_BY_NAME, CLI_QUESTION, "SIZES",
        "Without a PATH, the samples of --augment TEXT have these sizes, such as 32x32x3 (28x28)."),
    FLAG("--random", random, CLI_BY_NAME, CLI_QUESTION, "Measures the random numbers."),
    FLAG("--order", order, CLI_BY_NAME, CLI_QUESTION, "Measures the order of rows."),
    FLAG("--read", read, CLI_BY_NAME, CLI_QUESTION,
         "Measures the reading of HDF5 files that it makes in FOLDER."),
    FLAG("--reduce", reduce, CLI_BY_NAME, CLI_QUESTION,
         "Measures the mean of the gradients over all ranks, for arrays of SIZES."),
    FLAG("--overlap", overlap, CLI_BY_NAME, CLI_QUESTION,
         "Measures how much of the mean of --reduce is hidden behind a computation that takes as "
         "long."),
    FLAG("--save", save, CLI_BY_NAME, CLI_QUESTION,
         "Measures what a checkpoint of 256 MiB, written in FOLDER, costs the step."),
    TEXT("--seconds", seconds, CLI_BY_NAME, CLI_QUESTION, "S",
         "A PATH is measured for about S seconds, such as 60 or 0.5 (10)."),
    FLAG("--cold", cold, CLI_BY_NAME, CLI_QUESTION,
         "The first pass over PATH begins without its pages in memory, and is told apart."),
    TEXT("--compute", compute, CLI_BY_NAME, CLI_QUESTION, "MS",
         "Each step also computes for MS milliseconds, such as 50 or 0.5, in which the CPU is free "
         "as beside an accelerator: the rank sleeps."),
    FLAG("--busy", busy, CLI_BY_NAME, CLI_QUESTION,
         "The computation of --compute keeps a core busy."),
    TEXT("--trace", trace, CLI_BY_NAME, CLI_OUTPUT, "FILE",
         "Writes what each thread of each rank did to the new FILE, for ui.perfetto.dev."),
    TEXT("--json-lines", json_lines, CLI_BY_NAME, CLI_OUTPUT, "FILE",
         "Writes the accounting to the new FILE: a line of JSON for each epoch and rank."),
    TEXT("--list-bad", list_bad, CLI_BY_NAME, CLI_OUTPUT, "FILE",
         "Writes the numbers of all bad rows to the new FILE, for --exclude."),
    TEXT("--list-fields", list_fields, CLI_BY_NAME, CLI_OUTPUT, "A,B",
         "With --list-bad: only the bad rows of these datasets are listed (all)."),
    FLAG("--quick", quick, CLI_BY_NAME, CLI_QUESTION,
         "Takes few rows, and each once, to see that all works: the times are rough."),
    NUMBER("--chunk", chunk, CLI_BY_NAME, 1, MOST_64, 0, CLI_WRITING, "ROWS",
           "A chunk has so many rows (about 64 KiB)."),
    TEXT("--chunk-shape", chunk_shape, CLI_BY_NAME, CLI_WRITING, "N,N,...",
         "A chunk has so many elements along each axis of a row, in fields whose rows have so many "
         "axes (all of a row). Then crops of large rows decode few chunks."),
    NUMBER("--deflate", deflate, CLI_BY_NAME, 0, 9, 0, CLI_WRITING, "LEVEL",
           "Chunks are compressed, more and more slowly from 1 to 9 (0: not)."),
    FLAG("--byteshuffle", byteshuffle, CLI_BY_NAME, CLI_WRITING,
         "Bytes of equal significance are put together before compression."),
    TEXT("--type", type, CLI_BY_NAME, CLI_DATA, "TYPE",
         "u8, u16, u32, u64, i8, i16, i32, i64, f16, f32 or f64: what the numbers of CSV files "
         "become (i64 if all are whole, else f64), and bench's samples without a PATH have (u8)."),
    TEXT("--heading", heading, CLI_BY_NAME, CLI_DATA, "yes|no",
         "Whether line 1 of CSV files is a heading (all of its cells tell)."),
    FLAG("--any-rows", any_rows, CLI_BY_NAME, CLI_DATA,
         "Fields of one group may have other numbers of rows, and images other names."),
    TEXT("--channel-axis", channel_axis, CLI_BY_NAME, CLI_DATA, "AXIS",
         "The axis of the channels, where 1 is the first axis of a sample, or none (the last axis, "
         "if it is 2 to 4 long)."),
    TEXT("--fill", fill, CLI_BY_NAME, CLI_DATA, "A,B",
         "Elements of these values are missing and are left out; none: no value means so (those of "
         "the attributes _FillValue and missing_value)."),
    NUMBER("--bins", bins, CLI_BY_NAME, 1, 4096, 16, CLI_OUTPUT, "N",
           "The histogram has at most N bins (16)."),
    FLAG("--json", json, CLI_BY_NAME, CLI_OUTPUT, "Prints one JSON object, for programs."),
    CHOICE("--pushdown", loader.pushdown, CLI_WITH_LOADER, "auto off always", CLI_READING,
           "auto|off|always",
           "Of samples that are cropped, only what the crop keeps is read: where it saves a "
           "quarter, never, or wherever it can be (auto)."),
    TEXT("--index", index, CLI_WITH_LOADER, CLI_READING, "INDEX",
         "The files are as the file INDEX of `index` describes them; a file that has changed is "
         "examined anew."),
    FLAG("--map", map, CLI_WITH_LOADER, CLI_READING,
         "Rows that are in memory already are copied out of a map of the file."),
    FLAG("--probe", probe, CLI_WITH_LOADER, CLI_READING,
         "Lets a process of its own try the file out first, in case it crashes HDF5."),
    NUMBER("--probe-seconds", probe_seconds, CLI_WITH_PROBE, 1, MOST_32, 0, CLI_READING, "S",
           "The process that tries a file out may take S seconds (10; check: 60 from one sign of "
           "life to the next)."),
    NUMBER("--probe-mebibytes", probe_mebibytes, CLI_WITH_PROBE, 1, MOST_32, 0, CLI_READING, "N",
           "The process that tries a file out may take N MiB of memory (2048; check: 4096)."),
    FLAG("--plugins", plugins, CLI_WITH_PROBE, CLI_READING,
         "HDF5 may load plug-ins, for filters, where a file is tried out or checked."),
    FLAG("--help", help, CLI_BY_NAME, CLI_OTHER, "Prints this text."),
};

const size_t cli_n_options = sizeof cli_options / sizeof *cli_options;

_Static_assert(sizeof cli_options / sizeof *cli_options <= CLI_MAX_OPTIONS,
               "cli_arguments.given has a place for each option");

/* True if a list of words, separated by spaces, has this word. */
static bool lists(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list ? strstr(list, word) : NULL; at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return true;
    return false;
}

bool cli_takes(const struct cli_command *command, const struct cli_option *option)
{
    return option->offset == OFFSET(help) || (command->takes & option->set) ||
           lists(command->options, option->name);
}

char cli_letter(const struct cli_option *option)
{
    if (option->offset == OFFSET(output)) return 'o';
    return option->offset == OFFSET(help) ? 'h' : '\0';
}
