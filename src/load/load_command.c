#include "load_command.h"

#include <string.h>

static void add_escaped(struct core_text *text, const char *value)
{
    static const char special[] = "\\\t\n\r", letters[] = "\\tnr";
    while (*value) {
        size_t plain = strcspn(value, special);
        core_text_add(text, "%.*s", (int)plain, value);
        value += plain;
        if (*value) core_text_add(text, "\\%c", letters[strchr(special, *value++) - special]);
    }
}

static void add_text(struct core_text *text, const char *name, const char *value)
{
    if (!value || !*value) return;
    core_text_add(text, "option\t%s\t", name);
    add_escaped(text, value);
    core_text_add(text, "\n");
}

/* Leaves out the number 0, which is the default of every option that may be 0. */
static void add_number(struct core_text *text, const char *name, uint64_t value)
{
    if (value) core_text_add(text, "option\t%s\t%llu\n", name, (ull)value);
}

static void add_flag(struct core_text *text, const char *name, bool value)
{
    if (value) core_text_add(text, "option\t%s\n", name);
}

static void add_data(struct core_text *text, const shs_dataset *dataset)
{
    const shs_run *run = dataset->run;
    add_text(text, "--fields", dataset->fields);
    add_flag(text, "--one-sample-a-file", dataset->options.one_sample_a_file);
    add_flag(text, "--cf", dataset->options.cf);
    add_number(text, "--seed", run->seed);
    add_number(text, "--vranks", run->vranks);
    if (run->group > 1) add_number(text, "--group", run->group);
}

static void add_order(struct core_text *text, const shs_loader_options *settled)
{
    add_number(text, "--batch", settled->batch);
    if (settled->shuffle) add_text(text, "--shuffle", order_shuffle_name(settled->shuffle));
    if (settled->shuffle == SHS_SHUFFLE_BLOCKS) {
        add_number(text, "--block-rows", settled->blocks.rows);
        add_number(text, "--window-blocks", settled->blocks.window);
    }
    if (settled->shard) add_text(text, "--shard", order_shard_name(settled->shard));
    if (settled->tail) add_text(text, "--tail", order_tail_name(settled->tail));
    add_number(text, "--stream", settled->stream);
}

static void add_subset(struct core_text *text, const shs_subset *subset)
{
    if (subset->rows) core_text_add(text, "needs\t--rows\n");
    if (subset->rows || !order_subset_is_part(subset)) return;
    core_text_add(text, "option\t--part\t%.17g,%.17g\n", subset->from,
                  order_subset_part_end(subset));
    add_number(text, "--part-block", subset->block);
    add_number(text, "--split-seed", subset->split_seed);
}

static void add_sampling(struct core_text *text, const shs_sampling *sampling)
{
    if (sampling->repeats > 1) add_number(text, "--repeats", sampling->repeats);
    add_number(text, "--epoch-rows", sampling->epoch_rows);
    if (sampling->mix) core_text_add(text, "option\t--mix\t");
    for (size_t i = 0; sampling->mix && i < sampling->n_mix; i++)
        core_text_add(text, "%s%llu", i ? "," : "", (ull)sampling->mix[i]);
    if (sampling->mix) core_text_add(text, "\n");
    if (sampling->weights) core_text_add(text, "needs\tthe program's own weights\n");
    add_text(text, "--weights", sampling->weight_field);
    add_text(text, "--balance", sampling->balance);
}

static void add_failures(struct core_text *text, const shs_failures *failures)
{
    if (failures->damage == SHS_DAMAGE_REPLACE) add_text(text, "--on-damage", "replace");
    if (failures->nan == SHS_NAN_STOP) add_text(text, "--on-nan", "stop");
    if (failures->nan == SHS_NAN_REPLACE) add_text(text, "--on-nan", "replace");
    if (failures->n_exclude) core_text_add(text, "needs\t--exclude\n");
}

shs_status load_command(const shs_dataset *dataset, const shs_loader_options *given,
                        const shs_loader_options *settled, bool own, char **command)
{
    struct core_text text = {0};
    add_data(&text, dataset);
    add_order(&text, settled);
    add_subset(&text, &given->subset);
    add_sampling(&text, &given->sampling);
    add_failures(&text, &given->failures);
    add_text(&text, "--augment", given->augment);
    if (given->augment_by == SHS_BY_SAMPLE) add_text(&text, "--augment-by", "sample");
    if (own) core_text_add(&text, "needs\tthe program's own operators\n");
    return core_text_take(&text, command);
}
