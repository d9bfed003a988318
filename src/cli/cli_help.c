/* The help of a command: shardstep COMMAND --help. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "augment_table.h"
#include "cli_help.h"
#include "mpi_job.h"

/* ---- texts that several commands share */

static const char path_text[] = "  PATH\tOne file or several: a file; " CLI_SEVERAL_FILES;

static const char fields_text[] =
    "--fields is a list, separated by commas, of [ALIAS=]NAME[(KEY=VALUE, ...)]. NAME is a dataset "
    "of the file, such as train/images. ALIAS is the field's name from there on (NAME). Without "
    "parentheses a sample is a row. With them it is a window of rows that follow one another:\n"
    "  window=W\tA sample has W rows.\n"
    "  stride=S\tThe next sample begins S rows later (1).\n"
    "  lead=L\tAll windows of the field begin L rows later, for a forecast (0).\n"
    "  every=E\tThe rows of a sample lie E rows apart (1). every=A..B draws E for each sample.\n"
    "  pad=edge|zero\tEvery row has a sample, also where its window reaches over an end of the "
    "rows: there stands the nearest row, or zeros. A field ALIAS.mask follows, 0 for such rows "
    "(none: such windows are left out).\n"
    "  series\tWindows continue in the next file: all files are one series of rows.\n"
    "  valid=NAME\tOnly windows whose rows are all valid are samples: the dataset NAME has a "
    "number "
    "for each row, and 0 or NaN is invalid.\n"
    "  missing=mask\tWith --cf, also for rows: a field ALIAS.valid follows, 1 for each number and "
    "0 "
    "for a missing one (nan).\n"
    "  axes=2\tRows are counted over the first two axes, such as trajectory and time. Windows stay "
    "within an index of the first axis.\n\n"
    "A NAME may have a * in place of the name of a group, as in data/*/actions: the rows of all "
    "groups there, of which each is a trajectory, demo_2 before demo_10.\n\n"
    "or a run of rows of any length:\n"
    "  offsets=NAME\tThe dataset NAME holds whole numbers, one more than there are samples: sample "
    "i begins at row NAME[i] and ends before row NAME[i + 1]. A field ALIAS.length follows, the "
    "number of rows of each sample.\n"
    "  most=M\tA sample has M rows: a shorter one is filled up with zeros, a longer one is cut (as "
    "many as the longest).\n\n"
    "or a dense row of a sparse matrix, in place of NAME:\n"
    "  csr(GROUP, width=G)\tGROUP holds data, indices and indptr, as h5ad files have them, and the "
    "matrix has G columns. Where the file tells the shape, width may be left out.\n\n"
    "Images are decoded by decode(NAME, size=SIZE, ...); NAME holds the bytes of JPEG and PNG "
    "files, and NAME.offsets, or offsets=NAME2, where each begins, as for a run:\n"
    "  size=S or HxW\tHeight and width of a sample.\n"
    "  fit=exact|crop|resize|cover\texact: images must have this size. crop: the middle. resize: "
    "the whole image. cover: the largest part of the middle with these proportions, resized "
    "(exact).\n"
    "  channels=1|3\tGreys or RGB (3).\n"
    "  classes\tNumbers of a palette's colours or greys as they are stored, for masks in PNG.\n\n"
    "With or without these, a part of each row:\n"
    "  select=AXIS[INDICES] ...\tOf the axis AXIS, which is a name, a letter (t z y x c) or a "
    "number, "
    "only these: indices, ranges a:b or a:b:step, and names or values of its coordinate, such as "
    "c[0 5:8 t2m].\n"
    "  crop=AXIS[a:b] ...\tOf the axis AXIS only a to b - 1.\n"
    "  slab=AXIS\tWith --group: the members of a group share what is left of the axis AXIS.\n\n"
    "NAME(constant) is all of NAME, of any shape, the same for every sample: a batch has one "
    "copy.\n\n"
    "For example:\n"
    "  --fields train/images,train/labels\n"
    "  --fields 'x=t2m(window=24), y=t2m(window=1, lead=29)'\n"
    "  --fields 'x=u(axes=2, window=4), y=u(axes=2, window=1, lead=4)'\n"
    "  --fields 'x=fields(window=2, select=channel[u10 v10 65:68], crop=lat[:360])'\n"
    "  --fields 'x=obs(window=2, lead=-1, pad=edge), y=act(window=8, pad=zero)'\n"
    "  --fields 'wave=samples(offsets=begin, most=16000)'\n"
    "  --fields 'image=decode(images, size=224, fit=cover),labels'";

static const char augment_text[] =
    "--augment is FIELDS: OPERATOR(NAME=VALUE, ...) OPERATOR(...); FIELDS: ... The operators of a "
    "statement are applied from left to right to each of its FIELDS, which share the draws. A "
    "VALUE is one number or word, or a list [A,B,...] with a number for each channel.\n";

static const char augment_examples[] =
    "For example:\n"
    "  --augment 'train/images: random_crop(padding=2) random_flip(axis=w)'\n"
    "  --augment 'x,mask: random_flip(axis=h); x: normalize(mean=0.5, std=0.2)'\n"
    "  --augment 'photos: normalize(mean=[0.49,0.48,0.45], std=[0.25,0.24,0.26])'";

static const char *const titles[CLI_GROUPS] = {
    [CLI_DATA] = "Data",
    [CLI_ROWS] = "Which rows",
    [CLI_ORDER] = "Order",
    [CLI_AUGMENTATION] = "Augmentation",
    [CLI_RUN] = "The run and the place in it",
    [CLI_READING] = "Reading",
    [CLI_WRITING] = "Writing",
    [CLI_QUESTION] = "What is asked",
    [CLI_OUTPUT] = "Output",
    [CLI_OTHER] = "Other",
};

/* ---- the parts */

const char *cli_title(enum cli_group group)
{
    return titles[group];
}

void cli_help_usage(const struct cli_command *command, struct core_text *text)
{
    core_text_add(text, "shardstep %s%s%s [OPTION...]", command->name, *command->usage ? " " : "",
                  command->usage);
}

void cli_help_summary(const struct cli_command *command, struct core_text *text)
{
    core_text_add(text, "%c%s.", toupper((unsigned char)*command->summary), command->summary + 1);
}

/* True if the texts of a command's plain arguments have an item of this name. */
static bool describes(const struct cli_command *command, const char *item)
{
    return command->arguments && strstr(command->arguments, item);
}

void cli_help_arguments(const struct cli_command *command, struct core_text *text)
{
    bool path = strstr(command->usage, "PATH") && !describes(command, "  PATH\t");
    if (path) core_text_add(text, "%s", path_text);
    if (command->arguments) core_text_add(text, "%s%s", path ? "\n" : "", command->arguments);
}

void cli_help_details(const struct cli_command *command, struct core_text *text)
{
    if (command->details) core_text_add(text, "%s", command->details);
    if (command->details && command->more) core_text_add(text, "\n\n");
    if (command->more) command->more(text);
}

void cli_help_option(const struct cli_option *option, struct core_text *text)
{
    core_text_add(text, "  ");
    if (cli_letter(option)) core_text_add(text, "-%c, ", cli_letter(option));
    core_text_add(text, "%s", option->name);
    if (option->value) core_text_add(text, " %s", option->value);
    core_text_add(text, "\t%s\n", option->help);
}

void cli_help_group(const struct cli_command *command, enum cli_group group, struct core_text *text)
{
    for (size_t i = 0; i < cli_n_options; i++)
        if (cli_options[i].group == group && cli_takes(command, &cli_options[i]))
            cli_help_option(&cli_options[i], text);
}

static bool takes_option(const struct cli_command *command, const char *name)
{
    for (size_t i = 0; i < cli_n_options; i++)
        if (!strcmp(cli_options[i].name, name)) return cli_takes(command, &cli_options[i]);
    return false;
}

void cli_help_fields(const struct cli_command *command, struct core_text *text)
{
    if (takes_option(command, "--fields")) core_text_add(text, "%s", fields_text);
}

void cli_help_all_operators(struct core_text *text)
{
    core_text_add(text, "%s\n", augment_text);
    augment_describe(&augment_operators, text);
    core_text_add(text, "\n%s", augment_examples);
}

void cli_help_operators(const struct cli_command *command, struct core_text *text)
{
    if (!takes_option(command, "--augment")) return;
    core_text_add(text, "%s\nThere are ", augment_text);
    augment_names(&augment_operators, text);
    core_text_add(text,
                  ". 'shardstep augment' lists them, and 'shardstep augment OPERATOR' tells "
                  "what values one takes.\n\n%s",
                  augment_examples);
}

void cli_help_examples(const struct cli_command *command, struct core_text *text)
{
    const char *at = command->examples;
    for (size_t length; *at; at += length + strspn(at + length, "\n")) {
        length = strcspn(at, "\n");
        core_text_add(text, "  shardstep %.*s\n", (int)length, at);
    }
}

void cli_help_exits(const struct cli_command *command, struct core_text *text)
{
    core_text_add(text, "  0\tdone\n");
    if (command->differs) core_text_add(text, "  1\t%s\n", command->differs);
    core_text_add(text, "  2\t%s\n", command->fails ? command->fails : "error");
}

/* ---- a command's help */

/* Prints a part of the help under its title, if there is something in it, and releases it. A title
 * that is empty leaves a line free. */
static void print_part(const char *title, struct core_text *part)
{
    if (!part->status && part->length) {
        printf("\n");
        if (*title) printf("%s:\n", title);
        cli_print_wrapped(stdout, part->bytes);
    }
    core_text_free(part);
}

static void print_usage(const struct cli_command *command)
{
    struct core_text text = {0};
    core_text_add(&text, "usage: ");
    cli_help_usage(command, &text);
    if (!text.status) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
}

void cli_help(const struct cli_command *command)
{
    struct core_text part = {0};
    print_usage(command);
    cli_help_summary(command, &part);
    print_part("", &part);
    cli_help_arguments(command, &part);
    print_part("Arguments", &part);
    cli_help_details(command, &part);
    print_part("", &part);
    printf("\nOptions, with what holds without them in brackets:\n");
    for (int group = 0; group < CLI_GROUPS; group++) {
        cli_help_group(command, (enum cli_group)group, &part);
        print_part(titles[group], &part);
    }
    cli_help_fields(command, &part);
    print_part("Fields", &part);
    cli_help_operators(command, &part);
    print_part("Operators", &part);
    cli_help_examples(command, &part);
    print_part("Examples", &part);
    cli_help_exits(command, &part);
    print_part("Exit codes", &part);
}

shs_status cli_help_options(const struct cli_command *command, int count, char **words)
{
    struct core_text text = {0};
    const struct cli_option *option;
    shs_status status = SHS_OK;
    for (int i = 0; i < count && !status; i++) {
        char word[80];
        snprintf(word, sizeof word, "%s%s", words[i][0] == '-' ? "" : "--", words[i]);
        status = cli_find_option(command, word, &option);
        if (!status) cli_help_option(option, &text);
    }
    if (!status) status = text.status;
    if (!status && mpi_job_rank() == 0) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
    return status;
}
