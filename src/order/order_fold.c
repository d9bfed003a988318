#include "order_fold.h"

#include <string.h>

#include "core_memory.h"

/* A partial sum that is left, or that waits for its other half. */
struct held {
    struct order_span span;
    size_t sole; /* the vector that it consists of; SIZE_MAX: a sum */
};

struct order_fold {
    size_t count;   /* vectors */
    uint8_t *joins; /* for each vector: how many times the last two are added after it */
    struct held *held;
    size_t left; /* partial sums that are left */
    size_t most; /* partial sums that are held at a time */
    char *room;  /* a block of the largest type for each of them */
};

static bool is_whole(uint64_t leaves, struct order_node node)
{
    return order_node_is_root(leaves, node);
}

bool order_span_join(struct order_trees trees, struct order_span *left, struct order_span right)
{
    if (is_whole(trees.members, left->members) && is_whole(trees.members, right.members)) {
        if (!order_nodes_join(trees.vranks, left->vranks, right.vranks)) return false;
        left->vranks.end = right.vranks.end;
        return true;
    }
    if (left->vranks.first != right.vranks.first ||
        !order_nodes_join(trees.members, left->members, right.members))
        return false;
    left->members.end = right.members.end;
    return true;
}

static void plan(struct order_fold *fold, struct order_trees trees, const struct order_span *spans)
{
    for (size_t i = 0; i < fold->count; i++) {
        fold->held[fold->left++] = (struct held){spans[i], i};
        if (fold->left > fold->most) fold->most = fold->left;
        while (fold->left > 1) {
            struct held *left = &fold->held[fold->left - 2];
            if (!order_span_join(trees, &left->span, left[1].span)) break;
            left->sole = SIZE_MAX;
            fold->left--;
            fold->joins[i]++;
        }
    }
}

shs_status order_fold_new(struct order_trees trees, const struct order_span *spans, size_t count,
                          struct order_fold **fold)
{
    shs_status status = core_new(1, sizeof **fold, "a sum", fold);
    if (status) return status;
    (*fold)->count = count;
    status = core_new(count, sizeof *(*fold)->joins, "a sum", &(*fold)->joins);
    if (!status) status = core_new(count, sizeof *(*fold)->held, "a sum", &(*fold)->held);
    if (!status) {
        plan(*fold, trees, spans);
        status =
            core_new((*fold)->most, ORDER_FOLD_BLOCK * sizeof(double), "a sum", &(*fold)->room);
    }
    if (status) order_fold_free(fold);
    return status;
}

void order_fold_free(struct order_fold **fold)
{
    if (!*fold) return;
    core_free(&(*fold)->joins);
    core_free(&(*fold)->held);
    core_free(&(*fold)->room);
    core_free(fold);
}

size_t order_fold_left(const struct order_fold *fold)
{
    return fold->left;
}

struct order_span order_fold_span(const struct order_fold *fold, size_t number)
{
    return fold->held[number].span;
}

size_t order_fold_sole(const struct order_fold *fold, size_t number)
{
    return fold->held[number].sole;
}

/* Adds held[1] to held[0]. The sum lies in `room`, where held[0] may lie already. */
static void join(bool doubles, const void **held, void *room, size_t count)
{
    if (held[0] == room)
        order_add(doubles, room, held[1], count);
    else
        order_join(doubles, room, held[0], held[1], count);
    held[0] = room;
}

/* Returns the number of partial sums that are left if the last `undone` additions are not made. */
static size_t fold_block(struct order_fold *fold, bool doubles, const void *const *from, size_t at,
                         size_t count, const void **left, size_t undone)
{
    const size_t bytes = ORDER_FOLD_BLOCK * sizeof(double);
    size_t held = 0, size = doubles ? sizeof(double) : sizeof(float);
    for (size_t i = 0; i < fold->count; i++) {
        size_t joins = fold->joins[i] - (i + 1 == fold->count ? undone : 0);
        left[held++] = (const char *)from[i] + at * size;
        for (; joins; joins--, held--)
            join(doubles, &left[held - 2], fold->room + (held - 2) * bytes, count);
    }
    return held;
}

void order_fold_block(struct order_fold *fold, bool doubles, const void *const *from, size_t at,
                      size_t count, const void **left)
{
    fold_block(fold, doubles, from, at, count, left, 0);
}

void order_fold_average(struct order_fold *fold, bool doubles, const void *const *from, size_t at,
                        size_t count, const void **left, uint64_t divisor, void *to)
{
    bool joins = fold->count > 1;
    fold_block(fold, doubles, from, at, count, left, joins);
    if (joins)
        order_average(doubles, to, left[0], left[1], count, divisor);
    else
        order_divide(doubles, to, left[0], count, divisor);
}
