/* shardstep augment: lists the operators of --augment, or describes some of them. */
#include <stdio.h>

#include "augment_table.h"
#include "cli_help.h"
#include "mpi_job.h"

static int run(const struct cli_arguments *arguments)
{
    struct core_text text = {0};
    shs_status status = SHS_OK;
    if (mpi_job_rank() != 0) return CLI_DONE;
    for (size_t i = 0; i < arguments->n_plain && !status; i++) {
        const struct augment_kind *kind;
        status = augment_named(&augment_operators, arguments->plain[i], &kind);
        if (!status) augment_describe_one(kind, &text);
    }
    if (!arguments->n_plain) augment_list(&augment_operators, &text);
    if (!status) status = text.status;
    if (!status) cli_print_wrapped(stdout, text.bytes);
    core_text_free(&text);
    return cli_exit_code(status);
}

const struct cli_command cli_augment = {
    .name = "augment",
    .usage = "[OPERATOR...]",
    .summary = "lists the operators of --augment, or describes those that are named",
    .arguments = "  OPERATOR\tThe name of an operator, such as random_crop; several may be given. "
                 "Without a name, all operators are listed.\n",
    .more = cli_help_all_operators,
    .examples = "augment\naugment random_crop normalize",
    .options = "",
    .most_plain = 16,
    .run = run,
};
