#include "cli_advice.h"

#include "cli_json.h"
#include "cli_text.h"
#include "core_memory.h"

shs_status cli_advice_print(FILE *to, const char *begin, const struct load_advice *advice)
{
    struct core_text text = {0};
    char *words;
    if (!advice->array) return SHS_OK;
    load_advice_tell(advice, &text);
    shs_status status = core_text_take(&text, &words);
    if (status) return status;
    fprintf(to, "%s", begin);
    cli_print_text(to, advice->array);
    fprintf(to, ": %s\n", words);
    core_free(&words);
    return SHS_OK;
}

void cli_advice_json(const struct load_advice *advice)
{
    if (!advice->array) {
        cli_json_number("advice", NULL);
        return;
    }
    cli_json_begin("advice", '{');
    cli_json_text("dataset", advice->array);
    cli_json_u64("chunk_rows", advice->chunk_rows);
    cli_json_double("decodings", advice->decodings);
    cli_json_u64("cache_bytes", advice->cache_bytes);
    cli_json_u64("enough_cache_bytes", advice->enough);
    cli_json_end('}');
}

shs_status cli_advise_default(shs_dataset *dataset, struct load_advice *advice)
{
    const shs_loader_options options = {0};
    const struct load_order_how how = {.vranks = dataset->run->vranks,
                                       .bounds = dataset->bounds,
                                       .sources = dataset->files.paths.sources,
                                       .dataset = dataset};
    struct load_order order = {0};
    *advice = (struct load_advice){0};
    if (!dataset->samples) return SHS_OK;
    shs_status status = load_order_open(&how, &options, &order);
    if (!status) status = load_advise(dataset, &order, advice);
    load_order_close(&order);
    return status;
}
