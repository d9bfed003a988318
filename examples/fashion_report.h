/* What train_fashion tells while it runs: progress on stderr, results on stdout and in a log. */
#ifndef FASHION_REPORT_H
#define FASHION_REPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Times are this process's own: they begin anew when a stopped run goes on. */
typedef struct fashion_report {
    bool speaks; /* on one rank */
    bool terminal;
    FILE *log;     /* NULL: none */
    int log_error; /* errno of the first error in writing the log, or 0 */
    uint64_t epochs;
    uint64_t last_step; /* where this run will end */
    uint64_t first_step;
    uint64_t rows;  /* trained in this epoch */
    double started; /* the first step */
    double begun;   /* the epoch */
    double trained; /* the epoch's latest step */
    double shown;   /* the latest progress */
} fashion_report;

typedef struct fashion_epoch {
    uint64_t epoch; /* 1 is the first */
    uint64_t step;
    double train_loss;
    double train_accuracy;
    double test_loss;
    double test_accuracy;
    uint64_t ranks;
    uint64_t vranks;
    const char *data; /* whether data kept up: the line of shs_loader_report() */
} fashion_epoch;

/* Local. Appends to the file `log` unless it is NULL. False if that cannot be opened. */
bool fashion_report_open(fashion_report *report, bool speaks, const char *log);

/* Local. Closes the log. Returns 0, or the errno value of an error for which it has not all lines.
 */
int fashion_report_close(fashion_report *report);

/* Local. Training goes on at step `first` and will end at step `last`. */
void fashion_report_start(fashion_report *report, uint64_t first, uint64_t last, uint64_t epochs);

/* Local. One more step, of `rows` images over all ranks: `step` are done. On a terminal a bar,
 * elsewhere a line every ten seconds. */
void fashion_report_step(fashion_report *report, uint64_t step, uint64_t epoch, uint64_t rows);

/* Local. An epoch was trained and tested: two lines on stdout, one in the log. */
void fashion_report_epoch(fashion_report *report, const fashion_epoch *epoch);

#endif
