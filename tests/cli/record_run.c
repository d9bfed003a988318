/* A run with a record, on any number of ranks: its model adds up the images of a batch, and its
 * weights go a little way along the mean.
 *
 *     record_run KEY=VALUE...
 *
 * path, fields and vranks must be given. The other keys are
 *
 *     seed, group, batch, epochs, steps (at which it stops), augment, exclude (a row that another
 * row replaces), mix (two numbers of one digit) by, shuffle, shard, tail, block_rows, window,
 * split_seed, part_block, repeats, epoch_rows, balance, weights, stream, damage, nan: the loader's
 * options, choices as their numbers from, to: the loader's part, in hundredths log, worst, most
 * (rows of the list), rows_only: the record's options checkpoints: a folder to go on from and to
 * save in flip: the step in which one bit of the mean is flipped
 *
 * The loss of a row is its number modulo 1000, and NaN for rows whose number is a multiple of
 * 5,003.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mpi_job.h"
#include "shardstep/checkpoint.h"
#include "shardstep/gradient.h"
#include "shardstep/record.h"

enum {
    SUMS = 16
};

static const char *value_of(int count, char **words, const char *key, const char *otherwise)
{
    size_t length = strlen(key);
    for (int i = 1; i < count; i++)
        if (!strncmp(words[i], key, length) && words[i][length] == '=')
            return words[i] + length + 1;
    return otherwise;
}

static uint64_t number_of(int count, char **words, const char *key, uint64_t otherwise)
{
    const char *value = value_of(count, words, key, NULL);
    return value ? strtoull(value, NULL, 10) : otherwise;
}

static shs_status must(shs_status status)
{
    if (status >= 0) return status;
    if (shs_message_is_mine()) fprintf(stderr, "record_run: %s\n", shs_message());
    mpi_job_finish();
    exit(2);
}

/* Of floats, the first field of the batch. */
static void gradient(const shs_batch *batch, float sums[SUMS])
{
    const shs_tensor *images = &batch->field[0];
    const float *numbers = images->data;
    uint64_t elements = 1;
    memset(sums, 0, SUMS * sizeof *sums);
    for (uint32_t axis = 1; axis < images->axes; axis++)
        elements *= images->shape[axis];
    for (uint64_t i = 0; i < batch->count * elements; i++)
        sums[i % SUMS] += numbers[i];
}

static void note(shs_loader *loader, const shs_batch *batch)
{
    double losses[4096];
    for (uint64_t slot = 0; slot < batch->count; slot++)
        losses[slot] = batch->index[slot] % 5003 ? (double)(batch->index[slot] % 1000)
                                                 : (double)__builtin_nanf("");
    must(shs_note(loader, batch, losses));
}

struct run {
    shs_run *run;
    shs_dataset *dataset;
    shs_loader *loader;
    shs_gradient *gradient;
    shs_record *record;
    float sums[SUMS], weights[SUMS];
    uint64_t flip, steps;
};

static shs_status train(struct run *run, const shs_tensor *mean, const shs_tensor *weights)
{
    shs_batch batch;
    shs_status status = SHS_OK;
    while (shs_tell(run->loader).step < run->steps &&
           (status = must(shs_next(run->loader, &batch))) == SHS_OK) {
        gradient(&batch, run->sums);
        note(run->loader, &batch);
        must(shs_gradient_add(run->gradient, &batch));
        if (!batch.ends_step) continue;
        must(shs_gradient_mean(run->gradient));
        if (batch.step == run->flip) ((unsigned char *)run->sums)[5] ^= 1;
        for (int i = 0; i < SUMS; i++)
            run->weights[i] -= 0.01f * run->sums[i];
        must(shs_record_step(run->record, mean, 1, weights, 1));
    }
    return status;
}

struct words {
    int count;
    char **word;
};

static uint64_t number(const struct words *words, const char *key, uint64_t otherwise)
{
    return number_of(words->count, words->word, key, otherwise);
}

static const char *text(const struct words *words, const char *key)
{
    return value_of(words->count, words->word, key, NULL);
}

static shs_loader_options loader_of(const struct words *words)
{
    static uint64_t excluded, mix[2];
    const char *ratio = text(words, "mix");
    shs_loader_options loader = {
        .batch = number(words, "batch", 32),
        .epochs = number(words, "epochs", 1),
        .augment = text(words, "augment"),
        .augment_by = (shs_augment_by)number(words, "by", 0),
        .shuffle = (shs_shuffle)number(words, "shuffle", 0),
        .shard = (shs_shard)number(words, "shard", 0),
        .tail = (shs_tail)number(words, "tail", 0),
        .stream = (uint32_t)number(words, "stream", 0),
        .blocks = {number(words, "block_rows", 0), number(words, "window", 0)},
        .subset = {.from = (double)number(words, "from", 0) / 100,
                   .to = (double)number(words, "to", 0) / 100,
                   .split_seed = number(words, "split_seed", 0),
                   .block = number(words, "part_block", 0)},
        .sampling = {.repeats = number(words, "repeats", 0),
                     .epoch_rows = number(words, "epoch_rows", 0),
                     .balance = text(words, "balance"),
                     .weight_field = text(words, "weights")},
        .failures = {.damage = (shs_on_damage)number(words, "damage", 0),
                     .nan = (shs_on_nan)number(words, "nan", 0)}};
    excluded = number(words, "exclude", 0);
    if (excluded) loader.failures.exclude = &excluded;
    loader.failures.n_exclude = excluded != 0;
    if (ratio) mix[0] = (uint64_t)(ratio[0] - '0');
    if (ratio) mix[1] = (uint64_t)(ratio[1] - '0');
    if (ratio) loader.sampling.mix = mix;
    loader.sampling.n_mix = ratio ? 2 : 0;
    return loader;
}

static void open_all(struct run *run, const struct words *words)
{
    const shs_run_options options = {.seed = number(words, "seed", 7),
                                     .vranks = number(words, "vranks", 1),
                                     .group = number(words, "group", 0)};
    const shs_loader_options loader = loader_of(words);
    const shs_record_options record = {.path = text(words, "log"),
                                       .worst = text(words, "worst"),
                                       .worst_rows = number(words, "most", 0),
                                       .without_batch = number(words, "rows_only", 0)};
    run->flip = number(words, "flip", UINT64_MAX);
    run->steps = number(words, "steps", UINT64_MAX);
    must(mpi_job_open(&options, &run->run));
    must(shs_dataset_open(run->run, text(words, "path"), text(words, "fields"), NULL,
                          &run->dataset));
    must(shs_loader_open(run->dataset, &loader, &run->loader));
    must(shs_record_open(run->loader, &record, &run->record));
}

int main(int count, char **words)
{
    struct run run = {0};
    const shs_tensor mean = {"mean", SHS_F32, 1, {SUMS}, run.sums};
    const shs_tensor weights = {"weights", SHS_F32, 1, {SUMS}, run.weights};
    const char *folder = value_of(count, words, "checkpoints", NULL);
    must(mpi_job_start());
    open_all(&run, &(struct words){count, words});
    if (folder) must(shs_restore(run.loader, folder, &weights, 1));
    must(shs_gradient_open(run.run, &mean, 1, NULL, &run.gradient));
    must(train(&run, &mean, &weights));
    if (folder) must(shs_save(run.loader, folder, &weights, 1));
    must(shs_record_close(&run.record));
    shs_gradient_close(&run.gradient);
    shs_loader_close(&run.loader);
    shs_dataset_close(&run.dataset);
    must(mpi_job_close(&run.run));
    mpi_job_finish();
    return 0;
}
