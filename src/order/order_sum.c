#include "order_sum.h"

#include "core_memory.h"

struct order_sum {
    uint64_t vranks;
    size_t n_floats;
    size_t n_doubles;
    struct order_partial stack[ORDER_TREE_DEPTH + 1]; /* from left to right */
    size_t held;
    size_t most_held;
    size_t made; /* entries of the stack that have memory, which is made on demand */
};

shs_status order_sum_new(uint64_t vranks, size_t n_floats, size_t n_doubles, struct order_sum **sum)
{
    shs_status status = core_new(1, sizeof **sum, "a sum", sum);
    if (status) return status;
    (*sum)->vranks = vranks;
    (*sum)->n_floats = n_floats;
    (*sum)->n_doubles = n_doubles;
    return SHS_OK;
}

void order_sum_free(struct order_sum **sum)
{
    if (!*sum) return;
    for (size_t i = 0; i < (*sum)->made; i++) {
        core_free(&(*sum)->stack[i].vector.floats);
        core_free(&(*sum)->stack[i].vector.doubles);
    }
    core_free(sum);
}

void order_sum_reset(struct order_sum *sum)
{
    sum->held = 0;
}

size_t order_sum_held(const struct order_sum *sum)
{
    return sum->held;
}

size_t order_sum_most_held(const struct order_sum *sum)
{
    return sum->most_held;
}

struct order_partial order_sum_partial(const struct order_sum *sum, size_t at)
{
    return sum->stack[at];
}

static shs_status make_entry(struct order_sum *sum)
{
    struct order_vector vector = {0};
    if (sum->held < sum->made) return SHS_OK;
    shs_status status = core_new(sum->n_floats, sizeof *vector.floats, "a sum", &vector.floats);
    if (!status)
        status = core_new(sum->n_doubles, sizeof *vector.doubles, "a sum", &vector.doubles);
    if (status) {
        core_free(&vector.floats);
        return status;
    }
    sum->stack[sum->made++].vector = vector;
    return SHS_OK;
}

shs_status order_sum_push(struct order_sum *sum, uint64_t vrank, struct order_vector *vector)
{
    shs_status status = make_entry(sum);
    if (status) return status;
    struct order_partial *entry = &sum->stack[sum->held++];
    if (sum->held > sum->most_held) sum->most_held = sum->held;
    entry->node = (struct order_node){vrank, vrank + 1};
    *vector = entry->vector;
    return SHS_OK;
}

void order_add_floats(float *restrict to, const float *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

void order_add_doubles(double *restrict to, const double *restrict from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}

void order_sum_join(struct order_sum *sum)
{
    while (sum->held > 1) {
        struct order_partial *left = &sum->stack[sum->held - 2], *right = left + 1;
        if (!order_nodes_join(sum->vranks, left->node, right->node)) return;
        order_add_floats(left->vector.floats, right->vector.floats, sum->n_floats);
        order_add_doubles(left->vector.doubles, right->vector.doubles, sum->n_doubles);
        left->node.end = right->node.end;
        sum->held--;
    }
}

void order_sum_complete(struct order_sum *sum)
{
    struct order_partial *last = &sum->stack[sum->held - 1];
    last->node = order_node_parent(sum->vranks, last->node);
    order_sum_join(sum);
}

struct order_partial order_sum_pop(struct order_sum *sum)
{
    return sum->stack[--sum->held];
}
