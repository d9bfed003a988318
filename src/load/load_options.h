/* The options of a loader, in one table: their ranges, what the ranks agree on, and the lines of
 * the run's fingerprint. A new option needs its member in loader.h, its row in the table, and the
 * code that heeds it. An option of the command line needs a row in src/cli/cli_options.c, which
 * names the member. */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "core_text.h"
#include "shardstep/loader.h"

enum {
    LOAD_CALL_BYTES = 300 /* most bytes of a call as text */
};

/* Local. Refuses an option outside its range, and a count whose list is NULL. */
shs_status load_options_check(const shs_loader_options *options);

/* Local. Writes the call of shs_loader_open() that all ranks must make alike. It shows numbers, and
 * names the texts and lists that are given. A hash covers all that the ranks must agree on, however
 * long texts and lists are. `operators` describes the program's own operators, a line each; NULL:
 * none. */
shs_status load_options_call(const shs_loader_options *options, const char *operators,
                             char call[LOAD_CALL_BYTES]);

/* Local. Adds those lines of a fingerprint that hold the name and the value of an option. */
void load_options_describe(const shs_loader_options *options, struct core_text *text);

/* How a message speaks of the option that a line of a fingerprint holds. */
struct load_option_words {
    const char *name;           /* the option's name in a program, such as blocks.rows */
    const char *before, *after; /* the words around its value: "blocks of ", " rows" */
};

/* Local. Finds the words of the option whose line a text begins with. Returns false if no option
 * has this line. */
bool load_options_words(const char *line, struct load_option_words *words);

#endif
