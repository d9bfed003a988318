#include "scan_check_apart.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_child.h"

enum {
    WORDS = 12,
    NUMBER = 24,        /* bytes of a number as text */
    MOST_DEATHS = 1000, /* an array in which more processes die is given up */
    HANGING = 100       /* a process that hangs counts as this many deaths */
};

/* The state of a check in processes that run one after the other. */
struct watch {
    const struct scan_check_limits *limits;
    struct scan_check_result *result;
    struct scan_check_task next; /* task of the process that runs, or that is started next */
    struct io_child child;

    /* what the process was about to do last; the text is not kept */
    struct scan_check_event last;
    bool began;    /* true if the process has reported anything */
    bool smallest; /* true if no fewer rows can be told apart than those about to be read */

    /* the counts before those rows, because what was bad in them is found again */
    uint64_t found_before, bad_rows_before, unknown_rows_before, listed_before;
    uint64_t deaths, deaths_in; /* deaths of processes altogether, and in the present array */
    bool given_up;              /* true if what follows cannot be found */
};

/* ---- what was found */

static shs_status find_dataset(struct scan_check_result *result, uint64_t number)
{
    if (number < result->datasets) return SHS_OK;
    /* numbers come one after the other, unless the process is damaged */
    if (number > result->datasets)
        return core_fail(SHS_ERROR_STATE, "dataset %llu comes after %llu", (ull)number,
                         (ull)result->datasets);
    shs_status status =
        core_resize(number + 1, sizeof *result->dataset, "datasets", &result->dataset);
    if (status) return status;
    result->dataset[number] = (struct scan_check_dataset){0};
    result->datasets = number + 1;
    return SHS_OK;
}

/* Adds bad rows to the list of all. */
static void list_rows(struct scan_check_result *result, struct scan_check_rows rows)
{
    if (result->listed == result->capacity && !result->list_status) {
        uint64_t capacity = 2 * result->capacity + 64;
        result->list_status =
            core_resize(capacity, sizeof rows, "the list of bad rows", &result->bad_rows);
        if (!result->list_status) result->capacity = capacity;
    }
    if (!result->list_status) result->bad_rows[result->listed++] = rows;
}

void scan_check_add(struct scan_check_result *result, bool unknown, uint64_t dataset,
                    uint64_t first, uint64_t count, const char *text)
{
    if (dataset < result->datasets) {
        struct scan_check_dataset *about = &result->dataset[dataset];
        *(unknown ? &about->unknown_rows : &about->bad_rows) += count;
        if (!count) *(unknown ? &about->unknown : &about->bad) = true;
    } else {
        *(unknown ? &result->unknown : &result->bad) = true;
    }
    if (result->found < SCAN_CHECK_TOLD) {
        struct scan_check_finding *finding = &result->finding[result->found];
        *finding = (struct scan_check_finding){unknown, dataset, first, count, ""};
        snprintf(finding->text, sizeof finding->text, "%s", text);
    }
    result->found++;
}

/* Adds a finding, and its rows to the list of all bad rows. */
static void add(struct watch *watch, bool unknown, uint64_t dataset, uint64_t first, uint64_t count,
                const char *text)
{
    scan_check_add(watch->result, unknown, dataset, first, count, text);
    if (count && !unknown && watch->limits->list)
        list_rows(watch->result, (struct scan_check_rows){dataset, first, count});
}

static shs_status set_text(char **to, const char *text)
{
    core_free(to);
    return core_copy(text, to);
}

static shs_status note_dataset(struct scan_check_dataset *dataset,
                               const struct scan_check_event *event)
{
    switch (event->kind) {
    case SCAN_CHECK_OPENING:
        return set_text(&dataset->name, event->text);
    case SCAN_CHECK_PLAIN:
    case SCAN_CHECK_SUMMED:
        dataset->field = true;
        dataset->summed = event->kind == SCAN_CHECK_SUMMED;
        dataset->rows = event->count;
        return set_text(&dataset->about, event->text);
    case SCAN_CHECK_SKIPPED:
        return set_text(&dataset->about, event->text);
    case SCAN_CHECK_DIGEST:
        dataset->checksums = event->first;
        dataset->digest = event->count;
        return SHS_OK;
    case SCAN_CHECK_READING:
        if (!dataset->end_read) dataset->first_read = event->first;
        dataset->end_read = event->first + event->count;
        return SHS_OK;
    default:
        return SHS_OK;
    }
}

/* Returns true if an event about a whole array was reported before. A process that goes on within
 * an array reports it again. */
static bool is_known(const struct watch *watch, const struct scan_check_event *event)
{
    const struct scan_check_task *task = &watch->next;
    return event->dataset == task->dataset && (task->row || task->careful);
}

static shs_status note(struct watch *watch, const struct scan_check_event *event)
{
    struct scan_check_result *result = watch->result;
    shs_status status = find_dataset(result, event->dataset);
    if (status) return status;
    struct scan_check_dataset *dataset = &result->dataset[event->dataset];
    bool unknown = event->kind == SCAN_CHECK_UNKNOWN,
         finding = unknown || event->kind == SCAN_CHECK_BAD;
    if (finding && !(event->count == 0 && is_known(watch, event)))
        add(watch, unknown, event->dataset, event->first, event->count, event->text);
    if (event->kind == SCAN_CHECK_OPENING || event->kind == SCAN_CHECK_READING ||
        event->kind == SCAN_CHECK_DONE) {
        watch->last = *event;
        watch->began = true;
        watch->smallest = event->kind == SCAN_CHECK_READING && *event->text;
        watch->found_before = result->found;
        watch->bad_rows_before = dataset->bad_rows;
        watch->unknown_rows_before = dataset->unknown_rows;
        watch->listed_before = result->listed;
    }
    return note_dataset(dataset, event);
}

/* ---- what a process died of */

/* Sets the next task to begin at a row of an array, behind what was bad. */
static void go_on_at(struct watch *watch, uint64_t dataset, uint64_t row)
{
    watch->next.dataset = dataset;
    watch->next.row = row;
    watch->next.careful = 0;
    watch->next.careful_end = 0;
}

/* Makes the next process read fewer rows at once, because reading one of the present rows kills it.
 */
static void look_closer(struct watch *watch)
{
    go_on_at(watch, watch->last.dataset, watch->last.first);
    watch->next.careful = watch->last.count / 2;
    watch->next.careful_end = watch->last.first + watch->last.count;
}

/* How a process ended without an answer. */
struct death {
    char what[128];
    bool hung;
    bool unknown; /* true if it says nothing about the file, as any end but a crash */
};

static bool is_hopeless(struct watch *watch, const struct death *death)
{
    if (watch->deaths_in != watch->last.dataset) watch->deaths = 0;
    watch->deaths_in = watch->last.dataset;
    watch->deaths += death->hung ? HANGING : 1;
    return watch->deaths > MOST_DEATHS;
}

static void bury_while_looking(struct watch *watch, const struct death *death)
{
    char text[CORE_MESSAGE_BYTES];
    snprintf(text, sizeof text, "looking for %s datasets %s", watch->began ? "further" : "its",
             death->what);
    scan_check_add(watch->result, death->unknown, SCAN_CHECK_FILE, 0, 0, text);
    watch->given_up = true;
}

static void bury_while_opening(struct watch *watch, const struct death *death)
{
    char text[CORE_MESSAGE_BYTES];
    snprintf(text, sizeof text, "opening it %s", death->what);
    scan_check_add(watch->result, death->unknown, watch->last.dataset, 0, 0, text);
    go_on_at(watch, watch->last.dataset + 1, 0);
}

/* Takes back what was found in the present rows, because it will be found again. */
static void forget_findings(struct watch *watch)
{
    struct scan_check_dataset *dataset = &watch->result->dataset[watch->last.dataset];
    watch->result->found = watch->found_before;
    watch->result->listed = watch->listed_before;
    dataset->bad_rows = watch->bad_rows_before;
    dataset->unknown_rows = watch->unknown_rows_before;
}

static void bury_while_reading(struct watch *watch, const struct death *death)
{
    char text[CORE_MESSAGE_BYTES];
    const struct scan_check_event *last = &watch->last;
    forget_findings(watch);
    if (is_hopeless(watch, death)) {
        snprintf(text, sizeof text, "given up at row %llu: reading it %s, as too often before",
                 (ull)last->first, death->what);
        scan_check_add(watch->result, death->unknown, last->dataset, 0, 0, text);
        go_on_at(watch, last->dataset + 1, 0);
    } else if (watch->smallest || last->count < 2) {
        snprintf(text, sizeof text, "reading %s %s", last->count > 1 ? "them" : "it", death->what);
        add(watch, death->unknown, last->dataset, last->first, last->count, text);
        go_on_at(watch, last->dataset, last->first + last->count);
    } else {
        look_closer(watch);
    }
}

static void bury(struct watch *watch, const struct death *death)
{
    if (!watch->began || watch->last.kind == SCAN_CHECK_DONE)
        bury_while_looking(watch, death);
    else if (watch->last.kind == SCAN_CHECK_OPENING)
        bury_while_opening(watch, death);
    else
        bury_while_reading(watch, death);
}

/* ---- a process */

static shs_status start(struct watch *watch)
{
    const struct scan_check_task *task = &watch->next;
    const uint64_t numbers[] = {watch->limits->mebibytes,
                                (uint64_t)task->rank,
                                (uint64_t)task->ranks,
                                task->dataset,
                                task->row,
                                task->careful,
                                task->careful_end,
                                watch->limits->plugins,
                                watch->limits->compare};
    char text[sizeof numbers / sizeof *numbers][NUMBER];
    const char *words[WORDS + 1] = {"shardstep", SCAN_CHECK_COMMAND, task->path};
    char *given[WORDS + 1];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        snprintf(text[i], sizeof text[i], "%llu", (ull)numbers[i]);
        words[3 + i] = text[i];
    }
    memcpy(given, words, sizeof given);
    return core_wrap(
        io_child_start(watch->limits->program, given, watch->limits->plugins, &watch->child),
        "%s cannot be read", task->path);
}

static shs_status refuse(const struct watch *watch)
{
    return core_fail(SHS_ERROR_FILE,
                     "%s, which was to read %s, gave no proper answer; is it the program shardstep "
                     "of version %s?",
                     watch->limits->program, watch->next.path, shs_version());
}

/* Takes in a process's lines until its end. *answered is set to true if it came to a good end. */
static shs_status listen_to(struct watch *watch, enum io_child_news *news, bool *answered)
{
    char *line;
    struct scan_check_event event;
    shs_status status = SHS_OK;
    *answered = false;
    for (;;) {
        *news = io_child_wait(&watch->child, io_child_clock() + watch->limits->milliseconds, &line);
        if (*news != IO_CHILD_SAID || *answered) return status;
        if (scan_check_parse(line, &event)) {
            status = note(watch, &event);
            if (status) return status;
        } else if (io_child_is_answer(line, &status)) {
            *answered = true;
        } else {
            return refuse(watch);
        }
    }
}

/* Says why a process did not come to a good end. */
static shs_status describe_end(const struct watch *watch, enum io_child_news news,
                               struct death *death)
{
    int exit = watch->child.exit;
    size_t bytes = sizeof death->what;
    *death = (struct death){.hung = news == IO_CHILD_LATE, .unknown = true};
    if (death->hung)
        snprintf(death->what, bytes, "takes more than %llu s; --probe-seconds allows more",
                 (ull)watch->limits->milliseconds / 1000);
    else if (!watch->child.ended || exit >= 0)
        return refuse(watch);
    else if (exit == IO_CHILD_UNKNOWN)
        snprintf(death->what, bytes, "ends the process");
    else if (exit == -SIGKILL)
        snprintf(death->what, bytes, "has the process killed, perhaps for its memory");
    else if (!io_child_crashed(exit))
        snprintf(death->what, bytes, "was interrupted by signal %d", -exit);
    else
        snprintf(death->what, bytes, "crashes HDF5 (signal %d)", -exit);
    death->unknown = !io_child_crashed(exit);
    return SHS_OK;
}

/* Runs one process, and decides where the next process goes on. */
static shs_status check_on(struct watch *watch, bool *done)
{
    enum io_child_news news;
    struct death death;
    watch->began = false;
    shs_status status = start(watch);
    if (status) return status;
    status = listen_to(watch, &news, done);
    if (!status && !*done) status = describe_end(watch, news, &death);
    io_child_end(&watch->child);
    if (!status && !*done) bury(watch, &death);
    return status;
}

shs_status scan_check_apart(const struct scan_check_limits *limits, const char *path, int rank,
                            int ranks, struct scan_check_result *result)
{
    struct watch watch = {
        .limits = limits, .result = result, .next = {.path = path, .rank = rank, .ranks = ranks}};
    shs_status status = SHS_OK;
    *result = (struct scan_check_result){0};
    for (bool done = false; !done && !watch.given_up && !status;)
        status = check_on(&watch, &done);
    return status;
}

void scan_check_free(struct scan_check_result *result)
{
    for (uint64_t i = 0; i < result->datasets; i++) {
        core_free(&result->dataset[i].name);
        core_free(&result->dataset[i].about);
    }
    core_free(&result->dataset);
    core_free(&result->bad_rows);
    result->datasets = result->listed = result->capacity = 0;
}

bool scan_check_read_words(int count, char **words, uint64_t *mebibytes,
                           struct scan_check_task *task)
{
    uint64_t rank, ranks, plugins, compare;
    *task = (struct scan_check_task){.path = count ? words[0] : NULL};
    if (count != WORDS - 2 || !core_parse_u64(words[1], mebibytes) ||
        !core_parse_u64(words[2], &rank) || !core_parse_u64(words[3], &ranks) ||
        !core_parse_u64(words[4], &task->dataset) || !core_parse_u64(words[5], &task->row) ||
        !core_parse_u64(words[6], &task->careful) ||
        !core_parse_u64(words[7], &task->careful_end) || !core_parse_u64(words[8], &plugins) ||
        !core_parse_u64(words[9], &compare))
        return false;
    task->plugins = plugins != 0;
    task->compare = compare != 0;
    task->rank = (int)rank;
    task->ranks = (int)ranks;
    return rank < ranks && ranks <= INT32_MAX;
}
