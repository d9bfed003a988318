/* What is told of twins. */
#include <stdio.h>

#include "augment_operation.h"
#include "core_text.h"
#include "load.h"
#include "order_tree.h"

static const char advice[] = "draw from call->stream only";

enum {
    MOST_NAMED = 4
};

/* Appends the name of a vector: "virtual rank 3 (rank 1)" or "samples 8 to 15". With `epoch` it
 * ends in its epoch. */
static void add_vector(const shs_loader *loader, const struct load_twins_sheet *sheet,
                       const uint64_t *vector, bool epoch, struct core_text *text)
{
    const struct load_twins *twins = loader->twins;
    const shs_run *run = loader->dataset->run;
    size_t at = (size_t)(vector - sheet->results) / sheet->places;
    uint64_t number = at % sheet->now, vrank, rank = 0;
    for (uint64_t before = 0; twins->local && before < twins->vranks; before++)
        if (load_twins_vrank(loader, before) < loader->plan.first_vrank) number++;
    vrank = load_twins_vrank(loader, number);
    while (order_first_vrank(run->vranks, (uint64_t)run->ranks, rank + 1) <= vrank)
        rank++;
    if (twins->by_sample)
        core_text_add(text, "samples %llu to %llu", (ull)(number * sheet->places),
                      (ull)(number * sheet->places + sheet->places - 1));
    else
        core_text_add(text, "virtual rank %llu", (ull)vrank);
    if (run->ranks > 1 && !twins->by_sample) core_text_add(text, " (rank %llu)", (ull)rank);
    if (epoch)
        core_text_add(text, " in epoch %llu",
                      (ull)(at < sheet->now ? twins->cursor.epoch : twins->last.epoch));
}

static void tell_vectors(const shs_loader *loader, const struct load_twins_sheet *sheet,
                         const struct load_twins_verdict *verdict, struct core_text *text)
{
    size_t named = verdict->count <= MOST_NAMED ? verdict->count : MOST_NAMED - 1;
    bool mixed = verdict->member[verdict->count - 1] >= sheet->results + sheet->now * sheet->places;
    for (size_t i = 0; i < named; i++) {
        core_text_add(text, "%s", i == 0 ? "" : i + 1 < verdict->count ? ", " : " and ");
        add_vector(loader, sheet, verdict->member[i], mixed, text);
    }
    if (named < verdict->count) core_text_add(text, " and %zu more", verdict->count - named);
    core_text_add(text,
                  " get the same results at %zu places of each: its randomness is seeded alike; %s",
                  sheet->places, advice);
}

/* Appends what is wrong with the operator. Appends nothing if nothing is. */
static void tell_finding(const shs_loader *loader, const struct load_twins_flags *flags,
                         const struct load_twins_sheet *sheet,
                         const struct load_twins_verdict *verdict, struct core_text *text)
{
    const shs_run *run = loader->dataset->run;
    if (verdict->kind == LOAD_TWINS_VECTORS)
        tell_vectors(loader, sheet, verdict, text);
    else if (flags->unsteady)
        core_text_add(text,
                      "the same place gave other results when it was run again on rank %llu: it "
                      "uses a generator, a clock or memory of its own, or does not write every "
                      "element; %s",
                      (ull)((uint64_t)run->ranks - flags->unsteady), advice);
    else if (flags->greatest != ~flags->lowest)
        core_text_add(text,
                      "the same place gives other results on other ranks: it uses addresses, the "
                      "process, a clock or the machine; %s",
                      advice);
    else if (verdict->kind == LOAD_TWINS_SLOTS)
        core_text_add(text,
                      "all slots of a batch get the same result: its randomness does not depend on "
                      "the slot; %s",
                      advice);
}

static void tell_unknown(const struct load_twins_sheet *sheet,
                         const struct load_twins_verdict *verdict, struct core_text *text)
{
    core_text_add(text,
                  "too little randomness to tell whether virtual ranks get draws of their own: %zu "
                  "places gave %zu different result%s",
                  sheet->vectors * sheet->places, verdict->distinct,
                  verdict->distinct == 1 ? "" : "s");
}

/* Reports a text, or makes it the error. All ranks have the same text, and rank 0 tells it, unless
 * each compares its own. A rank that has no memory for the text goes on like the others. */
static shs_status pass_on(shs_loader *loader, const struct augment_kind *kind,
                          shs_report_kind report, const struct core_text *text)
{
    const struct load_twins *twins = loader->twins;
    const shs_run *run = loader->dataset->run;
    bool mine = run->rank == 0 || twins->local;
    char message[CORE_MESSAGE_BYTES];
    snprintf(message, sizeof message, "epoch %llu, step %llu: operator %s (version %lu): %s",
             (ull)twins->cursor.epoch, (ull)twins->cursor.step, kind->name,
             (unsigned long)kind->own->version, text->bytes ? text->bytes : "it has twins");
    if (report == SHS_REPORT_TWINS && loader->options.twins == SHS_TWINS_ERROR) {
        core_tell(SHS_ERROR_ARGUMENT, message, mine, !twins->local);
        return twins->local ? SHS_ERROR_ARGUMENT : core_wrap(SHS_ERROR_ARGUMENT, "rank 0");
    }
    if (mine) mpi_report(run, report, "%s", message);
    return SHS_OK;
}

shs_status load_twins_tell(shs_loader *loader, size_t operator_number,
                           const struct load_twins_flags *flags,
                           const struct load_twins_sheet *sheet)
{
    struct load_twins *twins = loader->twins;
    const struct augment_kind *kind =
        loader->augment->operations[twins->operation[operator_number]].kind;
    struct load_twins_verdict verdict = {.kind = LOAD_TWINS_NONE};
    struct core_text text = {0};
    shs_status status = SHS_OK;
    if (!kind->own->callback.draws_nothing && sheet->now) verdict = load_twins_judge(sheet);
    tell_finding(loader, flags, sheet, &verdict, &text);
    twins->done = text.length || text.status;
    if (twins->done) {
        status = pass_on(loader, kind, SHS_REPORT_TWINS, &text);
    } else if (verdict.kind == LOAD_TWINS_UNKNOWN && !twins->told_unknown) {
        twins->told_unknown = true;
        tell_unknown(sheet, &verdict, &text);
        status = pass_on(loader, kind, SHS_REPORT_TWINS_UNKNOWN, &text);
    }
    core_text_free(&text);
    return status;
}
