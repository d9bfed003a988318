/* The help of a command: shardstep COMMAND --help. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "augment_table.h"
#include "cli_options.h"
#include "core_text.h"

enum {
    WIDTH = 80,
    COLUMN = 24 /* the column where the description of an item begins */
};

/* ---- texts that several commands share */

static const char path_text[] = "  PATH\tOne file or several: a file; " CLI_SEVERAL_FILES;

static const char fields_text[] =
    "--fields is a list, separated by commas, of [ALIAS=]NAME[(KEY=VALUE, ...)]. NAME is a dataset "
    "of the file, such as train/images. ALIAS is the field's name from there on (NAME). Without "
    "parentheses a sample is a row. With them it is a window of rows that follow one another:\n"
    "  window=W\tA sample has W rows.\n"
    "  stride=S\tThe next sample begins S rows later (1).\n"
    "  lead=L\tAll windows of the field begin L rows later, for a forecast (0).\n"
    "  every=E\tThe rows of a sample lie E rows apart (1).\n"
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
    "  crop=AXIS[a:b] ...\tOf the axis AXIS only a to b - 1.\n\n"
    "For example:\n"
    "  --fields train/images,train/labels\n"
    "  --fields 'x=t2m(window=24), y=t2m(window=1, lead=29)'\n"
    "  --fields 'x=u(axes=2, window=4), y=u(axes=2, window=1, lead=4)'\n"
    "  --fields 'x=fields(window=2, select=channel[u10 v10 65:68], crop=lat[:360])'\n"
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

/* ---- lines of 80 characters */

/* A line that is being printed. */
struct line {
    FILE *to;
    size_t at;    /* the column that has been reached */
    size_t begin; /* the column where the next line begins */
};

static void print_spaces(struct line *line, size_t column)
{
    for (; line->at < column; line->at++)
        fputc(' ', line->to);
}

static void end_line(struct line *line)
{
    fputc('\n', line->to);
    line->at = 0;
}

static void print_word(struct line *line, const char *word, size_t length)
{
    if (line->at > line->begin && line->at + 1 + length > WIDTH) end_line(line);
    if (line->at > line->begin)
        print_spaces(line, line->at + 1);
    else
        print_spaces(line, line->begin);
    fwrite(word, 1, length, line->to);
    line->at += length;
}

/* The length of the paragraph or item with which a text begins. */
static size_t block_length(const char *text)
{
    size_t length = 0;
    while (text[length] && !(text[length] == '\n' && (isspace((unsigned char)text[length + 1]))))
        length++;
    return length;
}

/* Prints a paragraph, or an item, whose name stands before a tab. */
static void print_block(FILE *to, const char *text, size_t length)
{
    size_t indent = strspn(text, " ");
    struct line line = {to, 0, indent};
    const char *end = text + length, *at = text + indent, *tab = memchr(text, '\t', length);
    if (tab) {
        print_word(&line, at, (size_t)(tab - at));
        at = tab + 1;
        line.begin = COLUMN;
        if (line.at + 2 > COLUMN) end_line(&line);
        print_spaces(&line, COLUMN);
    }
    while (at < end) {
        size_t word = strcspn(at, " \n");
        if (word > (size_t)(end - at)) word = (size_t)(end - at);
        if (word) print_word(&line, at, word);
        at += word + (at + word < end);
    }
    end_line(&line);
}

void cli_print_wrapped(FILE *to, const char *text)
{
    while (*text) {
        size_t length = block_length(text);
        if (length) print_block(to, text, length);
        text += length;
        if (text[0] == '\n' && text[1] == '\n') fputc('\n', to);
        text += strspn(text, "\n");
    }
}

/* ---- a command's help */

static void print_option(const struct cli_option *option)
{
    struct core_text text = {0};
    core_text_add(&text, "  ");
    if (cli_letter(option)) core_text_add(&text, "-%c, ", cli_letter(option));
    core_text_add(&text, "%s", option->name);
    if (option->value) core_text_add(&text, " %s", option->value);
    core_text_add(&text, "\t%s", option->help);
    if (!text.status) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
}

static bool takes_any(const struct cli_command *command, enum cli_group group)
{
    for (size_t i = 0; i < cli_n_options; i++)
        if (cli_options[i].group == group && cli_takes(command, &cli_options[i])) return true;
    return false;
}

static void print_group(const struct cli_command *command, enum cli_group group)
{
    if (!takes_any(command, group)) return;
    printf("\n%s:\n", titles[group]);
    for (size_t i = 0; i < cli_n_options; i++)
        if (cli_options[i].group == group && cli_takes(command, &cli_options[i]))
            print_option(&cli_options[i]);
}

static void print_section(const char *title, const char *text)
{
    printf("\n%s:\n", title);
    cli_print_wrapped(stdout, text);
}

static bool takes_option(const struct cli_command *command, const char *name)
{
    for (size_t i = 0; i < cli_n_options; i++)
        if (!strcmp(cli_options[i].name, name)) return cli_takes(command, &cli_options[i]);
    return false;
}

static void print_examples(const char *examples)
{
    printf("\nExamples:\n");
    for (size_t length; *examples; examples += length + strspn(examples + length, "\n")) {
        length = strcspn(examples, "\n");
        printf("  shardstep %.*s\n", (int)length, examples);
    }
}

static void print_exit(const char *code, const char *meaning)
{
    struct core_text text = {0};
    core_text_add(&text, "  %s\t%s", code, meaning);
    if (!text.status) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
}

static void print_summary(const char *summary)
{
    struct core_text text = {0};
    core_text_add(&text, "%c%s.", toupper((unsigned char)*summary), summary + 1);
    if (!text.status) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
}

/* Prints the names of all operators of --augment, or describes them in full. */
static void print_operators(bool in_full)
{
    struct core_text text = {0};
    core_text_add(&text, "%s%s", augment_text, in_full ? "\n" : "");
    if (in_full) {
        augment_describe(&augment_operators, &text);
    } else {
        core_text_add(&text, "\nThere are ");
        augment_names(&augment_operators, &text);
        core_text_add(&text, ". 'shardstep augment' lists them, and 'shardstep augment OPERATOR' "
                             "tells what values one takes.\n");
    }
    core_text_add(&text, "\n%s", augment_examples);
    if (!text.status) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
}

void cli_help_augment(void)
{
    print_operators(true);
}

static void print_usage(const struct cli_command *command)
{
    struct core_text text = {0};
    core_text_add(&text, "usage: shardstep %s%s%s [OPTION...]", command->name,
                  *command->usage ? " " : "", command->usage);
    if (!text.status) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
    printf("\n");
}

void cli_help(const struct cli_command *command)
{
    bool path = strstr(command->usage, "PATH") != NULL;
    print_usage(command);
    print_summary(command->summary);
    if (path || command->arguments) printf("\nArguments:\n");
    if (path) cli_print_wrapped(stdout, path_text);
    if (command->arguments) cli_print_wrapped(stdout, command->arguments);
    if (command->details) {
        printf("\n");
        cli_print_wrapped(stdout, command->details);
    }
    if (command->more) {
        printf("\n");
        command->more();
    }
    printf("\nOptions, with what holds without them in brackets:\n");
    for (int group = 0; group < CLI_GROUPS; group++)
        print_group(command, (enum cli_group)group);
    if (takes_option(command, "--fields")) print_section("Fields", fields_text);
    if (takes_option(command, "--augment")) {
        printf("\nOperators:\n");
        print_operators(false);
    }
    print_examples(command->examples);
    printf("\nExit codes:\n");
    print_exit("0", "done");
    if (command->differs) print_exit("1", command->differs);
    print_exit("2", command->fails ? command->fails : "error");
}
