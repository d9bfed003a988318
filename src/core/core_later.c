#include "core_later.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "core_memory.h"

struct core_later {
    shs_status (*work)(void *user);
    void *user;
    bool has_thread;
    pthread_t thread;
    shs_status status;
    char message[CORE_MESSAGE_BYTES];
};

static void *serve(void *argument)
{
    struct core_later *later = argument;
    later->status = later->work(later->user);
    snprintf(later->message, sizeof later->message, "%s", shs_message());
    return NULL;
}

shs_status core_later_begin(shs_status (*work)(void *user), void *user, struct core_later **later)
{
    sigset_t all, before;
    shs_status status = core_new(1, sizeof **later, "a thread", later);
    if (status) return status;
    (*later)->work = work;
    (*later)->user = user;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    (*later)->has_thread = pthread_create(&(*later)->thread, NULL, serve, *later) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (!(*later)->has_thread) serve(*later);
    return SHS_OK;
}

shs_status core_later_end(struct core_later **later)
{
    if ((*later)->has_thread) pthread_join((*later)->thread, NULL);
    shs_status status = (*later)->status;
    if (status) core_tell(status, (*later)->message, true, false);
    core_free(later);
    return status;
}
