/* The failure policy of a loader: which rows must not be delivered, and which rows may take their
 * places. It does not change while the loader is open. failures.h describes it. */
#ifndef LOAD_FAILURES_H
#define LOAD_FAILURES_H

#include "core_hash.h"
#include "load_order.h"
#include "order_skip.h"

/* A zeroed struct may be closed: damage is an error, NaN are delivered, no row is excluded. */
struct load_failures {
    shs_on_damage damage;
    shs_on_nan nan;
    struct order_skip excluded;    /* positions in the subset */
    uint64_t listed;               /* numbers of the list; 0: there is no list */
    char digest[CORE_DIGEST_TEXT]; /* hash of the list */
};

/* Local. Takes the policy of a loader with this order, of a dataset with `samples` samples. Refuses
 * a list that leaves nothing of the subset, or of a source. After an error it may be closed. */
shs_status load_failures_open(const struct load_order *order, const shs_loader_options *options,
                              uint64_t samples, struct load_failures *failures);

void load_failures_close(struct load_failures *failures);

/* Local. Adds the fingerprint's line of the list. */
void load_failures_describe(const struct load_failures *failures, struct core_text *text);

/* Local. Returns the positions in the subset of the rows that may take the place of the row at a
 * position, this position among them: all, or those of its source. */
struct order_skipped load_failures_peers(const struct load_order *order, uint64_t position);

/* Local. Returns the row at a position of the subset. */
uint64_t load_failures_row(const struct load_order *order, uint64_t position);

/* Local. Returns true if a row is on the list. */
bool load_failures_excludes(const struct load_failures *failures, const struct load_order *order,
                            uint64_t row);

/* Local. Puts other rows in the places of excluded rows. If there are some, `planned` gets all of
 * `index` as it was, and the result is true. Takes O(log n) steps a row, n being the length of the
 * list. */
bool load_failures_substitute(const struct load_failures *failures, const struct load_order *order,
                              uint64_t *index, uint64_t count, uint64_t *planned);

#endif
