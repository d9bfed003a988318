/* Where the time of a lane goes. A lane is a thread that loads; lane 0 is the calling thread. An
 * account books time that has passed, piece by piece and without gaps, so the states of a lane add
 * up to its time exactly. It is used by one thread at a time. */
#ifndef LOAD_ACCOUNT_H
#define LOAD_ACCOUNT_H

#include "fetch.h"

/* What a lane does. */
enum load_state {
    LOAD_IDLE,      /* nothing is to be done; lane 0: the program does not ask for a batch */
    LOAD_PREPARING, /* row numbers, opening of files, reads through HDF5 */
    LOAD_PLANNING,  /* what is to be read, and copying rows out of kept chunks */
    LOAD_READING,   /* also copying rows out of chunks that were read */
    LOAD_DECODING,
    LOAD_WAITING,  /* the lane waits for chunks that others decode; lane 0: also for a batch of the
                    * ring */
    LOAD_CHECKING, /* rows against their checksums */
    LOAD_AUGMENTING,
    LOAD_HANDING, /* the rest of shs_next() */
    LOAD_STATES
};

/* A state that lasted. Times are nanoseconds of core_clock(). */
struct load_event {
    uint64_t begin, end;
    uint64_t step;
    enum load_state state;
};

/* Times are nanoseconds of core_clock(). */
struct load_account {
    uint64_t begun, until; /* all time between is booked */
    uint64_t spent[LOAD_STATES];
    uint64_t step; /* the step that the lane works for now; its events have it */
    /* The latest events, in a ring; NULL: none is kept. */
    struct load_event *events;
    uint64_t room, count; /* events in the ring, and events so far */
};

/* When a batch was filled. */
struct load_times {
    uint64_t taken, fetched, filled; /* all 0 if it was not filled */
    struct fetch_times fetch;        /* between `taken` and `fetched` */
    uint64_t step;
};

/* Local. Begins an account now, which keeps the latest `room` events. An account may be ended after
 * an error, and if it is zeroed. */
shs_status load_account_begin(struct load_account *account, uint64_t room);

void load_account_end(struct load_account *account);

/* Local. Copies the events that are kept, oldest first. Returns their number. */
uint64_t load_account_events(const struct load_account *account, struct load_event *events);

/* Local. Books all time from the last booking to `now`. */
void load_account_book(struct load_account *account, enum load_state state, uint64_t now);

/* Local. Books a batch that the lane has filled. The time before that goes to `before`. */
void load_account_book_fill(struct load_account *account, enum load_state before,
                            const struct load_times *times);

#endif
