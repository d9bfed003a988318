#include "train_worst_text.h"

#include <stdio.h>
#include <string.h>

const char train_worst_heading[] = "# shardstep worst rows 1\n"
                                   "epoch\tepoch step\tstep\tvrank\tslot\trow\tloss\n";

enum {
    NUMBERS = 6,
    WORD = 32 /* bytes of a word, at most */
};

void train_worst_add_row(struct core_text *text, uint64_t epoch, const struct train_noted *noted)
{
    double loss = noted->loss;
    core_text_add(text, "%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t", (ull)epoch, (ull)noted->epoch_step,
                  (ull)noted->step, (ull)noted->vrank, (ull)noted->slot, (ull)noted->row);
    if (loss != loss)
        core_text_add(text, "nan");
    else if (loss - loss != 0)
        core_text_add(text, loss > 0 ? "inf" : "-inf");
    else
        core_text_add_double(text, loss);
    core_text_add(text, "\n");
}

void train_worst_add_part(struct core_text *text, const struct train_worst_part *part)
{
    if (part->from < part->until)
        core_text_add(text, "# epoch %llu: only the losses of its steps %llu to %llu are known\n",
                      (ull)part->epoch, (ull)part->from, (ull)(part->until - 1));
    else
        core_text_add(text, "# epoch %llu: no losses are known\n", (ull)part->epoch);
}

bool train_worst_read_part(const char *line, struct train_worst_part *part)
{
    ull epoch, from, last;
    char copy[128]; /* sscanf() would measure the whole text */
    snprintf(copy, sizeof copy, "%.*s", (int)strcspn(line, "\n"), line);
    if (sscanf(copy, "# epoch %llu: only the losses of its steps %llu to %llu ", &epoch, &from,
               &last) != 3)
        return false;
    *part = (struct train_worst_part){epoch, from, last + 1};
    return true;
}

static bool read_loss(const char *text, double *loss)
{
    *loss = (double)__builtin_inff();
    if (!strcmp(text, "inf")) return true;
    *loss = -*loss;
    if (!strcmp(text, "-inf")) return true;
    *loss = (double)__builtin_nanf("");
    return !strcmp(text, "nan") || core_parse_double(text, loss);
}

/* Copies the word that `at` begins with, and moves behind the byte `end` after it. */
static bool take_word(const char **at, char end, char word[WORD])
{
    size_t length = strcspn(*at, "\t\n");
    bool right = length < WORD && ((*at)[length] == end || (end == '\n' && !(*at)[length]));
    if (!right) return false;
    memcpy(word, *at, length);
    word[length] = '\0';
    *at += length + ((*at)[length] != '\0');
    return true;
}

bool train_worst_read_row(const char *line, uint64_t *epoch, struct train_noted *noted)
{
    uint64_t *const numbers[NUMBERS] = {epoch,         &noted->epoch_step, &noted->step,
                                        &noted->vrank, &noted->slot,       &noted->row};
    char word[WORD];
    for (int i = 0; i < NUMBERS; i++)
        if (!take_word(&line, '\t', word) || !core_parse_u64(word, numbers[i])) return false;
    return take_word(&line, '\n', word) && read_loss(word, &noted->loss);
}
