/* A progress bar, if stderr is a terminal. */
#ifndef CLI_BAR_H
#define CLI_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct cli_bar {
    bool shown;
    int64_t last; /* time of the last drawing, in ns; 0 before the first */
};

/* Local. Makes a bar, which only rank 0 shows. */
struct cli_bar cli_bar_begin(int rank);

/* Local. Draws the bar again, at most ten times a second, with the share `done` of `all` and the
 * text `what`. */
void cli_bar_show(struct cli_bar *bar, const char *what, uint64_t done, uint64_t all);

/* Local. Removes the bar from the terminal. */
void cli_bar_end(struct cli_bar *bar);

#endif
