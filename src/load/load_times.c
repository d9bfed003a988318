/* Where the time of a loader went, as the program sees it. */
#include "core_clock.h"
#include "load.h"
#include "shardstep/times.h"

static double seconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / 1e9;
}

struct load_account load_account_of(const shs_loader *loader, uint32_t lane)
{
    if (lane) return load_lanes_account(load_ahead_lanes(loader->ahead), lane);
    struct load_account account = loader->account;
    account.events = NULL; /* they are the loader's */
    load_account_book(&account, LOAD_IDLE, core_clock());
    return account;
}

uint32_t load_lanes(const shs_loader *loader)
{
    return loader->ahead ? load_lanes_threads(load_ahead_lanes(loader->ahead)) : 1;
}

shs_loader_times shs_times(const shs_loader *loader)
{
    if (!loader) return (shs_loader_times){0};
    return (shs_loader_times){.elapsed = seconds(core_clock() - loader->account.begun),
                              .waited = seconds(loader->waited),
                              .waited_in_step = seconds(loader->waited_in_step),
                              .lanes = load_lanes(loader)};
}

shs_lane_times shs_times_of_lane(const shs_loader *loader, uint32_t lane)
{
    if (!loader || (lane && (!loader->ahead || lane > load_lanes(loader))))
        return (shs_lane_times){0};
    const struct load_account account = load_account_of(loader, lane);
    const uint64_t *spent = account.spent;
    return (shs_lane_times){.elapsed = seconds(account.until - account.begun),
                            .idle = seconds(spent[LOAD_IDLE]),
                            .preparing = seconds(spent[LOAD_PREPARING]),
                            .reading = seconds(spent[LOAD_READING]),
                            .decoding = seconds(spent[LOAD_DECODING]),
                            .checking = seconds(spent[LOAD_CHECKING]),
                            .augmenting = seconds(spent[LOAD_AUGMENTING]),
                            .waiting = seconds(spent[LOAD_WAITING]),
                            .other = seconds(spent[LOAD_PLANNING] + spent[LOAD_HANDING])};
}
