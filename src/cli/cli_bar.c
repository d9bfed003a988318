#include "cli_bar.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    WIDTH = 30,           /* characters of a full bar */
    LEAST_GAP = 100000000 /* ns between two drawings, at least */
};

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

struct cli_bar cli_bar_begin(int rank)
{
    return (struct cli_bar){.shown = rank == 0 && isatty(STDERR_FILENO)};
}

void cli_bar_show(struct cli_bar *bar, const char *what, uint64_t done, uint64_t all)
{
    int64_t time = now();
    if (!bar->shown || (bar->last && time - bar->last < LEAST_GAP)) return;
    bar->last = time;
    double part = all ? (double)done / (double)all : 1;
    int filled = (int)(part * WIDTH);
    fprintf(stderr, "\r\033[K%3d%% [", (int)(part * 100));
    for (int i = 0; i < WIDTH; i++)
        fputc(i < filled ? '=' : ' ', stderr);
    fprintf(stderr, "] %s", what);
    fflush(stderr);
}

void cli_bar_end(struct cli_bar *bar)
{
    if (bar->shown && bar->last) fprintf(stderr, "\r\033[K");
    fflush(stderr);
    bar->shown = false;
}
