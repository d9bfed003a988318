/* Events as lines of text: KIND DATASET FIRST COUNT TEXT. */
#include <stdbool.h>
#include <string.h>

#include "core_text.h"
#include "io_child.h"
#include "scan_check.h"

enum {
    TEXT =
        IO_CHILD_LINE - 80 /* bytes of a line, less the kind and three numbers of up to 20 digits */
};

/* Adds a text whose control characters and backslashes are written as \xNN, since a name may hold
 * anything. */
static void add_escaped(struct core_text *line, const char *text)
{
    size_t begin = line->length;
    for (; *text && !line->status; text++) {
        unsigned char byte = (unsigned char)*text;
        bool plain = byte >= ' ' && byte != '\\';
        if (line->length - begin + (plain ? 1 : 4) > TEXT) return;
        core_text_add(line, plain ? "%c" : "\\x%02x", byte);
    }
}

shs_status scan_check_print(const struct scan_check_event *event, char **line)
{
    struct core_text text = {0};
    core_text_add(&text, "%c %llu %llu %llu ", event->kind, (ull)event->dataset, (ull)event->first,
                  (ull)event->count);
    add_escaped(&text, event->text);
    return core_text_take(&text, line);
}

static int digit_of(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* Turns \xNN back into bytes, in place. A damaged process may have written anything. */
static void take_escapes_back(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        bool escape = from[0] == '\\' && from[1] == 'x';
        int high = escape ? digit_of(from[2]) : -1, low = high >= 0 ? digit_of(from[3]) : -1;
        escape = low >= 0 && (high || low);
        *to = *from;
        if (escape) *to = (char)(high << 4 | low);
        from += escape ? 4 : 1;
    }
    *to = '\0';
}

/* Takes the number before the next space from a line. */
static bool take_number(char **at, uint64_t *number)
{
    char *space = strchr(*at, ' '), *word = *at;
    if (!space) return false;
    *space = '\0';
    *at = space + 1;
    return core_parse_u64(word, number);
}

bool scan_check_parse(char *line, struct scan_check_event *event)
{
    char *at = line + 2;
    if (!line[0] || !strchr("ospcrdbuh", line[0]) || line[1] != ' ') return false;
    event->kind = (enum scan_check_kind)line[0];
    if (!take_number(&at, &event->dataset) || !take_number(&at, &event->first) ||
        !take_number(&at, &event->count))
        return false;
    take_escapes_back(at);
    event->text = at;
    return true;
}
