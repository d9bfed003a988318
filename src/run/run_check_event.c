/* Events as lines: KIND DATASET FIRST COUNT TEXT. */
#include <string.h>

#include "core_text.h"
#include "io_child.h"
#include "run_check.h"

typedef unsigned long long ull;

enum {
    TEXT = IO_CHILD_LINE - 80 /* bytes beside the kind and three numbers of up to 20 digits */
};

shs_status run_check_print(const struct run_check_event *event, char **line)
{
    struct core_text text = {0};
    core_text_add(&text, "%c %llu %llu %llu %.*s", event->kind, (ull)event->dataset,
                  (ull)event->first, (ull)event->count, TEXT, event->text);
    for (size_t i = 0; i < text.length; i++) /* a name may hold anything */
        if ((unsigned char)text.bytes[i] < ' ') text.bytes[i] = '?';
    return core_text_take(&text, line);
}

/* Cuts the number before the next space off. */
static bool take_number(char **at, uint64_t *number)
{
    char *space = strchr(*at, ' '), *word = *at;
    if (!space) return false;
    *space = '\0';
    *at = space + 1;
    return core_parse_u64(word, number);
}

bool run_check_parse(char *line, struct run_check_event *event)
{
    char *at = line + 2;
    if (!line[0] || !strchr("ospcrdb", line[0]) || line[1] != ' ') return false;
    event->kind = (enum run_check_kind)line[0];
    if (!take_number(&at, &event->dataset) || !take_number(&at, &event->first) ||
        !take_number(&at, &event->count))
        return false;
    event->text = at;
    return true;
}
