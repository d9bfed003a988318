/* Learning rates as functions of the step, for shardstep/optimizer.h. */
#include "core_status.h"
#include "optimize_check.h"
#include "optimize_power.h"
#include "random_math.h"
#include "shardstep/optimizer.h"

static bool falls_to_last(const shs_rate *schedule)
{
    return schedule->kind == SHS_RATE_LINEAR || schedule->kind == SHS_RATE_COSINE;
}

static shs_status check_milestones(const shs_rate *schedule)
{
    const uint64_t *milestones = schedule->milestones;
    shs_status status = optimize_check_option("shs_rate_at", "factor", schedule->factor, 0, 1);
    if (!status && schedule->milestone_count > 0)
        status = core_require(milestones, "shs_rate_at", "milestones",
                              "pass the steps at which the rate falls");
    for (size_t i = 1; i < schedule->milestone_count && !status; i++)
        if (milestones[i] <= milestones[i - 1])
            status = core_fail(SHS_ERROR_ARGUMENT,
                               "shs_rate_at: milestone %zu is step %llu and milestone %zu step "
                               "%llu; give them in ascending order",
                               i - 1, (ull)milestones[i - 1], i, (ull)milestones[i]);
    return status;
}

static shs_status check(const shs_rate *schedule)
{
    shs_status status = optimize_check_option("shs_rate_at", "peak", schedule->peak, 0, 1e30);
    if (!status) status = optimize_check_option("shs_rate_at", "first", schedule->first, 0, 1e30);
    if (!status) status = optimize_check_option("shs_rate_at", "last", schedule->last, 0, 1e30);
    if (status) return status;
    if (schedule->kind == SHS_RATE_STEPS) return check_milestones(schedule);
    if (!falls_to_last(schedule) && schedule->kind != SHS_RATE_CONSTANT)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shs_rate_at: there is no kind %d of rates; pass one of shs_rate_kind",
                         (int)schedule->kind);
    if (falls_to_last(schedule) && schedule->steps <= schedule->warm_up)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shs_rate_at: steps is %llu and warm_up %llu; steps counts from step 0 "
                         "and must be the larger number",
                         (ull)schedule->steps, (ull)schedule->warm_up);
    return SHS_OK;
}

static double line(double from, double to, double fraction)
{
    return from + (to - from) * fraction;
}

/* `fraction` of half a turn; 2^53 is a whole turn. */
static double half_cosine(double from, double to, double fraction)
{
    double cosine, sine;
    random_turn((uint64_t)(fraction * 0x1p52), &cosine, &sine);
    return to + (from - to) * (0.5 + 0.5 * cosine);
}

static double way(bool cosine, double from, double to, uint64_t done, uint64_t all)
{
    const double fraction = (double)done / (double)all;
    return cosine ? half_cosine(from, to, fraction) : line(from, to, fraction);
}

static double after_milestones(const shs_rate *schedule, uint64_t step)
{
    const double factor = schedule->factor == 0 ? 0.1 : schedule->factor;
    uint64_t passed = 0;
    while (passed < schedule->milestone_count && schedule->milestones[passed] <= step)
        passed++;
    return schedule->peak * optimize_power(factor, passed);
}

static double rate_of(const shs_rate *schedule, uint64_t step)
{
    const uint64_t warm_up = schedule->warm_up;
    if (step < warm_up)
        return way(schedule->warm_up_cosine, schedule->first, schedule->peak, step, warm_up);
    if (schedule->kind == SHS_RATE_CONSTANT) return schedule->peak;
    if (schedule->kind == SHS_RATE_STEPS) return after_milestones(schedule, step);
    if (step >= schedule->steps) return schedule->last;
    return way(schedule->kind == SHS_RATE_COSINE, schedule->peak, schedule->last, step - warm_up,
               schedule->steps - warm_up);
}

shs_status shs_rate_at(const shs_rate *schedule, uint64_t step, double *rate)
{
    shs_status status = core_require(rate, "shs_rate_at", "rate", "pass the address of a double");
    if (status) return status;
    *rate = 0;
    status = core_require(schedule, "shs_rate_at", "schedule", "pass a learning rate");
    if (!status) status = check(schedule);
    if (!status) *rate = rate_of(schedule, step);
    return status;
}
