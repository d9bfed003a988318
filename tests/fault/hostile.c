/* Runs shardstep on hundreds of damaged files: it may do its work or refuse, with one message, or
 * find what is bad, but neither die nor hang.
 *
 *   hostile damage BASE NUMBER PATH          writes one of them
 *   hostile run PROGRAM FIRST END EVERY      damage FIRST, FIRST + EVERY, ... below END to each
 *                                            sound file, in the current folder */
#include "hostile.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SECONDS = 40, /* which is more than a probe may take */
    ERRORS = 4096
};

struct tally {
    unsigned long done, bad, refused, contained, failed;
};

/* A text that is no constant: execv() promises to change none and yet takes no constant. */
#define TEXT(text) ((char[]){text})

struct outcome {
    bool hung;
    int status;
    char errors[ERRORS]; /* its standard error */
};

static void start(char *const *words, int errors)
{
    int nowhere = open("/dev/null", O_RDWR);
    dup2(nowhere, STDIN_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    dup2(errors, STDERR_FILENO);
    execv(words[0], words);
    _exit(99);
}

static struct outcome run(char *const *words)
{
    struct outcome outcome = {0};
    int ends[2];
    size_t got = 0;
    if (pipe(ends) < 0) exit(2);
    pid_t process = fork();
    if (process == 0) start(words, ends[1]);
    close(ends[1]);
    struct pollfd events = {ends[0], POLLIN, 0};
    for (ssize_t now = 1; now > 0 && !outcome.hung && got < ERRORS - 1; got += (size_t)now) {
        outcome.hung = poll(&events, 1, SECONDS * 1000) <= 0;
        now = outcome.hung ? 0 : read(ends[0], outcome.errors + got, ERRORS - 1 - got);
        if (now < 0) exit(2);
    }
    if (outcome.hung || got == ERRORS - 1) kill(process, SIGKILL);
    close(ends[0]);
    waitpid(process, &outcome.status, 0);
    return outcome;
}

static bool is_one_message(const char *errors)
{
    const char *end = strchr(errors, '\n');
    return !strncmp(errors, "shardstep: ", 11) && end && !end[1];
}

static const char *judge(const struct outcome *outcome, struct tally *tally)
{
    static char text[64];
    if (outcome->hung) return "hangs";
    if (WIFSIGNALED(outcome->status)) {
        snprintf(text, sizeof text, "signal %d", WTERMSIG(outcome->status));
        return text;
    }
    switch (WEXITSTATUS(outcome->status)) {
    case 0:
        tally->done++;
        return *outcome->errors ? "talks without an error" : NULL;
    case 1: /* what check says */
        tally->bad++;
        return *outcome->errors ? "talks without an error" : NULL;
    case 2:
        tally->refused++;
        tally->contained += strstr(outcome->errors, "crashed HDF5") != NULL;
        return is_one_message(outcome->errors) ? NULL : "not one message";
    default:
        snprintf(text, sizeof text, "exit code %d", WEXITSTATUS(outcome->status));
        return text;
    }
}

static void check(char *const *words, unsigned base, uint64_t number, struct tally *tally)
{
    struct outcome outcome = run(words);
    const char *wrong = judge(&outcome, tally);
    if (!wrong) return;
    tally->failed++;
    printf("FAILED: %s of file %u with damage %llu: %s: %s\n", words[1], base,
           (unsigned long long)number, wrong, outcome.errors);
}

static bool is_sound(char *program, char *path)
{
    char *const info[] = {program, TEXT("info"), path, NULL};
    struct outcome outcome = run(info);
    return !outcome.hung && outcome.status == 0 && !*outcome.errors;
}

static void run_all(char *program, uint64_t first, uint64_t end, uint64_t every)
{
    struct tally tally = {0};
    char path[64];
    snprintf(path, sizeof path, "hostile-%ld.h5", (long)getpid());
    char *const info[] = {program, TEXT("info"), path, NULL};
    char *const digest[] = {program,         TEXT("digest"), path, TEXT("--probe"),
                            TEXT("--batch"), TEXT("4"),      NULL};
    char *const whole[] = {program, TEXT("check"), path, TEXT("--probe-seconds"), TEXT("5"), NULL};
    for (unsigned base = 0; hostile_make(base, path); base++) {
        struct hostile_file file = hostile_read(path);
        if (!is_sound(program, path)) printf("FAILED: info of sound file %u\n", base);
        for (uint64_t number = first; number < end; number += every) {
            hostile_damage(&file, number, path);
            check(info, base, number, &tally);
            check(digest, base, number, &tally);
            if (number % 4 < 2) check(whole, base, number, &tally); /* it takes longer */
        }
        hostile_free(&file);
    }
    unlink(path);
    printf(
        "%lu commands done, %lu refused, %lu of these crashed HDF5 in the probe, %lu checks found "
        "something bad, %lu failed\n",
        tally.done, tally.refused, tally.contained, tally.bad, tally.failed);
}

static int damage(unsigned base, uint64_t number, const char *path)
{
    if (!hostile_make(base, path)) return 2;
    struct hostile_file file = hostile_read(path);
    hostile_damage(&file, number, path);
    hostile_free(&file);
    return 0;
}

static uint64_t number_of(const char *text)
{
    return strtoull(text, NULL, 10);
}

int main(int count, char **words)
{
    if (count == 5 && !strcmp(words[1], "damage"))
        return damage((unsigned)number_of(words[2]), number_of(words[3]), words[4]);
    if (count != 6 || strcmp(words[1], "run")) return 2;
    run_all(words[2], number_of(words[3]), number_of(words[4]), number_of(words[5]));
    return 0;
}
