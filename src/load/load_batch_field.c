/* The fields of a batch by their names, and their elements by their types: batch.h. */
#include <stdio.h>
#include <string.h>

#include "core_nearest.h"
#include "core_text.h"
#include "load_units.h"

#define TAKE_ONE "pass the address of a batch that shs_next() gave"

/* What a program asks for. */
struct asked {
    const char *function;
    const shs_batch *batch;
    const char *field;
    shs_type type;
    uint64_t elements;
};

static shs_status refuse_name(const struct asked *asked)
{
    const char *names[SHS_MAX_FIELDS];
    char guess[CORE_GUESS_BYTES];
    struct core_text there = {0};
    size_t count = asked->batch->fields < SHS_MAX_FIELDS ? asked->batch->fields : SHS_MAX_FIELDS;
    for (size_t f = 0; f < count; f++) {
        names[f] = asked->batch->field[f].name;
        core_text_add(&there, "%s%s", f ? ", " : "", names[f]);
    }
    core_guess(core_nearest(asked->field, names, count), guess);
    core_fail(SHS_ERROR_ARGUMENT, "%s: the batch has no field %.80s; it has %.600s%s",
              asked->function, asked->field, there.length ? there.bytes : "none", guess);
    core_text_free(&there);
    return SHS_ERROR_ARGUMENT;
}

static shs_status find(const struct asked *asked, const shs_tensor **found)
{
    shs_status status = core_require(asked->batch, asked->function, "batch", TAKE_ONE);
    if (!status)
        status = core_require(asked->field, asked->function, "field", "pass the field's name");
    if (status) return status;
    for (size_t f = 0; f < asked->batch->fields; f++)
        if (!strcmp(asked->batch->field[f].name, asked->field)) {
            *found = &asked->batch->field[f];
            return SHS_OK;
        }
    return refuse_name(asked);
}

/* Any number can be cast to a float while it is loaded, except in a constant field, which no
 * operator changes. Integers are imported as they are wanted. */
static shs_status refuse_type(const struct asked *asked, const shs_tensor *field, bool constant)
{
    const char *has = shs_type_name(field->type), *wanted = shs_type_name(asked->type);
    bool cast = !constant && (asked->type == SHS_F32 || asked->type == SHS_F64);
    char take[64] = "", make[160];
    if (field->type != SHS_F16)
        snprintf(take, sizeof take, "take them by shs_batch_%s(), or ", has);
    if (cast)
        snprintf(make, sizeof make, "have them converted: .augment = \"%.80s: cast(type=%s)\"",
                 asked->field, wanted);
    else
        snprintf(make, sizeof make, "import the data with the type %s", wanted);
    return core_fail(SHS_ERROR_ARGUMENT, "%s: field %.80s has elements of type %s, not %s; %s%s",
                     asked->function, asked->field, has, wanted, take, make);
}

/* Refuses rows of another size. The field has an axis of rows unless it is constant. */
static shs_status check_elements(const struct asked *asked, const shs_tensor *field, bool constant)
{
    struct core_text text = {0};
    shs_tensor row = *field;
    uint64_t elements = 1;
    if (!constant && row.axes) memmove(row.shape, row.shape + 1, --row.axes * sizeof *row.shape);
    for (uint32_t axis = 0; axis < row.axes; axis++)
        elements *= row.shape[axis];
    if (!asked->elements || elements == asked->elements) return SHS_OK;
    core_text_add_shape(&text, &row);
    core_fail(
        SHS_ERROR_ARGUMENT,
        "%s: field %.80s has %llu elements %s (%s), not %llu; make the model for %llu%s",
        asked->function, asked->field, (ull)elements, constant ? "in its one copy" : "in each row",
        text.length ? text.bytes : "?", (ull)asked->elements, (ull)elements,
        constant ? "" : ", or change the samples by an operator such as resize or center_crop");
    core_text_free(&text);
    return SHS_ERROR_ARGUMENT;
}

static shs_status take(const struct asked *asked, const void *data, void **elements)
{
    const shs_tensor *field = NULL;
    shs_status status =
        core_require(data, asked->function, "data", "pass the address of a pointer of that type");
    if (!status) status = find(asked, &field);
    if (status) return status;
    const struct load_unit *unit = asked->batch->slot;
    bool constant = unit && (size_t)(field - asked->batch->field) >= unit->row_fields;
    if (field->type != asked->type) status = refuse_type(asked, field, constant);
    if (!status) status = check_elements(asked, field, constant);
    if (!status) *elements = field->data;
    return status;
}

shs_status shs_batch_field(const shs_batch *batch, const char *field, const shs_tensor **found)
{
    const struct asked asked = {.function = "shs_batch_field", .batch = batch, .field = field};
    shs_status status =
        core_require(found, asked.function, "found", "pass the address of a pointer to a tensor");
    if (status) return status;
    *found = NULL;
    return find(&asked, found);
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a type cannot stand in parentheses there */
#define TAKE(name, number, c_type)                                                                 \
    shs_status shs_batch_##name(const shs_batch *batch, const char *field, uint64_t elements,      \
                                c_type **data)                                                     \
    {                                                                                              \
        const struct asked asked = {"shs_batch_" #name, batch, field, number, elements};           \
        void *found = NULL;                                                                        \
        shs_status status = take(&asked, data, &found);                                            \
        if (data) *data = found;                                                                   \
        return status;                                                                             \
    }
/* NOLINTEND(bugprone-macro-parentheses) */
TAKE(f32, SHS_F32, float)
TAKE(f64, SHS_F64, double)
TAKE(u8, SHS_U8, uint8_t)
TAKE(u16, SHS_U16, uint16_t)
TAKE(u32, SHS_U32, uint32_t)
TAKE(u64, SHS_U64, uint64_t)
TAKE(i8, SHS_I8, int8_t)
TAKE(i16, SHS_I16, int16_t)
TAKE(i32, SHS_I32, int32_t)
TAKE(i64, SHS_I64, int64_t)
#undef TAKE
