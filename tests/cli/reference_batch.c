/* Prints what only a program sees of a batch: the partners of mixup and cutmix, and an operator of
 * the program's own. blank(share=X) draws a float for each element that a sample really has, field
 * by field, and makes the element zero where the float is below the share. The batch comes from
 * shs_replay(). tests/reference/check.py makes the same batch.
 *
 *     reference_batch PATH FIELDS AUGMENT VRANKS BATCH SEED short|pad STEP VRANK
 *
 * Prints a line SLOT PARTNER WEIGHT for each row if the text mixes, where WEIGHT is the bits of a
 * float, then writes the rows of each field to the file batch.raw. */
#include <inttypes.h>
#include <shardstep.h>
#include <shardstep/must.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARGUMENTS = 10
};

static shs_status blank(void *user, const shs_augment_call *call)
{
    (void)user;
    for (size_t f = 0; f < call->fields; f++) {
        const char *from = call->inputs[f].data;
        char *to = call->outputs[f].data;
        size_t bytes, size = shs_type_size(call->inputs[f].type);
        shs_status status = shs_tensor_bytes(&call->inputs[f], &bytes);
        if (status) return status;
        memcpy(to, from, bytes);
        for (size_t at = 0; at < bytes; at += size)
            if ((double)shs_random_float(call->stream) < call->values[0].numbers[0])
                memset(to + at, 0, size);
    }
    return SHS_OK;
}

static shs_status bind_blank(void *user, const shs_augment_call *call)
{
    (void)user;
    return call->n_values == 1 && call->values[0].n_numbers == 1 ? SHS_OK : SHS_ERROR_ARGUMENT;
}

static void print_partners(const shs_batch *batch)
{
    for (uint64_t slot = 0; batch->partner && slot < batch->rows; slot++) {
        uint32_t bits;
        memcpy(&bits, &batch->partner_weight[slot], sizeof bits);
        printf("%" PRIu64 " %" PRIu64 " %08" PRIx32 "\n", slot, batch->partner[slot], bits);
    }
}

static int write_fields(const shs_batch *batch)
{
    FILE *file = fopen("batch.raw", "wb");
    int wrong = !file;
    for (size_t f = 0; f < batch->fields && !wrong; f++) {
        size_t bytes;
        shs_must(shs_tensor_bytes(&batch->field[f], &bytes));
        wrong = bytes && fwrite(batch->field[f].data, 1, bytes, file) != bytes;
    }
    if (file) wrong |= fclose(file) != 0;
    return wrong;
}

int main(int argc, char **argv)
{
    const shs_augment_callback callback = {.apply = blank, .bind = bind_blank};
    shs_augment_table *operators;
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    shs_batch batch;
    if (argc != ARGUMENTS) return SHS_EXIT_ERROR;
    uint64_t step = strtoull(argv[8], NULL, 10);
    const shs_run_options how = {.seed = strtoull(argv[6], NULL, 10),
                                 .vranks = strtoull(argv[4], NULL, 10)};
    shs_must(shs_augment_table_open(&operators));
    shs_must(shs_augment_register(operators, "blank", 1, &callback));
    shs_must(shs_open_ranks(0, 1, NULL, NULL, &how, &run));
    shs_must(shs_dataset_open(run, argv[1], argv[2], NULL, &data));
    const shs_loader_options options = {.batch = strtoull(argv[5], NULL, 10),
                                        .augment = argv[3],
                                        .operators = operators,
                                        .tail = strcmp(argv[7], "pad") == 0 ? SHS_TAIL_PAD
                                                                            : SHS_TAIL_SHORT};
    shs_must(shs_loader_open(data, &options, &loader));
    shs_augment_table_close(&operators);
    shs_must(shs_replay(loader, (shs_cursor){.epoch_step = step, .step = step},
                        strtoull(argv[9], NULL, 10), &batch));
    print_partners(&batch);
    int wrong = write_fields(&batch);
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    shs_must(shs_close(&run));
    return wrong ? SHS_EXIT_ERROR : 0;
}
