/* NULL for what the functions of augment.h need. */
#include "null_cases.h"

static shs_augment *good_augment(void)
{
    shs_augment *augment;
    const shs_tensor x = {.name = "x", .type = SHS_U8, .axes = 2, .shape = {2, 2}};
    CHECK_STATUS(shs_augment_open("x: random_crop(padding=1)", &x, 1, &augment), SHS_OK);
    return augment;
}

CASE(shs_augment_open)
{
    shs_augment *augment = (shs_augment *)1;
    return REFUSES(shs_augment_open, ("", NULL, 1, &augment), "samples is NULL") && !augment &&
           REFUSES(shs_augment_open, ("", &good_tensor, 1, NULL), "augment is NULL");
}

CASE(shs_augment_table_open)
{
    return REFUSES(shs_augment_table_open, (NULL), "table is NULL");
}

CASE(shs_augment_table_close)
{
    shs_augment_table *none = NULL;
    shs_augment_table_close(NULL);
    shs_augment_table_close(&none);
    return !none;
}

CASE(shs_augment_register)
{
    const shs_augment_callback callback = {0};
    shs_augment_table *table;
    CHECK_STATUS(shs_augment_table_open(&table), SHS_OK);
    bool good =
        REFUSES(shs_augment_register, (NULL, "x", 1, &callback), "table is NULL") &&
        REFUSES(shs_augment_register, (table, NULL, 1, &callback), "name is NULL") &&
        REFUSES(shs_augment_register, (table, "x", 1, NULL), "callback is NULL") &&
        REFUSES(shs_augment_register, (table, "x", 1, &callback), "callback->apply is NULL");
    shs_augment_table_close(&table);
    return good;
}

CASE(shs_augment_open_table)
{
    shs_augment *augment = (shs_augment *)1;
    return REFUSES(shs_augment_open_table, (NULL, "", &good_tensor, 1, &augment),
                   "table is NULL") &&
           !augment;
}

CASE(shs_augment_close)
{
    shs_augment_close(NULL);
    shs_augment_close(&(shs_augment *){NULL});
    return true;
}

CASE(shs_augment_output)
{
    return shs_augment_output(NULL, 0) == NULL;
}

GIVES_0(shs_augment_draws, (NULL))
GIVES_0(shs_augment_changes, (NULL, 0))
GIVES_0(shs_augment_scratch, (NULL))

CASE(shs_augment_apply)
{
    unsigned char in[4] = {0}, out[4], scratch[1024];
    const void *const inputs[] = {in};
    void *const outputs[] = {out};
    const shs_augment *augment = good_augment();
    shs_random stream = good_stream();
    return REFUSES(shs_augment_apply, (NULL, &stream, inputs, outputs, scratch),
                   "augment is NULL") &&
           REFUSES(shs_augment_apply, (augment, NULL, inputs, outputs, scratch),
                   "stream is NULL") &&
           REFUSES(shs_augment_apply, (augment, &stream, NULL, outputs, scratch),
                   "inputs is NULL") &&
           REFUSES(shs_augment_apply, (augment, &stream, inputs, NULL, scratch),
                   "outputs is NULL") &&
           REFUSES(shs_augment_apply, (augment, &stream, inputs, outputs, NULL), "scratch is NULL");
}

static const struct null_case cases[] = {
    NULL_CASE(shs_augment_open),        NULL_CASE(shs_augment_table_open),
    NULL_CASE(shs_augment_table_close), NULL_CASE(shs_augment_register),
    NULL_CASE(shs_augment_open_table),  NULL_CASE(shs_augment_close),
    NULL_CASE(shs_augment_output),      NULL_CASE(shs_augment_draws),
    NULL_CASE(shs_augment_changes),     NULL_CASE(shs_augment_scratch),
    NULL_CASE(shs_augment_apply),
};

const struct null_cases null_augment = {cases, sizeof cases / sizeof *cases};
