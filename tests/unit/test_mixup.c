/* mixup and cutmix: batches in every mode are those of a slow reference, which knows the operators
 * before and behind as augmentations of one sample, and mixes by coordinates. */
#include <stdio.h>
#include <string.h>

#include "augment_mix.h"
#include "mixup_scene.h"
#include "shardstep/augment.h"
#include "shardstep/loader.h"

/* ---- The slow reference. */

enum mixing {
    MIXES,       /* mixup */
    CUTS_IMAGES, /* cutmix */
    CUTS_SIGNALS
};

struct scene {
    const char *text;          /* the whole text */
    const char *before;        /* its operators before the one that mixes */
    const char *behind;        /* its operators behind it */
    const char *mixed[FIELDS]; /* the fields that it mixes */
    enum mixing mixing;
    double alpha, p;
};

static const struct scene scenes[] = {
    {"maps: mixup(alpha=0.3)", "", "", {"maps"}, MIXES, 0.3, 1},
    {"images: random_flip(axis=w) cast(type=f32) mixup(alpha=1, p=0.6) normalize(mean=[1,2,3], "
     "std=2, scale=none, layout=hwc); masks: random_flip(axis=h)",
     "images: random_flip(axis=w) cast(type=f32)",
     "images: normalize(mean=[1,2,3], std=2, scale=none, layout=hwc); masks: random_flip(axis=h)",
     {"images"},
     MIXES,
     1,
     0.6},
    {"images,masks: random_crop(padding=2) cutmix(alpha=1); images: random_flip(axis=w) to_chw()",
     "images,masks: random_crop(padding=2)",
     "images: random_flip(axis=w) to_chw()",
     {"images", "masks"},
     CUTS_IMAGES,
     1,
     1},
    {"maps,images: cutmix(alpha=0.5, p=0.5)", "", "", {"maps", "images"}, CUTS_IMAGES, 0.5, 0.5},
    {"images: cast(type=f64); masks: random_flip(axis=w); images: mixup(alpha=2)",
     "images: cast(type=f64); masks: random_flip(axis=w)",
     "",
     {"images"},
     MIXES,
     2,
     1},
    {"labels: cast(type=f32); labels,maps: mixup(alpha=0.2); maps: cast(type=f64)",
     "labels: cast(type=f32)",
     "maps: cast(type=f64)",
     {"labels", "maps"},
     MIXES,
     0.2,
     1},
    {"signals[layout=tc],tracks[layout=cw]: cutmix(alpha=1)",
     "",
     "",
     {"signals", "tracks"},
     CUTS_SIGNALS,
     1,
     1},
    {"tracks: time_flip(layout=ct) cutmix(alpha=0.3, p=0.7) cast(type=f32); signals: "
     "cast(type=f64)",
     "tracks: time_flip(layout=ct)",
     "tracks: cast(type=f32); signals: cast(type=f64)",
     {"tracks"},
     CUTS_SIGNALS,
     0.3,
     0.7},
};

/* A batch that the reference makes. */
struct made {
    shs_augment *before, *behind;
    unsigned char first[FIELDS][BATCH][MOST_BYTES];  /* before mixing */
    unsigned char second[FIELDS][BATCH][MOST_BYTES]; /* mixed */
    unsigned char result[FIELDS][BATCH][MOST_BYTES];
    shs_random stream[BATCH];
    uint64_t partner[BATCH];
    float weight[BATCH];
};

static bool made_open(const struct scene *scene, struct made *made)
{
    shs_tensor between[FIELDS];
    if (!NEED_STATUS(shs_augment_open(scene->before, samples, FIELDS, &made->before), SHS_OK))
        return false;
    for (size_t f = 0; f < FIELDS; f++)
        between[f] = *shs_augment_output(made->before, f);
    return NEED_STATUS(shs_augment_open(scene->behind, between, FIELDS, &made->behind), SHS_OK);
}

static void made_close(struct made *made)
{
    shs_augment_close(&made->before);
    shs_augment_close(&made->behind);
}

static void apply_to(const shs_augment *augment, uint64_t slot, shs_random *stream,
                     const void *const *inputs, unsigned char (*outputs)[BATCH][MOST_BYTES])
{
    void *scratch = malloc(shs_augment_scratch(augment) + 1), *to[FIELDS];
    for (size_t f = 0; f < FIELDS; f++)
        to[f] = outputs[f][slot];
    CHECK_STATUS(shs_augment_apply(augment, stream, inputs, to, scratch), SHS_OK);
    free(scratch);
}

static void mix_numbers(shs_type type, size_t bytes, double lambda, const void *x, const void *y,
                        void *to)
{
    for (size_t i = 0; i < bytes / shs_type_size(type); i++)
        if (type == SHS_F32) {
            volatile float a = ((const float *)x)[i] * (float)lambda;
            volatile float b = ((const float *)y)[i] * (float)(1 - lambda);
            ((float *)to)[i] = a + b;
        } else {
            volatile double a = ((const double *)x)[i] * lambda;
            volatile double b = ((const double *)y)[i] * (1 - lambda);
            ((double *)to)[i] = a + b;
        }
}

/* Returns true if pixel (row, column) lies in the box. */
static bool in_box(double lambda, uint32_t y, uint32_t x, long row, long column)
{
    double half = 0.5 * __builtin_sqrt(1 - lambda);
    long high = (long)(half * HEIGHT), wide = (long)(half * WIDTH);
    return row >= (long)y - high && row < (long)y + high && column >= (long)x - wide &&
           column < (long)x + wide;
}

/* Puts the partner's pixels into the box. Returns their number. */
static unsigned cut_pixels(size_t pixel, double lambda, const uint32_t centre[2], const void *from,
                           void *to)
{
    unsigned count = 0;
    for (long row = 0; row < HEIGHT; row++)
        for (long column = 0; column < WIDTH; column++) {
            size_t at = (size_t)(row * WIDTH + column) * pixel;
            if (!in_box(lambda, centre[0], centre[1], row, column)) continue;
            memcpy((char *)to + at, (const char *)from + at, pixel);
            count++;
        }
    return count;
}

/* Puts the partner's elements of a signal into the segment. Returns their number. */
static unsigned cut_signal(const shs_tensor *sample, double lambda, uint32_t centre,
                           const void *from, void *to)
{
    size_t bytes = shs_type_size(sample->type);
    long half = (long)(0.5 * (1 - lambda) * LENGTH);
    bool is_last = sample->shape[1] == LENGTH; /* the signal's axis */
    unsigned count = 0;
    for (long t = 0; t < LENGTH; t++) {
        if (t < (long)centre - half || t >= (long)centre + half) continue;
        for (size_t c = 0; c < (is_last ? sample->shape[0] : sample->shape[1]); c++) {
            size_t at =
                (is_last ? c * LENGTH + (size_t)t : (size_t)t * sample->shape[1] + c) * bytes;
            memcpy((char *)to + at, (const char *)from + at, bytes);
        }
        count++;
    }
    return count;
}

static bool is_mixed(const struct scene *scene, const char *name)
{
    for (size_t i = 0; i < FIELDS && scene->mixed[i]; i++)
        if (!strcmp(scene->mixed[i], name)) return true;
    return false;
}

/* Mixes a slot; the values before mixing stay. */
static void mix_slot(const struct scene *scene, struct made *made, uint64_t slot, uint64_t count)
{
    shs_random *stream = &made->stream[slot];
    uint32_t centre[2] = {0, 0}, partner;
    double lambda;
    made->partner[slot] = slot;
    made->weight[slot] = 0;
    for (size_t f = 0; f < FIELDS; f++)
        memcpy(made->second[f][slot], made->first[f][slot], MOST_BYTES);
    if (slot >= count) return;
    if (scene->p < 1 && (double)shs_random_float(stream) >= scene->p) return;
    made->partner[slot] = partner = shs_random_below(stream, (uint32_t)count);
    lambda = shs_random_beta(stream, scene->alpha, scene->alpha);
    if (scene->mixing == CUTS_SIGNALS) centre[0] = shs_random_below(stream, LENGTH);
    for (size_t i = 0; i < 2 && scene->mixing == CUTS_IMAGES; i++)
        centre[i] = shs_random_below(stream, i ? WIDTH : HEIGHT);
    made->weight[slot] = (float)(1 - lambda);
    for (size_t f = 0; f < FIELDS; f++) {
        const shs_tensor *sample = shs_augment_output(made->before, f);
        const void *from = made->first[f][partner];
        size_t bytes = bytes_of(sample);
        if (!is_mixed(scene, sample->name)) continue;
        if (scene->mixing == CUTS_SIGNALS)
            made->weight[slot] =
                (float)((double)cut_signal(sample, lambda, centre[0], from, made->second[f][slot]) /
                        LENGTH);
        else if (scene->mixing == CUTS_IMAGES)
            made->weight[slot] = (float)((double)cut_pixels(bytes / (HEIGHT * WIDTH), lambda,
                                                            centre, from, made->second[f][slot]) /
                                         (HEIGHT * WIDTH));
        else
            mix_numbers(sample->type, bytes, lambda, made->first[f][slot], from,
                        made->second[f][slot]);
    }
}

static void make_batch(const struct scene *scene, struct made *made, const shs_batch *batch)
{
    const void *from[FIELDS];
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        const shs_place place = {.seed = SEED,
                                 .purpose = SHS_ROLE_AUGMENT,
                                 .rank = batch->vrank,
                                 .step = batch->step,
                                 .slot = slot};
        CHECK_STATUS(shs_random_at(&place, &made->stream[slot]), SHS_OK);
        for (size_t f = 0; f < FIELDS; f++)
            from[f] = (const char *)samples[f].data + batch->index[slot] * bytes_of(&samples[f]);
        apply_to(made->before, slot, &made->stream[slot], from, made->first);
    }
    for (uint64_t slot = 0; slot < batch->rows; slot++)
        mix_slot(scene, made, slot, batch->count);
    for (uint64_t slot = 0; slot < batch->rows; slot++) {
        for (size_t f = 0; f < FIELDS; f++)
            from[f] = made->second[f][slot];
        apply_to(made->behind, slot, &made->stream[slot], from, made->result);
    }
}

/* ---- Batches in every mode. */

struct mode {
    shs_tail tail;
    uint32_t ahead, threads;
    bool step_batches;
};

static const struct mode modes[] = {
    {SHS_TAIL_SHORT, 0, 0, false}, {SHS_TAIL_PAD, 0, 0, false}, {SHS_TAIL_PAD, 0, 2, false},
    {SHS_TAIL_SHORT, 2, 2, false}, {SHS_TAIL_PAD, 2, 1, true},  {SHS_TAIL_SHORT, 0, 0, true},
};

static void check_batch(const struct scene *scene, struct made *made, const shs_batch *batch)
{
    make_batch(scene, made, batch);
    harness_where("%s; step %llu, virtual rank %llu", scene->text, (unsigned long long)batch->step,
                  (unsigned long long)batch->vrank);
    CHECK_U64S(batch->partner, made->partner, batch->rows);
    CHECK_FLOATS(batch->partner_weight, made->weight, batch->rows);
    for (size_t f = 0; f < FIELDS; f++) {
        size_t bytes = bytes_of(shs_augment_output(made->behind, f));
        for (uint64_t slot = 0; slot < batch->rows; slot++) {
            harness_where("%s; step %llu, field %s, slot %llu", scene->text,
                          (unsigned long long)batch->step, samples[f].name,
                          (unsigned long long)slot);
            CHECK_BYTES((const char *)batch->field[f].data + slot * bytes, made->result[f][slot],
                        bytes);
        }
    }
}

/* The whole batch of a step counts its rows through. */
static void check_whole(const shs_batch *whole)
{
    uint64_t first = 0;
    for (size_t i = 0; i < whole->parts; i++) {
        const shs_batch *part = &whole->part[i];
        for (uint64_t slot = 0; slot < part->rows; slot++) {
            CHECK_EQ(whole->partner[first + slot], first + part->partner[slot]);
            CHECK_EQ(whole->partner_weight[first + slot], part->partner_weight[slot]);
        }
        first += part->rows;
    }
}

static void check_mode(const struct scene *scene, const struct mode *mode)
{
    static struct made made;
    const shs_loader_options options = {.batch = BATCH,
                                        .epochs = 2,
                                        .tail = mode->tail,
                                        .ahead = mode->ahead,
                                        .threads = mode->threads,
                                        .step_batches = mode->step_batches,
                                        .augment = scene->text};
    struct data data;
    shs_loader *loader = NULL;
    shs_batch batch;
    uint64_t batches = 0;
    if (made_open(scene, &made) && data_open(all_fields, &data) &&
        NEED_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK))
        while (shs_next(loader, &batch) == SHS_OK) {
            for (size_t i = 0; i < batch.parts; i++)
                check_batch(scene, &made, &batch.part[i]);
            if (batch.parts)
                check_whole(&batch);
            else
                check_batch(scene, &made, &batch);
            if (batch.ends_step) CHECK_STATUS(shs_agree(data.run), SHS_OK);
            batches += batch.parts ? batch.parts : 1;
        }
    harness_where("%s", scene->text);
    CHECK_EQ(batches, 2 * VRANKS * shs_epoch_steps(loader));
    shs_loader_close(&loader);
    data_close(&data);
    made_close(&made);
}

static void batches_are_those_of_the_reference(void)
{
    for (size_t s = 0; s < COUNT(scenes); s++)
        for (size_t m = 0; m < COUNT(modes); m++)
            check_mode(&scenes[s], &modes[m]);
}

/* A kept batch keeps its partners. Without mixing there are none. */
static void kept_batches_keep_their_partners(void)
{
    shs_loader_options options = {
        .batch = 8, .keep = 1, .augment = "maps: mixup(alpha=1)", .stream = 1};
    struct data data;
    shs_loader *loader, *plain;
    shs_batch kept, batch;
    uint64_t partner[8];
    float weight[8];
    if (!data_open("maps", &data)) return;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &loader), SHS_OK);
    CHECK_STATUS(shs_next(loader, &kept), SHS_OK);
    CHECK_STATUS(shs_keep(&kept), SHS_OK);
    memcpy(partner, kept.partner, sizeof partner);
    memcpy(weight, kept.partner_weight, sizeof weight);
    CHECK_STATUS(shs_next(loader, &batch), SHS_OK);
    CHECK(batch.partner != kept.partner);
    options.augment = NULL;
    options.stream = 2;
    CHECK_STATUS(shs_loader_open(data.dataset, &options, &plain), SHS_OK);
    CHECK_STATUS(shs_next(plain, &batch), SHS_OK);
    CHECK(!batch.partner && !batch.partner_weight);
    shs_loader_close(&plain);
    shs_loader_close(&loader);
    data_close(&data);
    CHECK_U64S(kept.partner, partner, kept.rows);
    CHECK_FLOATS(kept.partner_weight, weight, kept.rows);
    CHECK_STATUS(shs_give_back(&kept), SHS_OK);
}

/* ---- Distributions. */

enum {
    DRAWN = 40 * 500 /* slots */
};

static const double partners_tolerance = 5; /* standard deviations */

/* Each slot of a batch is as likely a partner as any other, and lambda has the moments of the beta
 * distribution: mean 1/2, variance 1 / (4 (2 alpha + 1)). */
static void draws_have_their_distributions(void)
{
    static float rows[1];
    const shs_tensor sample = {"f", SHS_F32, 1, {1}, rows};
    shs_augment *augment;
    uint64_t seen[40] = {0};
    double sum = 0, squares = 0, alpha = 0.4;
    if (!NEED_STATUS(shs_augment_open("f: mixup(alpha=0.4)", &sample, 1, &augment), SHS_OK)) return;
    for (uint64_t i = 0; i < DRAWN; i++) {
        shs_random stream;
        struct augment_mix_draw draw;
        CHECK_STATUS(
            shs_random_at(&(shs_place){.purpose = 1, .step = i / 40, .slot = i % 40}, &stream),
            SHS_OK);
        augment_mix_draw(augment, &stream, i % 40, 40, &draw);
        seen[draw.partner]++;
        sum += draw.lambda - 0.5;
        squares += (draw.lambda - 0.5) * (draw.lambda - 0.5);
    }
    double variance = 1 / (4 * (2 * alpha + 1)), chi = 0, due = DRAWN / 40.0;
    for (size_t i = 0; i < 40; i++)
        chi += ((double)seen[i] - due) * ((double)seen[i] - due) / due;
    CHECK_IS(chi, <, 39 + partners_tolerance * __builtin_sqrt(2 * 39.0));
    CHECK_IS(chi, >, 39 - partners_tolerance * __builtin_sqrt(2 * 39.0));
    double mean = sum / DRAWN / __builtin_sqrt(variance / DRAWN);
    CHECK_IS(mean, <, 5);
    CHECK_IS(mean, >, -5);
    CHECK_IS(squares / DRAWN, <, variance * 1.03);
    CHECK_IS(squares / DRAWN, >, variance * 0.97);
    shs_augment_close(&augment);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(batches_are_those_of_the_reference),
        TEST(kept_batches_keep_their_partners),
        TEST(draws_have_their_distributions),
    };
    return mixup_main("mixup", tests, COUNT(tests), argc, argv);
}
