/* Man pages, made from the tables of commands and options. The texts have the form of
 * cli_print_wrapped(); here they become roff, in the macros of man(7). */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli_help.h"

enum {
    LINE = 80 /* characters of roff in a line, at most */
};

/* A page that is being printed. */
struct page {
    size_t level;   /* how deep the items nest: 0 outside of items, 1 in an item */
    size_t column;  /* characters of the line so far */
    bool paragraph; /* true if a paragraph that follows needs a macro that begins it */
    bool literal;   /* true between lines that stand as they are */
};

/* ---- characters and words */

/* What roff needs in place of a character that it takes for something else, or that its printers
 * beautify; NULL for any other character. */
static const char *escape_of(char c, bool code)
{
    switch (c) {
    case '\\':
        return "\\e";
    case '\'':
        return "\\(aq";
    case '`':
        return "\\(ga";
    case '^':
        return "\\(ha";
    case '~':
        return "\\(ti";
    case '-':
        return code ? "\\-" : NULL;
    default:
        return NULL;
    }
}

/* Prints characters to `to`, or nothing if it is NULL. Returns how many characters of roff they
 * are. */
static size_t print_chars(FILE *to, const char *text, size_t length, bool code)
{
    size_t printed = 0;
    if (length && *text == '.') printed += strlen("\\&");
    if (printed && to) fputs("\\&", to);
    for (size_t i = 0; i < length; i++) {
        const char *escape = escape_of(text[i], code);
        printed += escape ? strlen(escape) : 1;
        if (to && escape) fputs(escape, to);
        if (to && !escape) fputc(text[i], to);
    }
    return printed;
}

/* True if a word of a text is something to type: --seed, '--seed, -1. */
static bool is_code(const char *word, size_t length)
{
    return word[0] == '-' || (length > 2 && word[1] == '-' && !isalnum((unsigned char)word[0]));
}

/* True behind a sentence, which ends the line: roff then knows the end of it. */
static bool ends_sentence(const char *word, size_t length)
{
    while (length && strchr(")'\"", word[length - 1]))
        length--;
    return length && strchr(".?!:", word[length - 1]);
}

static void end_line(struct page *page)
{
    if (page->column) fputc('\n', stdout);
    page->column = 0;
}

static void print_word(struct page *page, const char *word, size_t length)
{
    bool code = is_code(word, length), whole = memchr(word, '_', length) != NULL;
    size_t width = print_chars(NULL, word, length, code) + (whole ? strlen("\\%") : 0);
    if (page->column && page->column + 1 + width > LINE) end_line(page);
    if (page->column) fputc(' ', stdout);
    if (whole) fputs("\\%", stdout); /* names are not hyphenated */
    print_chars(stdout, word, length, code);
    page->column += width + (page->column > 0);
    if (ends_sentence(word, length)) end_line(page);
}

static void print_words(struct page *page, const char *text, size_t length)
{
    const char *end = text + length;
    while (text < end) {
        size_t word = strcspn(text, " \n");
        if (word > (size_t)(end - text)) word = (size_t)(end - text);
        if (word) print_word(page, text, word);
        text += word + (text + word < end);
    }
    end_line(page);
}

/* ---- paragraphs, items and lines */

static void set_literal(struct page *page, bool literal)
{
    if (page->literal == literal) return;
    page->literal = literal;
    if (literal && page->paragraph) puts(".PP");
    fputs(literal ? ".RS 4\n.nf\n" : ".fi\n.RE\n", stdout);
    page->paragraph = true;
}

static void set_level(struct page *page, size_t level)
{
    for (; page->level < level; page->level++)
        if (page->level) fputs(".RS 7\n", stdout);
    for (; page->level > level; page->level--)
        if (page->level > 1) fputs(".RE\n", stdout);
}

/* Prints the name of an item: options and plain names in bold, the names of values in italics. */
static void print_name(const char *name, size_t length)
{
    bool option = *name == '-', first = true;
    while (length) {
        size_t word = strcspn(name, " ");
        if (word > length) word = length;
        bool bold = !option || *name == '-';
        printf("%s\\f%c", first ? "" : " ", bold ? 'B' : 'I');
        print_chars(stdout, name, word, true);
        fputs("\\fR", stdout);
        first = false;
        length -= word;
        name += word;
        size_t spaces = strspn(name, " ");
        if (spaces > length) spaces = length;
        length -= spaces;
        name += spaces;
    }
    fputc('\n', stdout);
}

static void print_item(struct page *page, const char *text, const char *tab, size_t length)
{
    size_t indent = strspn(text, " ");
    set_literal(page, false);
    set_level(page, indent > 2 ? 2 : 1);
    puts(".TP");
    print_name(text + indent, (size_t)(tab - text) - indent);
    print_words(page, tab + 1, length - (size_t)(tab + 1 - text));
    page->paragraph = true;
}

static void print_block(struct page *page, const char *text, size_t length)
{
    const char *tab = memchr(text, '\t', length);
    if (tab) {
        print_item(page, text, tab, length);
        return;
    }
    set_level(page, 0);
    set_literal(page, *text == ' ');
    if (page->literal) {
        size_t indent = strspn(text, " ");
        print_chars(stdout, text + indent, length - indent, true);
        fputc('\n', stdout);
        return;
    }
    if (page->paragraph) puts(".PP");
    print_words(page, text, length);
    page->paragraph = true;
}

static void print_text(struct page *page, const char *text)
{
    while (*text) {
        size_t length = cli_block_length(text);
        while (length && text[length - 1] == '\n')
            length--;
        if (length) print_block(page, text, length);
        text += length;
        text += strspn(text, "\n");
    }
    set_literal(page, false);
    set_level(page, 0);
}

/* ---- sections */

/* Prints a section, or by the macro SS a part of one, if there is something in it. The text is
 * released. Returns its error. */
static shs_status print_section(const char *macro, const char *title, struct core_text *text)
{
    struct page page = {0};
    shs_status status = text->status;
    if (!status && text->length) {
        printf(".%s \"%s\"\n", macro, title);
        print_text(&page, text->bytes);
    }
    core_text_free(text);
    return status;
}

static void print_heading(const char *command, const char *date)
{
    fputs(".\\\" Made from the tables of commands and options of shardstep.\n.TH SHARDSTEP",
          stdout);
    if (*command) fputs("\\-", stdout);
    for (const char *at = command; *at; at++)
        fputc(toupper((unsigned char)*at), stdout);
    printf(" 1 \"%s\" \"shardstep %s\" \"Shardstep\"\n.SH NAME\nshardstep%s%s \\-\n", date,
           shs_version(), *command ? "\\-" : "", command);
}

/* Prints the text of a section that is one line. */
static void print_line(const char *line)
{
    struct page page = {0};
    print_words(&page, line, strlen(line));
}

static shs_status print_options(const struct cli_command *command)
{
    shs_status status = SHS_OK;
    puts(".SH OPTIONS\nWhat holds without an option stands in parentheses.");
    for (int group = 0; group < CLI_GROUPS && !status; group++) {
        struct core_text text = {0};
        cli_help_group(command, (enum cli_group)group, &text);
        status = print_section("SS", cli_title((enum cli_group)group), &text);
    }
    return status;
}

static shs_status print_synopsis(const struct cli_command *command)
{
    struct core_text text = {0};
    cli_help_usage(command, &text);
    if (!text.status) {
        puts(".SH SYNOPSIS");
        print_line(text.bytes);
    }
    shs_status status = text.status;
    core_text_free(&text);
    return status;
}

static shs_status man_command(const struct cli_command *command, const char *date)
{
    struct core_text text = {0};
    print_heading(command->name, date);
    print_line(command->summary);
    shs_status status = print_synopsis(command);
    cli_help_summary(command, &text);
    if (command->details || command->more) core_text_add(&text, "\n\n");
    cli_help_details(command, &text);
    if (!status) status = print_section("SH", "DESCRIPTION", &text);
    cli_help_arguments(command, &text);
    if (!status) status = print_section("SH", "ARGUMENTS", &text);
    if (!status) status = print_options(command);
    cli_help_fields(command, &text);
    if (!status) status = print_section("SH", "FIELDS", &text);
    cli_help_operators(command, &text);
    if (!status) status = print_section("SH", "OPERATORS", &text);
    cli_help_examples(command, &text);
    if (!status) status = print_section("SH", "EXAMPLES", &text);
    cli_help_exits(command, &text);
    if (!status) status = print_section("SH", "EXIT STATUS", &text);
    core_text_free(&text);
    puts(".SH SEE ALSO\n.BR shardstep (1)");
    return status;
}

/* ---- the page of the program */

static const char description[] =
    "shardstep prepares HDF5 files for parallel training, tells what is in them and what a run "
    "will "
    "take from them, and makes any batch of a run again. Each command has a page of its own.\n\n"
    "Started by mpirun or srun, a command shares its work out to all ranks, and its results are "
    "those of one process. Results go to standard output, everything else to standard error.";

static const char program_options[] = "  -h, --help\tLists the commands. Behind a command it "
                                      "prints the command's help, as help COMMAND "
                                      "does.\n"
                                      "  -V, --version\tPrints the version.";

static const char environment[] =
    "  SHARDSTEP_LIMIT_SECONDS\tA rank that has waited so many seconds for other ranks ends the "
    "command (1800); 0: no limit.\n"
    "  TMPDIR\tThe folder where import unpacks files (/tmp).\n"
    "  HDF5_PLUGIN_PATH\tFolders of HDF5's plug-ins.";

static const char program_exits[] = "  0\tdone\n"
                                    "  1\tdifferent, or a check failed\n"
                                    "  2\terror\n"
                                    "  75\tstopped on request";

static shs_status print_fixed(const char *title, const char *words)
{
    struct core_text text = {0};
    core_text_add(&text, "%s", words);
    return print_section("SH", title, &text);
}

static shs_status man_program(const char *date)
{
    print_heading("", date);
    puts("data-parallel loading with reproducible random augmentation, for MPI and HDF5\n"
         ".SH SYNOPSIS\nshardstep COMMAND [ARGUMENT...] [OPTION...]");
    shs_status status = print_fixed("DESCRIPTION", description);
    puts(".SH COMMANDS");
    for (size_t i = 0; cli_commands[i]; i++) {
        printf(".TP\n.BR shardstep\\-%s (1)\n", cli_commands[i]->name);
        print_line(cli_commands[i]->summary);
    }
    if (!status) status = print_fixed("OPTIONS", program_options);
    if (!status) status = print_fixed("ENVIRONMENT", environment);
    if (!status) status = print_fixed("EXIT STATUS", program_exits);
    puts(".SH SEE ALSO");
    for (size_t i = 0; cli_commands[i]; i++)
        printf(".BR shardstep\\-%s (1)%s\n", cli_commands[i]->name, cli_commands[i + 1] ? "," : "");
    return status;
}

shs_status cli_man(const struct cli_command *command, const char *date)
{
    return command ? man_command(command, date) : man_program(date);
}
