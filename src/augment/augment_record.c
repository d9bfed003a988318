#include "augment_record.h"

#include "augment_operation.h"
#include "augment_print.h"
#include "core_memory.h"

void augment_record(const shs_augment *augment, shs_random *stream, struct core_text *text)
{
    const char *between = "";
    for (size_t o = 0; o < augment->n_operations && !text->status; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        const struct augment_kind *kind = operation->kind;
        void *draw;
        if (!kind->draw) continue;
        text->status = core_new(1, kind->draw_bytes, "an operator's draws", &draw);
        if (text->status) return;
        augment_draw(operation, stream, draw);
        core_text_add(text, "%s%s(", between, kind->name);
        kind->tell(&operation->targets[0].bound, draw, text);
        core_text_add(text, ")");
        core_free(&draw);
        between = " ";
    }
}

/* The layout of an operation's fields; NULL if they have no layout, or different layouts. */
static const char *shared_layout(const struct augment_operation *operation)
{
    const char *layout = operation->targets[0].bound.grid.layout;
    for (size_t t = 1; t < operation->n_targets; t++)
        if (!layout || strcmp(operation->targets[t].bound.grid.layout, layout) != 0) return NULL;
    return layout;
}

static void print_fields(const shs_augment *augment, const struct augment_operation *operation,
                         struct core_text *text)
{
    for (size_t t = 0; t < operation->n_targets; t++)
        core_text_add(text, "%s%s", t ? "," : "",
                      augment->inputs[operation->targets[t].field].name);
    core_text_add(text, ":");
}

void augment_print(const shs_augment *augment, struct core_text *text)
{
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct augment_operation *operation = &augment->operations[o];
        if (operation->begins_statement) {
            if (o) core_text_add(text, "; ");
            print_fields(augment, operation, text);
        }
        core_text_add(text, " ");
        augment_print_call(operation->kind, operation->targets[0].setting, shared_layout(operation),
                           text);
    }
}
