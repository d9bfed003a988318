#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "core_text.h"

enum kind {
    NUMBER,
    TEXT,
    FLAG
};

#define PLACE(member) offsetof(struct cli_arguments, member)

static const struct option {
    const char *name;
    enum kind kind;
    size_t place;
    const char *value; /* its name in the help */
    const char *help;
} options[] = {
    {"--seed", NUMBER, PLACE(seed), "S", "seed of the run (0)"},
    {"--vranks", NUMBER, PLACE(vranks), "V",
     "virtual ranks of the run (the number of ranks; plan: 1)"},
    {"--batch", NUMBER, PLACE(batch), "B", "rows that a virtual rank takes in a step (32)"},
    {"--shuffle", TEXT, PLACE(shuffle), "M", "full, blocks or none (full)"},
    {"--block-rows", NUMBER, PLACE(block_rows), "B", "shuffle blocks: rows of a block (a chunk)"},
    {"--window-blocks", NUMBER, PLACE(window_blocks), "W",
     "shuffle blocks: blocks whose rows are mixed (16)"},
    {"--shard", TEXT, PLACE(shard), "M", "global or fixed (global)"},
    {"--tail", TEXT, PLACE(tail), "M", "short, drop or pad (short)"},
    {"--epoch", NUMBER, PLACE(epoch), "E", "epoch, from 0 on (0)"},
    {"--step", NUMBER, PLACE(step), "T", "step: of the epoch, or of a place in the run"},
    {"--rank", NUMBER, PLACE(rank), "R", "virtual rank"},
    {"--rows", TEXT, PLACE(rows), "FILE",
     "only the rows whose numbers a text file lists, ascending"},
    {"--part", TEXT, PLACE(part), "FROM,TO",
     "only rows whose keyed draw lies in [FROM, TO), as 0.8,1"},
    {"--split-seed", NUMBER, PLACE(split_seed), "S",
     "seed of the draws of --part or --split, whatever the run's seed (0)"},
    {"--repeats", NUMBER, PLACE(repeats), "R", "each row so many times an epoch (1)"},
    {"--epoch-rows", NUMBER, PLACE(epoch_rows), "M",
     "rows of an epoch, taken in passes over all (each row once)"},
    {"--mix", TEXT, PLACE(mix), "A,B,...",
     "of every A+B+... rows A from the first path of FILE,FILE,..., ..."},
    {"--weights", TEXT, PLACE(weights), "FIELD", "draw rows by the weights that FIELD has"},
    {"--balance", TEXT, PLACE(balance), "FIELD", "draw rows of each class in FIELD equally often"},
    {"--augment", TEXT, PLACE(augment), "TEXT", "FIELDS: op(name=value, ...) op(...); FIELDS: ..."},
    {"--augment-by", TEXT, PLACE(augment_by), "WHAT",
     "draw by rank (and step) or by sample (and epoch) (rank)"},
    {"--stream", NUMBER, PLACE(stream), "S", "number of the loader in the run, 0 to 15 (0)"},
    {"--threads", NUMBER, PLACE(threads), "N", "threads that read and decode, up to 64 (1)"},
    {"--fields", TEXT, PLACE(fields), "A,B",
     "fields: [ALIAS=]NAME[(window=W, ...)] (all datasets)"},
    {"--one-sample-a-file", FLAG, PLACE(one_sample_a_file), "", "a field is all of a dataset"},
    {"--steps", NUMBER, PLACE(steps), "N", "steps to do (the rest of the epoch)"},
    {"--per-rank", FLAG, PLACE(per_rank), "", "a line for each virtual rank"},
    {"--samples", NUMBER, PLACE(samples), "N", "number of samples, in place of a file"},
    {"--verify", FLAG, PLACE(verify), "", "prove that the epoch covers each row once"},
    {"--verify-step", FLAG, PLACE(verify_step), "",
     "prove that no other batch of the epoch takes the rows of this --step"},
    {"--quality", FLAG, PLACE(quality), "", "measure how well the order mixes, beside full"},
    {"--output", TEXT, PLACE(output), "OUT.h5", "write the batch to a new file; -o for short"},
    {"--overwrite", FLAG, PLACE(overwrite), "", "replace the file if it is there already"},
    {"--since", TEXT, PLACE(since), "EPOCH,STEP",
     "where this --batch began, if it was another one before (0,0)"},
    {"--against", TEXT, PLACE(against), "FILE", "compare with a line of `digest --per-rank`"},
    {"--purpose", NUMBER, PLACE(purpose), "P", "role + 16 * stream (0)"},
    {"--slot", NUMBER, PLACE(slot), "I", "slot in the batch (0)"},
    {"--count", NUMBER, PLACE(count), "N", "numbers to print (4; raw: all)"},
    {"--format", TEXT, PLACE(format), "F", "hex, u32, float, normal or raw (hex)"},
    {"--interleave", NUMBER, PLACE(interleave), "RANKS",
     "a block of each of RANKS streams in turn, from --rank on (1)"},
    {"--random", FLAG, PLACE(random), "", "measure the random numbers"},
    {"--order", FLAG, PLACE(order), "", "measure the order of rows"},
    {"--read", FLAG, PLACE(read), "", "measure the reading of HDF5 files made in FOLDER (/tmp)"},
    {"--chunk", NUMBER, PLACE(chunk), "ROWS", "rows of a chunk (about 64 KiB)"},
    {"--deflate", NUMBER, PLACE(deflate), "LEVEL", "compression, 0 to 9 (0: none)"},
    {"--split", TEXT, PLACE(split), "PARTS",
     "0.8,0.2 (train, test), 0.8,0.1,0.1 (train, validation, test) or NAME=PART,..."},
    {"--type", TEXT, PLACE(type), "T",
     "type of a CSV file's numbers: u8 ... u64, i8 ... i64, f32, f64"},
    {"--any-rows", FLAG, PLACE(any_rows), "",
     "fields of one group need not have equally many rows, nor images one name"},
    {"--heading", TEXT, PLACE(heading), "yes|no",
     "whether line 1 of CSV files is a heading (all of its cells tell)"},
    {"--byteshuffle", FLAG, PLACE(byteshuffle), "", "reorder bytes before compression"},
    {"--channel-axis", TEXT, PLACE(channel_axis), "A",
     "axis of the channels, 1 the first of a sample, or none (the last, if 2 to 4 long)"},
    {"--bins", NUMBER, PLACE(bins), "N", "bins of the histogram, at most (16)"},
    {"--json", FLAG, PLACE(json), "", "one object, for programs"},
    {"--probe", FLAG, PLACE(probe), "", "first try the file out in a process of its own"},
    {"--probe-seconds", NUMBER, PLACE(probe_seconds), "S",
     "that trying it out may take (10; check: 60 from one sign of life to the next)"},
    {"--probe-mebibytes", NUMBER, PLACE(probe_mebibytes), "N",
     "and how much memory (2048; check: 4096)"},
    {"--plugins", FLAG, PLACE(plugins), "",
     "HDF5 may load plug-ins, for filters, where a file is tried out or checked"},
    {"--help", FLAG, PLACE(help), "", "this text"},
};

enum {
    N_OPTIONS = sizeof options / sizeof *options
};

_Static_assert(N_OPTIONS <= 64, "cli_arguments.given has a bit for each");

/* True if `word` stands in a list of words separated by spaces. */
static bool lists(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(list, word); at; at = strstr(at + 1, word))
        if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return true;
    return false;
}

static bool takes(const struct cli_command *command, const struct option *option)
{
    return option->place == PLACE(help) || lists(command->options, option->name);
}

static int find_option(const char *word, size_t length)
{
    for (int i = 0; i < N_OPTIONS; i++)
        if (strlen(options[i].name) == length && !strncmp(options[i].name, word, length)) return i;
    return -1;
}

bool cli_given(const struct cli_arguments *arguments, const char *option)
{
    int i = find_option(option, strlen(option));
    return i >= 0 && (arguments->given >> i & 1);
}

static shs_status set_option(const struct option *option, const char *value,
                             struct cli_arguments *arguments)
{
    char *place = (char *)arguments + option->place;
    switch (option->kind) {
    case FLAG:
        *(bool *)place = true;
        return SHS_OK;
    case TEXT:
        memcpy(place, &value, sizeof value);
        return SHS_OK;
    case NUMBER:
        break;
    }
    uint64_t number;
    if (!core_parse_u64(value, &number))
        return core_fail(SHS_ERROR_ARGUMENT, "%s is '%s'; it must be a whole number below 2^64",
                         option->name, value);
    memcpy(place, &number, sizeof number);
    return SHS_OK;
}

/* Takes the option at words[*at], as --name value or --name=value, and moves on to its last word.
 */
static shs_status read_option(const struct cli_command *command, int count, char **words, int *at,
                              struct cli_arguments *arguments)
{
    const char *word = strcmp(words[*at], "-o") ? words[*at] : "--output";
    const char *equals = strchr(word, '=');
    int found = find_option(word, equals ? (size_t)(equals - word) : strlen(word));
    if (found < 0 || !takes(command, &options[found]))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "unknown option %s; 'shardstep %s --help' lists those that it takes", word,
                         command->name);
    const struct option *option = &options[found];
    const char *value = equals ? equals + 1 : NULL;
    if (option->kind == FLAG && value)
        return core_fail(SHS_ERROR_ARGUMENT, "option %s takes no value", option->name);
    if (option->kind != FLAG && !value) {
        if (*at + 1 >= count)
            return core_fail(SHS_ERROR_ARGUMENT, "option %s needs a value", option->name);
        value = words[++*at];
    }
    arguments->given |= UINT64_C(1) << found;
    return set_option(option, value, arguments);
}

static shs_status check_plain(const struct cli_command *command,
                              const struct cli_arguments *arguments)
{
    if (arguments->help ||
        (arguments->n_plain >= command->least_plain && arguments->n_plain <= command->most_plain))
        return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT, "usage: shardstep %s %s", command->name, command->usage);
}

shs_status cli_parse(const struct cli_command *command, int count, char **words,
                     struct cli_arguments *arguments)
{
    *arguments = (struct cli_arguments){.batch = 32,
                                        .count = 4,
                                        .interleave = 1,
                                        .bins = 16,
                                        .shuffle = "full",
                                        .shard = "global",
                                        .tail = "short",
                                        .augment_by = "rank",
                                        .format = "hex"};
    for (int at = 0; at < count; at++) {
        if (!strncmp(words[at], "--", 2) || !strcmp(words[at], "-o")) {
            shs_status status = read_option(command, count, words, &at, arguments);
            if (status) return status;
        } else if (arguments->n_plain == CLI_MAX_PLAIN) {
            return core_fail(SHS_ERROR_ARGUMENT, "more than %d arguments", CLI_MAX_PLAIN);
        } else {
            arguments->plain[arguments->n_plain++] = words[at];
        }
    }
    return check_plain(command, arguments);
}

void cli_help(const struct cli_command *command)
{
    printf("usage: shardstep %s %s\n%s\n%s\noptions (defaults in brackets):\n", command->name,
           command->usage, command->summary, command->details ? command->details : "");
    for (int i = 0; i < N_OPTIONS; i++) {
        char left[32];
        if (!takes(command, &options[i])) continue;
        snprintf(left, sizeof left, "%s %s", options[i].name, options[i].value);
        printf("  %-20s %s\n", left, options[i].help);
    }
}

shs_status cli_word(const char *option, const char *value, const char *names, int *number)
{
    *number = 0;
    for (const char *name = names; *name;) {
        size_t length = strcspn(name, " ");
        if (strlen(value) == length && !strncmp(name, value, length)) return SHS_OK;
        name += length + strspn(name + length, " ");
        ++*number;
    }
    return core_fail(SHS_ERROR_ARGUMENT, "%s is '%s'; it must be one of: %s", option, value, names);
}
