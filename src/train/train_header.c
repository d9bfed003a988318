#include "train_header.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "train_chain.h"

/* ---- Making it. */

static void add_lines(struct core_text *text, const char *word, const char *lines)
{
    for (; *lines; lines += strcspn(lines, "\n") + 1)
        core_text_add(text, "%s%.*s\n", word, (int)strcspn(lines, "\n"), lines);
}

shs_status train_header_make(const shs_loader *loader, char **header)
{
    const struct order_origin origin = loader->origin;
    struct core_text text = {0};
    char *fingerprint = NULL;
    shs_status status = load_fingerprint(loader, &fingerprint);
    if (status) return status;
    core_text_add(&text, TRAIN_CHAIN_FIRST);
    add_lines(&text, "", loader->command);
    if (origin.epoch || origin.step)
        core_text_add(&text, "option\t--since\t%llu,%llu\n", (ull)origin.epoch, (ull)origin.step);
    add_lines(&text, "fingerprint\t", fingerprint);
    core_text_add(&text, TRAIN_CHAIN_COLUMNS);
    core_free(&fingerprint);
    return core_text_take(&text, header);
}

/* ---- Reading it. */

size_t train_header_bytes(const char *text)
{
    static const char last[] = "\n" TRAIN_CHAIN_COLUMNS;
    if (strncmp(text, TRAIN_CHAIN_FIRST, strlen(TRAIN_CHAIN_FIRST)) != 0) return 0;
    const char *at = strstr(text, last);
    return at ? (size_t)(at - text) + strlen(last) : 0;
}

/* Moves behind a line of the header. Returns what the line has behind `word`; NULL if it begins
 * otherwise. */
static const char *take_line(const char **header, const char *word)
{
    const char *line = *header;
    *header += strcspn(line, "\n");
    *header += **header == '\n';
    return strncmp(line, word, strlen(word)) ? NULL : line + strlen(word);
}

/* Returns the next line of the fingerprint, without the word before it; NULL if there is none. */
static const char *next_of_fingerprint(const char **header)
{
    while (**header) {
        const char *line = take_line(header, "fingerprint\t");
        if (line) return line;
    }
    return NULL;
}

shs_status train_header_compare_fingerprints(const char *path, const char *stored, const char *own,
                                             const char *advice)
{
    for (;;) {
        const char *there = next_of_fingerprint(&stored), *here = next_of_fingerprint(&own);
        if (!there && !here) return SHS_OK;
        int length = there ? (int)strcspn(there, "\n") : 0;
        int own_length = here ? (int)strcspn(here, "\n") : 0;
        if (there && here && length == own_length && !memcmp(there, here, (size_t)length)) continue;
        return core_fail(SHS_ERROR_MISMATCH,
                         "%s is the log of another run: it has «%.*s», this run has «%.*s»; %s",
                         path, length, there ? there : "", own_length, here ? here : "", advice);
    }
}

/* ---- Options. */

/* An option of a header, or something that a header only names: no value. It lies in the header. */
struct option {
    const char *name; /* NULL: there is no such option */
    const char *value;
    size_t name_bytes, value_bytes;
};

/* Returns the next option; one without a name at the end. */
static struct option next_option(const char **header)
{
    while (**header) {
        const char *line = *header, *name = take_line(header, "option\t");
        if (!name) name = take_line(&line, "needs\t");
        if (!name) continue;
        struct option option = {.name = name, .name_bytes = strcspn(name, "\t\n")};
        option.value = name + option.name_bytes;
        option.value += *option.value == '\t';
        option.value_bytes = strcspn(option.value, "\n");
        return option;
    }
    return (struct option){0};
}

static bool is_named(const struct option *option, const char *name, size_t bytes)
{
    return option->name_bytes == bytes && !memcmp(option->name, name, bytes);
}

static struct option find(const char *header, const struct option *like)
{
    struct option option = next_option(&header);
    while (option.name && !is_named(&option, like->name, like->name_bytes))
        option = next_option(&header);
    return option;
}

static bool equal(const struct option *a, const struct option *b)
{
    return a->name && b->name && a->value_bytes == b->value_bytes &&
           !memcmp(a->value, b->value, a->value_bytes);
}

enum {
    SHOWN = 160 /* bytes of a value in a message, at most */
};

static void show(const struct option *option, char text[SHOWN + 8])
{
    int bytes = option->value_bytes < SHOWN ? (int)option->value_bytes : SHOWN;
    if (!option->name || !bytes)
        snprintf(text, SHOWN + 8, "%s", option->name ? "given" : "not given");
    else
        snprintf(text, SHOWN + 8, "«%.*s»", bytes, option->value);
}

static shs_status refuse(const char *path, const struct option *there, const struct option *here)
{
    char stored[SHOWN + 8], own[SHOWN + 8];
    const struct option *named = there->name ? there : here;
    show(there, stored);
    show(here, own);
    return core_fail(SHS_ERROR_MISMATCH,
                     "%s is the log of another run: %s%.*s is %s there and %s in this run; give "
                     "this run another file for its log, or the options of the log",
                     path, strncmp(named->name, "--", 2) ? "" : "option ", (int)named->name_bytes,
                     named->name, stored, own);
}

shs_status train_header_compare_options(const char *path, const char *stored, const char *own,
                                        bool since)
{
    static const char left_out[] = "--since";
    const char *const headers[] = {stored, own};
    for (int i = 0; i < 2; i++) {
        const char *at = headers[i];
        for (struct option option; (option = next_option(&at)).name;) {
            struct option other = find(headers[!i], &option);
            if (equal(&option, &other)) continue;
            if (!since && is_named(&option, left_out, strlen(left_out))) continue;
            return i ? refuse(path, &other, &option) : refuse(path, &option, &other);
        }
    }
    return SHS_OK;
}
