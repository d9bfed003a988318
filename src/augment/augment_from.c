#include "augment_from.h"

#include <ctype.h>
#include <string.h>

enum {
    MOST_DEPTH = 16 /* calls within calls */
};

static size_t skip_spaces(const char *text, size_t at)
{
    while (isspace((unsigned char)text[at]))
        at++;
    return at;
}

/* The span [at, end) without the spaces at its ends. */
static struct augment_span trimmed(const char *text, size_t at, size_t end)
{
    at = skip_spaces(text, at);
    while (end > at && isspace((unsigned char)text[end - 1]))
        end--;
    return (struct augment_span){at, end > at ? end - at : 0};
}

static bool is_word(const char *text, struct augment_span span, const char *word)
{
    return span.length == strlen(word) && !memcmp(text + span.at, word, span.length);
}

/* Returns the place where a value ends: before a comma, a parenthesis or the statement's end that
 * stands neither in brackets nor in quotes. */
static size_t value_end(const char *text, size_t at)
{
    bool quoted = false, listed = false;
    for (; text[at]; at++) {
        if (text[at] == '"') quoted = !quoted;
        if (quoted) continue;
        if (text[at] == '[') listed = true;
        if (text[at] == ']') listed = false;
        if (strchr(");", text[at]) || (text[at] == ',' && !listed)) break;
    }
    return at;
}

/* Reads the values of a call from behind its opening parenthesis on. Returns false if they are
 * something else. */
static bool read_values(const char *text, size_t at, struct augment_from *from)
{
    for (from->n_values = 0; from->n_values < AUGMENT_FROM_VALUES; at++) {
        struct augment_from_value *value = &from->values[from->n_values++];
        size_t equals = at + strcspn(text + at, "=,();"), end;
        if (text[equals] != '=') return false;
        end = value_end(text, equals + 1);
        value->all = trimmed(text, at, end);
        value->name = trimmed(text, at, equals);
        value->value = trimmed(text, equals + 1, end);
        struct augment_span *span = &value->value;
        if (span->length >= 2 && text[span->at] == '"' &&
            text[span->at + span->length - 1] == '"') {
            span->at++;
            span->length -= 2;
        }
        at = from->end = end;
        if (text[end] == ')') return true;
        if (text[end] != ',') return false;
    }
    return false;
}

const struct augment_from_value *
augment_from_value(const char *text, const struct augment_from *from, const char *name)
{
    for (size_t i = 0; i < from->n_values; i++)
        if (is_word(text, from->values[i].name, name)) return &from->values[i];
    return NULL;
}

/* Returns true if the call whose parenthesis opens at `open` is the one that is looked for. */
static bool is_from(const char *text, size_t open, struct augment_from *from)
{
    return is_word(text, trimmed(text, from->call, open), "normalize") &&
           read_values(text, open + 1, from) && augment_from_value(text, from, "from");
}

bool augment_from_find(const char *text, size_t at, struct augment_from *from)
{
    size_t depth = 0, word = 0;
    bool in_word = false, quoted = false;
    *from = (struct augment_from){.statement = 0};
    for (size_t now = 0; text[now]; now++) {
        char c = text[now];
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '(') {
            from->call = word;
            from->depth = depth;
            if (word >= at && from->calls > from->statement && is_from(text, now, from))
                return true;
            if (++depth > MOST_DEPTH) return false;
        }
        if (c == ')' && depth) depth--;
        if (c == ';') {
            from->statement = from->calls = word = now + 1;
            depth = 0;
        }
        if (c == ':' && !depth) from->calls = now + 1;
        bool letter = !isspace((unsigned char)c) && !strchr("(),;:=[]", c);
        if (letter && !in_word) word = now;
        in_word = letter;
    }
    return false;
}
