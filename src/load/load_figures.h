/* What a rank's loader did in a time, and what held the program up. */
#ifndef LOAD_FIGURES_H
#define LOAD_FIGURES_H

#include "core_text.h"
#include "load.h"

/* Nanoseconds, if nothing else is said. */
struct load_figures {
    uint64_t elapsed, waited;
    uint64_t spent[LOAD_STATES]; /* sums over the lanes that load and, of what filling a batch
                                    takes, the calling thread; LOAD_PREPARING is the latter's */
    uint64_t helped;             /* with `ahead` the time in which the calling thread filled
                                    batches; part of `spent` */
    uint64_t lanes, ahead;       /* numbers */
    uint64_t cpus;               /* CPUs that this process may use; 0: not known */
};

/* Local. Returns the figures since `last`, and sets *last to now. */
struct load_figures load_figures_since(const shs_loader *loader, struct load_reported *last);

/* Returns the share of the time that the program waited. */
double load_figures_share(const struct load_figures *figures);

/* Returns a word for what held the program up, or NULL if data kept up or the lanes had time left.
 */
const char *load_figures_bottleneck(const struct load_figures *figures);

/* Appends a line for people, without its end. `mean` is the mean share of all ranks; NULL leaves it
 * out. */
void load_figures_tell(const struct load_figures *figures, uint64_t rank, const double *mean,
                       struct core_text *text);

#endif
