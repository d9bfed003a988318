#include "cli_batch.h"

#include "cli_all_fields.h"
#include "core_memory.h"

static shs_status open_loader(const struct cli_arguments *arguments, const char *fields,
                              const struct cli_order *order, shs_run *run, shs_dataset **dataset,
                              shs_loader **loader)
{
    const shs_dataset_options how = cli_dataset_options(arguments);
    shs_status status = shs_dataset_open(run, arguments->plain[0], fields, &how, dataset);
    if (status) return status;
    return shs_loader_open(*dataset, &order->options, loader);
}

/* Collective. Sets *fields to the value of --fields or, without this option, to a list of all
 * fields. The caller frees *found, which then holds the list. */
static shs_status find_fields(const struct cli_arguments *arguments, shs_run *run, char **found,
                              const char **fields)
{
    shs_status status = SHS_OK;
    *fields = arguments->fields;
    if (arguments->fields) return SHS_OK;
    if (arguments->probe) status = cli_probe(arguments, arguments->plain[0], NULL);
    if (!status) status = cli_all_fields(arguments->plain[0], arguments->one_sample_a_file, found);
    *fields = *found;
    return mpi_agree(run, status, "finding the fields");
}

shs_status cli_open_loader(const struct cli_arguments *arguments, shs_run *run,
                           shs_dataset **dataset, shs_loader **loader)
{
    struct cli_order order = {0};
    char *found = NULL;
    const char *fields;
    shs_status status = cli_order(arguments, &order);
    status = mpi_agree(run, status, "reading the options");
    if (!status) status = find_fields(arguments, run, &found, &fields);
    if (!status) status = open_loader(arguments, fields, &order, run, dataset, loader);
    cli_order_free(&order);
    core_free(&found);
    return status;
}
