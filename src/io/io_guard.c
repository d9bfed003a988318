#include "io_guard.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "core_assert.h"

enum {
    EARLY = 4,   /* how many copies ahead the bytes are fetched */
    PLACES = 256 /* copies that are made at the same time; more threads take turns */
};

/* The copy that a thread makes. */
struct guard {
    const char *begin, *end; /* the span */
    sigjmp_buf back;
    volatile size_t done; /* copies made */
};

/* Where the handler finds the copy of its thread. A thread takes a place for as long as it copies.
 * Thread-local memory would do as well, but the handler may only use memory that is there from a
 * thread's beginning on, and a library with such memory cannot be loaded by dlopen() if the system
 * has too little of it left. */
static struct place {
    _Alignas(64) _Atomic uintptr_t thread; /* 0: nobody has it */
    struct guard *volatile armed;          /* NULL: no copy is under way */
} places[PLACES];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t users;
static struct sigaction former; /* what SIGBUS did before the handler was installed */
/* True if another handler was found over the one here, when the last user had gone. */
static bool is_below;

/* Ends the process, or lets the fault occur again with the default action, which ends it. */
static void act_by_default(int number, bool fault)
{
    signal(number, SIG_DFL);
    if (!fault) raise(number);
}

static void hand_on(int number, siginfo_t *info, void *context)
{
    /* the system has sent it for what this thread just did, and will send it again */
    bool fault = info->si_code > 0 && info->si_code != BUS_MCEERR_AO;
    struct sigaction then = former;
    bool takes_info = then.sa_flags & SA_SIGINFO;
    bool ignored = !takes_info && then.sa_handler == SIG_IGN;
    if (ignored && !fault) return;
    if (ignored || (!takes_info && then.sa_handler == SIG_DFL)) {
        act_by_default(number, fault);
        return;
    }
    if (then.sa_flags & (int)SA_RESETHAND) former = (struct sigaction){.sa_handler = SIG_DFL};
    if (!(then.sa_flags & SA_NODEFER)) sigaddset(&then.sa_mask, number);
    pthread_sigmask(SIG_BLOCK, &then.sa_mask, NULL); /* until this handler returns */
    if (takes_info)
        then.sa_sigaction(number, info, context);
    else
        then.sa_handler(number);
}

static uintptr_t this_thread(void)
{
    return (uintptr_t)pthread_self();
}

/* Takes a place for this thread. Looks first where no other thread is likely to be. */
static struct place *take_place(void)
{
    const uintptr_t self = this_thread();
    for (size_t i = (size_t)(self >> 12), tried = 0;; i++) {
        struct place *place = &places[i % PLACES];
        uintptr_t nobody = 0;
        if (atomic_compare_exchange_strong(&place->thread, &nobody, self)) return place;
        if (++tried % PLACES == 0) sched_yield();
    }
}

/* Returns the copy that this thread makes, or NULL. May be called in a signal handler. */
static struct guard *armed_here(void)
{
    const uintptr_t self = this_thread();
    for (size_t i = 0; i < PLACES; i++)
        if (atomic_load(&places[i].thread) == self) return places[i].armed;
    return NULL;
}

static void take_bus_error(int number, siginfo_t *info, void *context)
{
    struct guard *guard = armed_here();
    const char *address = info->si_addr;
    if (guard && info->si_code > 0 && address >= guard->begin && address < guard->end)
        siglongjmp(guard->back, 1);
    hand_on(number, info, context);
}

static bool is_ours(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO) && action->sa_sigaction == take_bus_error;
}

/* Returns true if SIGBUS has a handler that is not the one here. */
static bool is_foreign(const struct sigaction *action)
{
    return (action->sa_flags & SA_SIGINFO)
               ? action->sa_sigaction != take_bus_error
               : action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

/* With SA_NODEFER the signal is not blocked while the handler runs, so that a jump out of the
 * handler need not unblock it. */
static void install(void)
{
    struct sigaction now,
        action = {.sa_sigaction = take_bus_error, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigaction(SIGBUS, NULL, &now);
    if (is_ours(&now) || (is_below && is_foreign(&now))) return;
    sigemptyset(&action.sa_mask);
    former = now;
    is_below = false;
    sigaction(SIGBUS, &action, NULL);
}

void io_guard_begin(void)
{
    pthread_mutex_lock(&lock);
    if (!users++) install();
    pthread_mutex_unlock(&lock);
}

void io_guard_end(void)
{
    struct sigaction now;
    pthread_mutex_lock(&lock);
    core_assert(users);
    if (!--users) {
        sigaction(SIGBUS, NULL, &now);
        is_below = !is_ours(&now);
        if (!is_below) sigaction(SIGBUS, &former, NULL);
    }
    pthread_mutex_unlock(&lock);
}

/* Has the processor fetch the first bytes of a copy that is made soon, and look up their page. It
 * foresees the rest itself. */
static void fetch_early(const struct io_span *span, const struct io_copy *copy)
{
    enum {
        LINE = 64, /* bytes that a processor fetches at once */
        MOST = 256 /* found by measuring: with more bytes, the copies wait for them */
    };
    const char *from = span->memory + (copy->at - span->at);
    size_t bytes = copy->bytes < MOST ? copy->bytes : MOST;
    for (size_t at = 0; at < bytes; at += LINE)
        __builtin_prefetch(from + at);
}

/* Makes the copies until one fails. The jump out of the handler comes back here, so variables that
 * change are in *guard. */
static void copy_guarded(struct place *place, struct guard *guard, const struct io_span *span,
                         const struct io_copy *copies, size_t count)
{
    if (sigsetjmp(guard->back, 0) == 0) {
        place->armed = guard;
        atomic_signal_fence(memory_order_seq_cst);
        for (; guard->done < count; guard->done++) {
            const struct io_copy *copy = &copies[guard->done];
            if (guard->done + EARLY < count) fetch_early(span, copy + EARLY);
            memcpy(copy->to, span->memory + (copy->at - span->at), copy->bytes);
            atomic_signal_fence(memory_order_seq_cst);
        }
    }
    place->armed = NULL;
}

size_t io_guard_copy(const struct io_span *span, const struct io_copy *copies, size_t count)
{
    struct guard guard = {.begin = span->memory, .end = span->memory + span->bytes};
    sigset_t bus, before;
    sigemptyset(&bus);
    sigaddset(&bus, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &bus, &before);
    struct place *place = take_place();
    copy_guarded(place, &guard, span, copies, count);
    atomic_store(&place->thread, 0);
    /* a handler of the program that calls the one here may block more signals than were blocked */
    if (guard.done < count || sigismember(&before, SIGBUS))
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    return guard.done;
}
