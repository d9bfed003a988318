#include "load_account.h"

#include "core_clock.h"

void load_account_begin(struct load_account *account)
{
    account->begun = account->until = core_clock();
}

void load_account_book(struct load_account *account, enum load_state state, uint64_t now)
{
    if (now <= account->until) return;
    account->spent[state] += now - account->until;
    account->until = now;
}

void load_account_book_fill(struct load_account *account, enum load_state before,
                            const struct load_times *times)
{
    const struct fetch_times *fetch = &times->fetch;
    if (!times->filled) return;
    load_account_book(account, before, times->taken);
    load_account_book(account, LOAD_PLANNING, account->until + fetch->planning);
    load_account_book(account, LOAD_READING, account->until + fetch->reading);
    load_account_book(account, LOAD_DECODING, account->until + fetch->decoding);
    load_account_book(account, LOAD_WAITING, account->until + fetch->waiting);
    load_account_book(account, LOAD_CHECKING, account->until + fetch->checking);
    load_account_book(account, LOAD_PLANNING, times->fetched);
    load_account_book(account, LOAD_AUGMENTING, times->filled);
}
