#include "train_log.h"

#include <stdio.h>
#include <string.h>

#include "core_memory.h"
#include "core_text.h"
#include "io_content.h"
#include "io_durable.h"
#include "io_fail.h"
#include "io_file.h"
#include "io_folder.h"
#include "train_header.h"

enum {
    HEADER_MOST = 16 << 20, /* bytes of a header, at most */
    WINDOW = 1 << 16        /* bytes of the log's end that are looked at first */
};

/* ---- Opening. */

/* Refuses a file that another process has written to. */
static shs_status check_size(const struct train_log *log)
{
    struct io_identity now;
    shs_status status = io_identify(log->file, log->path, &now);
    if (status || now.bytes == log->end) return status;
    return core_fail(SHS_ERROR_FILE,
                     "%s has %llu bytes, not the %llu bytes that this run has left it with: "
                     "another process has changed it; give each run a log of its own",
                     log->path, (ull)now.bytes, (ull)log->end);
}

/* Reads the header, which the file begins with. The caller frees *text. */
static shs_status read_header(struct train_log *log, char **text)
{
    size_t bytes = log->end < HEADER_MOST ? (size_t)log->end : HEADER_MOST, got = 0;
    shs_status status = core_new(bytes + 1, 1, "a log's header", text);
    if (!status) status = core_wrap(io_read_at(log->file, 0, *text, bytes, &got), "%s", log->path);
    if (status) return status;
    log->begin = train_header_bytes(*text);
    (*text)[log->begin] = '\0';
    if (log->begin) return SHS_OK;
    return core_fail(SHS_ERROR_FORMAT,
                     "%s is there already and is no log that shs_record_open() began; give the log "
                     "another name",
                     log->path);
}

static shs_status take_header(struct train_log *log, const char *own)
{
    char *text = NULL;
    shs_status status = read_header(log, &text);
    if (!status)
        status = train_header_compare_fingerprints(log->path, text, own,
                                                   "give each run a log of its own");
    if (!status) status = train_header_compare_options(log->path, text, own, false);
    if (!status) train_chain_begin(log->hash, text, log->begin, log->head);
    core_free(&text);
    return status;
}

shs_status train_log_open(const char *path, const char *header, struct train_log *log)
{
    bool there = false;
    *log = (struct train_log){.file = -1};
    shs_status status = core_copy(path, &log->path);
    if (!status) status = core_hash_new(&log->hash);
    if (!status) status = io_exists(path, &there);
    if (!status && there) status = io_check_writable(path);
    if (!status && there) status = io_size(path, &log->end);
    if (!status && !log->end) status = io_write_text(path, header);
    if (!status) status = io_size(path, &log->end);
    if (status) return status;
    int error = io_open_to_write(path, false, &log->file);
    if (error) return io_fail("cannot write", path, error, NULL);
    return take_header(log, header);
}

/* Gives a log without lines this header. */
static shs_status replace_header(struct train_log *log, const char *header)
{
    shs_status status = io_write_text(log->path, header);
    if (status) return status;
    io_close(log->file);
    log->file = -1;
    int error = io_open_to_write(log->path, false, &log->file);
    if (error) return io_fail("cannot write", log->path, error, NULL);
    log->begin = log->end = strlen(header);
    train_chain_begin(log->hash, header, log->begin, log->head);
    return SHS_OK;
}

shs_status train_log_begin(struct train_log *log, const char *header)
{
    char *text = NULL;
    shs_status status = check_size(log);
    if (!status) status = read_header(log, &text);
    if (!status && log->end > log->begin)
        status = train_header_compare_options(log->path, text, header, true);
    else if (!status && strcmp(text, header) != 0)
        status = replace_header(log, header);
    core_free(&text);
    return status;
}

void train_log_close(struct train_log *log)
{
    if (log->file >= 0) io_close(log->file);
    core_hash_free(&log->hash);
    core_free(&log->path);
    *log = (struct train_log){.file = -1};
}

shs_status train_log_sync(const struct train_log *log)
{
    return io_sync(log->path);
}

/* ---- Appending. */

/* Appends a line that has its own bytes, and puts the chain behind them. After an error the log is
 * as it was, as far as the system allows. */
static shs_status append(struct train_log *log, char *line, size_t own)
{
    char chain[CORE_DIGEST_TEXT];
    memcpy(chain, log->chain, sizeof chain);
    train_chain_go_on(log->hash, line, own, chain);
    int length = snprintf(line + own, TRAIN_CHAIN_LINE_BYTES - own, "\t%s\n", chain);
    size_t bytes = own + (size_t)length;
    int error = io_write_at(log->file, log->end, line, bytes);
    if (error) {
        io_set_size(log->file, log->end); /* a part of the line may have been written */
        return io_fail("cannot write", log->path, error, NULL);
    }
    memcpy(log->chain, chain, sizeof log->chain);
    log->end += bytes;
    return SHS_OK;
}

shs_status train_log_add(struct train_log *log, struct train_chain_line *line)
{
    char text[TRAIN_CHAIN_LINE_BYTES];
    int own = snprintf(text, sizeof text, "%llu", (ull)line->step);
    for (int part = 0; part < TRAIN_CHAIN_PARTS; part++)
        own += snprintf(text + own, sizeof text - (size_t)own, "\t%s", line->part[part]);
    shs_status status = check_size(log);
    if (!status) status = append(log, text, (size_t)own);
    if (status) return status;
    memcpy(line->chain, log->chain, sizeof line->chain);
    log->has_steps = true;
    log->latest = line->step;
    return SHS_OK;
}

/* ---- Going to a step. */

/* What stands in the end of a log, seen from a step. */
struct ending {
    uint64_t step;                /* the step whose place is looked for */
    bool kept;                    /* some line is kept */
    bool has_steps;               /* a line of a step before it was found */
    uint64_t latest;              /* the step of the last such line */
    char chain[CORE_DIGEST_TEXT]; /* the chain of the last line that is kept */
    bool cuts;                    /* lines are cut off from the byte `cut` on */
    uint64_t cut;
    uint64_t lines, first, last; /* cut lines of steps: their number, and the least and last step */
    char last_chain[CORE_DIGEST_TEXT]; /* the chain of the last of them */
    bool torn;                         /* something else was cut, too */
};

static void cut_line(struct ending *ending, uint64_t at, enum train_chain_kind kind,
                     const struct train_chain_line *line)
{
    if (!ending->cuts) {
        ending->cuts = true;
        ending->cut = at;
        ending->lines = 0;
        ending->torn = false;
        ending->first = UINT64_MAX;
    }
    if (kind == TRAIN_CHAIN_ALIEN) ending->torn = true;
    if (kind != TRAIN_CHAIN_STEP) return;
    ending->lines++;
    if (line->step < ending->first) ending->first = line->step;
    ending->last = line->step;
    memcpy(ending->last_chain, line->chain, sizeof ending->last_chain);
}

/* Takes the next line, which stands at byte `at` of the file. */
static void take_line(struct ending *ending, const char *text, size_t length, uint64_t at)
{
    struct train_chain_line line;
    enum train_chain_kind kind = train_chain_read(text, length, &line);
    bool before = kind == TRAIN_CHAIN_STEP && line.step < ending->step;
    if (before) ending->cuts = false; /* what stands before it was written before it */
    if (before) ending->has_steps = true;
    if (before) ending->latest = line.step;
    if (!before && (kind != TRAIN_CHAIN_NOTE || ending->cuts)) {
        cut_line(ending, at, kind, &line);
        return;
    }
    ending->kept = true;
    memcpy(ending->chain, line.chain, sizeof ending->chain);
}

/* Looks at a text that begins with a whole line and ends at the log's end. */
static void look(struct ending *ending, const char *text, size_t length, uint64_t at)
{
    while (length) {
        const char *end = memchr(text, '\n', length);
        size_t line = end ? (size_t)(end - text) : length;
        if (end)
            take_line(ending, text, line, at);
        else
            cut_line(ending, at, TRAIN_CHAIN_ALIEN, NULL);
        line += end != NULL;
        text += line;
        length -= line;
        at += line;
    }
}

/* Looks at the last `bytes` bytes of the log. */
static shs_status look_at(const struct train_log *log, uint64_t bytes, struct ending *ending)
{
    uint64_t from = log->end - bytes;
    char *text;
    size_t got = 0;
    shs_status status = core_new(bytes + 1, 1, "the end of a log", &text);
    if (status) return status;
    status = core_wrap(io_read_at(log->file, from, text, bytes, &got), "%s", log->path);
    size_t skipped = 0; /* the rest of a line that began before */
    if (from > log->begin) skipped = strcspn(text, "\n") + 1;
    if (!status && skipped < got) look(ending, text + skipped, got - skipped, from + skipped);
    core_free(&text);
    return status;
}

/* Looks at more and more of the log's end, until a line of a step before is found. */
static shs_status find_ending(const struct train_log *log, uint64_t step, struct ending *ending)
{
    uint64_t all = log->end - log->begin, bytes = 0;
    shs_status status = SHS_OK;
    do {
        bytes = bytes ? 4 * bytes : WINDOW;
        if (bytes > all) bytes = all;
        *ending = (struct ending){.step = step};
        status = look_at(log, bytes, ending);
    } while (!status && !ending->has_steps && bytes < all);
    return status;
}

/* Writes a note about what was cut and what is missing. */
static shs_status add_note(struct train_log *log, const struct ending *ending, uint64_t missing)
{
    char text[TRAIN_CHAIN_LINE_BYTES];
    int own = snprintf(text, sizeof text, "note\tthe run goes on at step %llu", (ull)ending->step);
    if (ending->cuts && ending->lines)
        own +=
            snprintf(text + own, sizeof text - (size_t)own,
                     "; %llu lines of steps %llu to %llu were cut off, the last with the chain "
                     "%s",
                     (ull)ending->lines, (ull)ending->first, (ull)ending->last, ending->last_chain);
    if (ending->cuts && ending->torn)
        own += snprintf(text + own, sizeof text - (size_t)own,
                        "; a line that was not whole was cut off");
    if (missing < ending->step)
        own += snprintf(text + own, sizeof text - (size_t)own, "; steps %llu to %llu have no line",
                        (ull)missing, (ull)ending->step - 1);
    return append(log, text, (size_t)own);
}

/* The note is written over what is cut, and only then is the rest cut off: a run that is killed in
 * between finds both, and cuts again. */
static shs_status cut(struct train_log *log, const struct ending *ending, uint64_t missing)
{
    uint64_t former = log->end;
    if (ending->cuts) log->end = ending->cut;
    shs_status status = add_note(log, ending, missing);
    if (status || log->end >= former) return status;
    int error = io_set_size(log->file, log->end);
    return error ? io_fail("cannot cut", log->path, error, NULL) : SHS_OK;
}

shs_status train_log_go_to(struct train_log *log, uint64_t step)
{
    struct ending ending;
    if (log->known && (log->has_steps ? step == log->latest + 1 : !step)) return SHS_OK;
    shs_status status = check_size(log);
    if (!status) status = find_ending(log, step, &ending);
    if (status) return status;
    uint64_t missing = ending.has_steps ? ending.latest + 1 : 0;
    memcpy(log->chain, ending.kept ? ending.chain : log->head, sizeof log->chain);
    log->has_steps = ending.has_steps;
    log->latest = ending.latest;
    if (ending.cuts || missing < step) status = cut(log, &ending, missing);
    log->known = !status;
    return status;
}
