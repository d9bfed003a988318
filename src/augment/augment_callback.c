#include "augment_callback.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "augment_operation.h"
#include "augment_table.h"
#include "core_memory.h"

/* ---- The table. */

/* An operator with the memory for its name. */
struct own_kind {
    struct augment_kind kind;
    struct augment_own own;
    char name[AUGMENT_NAME_BYTES];
};

/* Operators never move, because augmentations point to them. */
struct shs_augment_table {
    struct augment_table table;
    const struct augment_kind *kinds[AUGMENT_MOST_KINDS];
    _Atomic size_t holders; /* the program, and each augmentation that was opened with the table */
};

shs_status shs_augment_table_open(shs_augment_table **table)
{
    shs_status status = core_require(table, "shs_augment_table_open", "table",
                                     "pass the address of a shs_augment_table *");
    if (!status) status = core_new(1, sizeof **table, "a table of operators", table);
    if (status) return status;
    memcpy((*table)->kinds, augment_operators.kinds,
           augment_operators.count * sizeof *augment_operators.kinds);
    (*table)->table = (struct augment_table){(*table)->kinds, augment_operators.count};
    (*table)->holders = 1;
    return SHS_OK;
}

void shs_augment_table_close(shs_augment_table **table)
{
    if (!table || !*table) return;
    shs_augment_table *closed = *table;
    *table = NULL;
    if (--closed->holders) return;
    for (size_t k = augment_operators.count; k < closed->table.count; k++) {
        struct own_kind *own = (struct own_kind *)(uintptr_t)closed->kinds[k];
        core_free(&own);
    }
    core_free(&closed);
}

shs_augment_table *augment_own_hold(shs_augment_table *table)
{
    if (table) table->holders++;
    return table;
}

const struct augment_table *augment_own_table(const shs_augment_table *table)
{
    return table ? &table->table : &augment_operators;
}

/* ---- Registration. */

static bool is_letter(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
}

static bool is_name(const char *name)
{
    size_t length = 0;
    while (is_letter(name[length]) || (length && name[length] >= '0' && name[length] <= '9') ||
           (length && name[length] == '_'))
        length++;
    return length && !name[length] && length < AUGMENT_NAME_BYTES;
}

static shs_status check_name(const shs_augment_table *table, const char *name)
{
    if (!is_name(name))
        return core_fail(SHS_ERROR_ARGUMENT,
                         "shs_augment_register: the name '%.80s' is not valid; take a letter, then "
                         "letters, digits and _, at most %d characters",
                         name, AUGMENT_NAME_BYTES - 1);
    for (size_t k = 0; k < table->table.count; k++)
        if (strcmp(table->kinds[k]->name, name) == 0)
            return core_fail(
                SHS_ERROR_ARGUMENT,
                "shs_augment_register: %s is the name of an operator %s; take another "
                "name",
                name, table->kinds[k]->own ? "that was registered before" : "of the library");
    if (table->table.count < AUGMENT_MOST_KINDS) return SHS_OK;
    return core_fail(SHS_ERROR_ARGUMENT,
                     "shs_augment_register: %s: the table has %zu operators, the most that it can "
                     "have",
                     name, table->table.count);
}

static shs_status check_register(const shs_augment_table *table, const char *name,
                                 const shs_augment_callback *callback)
{
    static const char function[] = "shs_augment_register";
    shs_status status =
        core_require(table, function, "table", "make it with shs_augment_table_open()");
    if (!status) status = core_require(name, function, "name", "pass the operator's name");
    if (!status)
        status = core_require(callback, function, "callback",
                              "pass the address of a shs_augment_callback");
    if (!status && !callback->apply)
        status = core_fail(SHS_ERROR_ARGUMENT,
                           "%s: callback->apply is NULL; give the function that computes a sample",
                           function);
    return status ? status : check_name(table, name);
}

/* Which of the table's values a call has beside those of the program. */
static const struct augment_parameter own_parameters[] = {
    AUGMENT_CHANCE_PARAMETER, AUGMENT_LAYOUT_PARAMETER, {0}};

/* A value that the text gives, with the memory that the public struct borrows. */
struct own_value {
    char name[AUGMENT_NAME_BYTES];
    char *text;
    double *numbers;
};

struct own_setting {
    struct own_value *owned;
    shs_augment_value *values;
    size_t n_values;
};

shs_status shs_augment_register(shs_augment_table *table, const char *name, uint32_t version,
                                const shs_augment_callback *callback)
{
    struct own_kind *own;
    shs_status status = check_register(table, name, callback);
    if (!status) status = core_new(1, sizeof *own, "an operator", &own);
    if (status) return status;
    snprintf(own->name, sizeof own->name, "%s", name);
    own->own = (struct augment_own){version, *callback};
    own->kind = (struct augment_kind){.name = own->name,
                                      .help = "An operator of the program's own.",
                                      .draws = callback->draws_nothing ? NULL : "what it likes.",
                                      .setting_bytes = sizeof(struct own_setting),
                                      .parameters = own_parameters,
                                      .own = &own->own};
    table->kinds[table->table.count++] = &own->kind;
    return SHS_OK;
}

shs_status shs_augment_open_table(shs_augment_table *table, const char *text,
                                  const shs_tensor *samples, size_t fields, shs_augment **augment)
{
    if (augment) *augment = NULL;
    shs_status status = core_require(table, "shs_augment_open_table", "table",
                                     "make it with shs_augment_table_open()");
    if (status) return status;
    const struct augment_how how = {.table = augment_own_table(table), .own = table};
    return augment_open_how(&how, text, samples, fields, augment);
}

/* ---- Values. */

static bool is_of_library(const struct augment_value *value)
{
    return strcmp(value->name, "p") == 0 || strcmp(value->name, "layout") == 0 ||
           strcmp(value->name, "version") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct own_value *)a)->name, ((const struct own_value *)b)->name);
}

static shs_status print_value(const struct augment_value *value, char **printed)
{
    struct core_text text = {0};
    if (value->is_list || value->is_names) core_text_add(&text, value->is_list ? "[" : "(");
    for (size_t i = 0; i < value->n_items; i++)
        core_text_add(&text, "%s%s", i ? "," : "", value->items[i]);
    if (value->is_list || value->is_names) core_text_add(&text, value->is_list ? "]" : ")");
    return core_text_take(&text, printed);
}

/* Sets value->numbers if all items are numbers. */
static shs_status read_numbers(const struct augment_value *value, struct own_value *owned)
{
    shs_status status =
        core_new(value->n_items, sizeof *owned->numbers, "an operator's numbers", &owned->numbers);
    if (status) return status;
    for (size_t i = 0; i < value->n_items; i++)
        if (!core_parse_double(value->items[i], &owned->numbers[i])) {
            core_free(&owned->numbers);
            return SHS_OK;
        }
    return SHS_OK;
}

/* Returns how many numbers a value that was printed has. */
static size_t count_items(const char *text)
{
    size_t items = 1;
    for (; *text; text++)
        items += *text == ',';
    return items;
}

static shs_status read_values(const struct augment_call *call, struct own_setting *setting)
{
    shs_status status =
        core_new(call->n_values, sizeof *setting->owned, "an operator's values", &setting->owned);
    if (!status)
        status = core_new(call->n_values, sizeof *setting->values, "an operator's values",
                          &setting->values);
    for (size_t v = 0; v < call->n_values && !status; v++) {
        const struct augment_value *value = &call->values[v];
        if (is_of_library(value)) continue;
        struct own_value *owned = &setting->owned[setting->n_values++];
        memcpy(owned->name, value->name, sizeof owned->name);
        status = print_value(value, &owned->text);
        if (!status) status = read_numbers(value, owned);
    }
    if (status) return status;
    qsort(setting->owned, setting->n_values, sizeof *setting->owned, by_name);
    for (size_t v = 0; v < setting->n_values; v++) {
        const struct own_value *owned = &setting->owned[v];
        setting->values[v] = (shs_augment_value){owned->name, owned->text, owned->numbers,
                                                 owned->numbers ? count_items(owned->text) : 0};
    }
    return SHS_OK;
}

void augment_own_release(void *setting)
{
    struct own_setting *own = setting;
    if (!own) return;
    for (size_t v = 0; v < own->n_values; v++) {
        core_free(&own->owned[v].text);
        core_free(&own->owned[v].numbers);
    }
    core_free(&own->owned);
    core_free(&own->values);
}

void augment_own_print(const struct augment_kind *kind, const void *setting, struct core_text *text)
{
    const struct own_setting *own = setting;
    core_text_add(text, "version=%lu", (unsigned long)kind->own->version);
    for (size_t v = 0; v < own->n_values; v++)
        core_text_add(text, ", %s=%s", own->values[v].name, own->values[v].text);
}

void augment_own_describe(const shs_augment *augment, struct core_text *text)
{
    for (size_t o = 0; o < augment->n_operations; o++) {
        const struct augment_kind *kind = augment->operations[o].kind;
        bool first = kind->own != NULL;
        for (size_t before = 0; before < o && first; before++)
            first = augment->operations[before].kind != kind;
        if (first)
            core_text_add(text, "operator %s = version %lu\n", kind->name,
                          (unsigned long)kind->own->version);
    }
}

/* ---- Calls of the program's functions. */

/* Fails with what the program's function returned and wrote. */
static shs_status refuse(const struct augment_kind *kind, shs_status status, char *message)
{
    bool known = status < 0 && strcmp(shs_status_name(status), "unknown status") != 0;
    message[SHS_AUGMENT_MESSAGE_BYTES - 1] = '\0';
    return core_fail(known ? status : SHS_ERROR_ARGUMENT, "operator %s (version %lu): %s%s%s",
                     kind->name, (unsigned long)kind->own->version,
                     *message ? message : "it returned ", *message ? "" : shs_status_name(status),
                     known ? "" : ", which is no error of shs_status");
}

static shs_status check_version(const struct augment_kind *kind, const struct augment_call *call)
{
    for (size_t v = 0; v < call->n_values; v++) {
        const struct augment_value *value = &call->values[v];
        uint64_t version;
        if (strcmp(value->name, "version") != 0) continue;
        if (core_parse_u64(value->items[0], &version) && version == kind->own->version &&
            !value->is_list && !value->is_names)
            continue;
        return core_fail(SHS_ERROR_ARGUMENT,
                         "augmentation, character %zu: the text asks for version %s of %s, and the "
                         "program registered version %lu",
                         value->at, value->items[0], kind->name, (unsigned long)kind->own->version);
    }
    return SHS_OK;
}

/* Refuses what the program gave as the type and the shape of a result. */
static shs_status check_result(const struct augment_kind *kind, const struct augment_call *call,
                               const shs_tensor *result)
{
    size_t bytes;
    shs_status status = shs_tensor_bytes(result, &bytes);
    if (!status && !bytes) status = core_fail(SHS_ERROR_ARGUMENT, "an axis is empty");
    return core_wrap(status, "augmentation, character %zu: the result of operator %s (version %lu)",
                     call->at, kind->name, (unsigned long)kind->own->version);
}

static shs_status ask_program(const struct augment_kind *kind, const struct augment_call *call,
                              const struct own_setting *setting, struct augment_bound *bound)
{
    const shs_augment_callback *callback = &kind->own->callback;
    const char *layout = bound->grid.layout;
    char message[SHS_AUGMENT_MESSAGE_BYTES] = "";
    shs_tensor result = bound->before;
    const shs_augment_call asked = {.values = setting->values,
                                    .n_values = setting->n_values,
                                    .fields = 1,
                                    .inputs = &bound->before,
                                    .outputs = &result,
                                    .layouts = &layout,
                                    .message = message};
    if (!callback->bind) return SHS_OK;
    shs_status status = callback->bind(callback->user, &asked);
    if (status)
        return core_wrap(refuse(kind, status, message), "augmentation, character %zu, field %s",
                         call->at, bound->before.name);
    status = check_result(kind, call, &result);
    if (status) return status;
    bound->after = result;
    bound->after.name = bound->before.name;
    bound->after.data = NULL;
    if (result.axes != bound->before.axes) *bound->after_layout = '\0';
    return SHS_OK;
}

shs_status augment_own_bind(const struct augment_kind *kind, const struct augment_call *call,
                            void *setting, struct augment_bound *bound)
{
    shs_status status = check_version(kind, call);
    if (!status) status = read_values(call, setting);
    if (!status) status = ask_program(kind, call, setting, bound);
    return status;
}

/* Gives a tensor its data, and of a ragged sample only the rows that it has. */
static shs_tensor of_sample(const shs_tensor *sample, uint64_t rows, void *data)
{
    shs_tensor tensor = *sample;
    tensor.data = data;
    if (tensor.axes && rows < tensor.shape[0]) tensor.shape[0] = rows;
    return tensor;
}

static shs_status clear_rest(const shs_tensor *sample, const shs_tensor *written)
{
    size_t all, some;
    shs_status status = shs_tensor_bytes(sample, &all);
    if (!status) status = shs_tensor_bytes(written, &some);
    if (!status) memset((char *)written->data + some, 0, all - some);
    return status;
}

shs_status augment_own_apply(const struct augment_operation *operation, shs_random *stream,
                             const uint64_t *rows, const void *const *inputs, void *const *outputs)
{
    const struct augment_kind *kind = operation->kind;
    const shs_augment_callback *callback = &kind->own->callback;
    const struct own_setting *setting = operation->targets[0].setting;
    shs_tensor before[SHS_MAX_FIELDS], after[SHS_MAX_FIELDS];
    const char *layouts[SHS_MAX_FIELDS];
    char message[SHS_AUGMENT_MESSAGE_BYTES] = "";
    for (size_t t = 0; t < operation->n_targets; t++) {
        const struct augment_bound *bound = &operation->targets[t].bound;
        before[t] = of_sample(&bound->before, rows[t], (void *)(uintptr_t)inputs[t]);
        after[t] = of_sample(&bound->after, rows[t], outputs[t]);
        layouts[t] = bound->grid.layout;
    }
    const shs_augment_call call = {.values = setting->values,
                                   .n_values = setting->n_values,
                                   .fields = operation->n_targets,
                                   .inputs = before,
                                   .outputs = after,
                                   .layouts = layouts,
                                   .stream = callback->draws_nothing ? NULL : stream,
                                   .message = message};
    shs_status status = callback->apply(callback->user, &call);
    if (status) return refuse(kind, status, message);
    for (size_t t = 0; t < operation->n_targets && !status; t++)
        if (rows[t] != UINT64_MAX) {
            const struct augment_bound *bound = &operation->targets[t].bound;
            after[t] = of_sample(&bound->after, rows[t], outputs[t]);
            status = clear_rest(&bound->after, &after[t]);
        }
    return status;
}
