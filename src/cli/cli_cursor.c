#include "cli_cursor.h"

shs_status cli_origin(const struct cli_arguments *arguments, struct order_origin *origin)
{
    uint64_t numbers[2] = {0, 0};
    if (arguments->since && cli_numbers(arguments->since, numbers, 2) != 2)
        return core_fail(
            SHS_ERROR_ARGUMENT,
            "--since is '%.80s'; give EPOCH,STEP, two whole numbers such as 3,1200: the "
            "epoch with which the batch changed, and the step that it began with",
            arguments->since);
    *origin = (struct order_origin){numbers[0], numbers[1]};
    return SHS_OK;
}

shs_status cli_cursor(const struct order_shape *shape, struct order_origin origin, uint64_t step,
                      shs_cursor *cursor)
{
    uint64_t steps = order_steps(shape);
    if (step < origin.step)
        return core_fail(SHS_ERROR_ARGUMENT,
                         "--step is %llu, but the batch began at step %llu (--since)", (ull)step,
                         (ull)origin.step);
    uint64_t done = step - origin.step;
    *cursor = (shs_cursor){origin.epoch + done / steps, done % steps, step};
    return SHS_OK;
}
