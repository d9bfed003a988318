#include "load_account.h"

#include "core_clock.h"
#include "core_memory.h"

shs_status load_account_begin(struct load_account *account, uint64_t room)
{
    *account = (struct load_account){.room = room};
    account->begun = account->until = core_clock();
    return room ? core_new(room, sizeof *account->events, "a trace", &account->events) : SHS_OK;
}

void load_account_end(struct load_account *account)
{
    core_free(&account->events);
}

uint64_t load_account_events(const struct load_account *account, struct load_event *events)
{
    uint64_t kept = account->count < account->room ? account->count : account->room;
    for (uint64_t i = 0; i < kept; i++)
        events[i] = account->events[(account->count - kept + i) % account->room];
    return kept;
}

/* Keeps an event, or makes the event before longer if it goes on. */
static void keep_event(struct load_account *account, enum load_state state, uint64_t now)
{
    struct load_event *last =
        &account->events[(account->count + account->room - 1) % account->room];
    if (account->count && last->state == state && last->step == account->step) {
        last->end = now;
        return;
    }
    account->events[account->count++ % account->room] =
        (struct load_event){account->until, now, account->step, state};
}

void load_account_book(struct load_account *account, enum load_state state, uint64_t now)
{
    if (now <= account->until) return;
    if (account->events) keep_event(account, state, now);
    account->spent[state] += now - account->until;
    account->until = now;
}

void load_account_book_fill(struct load_account *account, enum load_state before,
                            const struct load_times *times)
{
    const struct fetch_times *fetch = &times->fetch;
    if (!times->filled) return;
    account->step = times->step;
    load_account_book(account, before, times->taken);
    load_account_book(account, LOAD_PLANNING, account->until + fetch->planning);
    load_account_book(account, LOAD_READING, account->until + fetch->reading);
    load_account_book(account, LOAD_DECODING, account->until + fetch->decoding);
    load_account_book(account, LOAD_WAITING, account->until + fetch->waiting);
    load_account_book(account, LOAD_CHECKING, account->until + fetch->checking);
    load_account_book(account, LOAD_PLANNING, times->fetched);
    load_account_book(account, LOAD_AUGMENTING, times->filled);
}
