/* shardstep plan --verify and --verify-step: check that an epoch has each row as often as it must.
 */
#include <stdio.h>

#include "cli_json.h"
#include "cli_plan.h"
#include "core_memory.h"

/* The counts of a check. Only rows of weight 1 count, because rows of weight 0 repeat others on
 * purpose. */
struct count {
    struct cli_plan *plan;
    unsigned char *seen; /* for an epoch of each row once: a bit for each row of the dataset */
    uint32_t *times;     /* for an epoch of passes: the uses of each row of the dataset */
    uint64_t good, wrong;
};

/* ---- A step. */

/* Asks the inverse order for the turn of each row of a batch. Counts rows whose turn is this batch
 * as good, others as wrong. If no row is wrong, no other batch of the epoch takes a row of this
 * batch. */
static shs_status count_turns(void *user, uint64_t step, uint64_t vrank, struct order_slice slice)
{
    struct count *count = user;
    const struct load_order *order = &count->plan->order;
    for (uint64_t i = 0; i < slice.count; i++) {
        struct order_turn turn;
        uint64_t row = order_subset_below(&order->subset, count->plan->rows[i]);
        shs_status status = order_turn_of(&count->plan->epoch.places, row, &turn);
        if (status) return status;
        bool same = !turn.waits && turn.epoch_step == step && turn.vrank == vrank && turn.slot == i;
        count->good += same;
        count->wrong += !same;
    }
    return SHS_OK;
}

int cli_plan_verify_step(struct cli_plan *plan)
{
    const struct cli_arguments *arguments = plan->arguments;
    struct count count = {.plan = plan};
    shs_status status = cli_plan_walk(plan, count_turns, &count);
    if (status) return cli_exit_code(status);
    if (arguments->json) {
        cli_plan_begin_json(plan);
        cli_json_u64("step", arguments->step);
        cli_json_u64("only_turn", count.good);
        cli_json_u64("other_turn", count.wrong);
        cli_json_bool("good", !count.wrong);
        cli_json_finish();
    } else {
        printf(
            "epoch %llu, step %llu: %llu rows whose only turn is this one, %llu with another: %s\n",
            (ull)arguments->epoch, (ull)arguments->step, (ull)count.good, (ull)count.wrong,
            count.wrong ? "WRONG" : "good");
    }
    return count.wrong ? CLI_DIFFERENT : CLI_DONE;
}

/* ---- An epoch of each row once. */

static shs_status mark_rows(void *user, uint64_t step, uint64_t vrank, struct order_slice slice)
{
    struct count *count = user;
    (void)step, (void)vrank;
    for (uint64_t i = 0; i < slice.count; i++) {
        uint64_t row = count->plan->rows[i];
        unsigned char bit = (unsigned char)(1u << row % 8);
        if (count->seen[row / 8] & bit)
            count->wrong++;
        else
            count->good++;
        count->seen[row / 8] |= bit;
    }
    return SHS_OK;
}

/* The number of rows of weight 1 that the epoch must deliver. */
static uint64_t expected_rows(const struct order_shape *shape)
{
    uint64_t whole = order_steps(shape) * shape->vranks * shape->batch;
    return shape->tail == SHS_TAIL_DROP ? whole : shape->samples;
}

static int tell_once(const struct count *count)
{
    const struct cli_plan *plan = count->plan;
    const struct order_shape *shape = &plan->order.order.shape;
    bool good = count->good == expected_rows(shape) && !count->wrong;
    if (plan->arguments->json) {
        cli_plan_begin_json(plan);
        cli_json_u64("once", count->good);
        cli_json_u64("repeated", count->wrong);
        cli_json_bool("good", good);
        cli_json_finish();
    } else {
        printf("epoch %llu: %llu of %llu rows exactly once, %llu repeated%s: %s\n",
               (ull)plan->arguments->epoch, (ull)count->good, (ull)shape->samples,
               (ull)count->wrong,
               shape->tail == SHS_TAIL_DROP ? ", the others wait (tail drop)" : "",
               good ? "good" : "WRONG");
    }
    return good ? CLI_DONE : CLI_DIFFERENT;
}

/* ---- An epoch of passes. */

static shs_status count_rows(void *user, uint64_t step, uint64_t vrank, struct order_slice slice)
{
    struct count *count = user;
    (void)step, (void)vrank;
    for (uint64_t i = 0; i < slice.count; i++)
        count->times[count->plan->rows[i]]++;
    return SHS_OK;
}

/* The uses of a source's rows in an epoch. */
struct source_count {
    uint64_t rows;  /* rows of the source that the plan may take */
    uint64_t taken; /* uses of all rows together */
    uint64_t least; /* the fewest uses of a row */
    uint64_t most;  /* the most uses of a row */
    bool good;
};

/* Compares the uses of a source's rows with what they must be. An epoch takes the rest of the pass
 * that it begins in, then whole passes, and the beginning of another pass. With tail drop some rows
 * wait. */
static struct source_count judge_source(const struct count *count,
                                        const struct order_mix_part *part)
{
    const struct load_order *order = &count->plan->order;
    const struct order_mix_source *source = &part->source;
    bool drops = order->order.shape.tail == SHS_TAIL_DROP;
    struct source_count found = {.rows = source->rows};
    if (!source->takes) return (struct source_count){.rows = source->rows, .good = true};
    found.least = UINT64_MAX;
    for (uint64_t i = source->first; i < source->first + source->rows; i++) {
        uint64_t row = i;
        order_subset_rows(&order->subset, &row, 1);
        uint64_t times = count->times[row];
        found.taken += times;
        if (times < found.least) found.least = times;
        if (times > found.most) found.most = times;
    }
    uint64_t rest = part->at ? source->rows - part->at : 0;
    if (rest > source->takes) rest = source->takes;
    uint64_t whole = (source->takes - rest) / source->rows;
    uint64_t parts = (rest ? 1u : 0u) + ((source->takes - rest) % source->rows ? 1u : 0u);
    found.good = found.most <= whole + parts &&
                 (drops ? found.taken <= source->takes
                        : found.taken == source->takes && found.least >= whole);
    return found;
}

static void print_source(const struct cli_plan *plan, size_t i, const struct source_count *found)
{
    uint64_t takes = plan->order.mix.source[i].takes;
    if (plan->arguments->json) {
        cli_json_begin(NULL, '{');
        cli_json_u64("rows", found->rows);
        cli_json_u64("due", takes);
        cli_json_u64("taken", found->taken);
        cli_json_u64("least", found->least);
        cli_json_u64("most", found->most);
        cli_json_bool("good", found->good);
        cli_json_end('}');
        return;
    }
    printf("epoch %llu, source %zu: %llu of %llu rows from %llu, each %llu to %llu times%s: %s\n",
           (ull)plan->arguments->epoch, i, (ull)found->taken, (ull)takes, (ull)found->rows,
           (ull)found->least, (ull)found->most,
           plan->order.order.shape.tail == SHS_TAIL_DROP ? ", the others wait (tail drop)" : "",
           found->good ? "good" : "WRONG");
}

static int tell_sources(const struct count *count)
{
    const struct cli_plan *plan = count->plan;
    const struct order_mix *mix = &plan->order.mix;
    uint64_t taken = 0;
    bool good = true;
    if (plan->arguments->json) {
        cli_plan_begin_json(plan);
        cli_json_begin("sources", '[');
    }
    for (size_t i = 0; i < mix->sources; i++) {
        struct source_count found = judge_source(count, &plan->epoch.mix.part[i]);
        print_source(plan, i, &found);
        taken += found.taken;
        good = good && found.good;
    }
    good = good && taken == expected_rows(&plan->order.order.shape);
    if (plan->arguments->json) {
        cli_json_end(']');
        cli_json_bool("good", good);
        cli_json_finish();
    }
    return good ? CLI_DONE : CLI_DIFFERENT;
}

int cli_plan_verify(struct cli_plan *plan)
{
    const struct order_mix *mix = &plan->order.mix;
    uint64_t rows = plan->dataset ? plan->dataset->samples : plan->arguments->samples;
    struct count count = {.plan = plan};
    shs_status status =
        mix->sources ? core_new((size_t)rows, sizeof *count.times, "a count a row", &count.times)
                     : core_new((size_t)(rows / 8 + 1), 1, "a bit for each row", &count.seen);
    if (!status) status = cli_plan_walk(plan, mix->sources ? count_rows : mark_rows, &count);
    int code = CLI_ERROR;
    if (status)
        code = cli_exit_code(status);
    else
        code = mix->sources ? tell_sources(&count) : tell_once(&count);
    core_free(&count.times);
    core_free(&count.seen);
    return code;
}
