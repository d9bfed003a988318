/* The fingerprint: what a run is a function of. */
#include <string.h>

#include "augment_callback.h"
#include "core_memory.h"
#include "core_text.h"
#include "load.h"
#include "load_options.h"

/* Adds a field. What its samples are made of is added only if they are not the rows of the array
 * NAME. */
static void add_field(struct core_text *text, const shs_dataset *dataset, size_t f)
{
    const struct data_part *part = &dataset->what.part[f];
    const shs_tensor sample = data_dataset_unslabbed(dataset, f);
    core_text_add(text, "field %s = ", sample.name);
    core_text_add_shape(text, &sample);
    core_text_add(text, "\n");
    if (data_part_is_own_row(&dataset->what, part)) return;
    core_text_add(text, "rows of ");
    data_part_describe(&dataset->what, part, text);
    core_text_add(text, "\n");
}

/* Adds which windows are samples. */
static void add_kept(struct core_text *text, const struct data_kept *kept)
{
    struct core_hash *hash;
    char digest[CORE_DIGEST_TEXT];
    shs_status status = core_hash_new(&hash);
    if (status) {
        text->status = status;
        return;
    }
    data_kept_hash(kept, hash);
    core_hash_finish(&hash, digest);
    core_text_add(text, "valid windows = %s\n", digest);
}

static void add_constant(struct core_text *text, const shs_dataset *dataset, size_t c)
{
    const shs_tensor *tensor = &dataset->constants.constant[c].tensor;
    core_text_add(text, "field %s = ", tensor->name);
    core_text_add_shape(text, tensor);
    core_text_add(text, "\nrows of ");
    data_constant_describe(&dataset->what.constant[c], text);
    core_text_add(text, "\n");
}

/* True if operators change a ragged field. Such a run has a line of its own in the fingerprint,
 * because older versions also augmented the zeros that ragged samples are filled up with. */
static bool augments_ragged(const shs_loader *loader)
{
    bool some = false;
    for (size_t f = 0; f < loader->dataset->n_fields; f++)
        some |= loader->dataset->what.part[f].kind == DATA_RAGGED &&
                shs_augment_changes(loader->augment, f);
    return some;
}

shs_status load_fingerprint(const shs_loader *loader, char **fingerprint)
{
    struct core_text text = {0};
    const struct load_order *order = &loader->plan.order;
    core_text_add(&text, "vranks = %llu\n", (ull)order->order.shape.vranks);
    if (loader->dataset->run->group > 1)
        core_text_add(&text, "group = %llu\n", (ull)loader->dataset->run->group);
    core_text_add(&text, "seed = %llu\n", (ull)loader->dataset->run->seed);
    core_text_add(&text, "samples = %llu\n", (ull)order->rows);
    if (loader->dataset->options.cf) core_text_add(&text, "cf = yes\n");
    for (size_t f = 0; f < loader->dataset->n_fields; f++)
        add_field(&text, loader->dataset, f);
    if (loader->dataset->files.kept.first_window) add_kept(&text, &loader->dataset->files.kept);
    for (size_t c = 0; c < loader->dataset->constants.count; c++)
        add_constant(&text, loader->dataset, c);
    load_order_describe(order, &text);
    load_options_describe(&loader->options, &text);
    load_failures_describe(&loader->plan.failures, &text);
    augment_own_describe(loader->augment, &text);
    if (augments_ragged(loader)) core_text_add(&text, "augmentation of padding = none\n");
    core_text_add(&text, "order version = %d\n", SHS_ORDER_VERSION);
    core_text_add(&text, "augmentation version = %d\n", SHS_AUGMENT_VERSION);
    return core_text_take(&text, fingerprint);
}

shs_status shs_fingerprint(const shs_loader *loader, char *text, size_t bytes, size_t *needed)
{
    char *all = NULL;
    if (needed) *needed = 0;
    if (text && bytes) *text = '\0';
    shs_status status =
        core_require(loader, "shs_fingerprint", "loader", "open it with shs_loader_open()");
    if (!status)
        status = core_require(needed, "shs_fingerprint", "needed",
                              "pass the address for the number of bytes");
    if (!status && bytes)
        status = core_require(text, "shs_fingerprint", "text", "pass memory, or 0 bytes");
    if (!status) status = load_fingerprint(loader, &all);
    if (status) return status;
    *needed = strlen(all) + 1;
    if (*needed <= bytes) memcpy(text, all, *needed);
    core_free(&all);
    return SHS_OK;
}

static bool begins(const char *line, const char *with)
{
    return !strncmp(line, with, strlen(with));
}

/* Returns the length of a line's name. */
static size_t name_length(const char *line)
{
    return strcspn(line, "=\n");
}

static bool same_name(const char *line, const char *other)
{
    size_t length = name_length(line);
    return length == name_length(other) && !memcmp(line, other, length);
}

static bool has_name(const char *text, const char *line)
{
    for (; *text; text += *text == '\n') {
        if (same_name(text, line)) return true;
        text += strcspn(text, "\n");
    }
    return false;
}

/* Returns the line of a text that has this name, or "" if there is none. */
static const char *line_of(const char *text, const char *name)
{
    while (*text && !begins(text, name)) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return text;
}

static bool is_version(const char *line)
{
    return begins(line, "order version = ") || begins(line, "augmentation version = ");
}

/* Returns what to do about two lines that differ. */
static const char *advice_for(const char *stored, const char *own)
{
    if (begins(stored, "failures.") || begins(own, "failures."))
        return "what becomes of bad rows cannot change within a run, because it decides which rows "
               "come; set it back, or begin a new run in another folder";
    if (is_version(stored) && is_version(own))
        return "this version of Shardstep makes other batches; end the run with the version that "
               "began it, or begin a new run in another folder";
    return "set it back, or use another folder";
}

/* Refuses two lines with different names. Often one text lacks the line of the other. */
static shs_status lacks(const char *stored, int stored_length, const char *own, int own_length)
{
    const char *advice = advice_for(stored, own);
    bool own_has = !*stored || has_name(own, stored), it_has = !*own || has_name(stored, own);
    if (!own_has && it_has)
        return core_fail(SHS_ERROR_MISMATCH,
                         "the checkpoint belongs to another run: it has «%.*s», this run has "
                         "nothing of the kind; %s",
                         stored_length, stored, advice);
    if (own_has && !it_has)
        return core_fail(SHS_ERROR_MISMATCH,
                         "the checkpoint belongs to another run: this run has «%.*s», it has "
                         "nothing of the kind; %s",
                         own_length, own, advice);
    return core_fail(SHS_ERROR_MISMATCH,
                     "the checkpoint belongs to another run: it has «%.*s», this run has «%.*s»; "
                     "%s",
                     stored_length, stored, own_length, own, advice);
}

/* Finds the value in the line NAME = VALUE that a text begins with. Returns the value's length, the
 * line's end excluded. */
static size_t value_of(const char *line, const char **value)
{
    *value = line + name_length(line);
    *value += strspn(*value, "= ");
    return strcspn(*value, "\n");
}

/* Refuses two values of one option. The message names the option. */
static shs_status differ_in_option(const char *stored, const char *own,
                                   const struct load_option_words *words)
{
    const char *value, *own_value;
    int length = (int)value_of(stored, &value), own_length = (int)value_of(own, &own_value);
    return core_fail(SHS_ERROR_MISMATCH,
                     "the checkpoint was made with %s%.*s%s, this run has %s%.*s; pass %s %.*s",
                     words->before, length, value, words->after, words->before, own_length,
                     own_value, words->name, length, value);
}

static shs_status differ(const char *stored, int stored_length, const char *own, int own_length)
{
    struct load_option_words words = {"vranks", "V = ", " virtual ranks"};
    bool known = begins(stored, "vranks = ") || load_options_words(stored, &words);
    if (begins(stored, "group = ")) {
        words = (struct load_option_words){"group", "groups of ", " ranks"};
        known = true;
    }
    if (known && same_name(stored, own)) return differ_in_option(stored, own, &words);
    if (begins(stored, "batch = ") && begins(own, "batch = "))
        return core_fail(SHS_ERROR_MISMATCH,
                         "the checkpoint was made inside an epoch with «%.*s», this run has "
                         "«%.*s»: the batch may change at an epoch's end only; keep it until then",
                         stored_length, stored, own_length, own);
    return lacks(stored, stored_length, own, own_length);
}

/* Parts of older checkpoints were drawn with the run's seed. Where this run has the same parts, its
 * own line is passed over. */
static shs_status check_old_parts(const char *stored, const char **own)
{
    const char *seed = strstr(stored, "\nseed = "), *value, *own_value;
    size_t length = seed ? value_of(seed + 1, &value) : 0, own_length = value_of(*own, &own_value);
    if (length && length == own_length && !memcmp(value, own_value, length)) {
        *own += strcspn(*own, "\n");
        *own += **own == '\n';
        return SHS_OK;
    }
    return core_fail(SHS_ERROR_MISMATCH,
                     "the checkpoint was made when parts were drawn with the run's seed, this run "
                     "has «split_seed = %.*s»; pass subset.split_seed = %.*s to keep its parts",
                     (int)own_length, own_value, (int)length, length ? value : "");
}

/* Refuses another number of samples. Names the parts instead if they differ: they are then the
 * cause. */
static shs_status differ_in_samples(const char *stored, const char *own)
{
    enum {
        SEED = 1
    };
    static const char *const names[] = {"part = ", [SEED] = "split_seed = ", "samples = "};
    const char *line = "", *own_line = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        line = line_of(stored, names[i]);
        own_line = line_of(own, names[i]);
        if (i == SEED && *own_line && !*line) {
            shs_status status = check_old_parts(stored, &own_line);
            if (status) return status;
            continue;
        }
        size_t length = strcspn(line, "\n");
        if (length != strcspn(own_line, "\n") || memcmp(line, own_line, length)) break;
    }
    return differ(line, (int)strcspn(line, "\n"), own_line, (int)strcspn(own_line, "\n"));
}

/* Returns true if two lines are versions of augmentation and the run has none, so that its batches
 * are the same with both. */
static bool are_unused_versions(const char *stored, const char *own, const char *all_own)
{
    return begins(stored, "augmentation version = ") && begins(own, "augmentation version = ") &&
           strstr(all_own, "\naugmentation = \n");
}

shs_status load_fingerprint_check(const char *stored, const char *own, bool batch_may_differ,
                                  bool *other_batch)
{
    const char *all_stored = stored, *all_own = own;
    *other_batch = false;
    while (*stored || *own) {
        if (begins(own, "split_seed = ") && !has_name(all_stored, own)) {
            shs_status status = check_old_parts(all_stored, &own);
            if (status) return status;
            continue;
        }
        size_t length = strcspn(stored, "\n"), own_length = strcspn(own, "\n");
        bool same = (length == own_length && !memcmp(stored, own, length)) ||
                    are_unused_versions(stored, own, all_own);
        bool may = batch_may_differ && begins(stored, "batch = ") && begins(own, "batch = ");
        if (!same && begins(stored, "samples = ") && begins(own, "samples = "))
            return differ_in_samples(all_stored, all_own);
        if (!same && !may) return differ(stored, (int)length, own, (int)own_length);
        *other_batch = *other_batch || !same;
        stored += length + (stored[length] != '\0');
        own += own_length + (own[own_length] != '\0');
    }
    return SHS_OK;
}
