#include "augment_table.h"

#include <string.h>

#include "core_nearest.h"

#define ADDRESS(name) &augment_##name,

static const struct augment_kind *const kinds[] = {AUGMENT_OPERATORS(ADDRESS)};

const struct augment_table augment_operators = {kinds, sizeof kinds / sizeof *kinds};

_Static_assert(sizeof kinds / sizeof *kinds <= AUGMENT_MOST_KINDS, "raise AUGMENT_MOST_KINDS");

shs_status augment_unknown(size_t at, const char *what, const char *word, const char *there_are,
                           const char *const *words, size_t count)
{
    char guess[CORE_GUESS_BYTES];
    struct core_text text = {0};
    for (size_t i = 0; i < count; i++)
        core_text_add(&text, "%s%s", i ? ", " : "", words[i]);
    core_fail(SHS_ERROR_ARGUMENT, "augmentation, character %zu: %s '%s'%s %.400s%s%s", at, what,
              word, there_are, text.bytes ? text.bytes : "none", text.length > 400 ? "..." : "",
              core_guess(core_nearest(word, words, count), guess));
    core_text_free(&text);
    return SHS_ERROR_ARGUMENT;
}

/* Returns the operator with a name, or NULL and the names of all. */
static const struct augment_kind *find(const struct augment_table *table, const char *name,
                                       const char *names[AUGMENT_MOST_KINDS])
{
    for (size_t k = 0; k < table->count; k++) {
        names[k] = table->kinds[k]->name;
        if (strcmp(names[k], name) == 0) return table->kinds[k];
    }
    return NULL;
}

/* Refuses a name that the library's own table does not have: a list of all would be too long. */
static shs_status refuse_operator(const struct augment_call *call, const char *nearest)
{
    char guess[CORE_GUESS_BYTES];
    if (nearest)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: there is no operator '%s'%s 'shardstep "
                         "augment' lists them",
                         call->at, call->name, core_guess(nearest, guess));
    return core_fail(SHS_ERROR_ARGUMENT,
                     "augmentation, character %zu: there is no operator '%s'; 'shardstep augment' "
                     "lists them; an operator of a program's own is known only to that program: it "
                     "gives its table to the loader (option operators), and makes a batch again by "
                     "shs_replay()",
                     call->at, call->name);
}

shs_status augment_find(const struct augment_table *table, const struct augment_call *call,
                        const struct augment_kind **kind)
{
    const char *names[AUGMENT_MOST_KINDS];
    *kind = find(table, call->name, names);
    if (*kind) return SHS_OK;
    if (table == &augment_operators)
        return refuse_operator(call, core_nearest(call->name, names, table->count));
    return augment_unknown(call->at, "there is no operator", call->name, "; there are", names,
                           table->count);
}

shs_status augment_named(const struct augment_table *table, const char *name,
                         const struct augment_kind **kind)
{
    const char *names[AUGMENT_MOST_KINDS];
    char guess[CORE_GUESS_BYTES];
    *kind = find(table, name, names);
    if (*kind) return SHS_OK;
    core_guess(core_nearest(name, names, table->count), guess);
    return core_fail(SHS_ERROR_ARGUMENT,
                     "there is no operator '%.80s'%s%s 'shardstep augment' lists them", name, guess,
                     *guess ? "" : ";");
}
