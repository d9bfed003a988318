/* A progress bar on stderr, where that is a terminal. */
#ifndef CLI_BAR_H
#define CLI_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct cli_bar {
    bool shown;
    int64_t last; /* when it was drawn, in ns */
};

/* Local. Not shown on ranks but the first. */
struct cli_bar cli_bar_begin(int rank);

/* Local. Draws it anew, ten times a second at most: `done` of `all`, what is being done. */
void cli_bar_show(struct cli_bar *bar, const char *what, uint64_t done, uint64_t all);

/* Local. Takes it away. */
void cli_bar_end(struct cli_bar *bar);

#endif
