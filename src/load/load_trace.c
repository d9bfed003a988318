/* The events of all ranks as one file in the trace event format of Chrome, which Perfetto opens: a
 * process is a rank, a thread is a lane. */
#include <time.h>

#include "core_clock.h"
#include "core_memory.h"
#include "core_text.h"
#include "load.h"
#include "load_texts.h"
#include "shardstep/times.h"

static const char head[] = "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n";

/* The list ends in an event without a comma. */
static const char end[] = "{\"ph\":\"M\",\"name\":\"process_sort_index\",\"pid\":0,"
                          "\"args\":{\"sort_index\":0}}\n]}\n";

static const char *const names[LOAD_STATES] = {
    [LOAD_IDLE] = "idle",           [LOAD_PREPARING] = "preparing",
    [LOAD_PLANNING] = "planning",   [LOAD_READING] = "reading",
    [LOAD_DECODING] = "decoding",   [LOAD_WAITING] = "waiting for another lane",
    [LOAD_CHECKING] = "checking",   [LOAD_AUGMENTING] = "augmenting",
    [LOAD_HANDING] = "handing out",
};

static const char *name_of(enum load_state state, uint32_t lane)
{
    if (!lane && state == LOAD_IDLE) return "in the program";
    if (!lane && state == LOAD_WAITING) return "waiting for data";
    return names[state];
}

/* Nanoseconds to add to core_clock() for the time of day. */
static uint64_t to_time_of_day(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec - core_clock();
}

static void add_name(struct core_text *text, int rank, uint32_t lane)
{
    if (!lane)
        core_text_add(
            text,
            "{\"ph\":\"M\",\"name\":\"process_name\",\"pid\":%d,\"args\":{\"name\":\"rank "
            "%d\"}},\n",
            rank, rank);
    core_text_add(text, "{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":%d,\"tid\":%u,", rank,
                  lane);
    if (lane)
        core_text_add(text, "\"args\":{\"name\":\"lane %u\"}},\n", lane);
    else
        core_text_add(text, "\"args\":{\"name\":\"calling thread\"}},\n");
}

/* `begin` is the time of the trace's beginning by this rank's core_clock(). */
static void add_event(struct core_text *text, int rank, uint32_t lane, uint64_t begin,
                      const struct load_event *event)
{
    uint64_t at = event->begin - begin, lasts = event->end - event->begin;
    core_text_add(text,
                  "{\"ph\":\"X\",\"name\":\"%s\",\"pid\":%d,\"tid\":%u,\"ts\":%llu.%03u,"
                  "\"dur\":%llu.%03u,\"args\":{\"step\":%llu}},\n",
                  name_of(event->state, lane), rank, lane, (ull)at / 1000, (unsigned)(at % 1000),
                  (ull)lasts / 1000, (unsigned)(lasts % 1000), (ull)event->step);
}

/* Local. Writes this rank's events to a text. */
static shs_status tell_events(const shs_loader *loader, uint64_t begin, struct core_text *text)
{
    struct load_event *events;
    uint32_t lanes = loader->ahead ? load_lanes(loader) : 0;
    shs_status status = core_new(loader->options.trace_events, sizeof *events, "a trace", &events);
    for (uint32_t lane = 0; lane <= lanes && !status; lane++) {
        uint64_t count = lane ? load_lanes_events(load_ahead_lanes(loader->ahead), lane, events)
                              : load_account_events(&loader->account, events);
        add_name(text, loader->dataset->run->rank, lane);
        for (uint64_t i = 0; i < count; i++)
            add_event(text, loader->dataset->run->rank, lane, begin, &events[i]);
        status = text->status;
    }
    core_free(&events);
    return status;
}

/* ---- All ranks. */

/* Collective. Sets *begin to the beginning of the trace, the time when the first rank opened its
 * loader, by this rank's core_clock(). */
static shs_status agree_on_begin(const shs_loader *loader, uint64_t *begin)
{
    uint64_t offset = to_time_of_day(), earliest = UINT64_MAX - (loader->account.begun + offset);
    shs_status status = mpi_greatest(loader->dataset->run, &earliest, 1);
    *begin = UINT64_MAX - earliest - offset;
    return status;
}

static shs_status check(const shs_loader *loader, const char *path)
{
    const shs_run *run = loader->dataset->run;
    shs_status status = core_require(path, "shs_trace_write", "path", "pass the name of a file");
    if (!status && !loader->options.trace_events)
        status = core_fail(SHS_ERROR_STATE, "the loader keeps no events; open it with the option "
                                            "trace_events, such as 65536");
    if (!status && mpi_is_apart(run))
        status = core_fail(SHS_ERROR_UNSUPPORTED, "the ranks cannot talk to each other, and a "
                                                  "trace is one file; give shs_open_ranks() an "
                                                  "`agree`");
    return core_wrap(status, "shs_trace_write");
}

shs_status shs_trace_write(shs_loader *loader, const char *path)
{
    shs_status status =
        core_require(loader, "shs_trace_write", "loader", "open it with shs_loader_open()");
    if (status) return status;
    shs_run *run = loader->dataset->run;
    struct core_text text = {0};
    uint64_t begin = 0;
    status = mpi_agree(run, check(loader, path), "shs_trace_write");
    if (status) return status;
    status = agree_on_begin(loader, &begin);
    if (!status) status = tell_events(loader, begin, &text);
    status = load_texts_write(run, "shs_trace_write", status, path, head, &text, end);
    core_text_free(&text);
    return status;
}
