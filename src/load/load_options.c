#include "load_options.h"

#include <stdio.h>
#include <string.h>

#include "core_hash.h"
#include "core_pool.h"
#include "order.h"
#include "random_stream.h"

/* ---- The table. */

enum kind {
    NUMBER, /* an unsigned integer, an enumeration or a bool: see `bytes` */
    TEXT,   /* a const char * */
    LIST,   /* a pointer to elements of 8 bytes, with their count */
    GIVEN   /* a LIST; the ranks compare only whether it is given */
};

/* When an option has a line in the fingerprint. */
enum line {
    NEVER,
    ALWAYS,
    IF_SET,   /* unless it is 0: checkpoints from before the option existed stay valid */
    SELDOM,   /* never, and the call of shs_loader_open() shows it only if it is set */
    ELSEWHERE /* load_order_describe() writes it */
};

struct option {
    const char *name; /* the option's name in a program */
    enum kind kind;
    size_t place, bytes;             /* offset and size of the member */
    size_t count_place, count_bytes; /* offset and size of a list's count */
    uint64_t most;                   /* largest number allowed; 0: any number */
    const char *(*word)(int number); /* names the values of an enumeration; NULL: numbers */
    bool agreed;                     /* true if the ranks compare the option */
    enum line when;
    const char *line; /* name in the fingerprint */
    /* Words around the value in messages. NULL: the name and a space before, nothing after. */
    const char *before, *after;
};

#define MEMBER(member) offsetof(shs_loader_options, member), sizeof((shs_loader_options *)0)->member

static const char *augment_by_name(int by)
{
    return by == SHS_BY_SAMPLE ? "sample" : "rank and step";
}

static const char *shuffle_name(int shuffle)
{
    return order_shuffle_name((shs_shuffle)shuffle);
}

static const char *shard_name(int shard)
{
    return order_shard_name((shs_shard)shard);
}

static const char *tail_name(int tail)
{
    return order_tail_name((shs_tail)tail);
}

static const char *damage_name(int damage)
{
    return damage == SHS_DAMAGE_REPLACE ? "replace" : "stop";
}

static const char *nan_name(int nan)
{
    static const char *const names[] = {
        [SHS_NAN_KEEP] = "keep", [SHS_NAN_STOP] = "stop", [SHS_NAN_REPLACE] = "replace"};
    return nan >= 0 && nan <= SHS_NAN_REPLACE ? names[nan] : "unknown";
}

static const char *twins_name(int twins)
{
    static const char *const names[] = {
        [SHS_TWINS_WARN] = "warn", [SHS_TWINS_ERROR] = "error", [SHS_TWINS_OFF] = "off"};
    return twins >= 0 && twins <= SHS_TWINS_OFF ? names[twins] : "unknown";
}

static const char *pushdown_name(int pushdown)
{
    static const char *const names[] = {
        [SHS_PUSHDOWN_AUTO] = "auto", [SHS_PUSHDOWN_OFF] = "off", [SHS_PUSHDOWN_ALWAYS] = "always"};
    return pushdown >= 0 && pushdown <= SHS_PUSHDOWN_ALWAYS ? names[pushdown] : "unknown";
}

/* In the order of the fingerprint's lines. The members of `subset` and `sampling` that are missing
 * here have their effect on subset.rows and sampling.epoch_rows, as load_options_call() gets them.
 */
static const struct option table[] = {
    {"batch", NUMBER, MEMBER(batch), .agreed = true, .when = ALWAYS, .line = "batch"},
    {"epochs", NUMBER, MEMBER(epochs), .most = UINT64_C(1) << 32, .agreed = true},
    {"shuffle", NUMBER, MEMBER(shuffle), .word = shuffle_name, .agreed = true, .when = ALWAYS,
     .line = "shuffle"},
    {"blocks.rows", NUMBER, MEMBER(blocks.rows), .agreed = true, .when = IF_SET,
     .line = "block_rows", .before = "blocks of ", .after = " rows"},
    {"blocks.window", NUMBER, MEMBER(blocks.window), .agreed = true, .when = IF_SET,
     .line = "window_blocks", .before = "windows of ", .after = " blocks"},
    {"shard", NUMBER, MEMBER(shard), .word = shard_name, .agreed = true, .when = ALWAYS,
     .line = "shard"},
    {"tail", NUMBER, MEMBER(tail), .word = tail_name, .agreed = true, .when = ALWAYS,
     .line = "tail"},
    {"stream", NUMBER, MEMBER(stream), .most = RANDOM_MAX_STREAM, .agreed = true, .when = ALWAYS,
     .line = "stream"},
    {"augment", TEXT, MEMBER(augment), .agreed = true, .when = ALWAYS, .line = "augmentation"},
    {"augment_by", NUMBER, MEMBER(augment_by), .most = SHS_BY_SAMPLE, .word = augment_by_name,
     .agreed = true, .when = ALWAYS, .line = "augmentation by"},
    {"twins", NUMBER, MEMBER(twins), .most = SHS_TWINS_OFF, .word = twins_name, .agreed = true,
     .when = SELDOM},
    {"failures.damage", NUMBER, MEMBER(failures.damage), .most = SHS_DAMAGE_REPLACE,
     .word = damage_name, .agreed = true, .when = IF_SET, .line = "failures.damage",
     .before = "failures.damage ", .after = ""},
    {"failures.nan", NUMBER, MEMBER(failures.nan), .most = SHS_NAN_REPLACE, .word = nan_name,
     .agreed = true, .when = IF_SET, .line = "failures.nan", .before = "failures.nan ",
     .after = ""},
    {"failures.exclude", LIST, MEMBER(failures.exclude), MEMBER(failures.n_exclude),
     .agreed = true},
    {"pushdown", NUMBER, MEMBER(pushdown), .most = SHS_PUSHDOWN_ALWAYS, .word = pushdown_name},
    {"through_stop", NUMBER, MEMBER(through_stop), .agreed = true},
    {"ahead", NUMBER, MEMBER(ahead), .most = 4096},
    {"threads", NUMBER, MEMBER(threads), .most = CORE_POOL_MOST - 1},
    {"keep", NUMBER, MEMBER(keep), .most = 65536},
    {"step_batches", NUMBER, MEMBER(step_batches), .most = true},
    {"trace_events", NUMBER, MEMBER(trace_events), .most = 1 << 20},
    {"subset.split_seed", NUMBER, MEMBER(subset.split_seed), .when = ELSEWHERE,
     .line = "split_seed", .before = "parts of split seed ", .after = ""},
    {"subset.block", NUMBER, MEMBER(subset.block), .when = ELSEWHERE, .line = "part_block",
     .before = "parts of blocks of ", .after = " samples"},
    {"subset.rows", LIST, MEMBER(subset.rows), MEMBER(subset.n_rows), .agreed = true},
    {"sampling.epoch_rows", NUMBER, MEMBER(sampling.epoch_rows), .agreed = true,
     .before = "an epoch of ", .after = " rows"},
    {"sampling.mix", LIST, MEMBER(sampling.mix), MEMBER(sampling.n_mix), .agreed = true},
    {"sampling.weights", GIVEN, MEMBER(sampling.weights), MEMBER(sampling.n_weights),
     .agreed = true},
    {"sampling.weight_field", TEXT, MEMBER(sampling.weight_field), .agreed = true},
    {"sampling.balance", TEXT, MEMBER(sampling.balance), .agreed = true},
};

enum {
    OPTIONS = sizeof table / sizeof *table
};

/* ---- Members, found by their row in the table. */

static uint64_t number_at(const shs_loader_options *options, size_t place, size_t bytes)
{
    const char *at = (const char *)options + place;
    uint64_t wide;
    uint32_t narrow;
    if (bytes == sizeof wide) return memcpy(&wide, at, sizeof wide), wide;
    if (bytes == sizeof narrow) return memcpy(&narrow, at, sizeof narrow), narrow;
    return *(const unsigned char *)at;
}

static const void *pointer_at(const shs_loader_options *options, const struct option *option)
{
    const void *pointer;
    memcpy(&pointer, (const char *)options + option->place, sizeof pointer);
    return pointer;
}

static uint64_t value_of(const shs_loader_options *options, const struct option *option)
{
    return number_at(options, option->place, option->bytes);
}

static uint64_t count_of(const shs_loader_options *options, const struct option *option)
{
    return option->count_bytes ? number_at(options, option->count_place, option->count_bytes) : 0;
}

/* Returns false for 0, NULL and an empty text. */
static bool is_set(const shs_loader_options *options, const struct option *option)
{
    if (option->kind == NUMBER) return value_of(options, option) != 0;
    const char *pointer = pointer_at(options, option);
    return pointer && (option->kind != TEXT || *pointer);
}

/* Adds the value as a word, a text or a number. */
static void add_value(const shs_loader_options *options, const struct option *option,
                      struct core_text *text)
{
    if (option->kind == TEXT)
        core_text_add(text, "%s",
                      is_set(options, option) ? (const char *)pointer_at(options, option) : "");
    else if (option->word)
        core_text_add(text, "%s", option->word((int)value_of(options, option)));
    else
        core_text_add(text, "%llu", (ull)value_of(options, option));
}

/* ---- Ranges. */

static shs_status refuse_number(const shs_loader_options *options, const struct option *option)
{
    char most[CORE_LIMIT_BYTES], words[128] = "";
    size_t used = 0;
    for (uint64_t i = 0; option->word && i <= option->most && used < sizeof words; i++)
        used += (size_t)snprintf(words + used, sizeof words - used, "%s%s", i ? ", " : "",
                                 option->word((int)i));
    if (option->word)
        return core_fail(SHS_ERROR_ARGUMENT, "%s %llu is none of: %s", option->name,
                         (ull)value_of(options, option), words);
    return core_fail(SHS_ERROR_ARGUMENT, "%s %llu; the most is %s", option->name,
                     (ull)value_of(options, option), core_limit(option->most, most));
}

static shs_status check(const shs_loader_options *options, const struct option *option)
{
    if (option->kind == NUMBER && option->most && value_of(options, option) > option->most)
        return refuse_number(options, option);
    if (option->kind == NUMBER || is_set(options, option) || !count_of(options, option))
        return SHS_OK;
    /* a count without a list means that the list was forgotten, not that all rows are wanted */
    int group = (int)(strchr(option->name, '.') + 1 - option->name);
    return core_fail(SHS_ERROR_ARGUMENT, "%.*sn_%s is %llu, but %s is NULL; give both or none",
                     group, option->name, option->name + group, (ull)count_of(options, option),
                     option->name);
}

shs_status load_options_check(const shs_loader_options *options)
{
    shs_status status = SHS_OK;
    for (size_t i = 0; i < OPTIONS && !status; i++)
        status = check(options, &table[i]);
    bool allocates = options->memory.allocate, releases = options->memory.release;
    if (status || allocates == releases) return status;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "memory.%s is given, but memory.%s is NULL; give both or none",
                     allocates ? "allocate" : "release", allocates ? "release" : "allocate");
}

/* ---- Agreement. */

/* Adds all of an option, so that an option that is not given differs from an empty option. */
static void hash_option(struct core_hash *hash, const shs_loader_options *options,
                        const struct option *option)
{
    uint64_t own = option->kind == NUMBER ? value_of(options, option) : count_of(options, option);
    bool set = is_set(options, option);
    core_hash_add(hash, &set, sizeof set);
    core_hash_add(hash, &own, sizeof own);
    if (option->kind == TEXT && set)
        core_hash_add(hash, pointer_at(options, option), strlen(pointer_at(options, option)) + 1);
    if (option->kind == LIST && set)
        core_hash_add(hash, pointer_at(options, option), own * sizeof(uint64_t));
}

/* Adds a number with its words, but only the name of a text or a list. */
static void add_option(struct core_text *text, const shs_loader_options *options,
                       const struct option *option)
{
    core_text_add(text, "%s", text->length ? ", " : "");
    core_text_add(text, "%s", option->before ? option->before : option->name);
    if (option->kind != NUMBER) return;
    core_text_add(text, "%s", option->before ? "" : " ");
    add_value(options, option, text);
    core_text_add(text, "%s", option->after ? option->after : "");
}

/* Adds the program's own operators, a line each, as in ", operator my_op = version 2". */
static void add_operators(struct core_text *text, const char *operators)
{
    for (; *operators; operators += strcspn(operators, "\n") + 1)
        core_text_add(text, ", %.*s", (int)strcspn(operators, "\n"), operators);
}

shs_status load_options_call(const shs_loader_options *options, const char *operators,
                             char call[LOAD_CALL_BYTES])
{
    enum {
        SHOWN = LOAD_CALL_BYTES - CORE_DIGEST_TEXT - 32 /* most bytes for the options */
    };
    struct core_text text = {0};
    struct core_hash *hash;
    char digest[CORE_DIGEST_TEXT];
    shs_status status = core_hash_new(&hash);
    if (status) return status;
    for (size_t i = 0; i < OPTIONS; i++) {
        if (!table[i].agreed) continue;
        hash_option(hash, options, &table[i]);
        bool always = table[i].kind == NUMBER && table[i].when != IF_SET && table[i].when != SELDOM;
        if (always || is_set(options, &table[i])) add_option(&text, options, &table[i]);
    }
    if (operators) {
        core_hash_add(hash, operators, strlen(operators));
        add_operators(&text, operators);
    }
    core_hash_finish(&hash, digest);
    status = text.status;
    if (!status)
        snprintf(call, LOAD_CALL_BYTES, "shs_loader_open(%.*s: %s)", SHOWN,
                 text.bytes ? text.bytes : "", digest);
    core_text_free(&text);
    return status;
}

/* ---- The fingerprint. */

void load_options_describe(const shs_loader_options *options, struct core_text *text)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        const struct option *option = &table[i];
        if (option->when != ALWAYS && (option->when != IF_SET || !is_set(options, option)))
            continue;
        core_text_add(text, "%s = ", option->line);
        add_value(options, option, text);
        core_text_add(text, "\n");
    }
}

bool load_options_words(const char *line, struct load_option_words *words)
{
    for (size_t i = 0; i < OPTIONS; i++) {
        size_t length = table[i].line ? strlen(table[i].line) : 0;
        if (!length || !table[i].before) continue;
        if (strncmp(line, table[i].line, length) || strncmp(line + length, " = ", 3)) continue;
        *words = (struct load_option_words){table[i].name, table[i].before, table[i].after};
        return true;
    }
    return false;
}
