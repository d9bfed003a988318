#include "load_failures.h"

#include <string.h>

/* ---- Opening. */

static shs_status hash_list(const shs_failures *options, char digest[CORE_DIGEST_TEXT])
{
    struct core_hash *hash;
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    core_hash_add_elements(hash, options->exclude, options->n_exclude, sizeof *options->exclude);
    core_hash_finish(&hash, digest);
    return SHS_OK;
}

static bool has_any(const struct load_failures *failures, uint64_t first, uint64_t end)
{
    return first == end ||
           order_skip_next(&failures->excluded, first, first, end) != ORDER_SKIP_ALL;
}

/* Refuses a list after which nothing is left to take the place of a row. */
static shs_status check_rest(const struct load_failures *failures, const struct load_order *order)
{
    const struct order_mix *mix = &order->mix;
    if (!has_any(failures, 0, order->rows))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "failures.exclude has all %llu rows of the %s; leave some to be loaded",
                         (ull)order->rows, order->subset.rows ? "subset" : "dataset");
    for (size_t i = 0; i < mix->sources; i++) {
        const struct order_mix_source *source = &mix->source[i];
        if (!source->takes || has_any(failures, source->first, source->first + source->rows))
            continue;
        return core_fail(SHS_ERROR_ARGUMENT,
                         "failures.exclude has all %llu rows of source %zu, which must give some; "
                         "leave some to be loaded",
                         (ull)source->rows, i);
    }
    return SHS_OK;
}

shs_status load_failures_open(const struct load_order *order, const shs_loader_options *options,
                              uint64_t samples, struct load_failures *failures)
{
    const shs_failures *how = &options->failures;
    *failures = (struct load_failures){.damage = how->damage, .nan = how->nan};
    if (!how->exclude || !how->n_exclude) return SHS_OK;
    failures->listed = how->n_exclude;
    shs_status status = hash_list(how, failures->digest);
    if (!status)
        status = order_skip_open(&failures->excluded, how->exclude, how->n_exclude, &order->subset,
                                 samples);
    return core_wrap(status ? status : check_rest(failures, order), "the rows to exclude");
}

void load_failures_close(struct load_failures *failures)
{
    order_skip_free(&failures->excluded);
}

void load_failures_describe(const struct load_failures *failures, struct core_text *text)
{
    if (failures->listed)
        core_text_add(text, "failures.exclude = %llu rows, %s\n", (ull)failures->listed,
                      failures->digest);
}

/* ---- Rows. */

struct order_skipped load_failures_peers(const struct load_order *order, uint64_t position)
{
    const struct order_mix *mix = &order->mix;
    for (size_t i = 0; i < mix->sources; i++) {
        const struct order_mix_source *source = &mix->source[i];
        if (position >= source->first && position - source->first < source->rows)
            return (struct order_skipped){source->first, source->first + source->rows};
    }
    return (struct order_skipped){0, order->rows};
}

uint64_t load_failures_row(const struct load_order *order, uint64_t position)
{
    order_subset_rows(&order->subset, &position, 1);
    return position;
}

bool load_failures_excludes(const struct load_failures *failures, const struct load_order *order,
                            uint64_t row)
{
    return order_skip_has(&failures->excluded, order_subset_below(&order->subset, row));
}

bool load_failures_substitute(const struct load_failures *failures, const struct load_order *order,
                              uint64_t *index, uint64_t count, uint64_t *planned)
{
    bool some = false;
    if (!failures->excluded.runs) return false;
    memcpy(planned, index, count * sizeof *index);
    for (uint64_t slot = 0; slot < count; slot++) {
        uint64_t position = order_subset_below(&order->subset, index[slot]);
        if (!order_skip_has(&failures->excluded, position)) continue;
        const struct order_skipped peers = load_failures_peers(order, position);
        index[slot] = load_failures_row(
            order, order_skip_next(&failures->excluded, position, peers.first, peers.end));
        some = true;
    }
    return some;
}
