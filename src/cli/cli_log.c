#include "cli_log.h"

#include <string.h>

#include "cli_options.h"
#include "core_memory.h"
#include "io_content.h"
#include "train_header.h"

/* ---- Lines. */

/* What following a chain needs. */
struct walk {
    struct cli_log *log;
    struct core_hash *hash;
    char chain[CORE_DIGEST_TEXT]; /* of the line before */
    uint64_t number;              /* the line's number, from 1 */
    uint64_t capacity;            /* of log->line */
};

static shs_status keep(struct walk *walk, const struct train_chain_line *line)
{
    struct cli_log *log = walk->log;
    if (log->count == walk->capacity) {
        uint64_t more = walk->capacity ? 2 * walk->capacity : 1024;
        shs_status status = core_resize(more, sizeof *log->line, "the lines of a log", &log->line);
        if (status) return status;
        walk->capacity = more;
    }
    uint64_t expected = log->count ? log->line[log->count - 1].step + 1 : 0;
    if (line->step > expected) log->missing += line->step - expected;
    log->line[log->count++] = *line;
    return SHS_OK;
}

/* Notes the first line that the chain does not lead to. */
static void note_break(struct cli_log *log, uint64_t number, const struct train_chain_line *line)
{
    if (log->broken_line) return;
    log->broken_line = number;
    log->broken_has_step = line != NULL;
    if (line) log->broken_step = line->step;
}

static shs_status take_line(struct walk *walk, const char *text, size_t length)
{
    struct train_chain_line line;
    enum train_chain_kind kind = train_chain_read(text, length, &line);
    const struct train_chain_line *of_step = kind == TRAIN_CHAIN_STEP ? &line : NULL;
    if (kind == TRAIN_CHAIN_ALIEN) {
        note_break(walk->log, walk->number, NULL);
        return SHS_OK;
    }
    train_chain_go_on(walk->hash, text, line.own, walk->chain);
    if (strcmp(walk->chain, line.chain) != 0) note_break(walk->log, walk->number, of_step);
    memcpy(walk->chain, line.chain, sizeof walk->chain);
    walk->log->notes += !of_step;
    return of_step ? keep(walk, of_step) : SHS_OK;
}

static uint64_t count_lines(const char *text, size_t length)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < length; i++)
        lines += text[i] == '\n';
    return lines;
}

static shs_status take_lines(struct walk *walk)
{
    struct cli_log *log = walk->log;
    const char *at = log->text + log->header;
    shs_status status = SHS_OK;
    walk->number = count_lines(log->text, log->header);
    train_chain_begin(walk->hash, log->text, log->header, walk->chain);
    while (*at && !status) {
        size_t length = strcspn(at, "\n");
        walk->number++;
        log->torn = !at[length];
        if (log->torn) break;
        status = take_line(walk, at, length);
        at += length + 1;
    }
    return status;
}

shs_status cli_log_read(const char *path, struct cli_log *log)
{
    struct walk walk = {.log = log};
    *log = (struct cli_log){.path = path};
    shs_status status = io_read_all(path, &log->text);
    if (status) return status;
    log->header = train_header_bytes(log->text);
    if (!log->header)
        return core_fail(SHS_ERROR_FORMAT,
                         "%s is no log of hashes; give one that shs_record_open() began", path);
    status = core_hash_new(&walk.hash);
    if (!status) status = take_lines(&walk);
    core_hash_free(&walk.hash);
    return status;
}

void cli_log_free(struct cli_log *log)
{
    core_free(&log->text);
    core_free(&log->line);
    *log = (struct cli_log){0};
}

bool cli_log_differ(const struct train_chain_line *a, const struct train_chain_line *b,
                    bool differs[TRAIN_CHAIN_PARTS])
{
    bool any = false;
    for (int part = 0; part < TRAIN_CHAIN_PARTS; part++) {
        bool both = a->part[part][0] != '-' && b->part[part][0] != '-';
        differs[part] = both && strcmp(a->part[part], b->part[part]) != 0;
        any |= differs[part];
    }
    return any;
}

/* ---- Options. */

/* Makes an escaped value what it was, in place. */
static void unescape(char *value)
{
    char *to = value;
    for (const char *at = value; *at; at++) {
        static const char letters[] = "\\tnr", special[] = "\\\t\n\r";
        const char *letter = *at == '\\' && at[1] ? strchr(letters, at[1]) : NULL;
        if (!letter) {
            *to++ = *at;
            continue;
        }
        *to++ = special[letter - letters];
        at++;
    }
    *to = '\0';
}

/* Returns the next line of a text whose lines it ends; NULL at the end. */
static char *next_line(char **at)
{
    char *line = *at;
    if (!*line) return NULL;
    *at += strcspn(line, "\n");
    if (**at) *(*at)++ = '\0';
    return line;
}

static shs_status refuse_need(const char *path, const char *need)
{
    if (!strncmp(need, "--", 2))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "%s is the log of a run with a list that it does not hold: give %s FILE",
                         path, need);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "%s is the log of a run with %s, which it does not hold: only the run's own "
                     "program can make its batches again, by shs_replay()",
                     path, need);
}

/* Puts the options that the user gave over those of the log. */
static void overlay(const struct cli_arguments *given, struct cli_arguments *all)
{
    for (size_t i = 0; i < cli_n_options; i++) {
        if (!given->given[i]) continue;
        const struct cli_option *option = &cli_options[i];
        memcpy((char *)all + option->offset, (const char *)given + option->offset, option->bytes);
        all->given[i] = true;
    }
    all->share = given->share;
}

shs_status cli_log_arguments(const char *path, char *header, const struct cli_command *command,
                             const struct cli_arguments *given, struct cli_arguments *all)
{
    static const char option[] = "option\t", needs[] = "needs\t";
    char *words[CLI_MAX_OPTIONS + CLI_MAX_PLAIN + 1], separator[] = "--";
    const char *needed[CLI_MAX_OPTIONS];
    int count = 0, n_needed = 0;
    for (char *line; (line = next_line(&header));) {
        if (!strncmp(line, needs, strlen(needs)) && n_needed < CLI_MAX_OPTIONS)
            needed[n_needed++] = line + strlen(needs);
        if (strncmp(line, option, strlen(option)) != 0 || count == CLI_MAX_OPTIONS) continue;
        char *word = line + strlen(option), *tab = strchr(word, '\t');
        if (tab) *tab = '=';
        if (tab) unescape(tab + 1);
        words[count++] = word;
    }
    words[count++] = separator;
    for (size_t i = 0; i < given->n_plain; i++)
        words[count++] = (char *)(uintptr_t)given->plain[i]; /* they are only read */
    shs_status status = core_wrap(cli_parse(command, count, words, all), "%s", path);
    if (status) return status;
    overlay(given, all);
    for (int i = 0; i < n_needed; i++)
        if (strncmp(needed[i], "--", 2) != 0 || !cli_given(all, needed[i]))
            return refuse_need(path, needed[i]);
    return SHS_OK;
}
