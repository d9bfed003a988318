/* What is told of twins. */
#include <stdio.h>

#include "augment_apply.h"
#include "augment_operation.h"
#include "core_text.h"
#include "load.h"
#include "order_tree.h"

enum {
    MOST_NAMED = 4,
    MOST_OPERATORS = 8 /* that are named */
};

/* ---- What a subject is called. */

/* Returns the program's own operator that a subject is; NULL if it is the whole augmentation. */
static const struct augment_own *own_of(const shs_loader *loader, size_t operation)
{
    return operation == LOAD_TWINS_WHOLE ? NULL : loader->augment->operations[operation].kind->own;
}

static bool is_named_before(const shs_augment *augment, size_t operation)
{
    for (size_t before = 0; before < operation; before++)
        if (augment->operations[before].kind == augment->operations[operation].kind) return true;
    return false;
}

/* Appends the names of all operators, each once. */
static void add_operators(const shs_augment *augment, struct core_text *text)
{
    size_t count = 0, named = 0;
    for (size_t o = 0; o < augment->n_operations; o++)
        count += !is_named_before(augment, o);
    core_text_add(text, "operator%s ", count == 1 ? "" : "s");
    for (size_t o = 0; o < augment->n_operations && named < MOST_OPERATORS; o++)
        if (!is_named_before(augment, o))
            core_text_add(text, "%s%s", named++ ? ", " : "", augment->operations[o].kind->name);
    if (named < count) core_text_add(text, " and %zu more", count - named);
    if (count > 1) core_text_add(text, " together");
}

/* Appends the name of a subject: "operator salt (version 1)", or all operators. */
static void add_subject(const shs_loader *loader, size_t operation, struct core_text *text)
{
    const struct augment_own *own = own_of(loader, operation);
    if (own)
        core_text_add(text, "operator %s (version %lu)",
                      loader->augment->operations[operation].kind->name,
                      (unsigned long)own->version);
    else
        add_operators(loader->augment, text);
}

/* Returns what to do about a finding. If the program has operators of its own in the augmentation,
 * these are the first to be suspected. */
static const char *advice_for(const shs_loader *loader)
{
    size_t first;
    return augment_own_operations(loader->augment, &first, 1)
               ? "draw from call->stream only"
               : "this is a fault of the library or of this machine: please report it";
}

/* ---- Findings. */

/* What a finding is told of. */
struct finding {
    const shs_loader *loader;
    bool own; /* the subject is an operator of the program's own */
    const char *advice;
    const struct load_twins_flags *flags;
    const struct load_twins_sheet *sheet;
    const struct load_twins_verdict *verdict;
};

/* Appends the name of a vector: "virtual rank 3 (rank 1)" or "samples 8 to 15". With `epoch` it
 * ends in its epoch. */
static void add_vector(const struct finding *finding, const uint64_t *vector, bool epoch,
                       struct core_text *text)
{
    const shs_loader *loader = finding->loader;
    const struct load_twins_sheet *sheet = finding->sheet;
    const struct load_twins *twins = loader->twins;
    const shs_run *run = loader->dataset->run;
    size_t at = (size_t)(vector - sheet->results) / sheet->places;
    uint64_t number = at % sheet->now, vrank, rank = 0;
    for (uint64_t before = 0; twins->local && before < twins->vranks; before++)
        if (load_twins_vrank(loader, before) < run->first_vrank) number++;
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

static void tell_vectors(const struct finding *finding, struct core_text *text)
{
    const struct load_twins_sheet *sheet = finding->sheet;
    const struct load_twins_verdict *verdict = finding->verdict;
    size_t named = verdict->count <= MOST_NAMED ? verdict->count : MOST_NAMED - 1;
    bool mixed = verdict->member[verdict->count - 1] >= sheet->results + sheet->now * sheet->places;
    for (size_t i = 0; i < named; i++) {
        core_text_add(text, "%s", i == 0 ? "" : i + 1 < verdict->count ? ", " : " and ");
        add_vector(finding, verdict->member[i], mixed, text);
    }
    if (named < verdict->count) core_text_add(text, " and %zu more", verdict->count - named);
    core_text_add(text, " get the same results at %zu places of each: %s; %s", sheet->places,
                  finding->own ? "its randomness is seeded alike" : "their draws are the same",
                  finding->advice);
}

/* Appends what is wrong with the subject. Appends nothing if nothing is. */
static void tell_finding(const struct finding *finding, struct core_text *text)
{
    const struct load_twins_flags *flags = finding->flags;
    const shs_run *run = finding->loader->dataset->run;
    const char *it = finding->own ? "it" : "an operator", *advice = finding->advice;
    if (finding->verdict->kind == LOAD_TWINS_VECTORS)
        tell_vectors(finding, text);
    else if (flags->unsteady)
        core_text_add(text,
                      "the same place gave other results when it was run again on rank %llu: %s "
                      "uses a generator, a clock or memory of its own, or does not write every "
                      "element; %s",
                      (ull)((uint64_t)run->ranks - flags->unsteady), it, advice);
    else if (flags->greatest != ~flags->lowest)
        core_text_add(text,
                      "the same place gives other results on other ranks: %s uses addresses, the "
                      "process, a clock or the machine; %s",
                      it, advice);
    else if (finding->verdict->kind == LOAD_TWINS_SLOTS)
        core_text_add(text,
                      "all slots of a batch get the same result: %s does not depend on the slot; "
                      "%s",
                      finding->own ? "its randomness" : "the randomness", advice);
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

/* ---- Telling. */

/* Reports a text, or makes it the error. All ranks have the same text, and rank 0 tells it, unless
 * each compares its own. A rank that has no memory for the text goes on like the others. */
static shs_status pass_on(const shs_loader *loader, size_t operation, shs_report_kind report,
                          const struct core_text *text)
{
    const struct load_twins *twins = loader->twins;
    const shs_run *run = loader->dataset->run;
    bool mine = run->rank == 0 || twins->local;
    char message[CORE_MESSAGE_BYTES];
    struct core_text subject = {0};
    add_subject(loader, operation, &subject);
    snprintf(message, sizeof message, "epoch %llu, step %llu: %s: %s", (ull)twins->cursor.epoch,
             (ull)twins->cursor.step, subject.bytes ? subject.bytes : "an operator",
             text->bytes                  ? text->bytes
             : report == SHS_REPORT_TWINS ? "it has twins"
                                          : "nobody can tell whether it has twins");
    core_text_free(&subject);
    if (report == SHS_REPORT_TWINS && loader->options.twins == SHS_TWINS_ERROR) {
        core_tell(SHS_ERROR_ARGUMENT, message, mine, !twins->local);
        return twins->local ? SHS_ERROR_ARGUMENT : core_wrap(SHS_ERROR_ARGUMENT, "rank 0");
    }
    if (mine) mpi_report(run, report, "%s", message);
    return SHS_OK;
}

shs_status load_twins_tell(shs_loader *loader, size_t subject, const struct load_twins_flags *flags,
                           const struct load_twins_sheet *sheet)
{
    struct load_twins *twins = loader->twins;
    size_t operation = twins->operation[subject];
    const struct augment_own *own = own_of(loader, operation);
    struct load_twins_verdict verdict = {.kind = LOAD_TWINS_NONE};
    const struct finding finding = {loader, own, advice_for(loader), flags, sheet, &verdict};
    struct core_text text = {0};
    shs_status status = SHS_OK;
    if (!(own && own->callback.draws_nothing) && sheet->now) verdict = load_twins_judge(sheet);
    tell_finding(&finding, &text);
    twins->done = text.length || text.status;
    if (twins->done) {
        status = pass_on(loader, operation, SHS_REPORT_TWINS, &text);
    } else if (verdict.kind == LOAD_TWINS_UNKNOWN && !twins->told_unknown) {
        twins->told_unknown = true;
        tell_unknown(sheet, &verdict, &text);
        status = pass_on(loader, operation, SHS_REPORT_TWINS_UNKNOWN, &text);
    }
    core_text_free(&text);
    return status;
}

void load_twins_tell_failed(shs_loader *loader, size_t subject)
{
    struct load_twins *twins = loader->twins;
    struct core_text text = {0};
    if (twins->told_unknown) return;
    twins->told_unknown = true;
    core_text_add(&text,
                  "an error came when the first sample was tried at %zu places of each virtual "
                  "rank, so nobody can tell whether virtual ranks get draws of their own; an "
                  "operator must take every place, also slots that a batch does not have",
                  twins->places);
    pass_on(loader, twins->operation[subject], SHS_REPORT_TWINS_UNKNOWN, &text);
    core_text_free(&text);
}

void load_twins_tell_no_sample(const shs_loader *loader)
{
    struct core_text text = {0};
    core_text_add(&text,
                  "rank %d has no row to try the augmentation on, so nobody can tell "
                  "whether virtual ranks get draws of their own",
                  loader->twins->local ? loader->dataset->run->rank : 0);
    pass_on(loader, LOAD_TWINS_WHOLE, SHS_REPORT_TWINS_UNKNOWN, &text);
    core_text_free(&text);
}
