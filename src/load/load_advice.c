#include "load_advice.h"

#include "io_reader.h"
#include "random_math.h"

/* How an epoch uses the bands of an array. A band is the chunks that hold the same rows. Rows are
 * shuffled within groups: the epoch, a virtual rank's shard, or a window of blocks. A group's
 * samples come in batches. */
struct use {
    double bands;      /* bands of a group */
    double band_bytes; /* decoded bytes of a band */
    double chunks;     /* chunks of a band */
    double batches;    /* batches of a group that this rank takes */
    double samples;    /* samples of a band */
    double taken;      /* share of them that come in one batch */
    double times;      /* batches of this rank that use a band, on average */
    double touched;    /* share of the bands that this rank uses at all */
    bool filtered;
    bool held;    /* all rows stay in memory beside the cache: see data_resident.h */
    double units; /* share of a held array's units that this rank uses at all */
};

/* The groups of an order. */
struct groups {
    double samples;  /* samples of a group, of all ranks */
    double own;      /* share of them that this rank takes */
    double together; /* groups that this rank goes through at the same time */
    double all;      /* groups that this rank goes through in an epoch */
    double batch;
    double drawn;   /* share of the dataset's samples that an epoch draws, at most 1 */
    double repeats; /* how often it draws each, at least 1 */
    double of_all;  /* share of the dataset's bands that a group has */
    bool foreseen;  /* the cache knows when a chunk is used next */
};

enum {
    MOST_ARRAYS = 2 * SHS_MAX_FIELDS
};

struct uses {
    struct groups groups;
    struct use use[MOST_ARRAYS];
    size_t count;
    double cache_bytes;
    double span; /* see retain_of_many() */
};

/* ---- The estimate. */

static double at_most(double number, double most)
{
    return number < most ? number : most;
}

static struct groups groups_of(const struct load_order *order, double samples, uint64_t hosted)
{
    const struct order_shape *shape = &order->order.shape;
    double epoch = (double)shape->samples, rows = (double)order->rows;
    double vranks = (double)shape->vranks, own = (double)hosted;
    struct groups groups = {.samples = epoch,
                            .own = own / vranks,
                            .together = 1,
                            .all = 1,
                            .batch = (double)shape->batch,
                            .drawn = at_most(epoch / samples, 1),
                            .repeats = epoch > samples ? epoch / samples : 1,
                            .of_all = 1,
                            .foreseen = load_order_foresees(order)};
    if (order->shuffle == SHS_SHUFFLE_BLOCKS) {
        double block = (double)shape->block_rows, window = block * (double)shape->window_blocks;
        groups.samples = at_most(window, epoch / vranks);
        groups.of_all = at_most(groups.samples / rows, 1);
        groups.drawn = groups.repeats = 1;
        groups.all = own * epoch / vranks / groups.samples;
    } else if (shape->shard == SHS_SHARD_FIXED) {
        groups.samples = epoch / vranks;
        groups.of_all = 1 / vranks;
        groups.all = own;
    }
    if (groups.samples < epoch) {
        groups.own = 1;
        groups.together = own;
    }
    return groups;
}

/* Sets how often a band is used if each sample uses `bands_a_sample` of the dataset's `bands`. */
static void set_times(const struct groups *groups, double bands, double bands_a_sample,
                      double samples, struct use *use)
{
    double a_band = samples * bands_a_sample / bands; /* samples that use a band */
    double batches = groups->samples / groups->batch;
    if (batches < 1) batches = 1;
    use->bands = bands * groups->of_all;
    if (use->bands < 1) use->bands = 1;
    use->batches = batches * groups->own;
    use->samples = a_band * groups->repeats;
    use->taken = groups->drawn / batches;
    use->times = use->batches * (1 - random_pow(1 - use->taken, use->samples));
    use->touched = 1 - random_pow(1 - use->batches * use->taken, use->samples);
    use->touched = at_most(use->touched, use->times);
}

/* Returns the share of the bands that lie in memory between their uses, on average, if a band stays
 * between two uses that are less than `span` apart. The group's time is 1. *stay is set to how many
 * uses of a band find it in memory.
 *
 * Uses at u random times cut the time into gaps whose density is u * (1 - g)^(u - 1). */
static double retain_of_many(const struct use *use, double span, double *stay)
{
    double u = use->times, gaps = u - use->touched, longer = random_pow(1 - span, u);
    double average = gaps / (u + 1) * (1 - longer * (1 + u * span));
    *stay = gaps * (1 - longer);
    if (u < 2) return average;
    double middle = gaps / (u - 1) * (1 - random_pow(1 - span, u - 1) * (1 + (u - 1) * span));
    return (average + middle) / 2;
}

/* Does the same if a band is used in so many batches that gaps of one, two, … batches must be
 * counted. A gap of k batches begins in one of the first batches - k. Both batches at its ends use
 * the band, and none between. */
static double retain_of_few(const struct use *use, double span, double *stay)
{
    double gap = span * use->batches, in_memory = 0;
    double before = 1, now = random_pow(1 - use->taken, use->samples);
    *stay = 0;
    for (double k = 1; k < use->batches && k < gap + 1 && before > 1e-9; k++) {
        double none = at_most((k + 1) * use->taken, 1), after = random_pow(1 - none, use->samples);
        double gaps = (use->batches - k) * (before - 2 * now + after);
        if (k > gap) gaps *= gap + 1 - k; /* of the longest gaps only a part fits */
        *stay += gaps;
        in_memory += gaps * k * (use->batches - k / 2) / (use->batches - k);
        before = now;
        now = after;
    }
    return use->batches > 1 ? in_memory / (use->batches - 1) : 0;
}

static double retain(const struct use *use, double span, double *stay)
{
    static const double often = 1.0 / 64; /* share of the batches */
    return use->times > often * use->batches ? retain_of_few(use, span, stay)
                                             : retain_of_many(use, span, stay);
}

static double bytes_retained(const struct uses *uses, double span)
{
    double bytes = 0, stay;
    for (size_t i = 0; i < uses->count; i++)
        if (!uses->use[i].held)
            bytes +=
                uses->use[i].bands * uses->use[i].band_bytes * retain(&uses->use[i], span, &stay);
    return bytes * uses->groups.together;
}

static double all_bytes(const struct uses *uses)
{
    double bytes = 0;
    for (size_t i = 0; i < uses->count; i++)
        if (!uses->use[i].held) bytes += uses->use[i].bands * uses->use[i].band_bytes;
    return bytes * uses->groups.together;
}

/* The cache drops what is used latest, so it retains the bands whose gap is shorter than some span.
 * Finds the span with which the cache is full. */
static void find_span(struct uses *uses)
{
    double low = 0, high = 1;
    if (bytes_retained(uses, 1) <= uses->cache_bytes) low = 1;
    for (int i = 0; i < 60 && low < 1; i++) {
        double middle = (low + high) / 2;
        if (bytes_retained(uses, middle) <= uses->cache_bytes)
            low = middle;
        else
            high = middle;
    }
    uses->span = low;
}

/* Returns how often a band is decoded in a group. Without foresight the chunk that was used least
 * recently goes, and a use finds its band if the cache holds it by chance. */
static double decodings(const struct uses *uses, const struct use *use)
{
    if (use->held) return use->units;
    double stay = (use->times - use->touched) * at_most(uses->cache_bytes / all_bytes(uses), 1);
    if (uses->groups.foreseen) retain(use, uses->span, &stay);
    double times = use->times - stay;
    return times > use->touched ? times : use->touched;
}

/* ---- Arrays. */

static struct use *add_use(const struct io_layout *layout, const struct io_part *part,
                           struct uses *uses)
{
    struct use *use = &uses->use[uses->count++];
    double chunks = (double)io_layout_chunks_of(layout, part);
    *use = (struct use){.chunks = chunks,
                        .band_bytes = chunks * (double)layout->chunk_bytes,
                        .filtered = layout->pipeline.count > 0};
    return use;
}

/* Rows of an array that a sample takes, on average; the most of any of its fields. 0 if no field
 * takes any. */
static double rows_a_sample(const shs_dataset *dataset, size_t array, uint64_t rows)
{
    double most = 0;
    for (size_t f = 0; f < dataset->n_fields; f++) {
        const struct data_part *part = &dataset->what.part[f];
        double taken = (double)rows;
        if (!data_part_reads(part, array)) continue;
        if (data_part_is_run(part))
            taken = (double)dataset->files.rows[array] / (double)dataset->samples;
        else if (part->kind != DATA_WHOLE)
            taken = (double)data_part_rows(part);
        if (taken > most) most = taken;
    }
    return most;
}

/* Returns how many bands of a held array are decoded together: those of a unit. */
static double bands_a_unit(const shs_dataset *dataset, size_t array, double height)
{
    uint64_t key = data_files_key(&dataset->files, 0, array);
    const struct data_resident_array *held = data_resident_find(&dataset->resident, key);
    return held && (double)held->unit_rows > height ? (double)held->unit_rows / height : 1;
}

static void add_array(const shs_dataset *dataset, size_t array, const struct data_field *field,
                      struct uses *uses, size_t arrays[MOST_ARRAYS])
{
    const struct io_layout *layout = field->direct ? io_reader_layout(field->direct) : NULL;
    double taken = rows_a_sample(dataset, array, field->rows);
    if (!layout || !layout->chunked || taken <= 0) return;
    double height = (double)field->chunk_rows, samples = (double)dataset->samples;
    double rows = (double)dataset->files.rows[array];
    if (dataset->options.one_sample_a_file) rows = (double)field->rows * samples;
    double bands = rows / height, bands_a_sample = 1 + (taken - 1) / height;
    if (bands_a_sample > bands) bands_a_sample = bands;
    if (dataset->options.one_sample_a_file) bands_a_sample = bands / samples;
    arrays[uses->count] = array;
    struct use *use = add_use(layout, field->part, uses);
    use->held = dataset->resident.holds[array];
    set_times(&uses->groups, bands, bands_a_sample, samples, use);
    double together = use->held ? use->samples * bands_a_unit(dataset, array, height) : 0;
    use->units = 1 - random_pow(1 - use->batches * use->taken, together);
}

/* ---- The advice. */

/* Sums the decodings up. Returns the use that is decoded needlessly most, or NULL. */
static const struct use *judge(struct uses *uses, struct load_advice *advice)
{
    const struct use *worst = NULL;
    double most = 0;
    find_span(uses);
    *advice = (struct load_advice){.cache_bytes = (uint64_t)uses->cache_bytes};
    for (size_t i = 0; i < uses->count; i++) {
        const struct use *use = &uses->use[i];
        double times = decodings(uses, use), a_group = use->bands * use->band_bytes;
        double needless = (times - use->touched) * a_group;
        advice->chunks += times * use->bands * use->chunks * uses->groups.all;
        if (!use->held)
            advice->enough += (uint64_t)((a_group + 2 * use->band_bytes) * uses->groups.together);
        if (!use->filtered || times < 2 * use->touched || needless <= most) continue;
        most = needless;
        worst = use;
        advice->decodings = times / use->touched;
    }
    return worst;
}

shs_status load_advise(shs_dataset *dataset, const struct load_order *order,
                       struct load_advice *advice)
{
    struct data_field *fields;
    struct uses uses = {.groups = groups_of(order, (double)dataset->samples, dataset->run->hosted),
                        .cache_bytes = (double)dataset->cache_bytes};
    size_t arrays[MOST_ARRAYS];
    *advice = (struct load_advice){0};
    if (order->shuffle == SHS_SHUFFLE_NONE || !order->order.shape.samples) return SHS_OK;
    shs_status status = data_files_get(&dataset->files, 0, &fields);
    if (status) return status;
    for (size_t a = 0; a < dataset->what.n_arrays; a++)
        add_array(dataset, a, &fields[a], &uses, arrays);
    const struct use *worst = judge(&uses, advice);
    if (!worst) return SHS_OK;
    size_t array = arrays[worst - uses.use];
    advice->array = dataset->what.array[array];
    advice->chunk_rows = fields[array].chunk_rows;
    advice->blocks = order->shuffle == SHS_SHUFFLE_BLOCKS;
    return SHS_OK;
}

void load_advise_array(const struct data_field *field, uint64_t cache_bytes,
                       struct load_advice *advice)
{
    const struct io_layout *layout = field->direct ? io_reader_layout(field->direct) : NULL;
    struct uses uses = {.groups = {.samples = (double)field->rows,
                                   .own = 1,
                                   .together = 1,
                                   .all = 1,
                                   .batch = LOAD_BATCH,
                                   .drawn = 1,
                                   .repeats = 1,
                                   .of_all = 1,
                                   .foreseen = true},
                        .cache_bytes = (double)(cache_bytes ? cache_bytes : DATA_CACHE_BYTES)};
    *advice = (struct load_advice){0};
    if (!layout || !layout->chunked || !field->rows) return;
    set_times(&uses.groups, (double)field->rows / (double)layout->chunk[0], 1, (double)field->rows,
              add_use(layout, NULL, &uses));
    if (!judge(&uses, advice)) return;
    advice->array = field->sample.name;
    advice->chunk_rows = layout->chunk[0];
}

void load_advice_tell(const struct load_advice *advice, struct core_text *text)
{
    if (!advice->array) return;
    core_text_add(
        text,
        "a rank decodes each chunk of %llu rows about %.0f times an epoch, because the decoded "
        "chunks do not fit in cache_bytes (%llu); take %s, or cache_bytes of %llu",
        (ull)advice->chunk_rows, advice->decodings, (ull)advice->cache_bytes,
        advice->blocks ? "fewer window_blocks" : "shuffle blocks", (ull)advice->enough);
}
