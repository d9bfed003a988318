#include "run_check_apart.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_child.h"

typedef unsigned long long ull;

enum {
    WORDS = 10,
    NUMBER = 24,        /* bytes of a number as text */
    MOST_DEATHS = 1000, /* after which a dataset is given up; */
    HANGING = 100       /* one that hangs counts as so many */
};

/* The processes, one after the other. */
struct watch {
    const struct run_check_limits *limits;
    struct run_check_result *result;
    struct run_check_task next; /* of the process that runs, or is started next */
    struct io_child child;

    /* what the process was about to do last; its text is not kept */
    struct run_check_event last;
    bool began;    /* it has said so */
    bool smallest; /* the rows that it was about to read are the fewest that can be told apart */

    /* as it was before those rows: what was bad in them is found again */
    uint64_t found_before, bad_rows_before;
    uint64_t deaths, deaths_in; /* in this dataset */
    bool given_up;              /* what follows cannot be found */
};

/* ---- what was found */

static shs_status find_dataset(struct run_check_result *result, uint64_t number)
{
    if (number < result->datasets) return SHS_OK;
    /* numbers come one after the other, but from a process that may be ill */
    if (number > result->datasets)
        return core_fail(SHS_ERROR_FORMAT, "dataset %llu comes after %llu", (ull)number,
                         (ull)result->datasets);
    shs_status status =
        core_resize(number + 1, sizeof *result->dataset, "datasets", &result->dataset);
    if (status) return status;
    result->dataset[number] = (struct run_check_dataset){0};
    result->datasets = number + 1;
    return SHS_OK;
}

static void add_bad(struct watch *watch, uint64_t dataset, uint64_t first, uint64_t count,
                    const char *text)
{
    struct run_check_result *result = watch->result;
    if (dataset < result->datasets) result->dataset[dataset].bad_rows += count;
    if (result->found < RUN_CHECK_TOLD) {
        struct run_check_bad *bad = &result->bad[result->found];
        *bad = (struct run_check_bad){dataset, first, count, ""};
        snprintf(bad->text, sizeof bad->text, "%s", text);
    }
    result->found++;
}

static shs_status set_text(char **to, const char *text)
{
    core_free(to);
    return core_copy(text, to);
}

static shs_status note_dataset(struct run_check_dataset *dataset,
                               const struct run_check_event *event)
{
    switch (event->kind) {
    case RUN_CHECK_OPENING:
        return set_text(&dataset->name, event->text);
    case RUN_CHECK_PLAIN:
    case RUN_CHECK_SUMMED:
        dataset->field = true;
        dataset->summed = event->kind == RUN_CHECK_SUMMED;
        dataset->rows = event->count;
        return set_text(&dataset->about, event->text);
    case RUN_CHECK_SKIPPED:
        return set_text(&dataset->about, event->text);
    default:
        return SHS_OK;
    }
}

/* What concerns all of a dataset is told again by a process that goes on within it. */
static bool is_known(const struct watch *watch, const struct run_check_event *event)
{
    const struct run_check_task *task = &watch->next;
    return event->dataset == task->dataset && (task->row || task->careful);
}

static shs_status note(struct watch *watch, const struct run_check_event *event)
{
    struct run_check_result *result = watch->result;
    shs_status status = find_dataset(result, event->dataset);
    if (status) return status;
    struct run_check_dataset *dataset = &result->dataset[event->dataset];
    if (event->kind == RUN_CHECK_BAD && !(event->count == 0 && is_known(watch, event)))
        add_bad(watch, event->dataset, event->first, event->count, event->text);
    if (event->kind == RUN_CHECK_OPENING || event->kind == RUN_CHECK_READING ||
        event->kind == RUN_CHECK_DONE) {
        watch->last = *event;
        watch->began = true;
        watch->smallest = event->kind == RUN_CHECK_READING && *event->text;
        watch->found_before = result->found;
        watch->bad_rows_before = dataset->bad_rows;
    }
    return note_dataset(dataset, event);
}

/* ---- what a process died of */

/* Goes on behind what was bad. */
static void go_on_at(struct watch *watch, uint64_t dataset, uint64_t row)
{
    watch->next.dataset = dataset;
    watch->next.row = row;
    watch->next.careful = 0;
    watch->next.careful_end = 0;
}

/* Fewer rows at once, where one of them is deadly. */
static void look_closer(struct watch *watch)
{
    go_on_at(watch, watch->last.dataset, watch->last.first);
    watch->next.careful = watch->last.count / 2;
    watch->next.careful_end = watch->last.first + watch->last.count;
}

static bool is_hopeless(struct watch *watch, bool hung)
{
    if (watch->deaths_in != watch->last.dataset) watch->deaths = 0;
    watch->deaths_in = watch->last.dataset;
    watch->deaths += hung ? HANGING : 1;
    return watch->deaths > MOST_DEATHS;
}

static void bury_while_looking(struct watch *watch, const char *what)
{
    char text[CORE_MESSAGE_BYTES];
    snprintf(text, sizeof text, "looking for %s datasets %s", watch->began ? "further" : "its",
             what);
    add_bad(watch, watch->began ? watch->last.dataset : 0, 0, 0, text);
    watch->given_up = true;
}

static void bury_while_opening(struct watch *watch, const char *what)
{
    char text[CORE_MESSAGE_BYTES];
    snprintf(text, sizeof text, "opening it %s", what);
    add_bad(watch, watch->last.dataset, 0, 0, text);
    go_on_at(watch, watch->last.dataset + 1, 0);
}

static void bury_while_reading(struct watch *watch, const char *what, bool hung)
{
    char text[CORE_MESSAGE_BYTES];
    const struct run_check_event *last = &watch->last;
    watch->result->found = watch->found_before;
    watch->result->dataset[last->dataset].bad_rows = watch->bad_rows_before;
    if (is_hopeless(watch, hung)) {
        snprintf(text, sizeof text, "given up at row %llu: reading it %s, as too often before",
                 (ull)last->first, what);
        add_bad(watch, last->dataset, 0, 0, text);
        go_on_at(watch, last->dataset + 1, 0);
    } else if (watch->smallest || last->count < 2) {
        snprintf(text, sizeof text, "reading %s %s", last->count > 1 ? "them" : "it", what);
        add_bad(watch, last->dataset, last->first, last->count, text);
        go_on_at(watch, last->dataset, last->first + last->count);
    } else {
        look_closer(watch);
    }
}

static void bury(struct watch *watch, const char *what, bool hung)
{
    if (!watch->began || watch->last.kind == RUN_CHECK_DONE)
        bury_while_looking(watch, what);
    else if (watch->last.kind == RUN_CHECK_OPENING)
        bury_while_opening(watch, what);
    else
        bury_while_reading(watch, what, hung);
}

/* ---- a process */

static shs_status start(struct watch *watch)
{
    const struct run_check_task *task = &watch->next;
    const uint64_t numbers[] = {watch->limits->mebibytes,
                                (uint64_t)task->rank,
                                (uint64_t)task->ranks,
                                task->dataset,
                                task->row,
                                task->careful,
                                task->careful_end};
    char text[sizeof numbers / sizeof *numbers][NUMBER];
    const char *words[WORDS + 1] = {"shardstep", RUN_CHECK_COMMAND, task->path};
    char *given[WORDS + 1];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(text[i], sizeof text[i], "%llu", (ull)numbers[i]);
        words[3 + i] = text[i];
    }
    memcpy(given, words, sizeof given);
    return core_wrap(io_child_start(watch->limits->program, given, &watch->child),
                     "%s cannot be read", task->path);
}

static shs_status refuse(const struct watch *watch)
{
    return core_fail(SHS_ERROR_FILE,
                     "%s, which was to read %s, gave no proper answer; is it the program shardstep "
                     "of version %d.%d.%d?",
                     watch->limits->program, watch->next.path, SHS_VERSION_MAJOR, SHS_VERSION_MINOR,
                     SHS_VERSION_PATCH);
}

/* Listens to a process until its end. *answered is true if it came to a good one. */
static shs_status listen_to(struct watch *watch, enum io_child_news *news, bool *answered)
{
    char *line;
    struct run_check_event event;
    shs_status status = SHS_OK;
    *answered = false;
    for (;;) {
        *news = io_child_wait(&watch->child, io_child_clock() + watch->limits->milliseconds, &line);
        if (*news != IO_CHILD_SAID || *answered) return status;
        if (run_check_parse(line, &event)) {
            status = note(watch, &event);
            if (status) return status;
        } else if (io_child_is_answer(line, &status)) {
            *answered = true;
        } else {
            return refuse(watch);
        }
    }
}

/* Why a process did not come to a good end. */
static shs_status describe_end(const struct watch *watch, enum io_child_news news, char *what,
                               size_t bytes)
{
    int exit = watch->child.exit;
    if (news == IO_CHILD_LATE)
        snprintf(what, bytes, "takes more than %llu s", (ull)watch->limits->milliseconds / 1000);
    else if (!watch->child.ended || exit >= 0)
        return refuse(watch);
    else if (exit == IO_CHILD_UNKNOWN)
        snprintf(what, bytes, "ends the process");
    else if (exit == -SIGKILL)
        snprintf(what, bytes, "has the process killed, perhaps for its memory");
    else
        snprintf(what, bytes, "crashes HDF5 (signal %d)", -exit);
    return SHS_OK;
}

/* One process, and where the next one is to go on. */
static shs_status check_on(struct watch *watch, bool *done)
{
    enum io_child_news news;
    char what[128];
    watch->began = false;
    shs_status status = start(watch);
    if (status) return status;
    status = listen_to(watch, &news, done);
    if (!status && !*done) status = describe_end(watch, news, what, sizeof what);
    io_child_end(&watch->child);
    if (!status && !*done) bury(watch, what, news == IO_CHILD_LATE);
    return status;
}

shs_status run_check_apart(const struct run_check_limits *limits, const char *path, int rank,
                           int ranks, struct run_check_result *result)
{
    struct watch watch = {
        .limits = limits, .result = result, .next = {.path = path, .rank = rank, .ranks = ranks}};
    shs_status status = SHS_OK;
    *result = (struct run_check_result){0};
    for (bool done = false; !done && !watch.given_up && !status;)
        status = check_on(&watch, &done);
    return status;
}

void run_check_free(struct run_check_result *result)
{
    for (uint64_t i = 0; i < result->datasets; i++) {
        core_free(&result->dataset[i].name);
        core_free(&result->dataset[i].about);
    }
    core_free(&result->dataset);
    result->datasets = 0;
}

bool run_check_read_words(int count, char **words, uint64_t *mebibytes, struct run_check_task *task)
{
    uint64_t rank, ranks;
    *task = (struct run_check_task){.path = count ? words[0] : NULL};
    if (count != WORDS - 2 || !core_parse_u64(words[1], mebibytes) ||
        !core_parse_u64(words[2], &rank) || !core_parse_u64(words[3], &ranks) ||
        !core_parse_u64(words[4], &task->dataset) || !core_parse_u64(words[5], &task->row) ||
        !core_parse_u64(words[6], &task->careful) || !core_parse_u64(words[7], &task->careful_end))
        return false;
    task->rank = (int)rank;
    task->ranks = (int)ranks;
    return rank < ranks && ranks <= INT32_MAX;
}
