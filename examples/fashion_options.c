#include "fashion_options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char USAGE[] =
    "Usage: train_fashion [OPTION]...            alone or under mpirun\n"
    "Trains a small convolutional network on Fashion-MNIST.\n"
    "\n"
    "  --data FILE               HDF5 file with train/images, train/labels, test/images and\n"
    "                            test/labels (fashion.h5)\n"
    "  --vranks V                equal workers that the run is defined for: the most ranks that "
    "it\n"
    "                            may ever get. The weights depend on V, not on the ranks (4)\n"
    "  --batch B                 images that each worker takes in a step (32)\n"
    "  --epochs N                epochs; the learning rate follows from this number (20)\n"
    "  --steps N                 end once N steps are done, those of earlier starts included\n"
    "  --seed S                  of everything random (42)\n"
    "  --checkpoints DIR         go on from the newest checkpoint there; save there\n"
    "  --checkpoint-every STEPS  save after so many steps too, not only after each epoch\n"
    "  --end-margin SECONDS      save and stop so long before the job ends, as\n"
    "                            SHARDSTEP_END_TIME or SLURM_JOB_END_TIME says (60; 0: never)\n"
    "  --wait-limit SECONDS      end the job if a rank is missing for so long (600; 0: never)\n"
    "  --log FILE                append a JSON object for each epoch\n"
    "  --record FILE             append hashes of each step, which `shardstep audit` checks\n"
    "  --worst FILE              list the images of each epoch with the largest losses, which\n"
    "                            `shardstep replay --worst` shows\n"
    "  --hash                    print a hash of the final weights as the last line\n"
    "  --help\n"
    "\n"
    "Returns 0: done; 2: error; 75: stopped by SIGUSR1, SIGTERM, SIGINT or the end of the job, "
    "and\n"
    "saved: run it again to go on.\n";

typedef enum kind {
    TEXT,
    NUMBER,
    FLAG,
} kind;

#define AT(member) offsetof(fashion_options, member)

static const struct row {
    const char *name;
    kind kind;
    size_t offset;
    uint64_t least;
    uint64_t most;
} TABLE[] = {
    {"data", TEXT, AT(data), 0, 0},
    {"vranks", NUMBER, AT(vranks), 1, UINT64_C(1) << 24},
    {"batch", NUMBER, AT(batch), 1, UINT64_C(1) << 16},
    {"epochs", NUMBER, AT(epochs), 1, 1000000},
    {"steps", NUMBER, AT(steps), 0, UINT32_MAX},
    {"seed", NUMBER, AT(seed), 0, UINT64_MAX},
    {"checkpoints", TEXT, AT(checkpoints), 0, 0},
    {"checkpoint-every", NUMBER, AT(checkpoint_every), 0, UINT32_MAX},
    {"end-margin", NUMBER, AT(end_margin), 0, UINT32_MAX},
    {"wait-limit", NUMBER, AT(wait_limit), 0, UINT32_MAX},
    {"log", TEXT, AT(log), 0, 0},
    {"record", TEXT, AT(record), 0, 0},
    {"worst", TEXT, AT(worst), 0, 0},
    {"hash", FLAG, AT(hash), 0, 0},
    {"help", FLAG, AT(help), 0, 0},
};

enum {
    ROWS = sizeof TABLE / sizeof TABLE[0]
};

/* Digits only: strtoull would take a sign, blanks and numbers that are too large. */
static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    uint64_t value = 0;
    if (!*text) return false;
    for (; *text; text++) {
        const uint64_t digit = (uint64_t)(*text - '0');
        if (*text < '0' || *text > '9' || value > (UINT64_MAX - digit) / 10) return false;
        value = 10 * value + digit;
    }
    *number = value;
    return value >= least && value <= most;
}

static bool set(const struct row *row, const char *text, fashion_options *options)
{
    char *at = (char *)options + row->offset;
    const bool yes = true;
    uint64_t number = 0;
    if (row->kind == FLAG) {
        memcpy(at, &yes, sizeof yes);
    } else if (row->kind == TEXT) {
        memcpy(at, &text, sizeof text);
    } else {
        if (!read_number(text, row->least, row->most, &number)) return false;
        memcpy(at, &number, sizeof number);
    }
    return true;
}

static bool wrong(bool speaks, const char *what, const char *word)
{
    if (speaks) fprintf(stderr, "train_fashion: %s '%s'; try --help\n", what, word);
    return false;
}

static bool wrong_number(bool speaks, const struct row *row, const char *text)
{
    if (speaks)
        fprintf(stderr,
                "train_fashion: --%s takes a whole number from %" PRIu64 " to %" PRIu64
                ", not '%s'\n",
                row->name, row->least, row->most, text);
    return false;
}

bool fashion_options_read(int argc, char **argv, bool speaks, fashion_options *options)
{
    struct option names[ROWS + 1] = {{0}};
    int found, row = 0;
    *options = (fashion_options){.data = "fashion.h5",
                                 .vranks = 4,
                                 .batch = 32,
                                 .epochs = 20,
                                 .steps = UINT64_MAX,
                                 .seed = 42,
                                 .end_margin = 60,
                                 .wait_limit = 600};
    for (int i = 0; i < ROWS; i++)
        names[i] = (struct option){.name = TABLE[i].name, .has_arg = TABLE[i].kind != FLAG};
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", names, &row)) != -1) {
        if (found == ':') return wrong(speaks, "a value is missing after", argv[optind - 1]);
        if (found == '?') return wrong(speaks, "there is no option", argv[optind - 1]);
        if (!set(&TABLE[row], optarg, options)) return wrong_number(speaks, &TABLE[row], optarg);
    }
    if (optind < argc) return wrong(speaks, "there is no argument", argv[optind]);
    if (options->help && speaks) fputs(USAGE, stdout);
    return true;
}
