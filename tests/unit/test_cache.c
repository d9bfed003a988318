/* The cache of decoded chunks, against a list that is searched. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "counted_memory.h"
#include "fetch_cache.h"
#include "judge.h"
#include "unit.h"

#define NEVER UINT64_MAX

enum {
    FIELDS = 3,
    CHUNKS = 400,
    MOST_BYTES = 500
};

/* What ought to be there: a chunk's bytes, 0 if it is not kept, and its next use. */
struct model {
    size_t bytes[FIELDS][CHUNKS];
    uint64_t next[FIELDS][CHUNKS];
    struct fetch_cached *holder[FIELDS][CHUNKS]; /* NULL as soon as it is dropped */
    uint64_t budget, total;
    bool same_sizes;
};

/* The kept chunk that is used latest; all next uses differ. */
static bool find_latest(const struct model *model, size_t *field, size_t *chunk)
{
    bool found = false;
    for (size_t f = 0; f < FIELDS; f++)
        for (size_t c = 0; c < CHUNKS; c++) {
            if (!model->bytes[f][c]) continue;
            if (!found || model->next[f][c] > model->next[*field][*chunk]) *field = f, *chunk = c;
            found = true;
        }
    return found;
}

static void drop_from_model(struct model *model, size_t field, size_t chunk)
{
    model->total -= model->bytes[field][chunk];
    model->bytes[field][chunk] = 0;
}

/* Makes room by dropping what is used later; false if that does not suffice. */
static bool fits(struct model *model, size_t bytes, uint64_t next)
{
    size_t f = 0, c = 0;
    if (bytes > model->budget) return false;
    while (model->budget - model->total < bytes) {
        if (!find_latest(model, &f, &c) || model->next[f][c] <= next) return false;
        drop_from_model(model, f, c);
    }
    return true;
}

static bool is_like_model(const struct fetch_cache *cache, const struct model *model)
{
    unsigned char bytes[MOST_BYTES];
    bool same = CHECK_EQ(fetch_cache_bytes(cache), model->total) &&
                CHECK_IS(model->total, <=, model->budget);
    for (size_t f = 0; f < FIELDS; f++)
        for (size_t c = 0; c < CHUNKS; c++) {
            const struct fetch_cached *cached = fetch_cache_find(cache, f, c);
            harness_where("field %zu, chunk %zu", f, c);
            same = same && CHECK_EQ(cached != NULL, model->bytes[f][c] != 0) &&
                   CHECK(model->holder[f][c] == cached);
            if (!cached) continue;
            same = same && CHECK_EQ(cached->field, f) && CHECK_EQ(cached->chunk, c) &&
                   CHECK_EQ(cached->bytes, model->bytes[f][c]) &&
                   CHECK_EQ(cached->next_use, model->next[f][c]);
            memset(bytes, (int)(f * 91 + c), cached->bytes);
            same = same && CHECK_BYTES(cached->memory, bytes, cached->bytes);
        }
    harness_where(NULL);
    return same;
}

static void add(struct fetch_cache *cache, struct model *model, size_t f, size_t c, uint64_t next)
{
    size_t bytes = model->same_sizes ? 100 : 1 + (size_t)(next % MOST_BYTES);
    bool kept = fits(model, bytes, next);
    struct fetch_cached *cached = fetch_cache_add(cache, f, c, bytes, next, NULL, NULL);
    if (!NEED_EQ(cached != NULL, kept) || !kept) return;
    memset(cached->memory, (int)(f * 91 + c), bytes);
    cached->holder = &model->holder[f][c];
    model->holder[f][c] = cached;
    model->bytes[f][c] = bytes;
    model->next[f][c] = next;
    model->total += bytes;
}

/* Next uses that all differ and are spread. */
static uint64_t some_time(uint64_t *clock)
{
    return (++*clock * UINT64_C(0x9E3779B97F4A7C15)) >> 1;
}

static uint64_t revised(void *user, const struct fetch_cached *cached)
{
    const struct model *model = user;
    return model->next[cached->field][cached->chunk];
}

static void revise(struct fetch_cache *cache, struct model *model, uint64_t *clock)
{
    for (size_t f = 0; f < FIELDS; f++)
        for (size_t c = 0; c < CHUNKS; c++)
            model->next[f][c] = some_time(clock);
    fetch_cache_revise(cache, revised, model);
}

static void do_something(struct fetch_cache *cache, struct model *model, uint64_t *state,
                         uint64_t *clock)
{
    size_t f = judge_random(state) % FIELDS, c = judge_random(state) % CHUNKS;
    struct fetch_cached *cached = fetch_cache_find(cache, f, c);
    uint64_t next = some_time(clock);
    if (!cached) {
        add(cache, model, f, c, next);
    } else if (judge_random(state) % 4) {
        fetch_cache_use_next(cache, cached, next);
        model->next[f][c] = next;
    } else {
        fetch_cache_drop(cache, cached);
        drop_from_model(model, f, c);
    }
}

static void what_is_used_latest_goes_first(void)
{
    static const uint64_t budgets[] = {0, 99, 100, 1000, 20000, 10000000};
    static struct model model;
    uint64_t state = 1, clock = 0, wrong = 0;
    for (size_t i = 0; i < 2 * COUNT(budgets); i++) {
        struct fetch_cache *cache;
        model = (struct model){.budget = budgets[i / 2], .same_sizes = i % 2};
        if (!NEED_STATUS(fetch_cache_new(model.budget, &cache), SHS_OK)) return;
        for (int k = 0; k < 6000; k++) {
            do_something(cache, &model, &state, &clock);
            if (k % 500 == 0) revise(cache, &model, &clock);
            if (k % 50 == 0) wrong += !is_like_model(cache, &model);
        }
        fetch_cache_clear(cache);
        memset(model.bytes, 0, sizeof model.bytes);
        model.total = 0;
        wrong += !is_like_model(cache, &model);
        add(cache, &model, 0, 0, 5);
        wrong += !is_like_model(cache, &model);
        fetch_cache_free(&cache);
        CHECK(cache == NULL);
    }
    fetch_cache_free(&(struct fetch_cache *){NULL});
    CHECK_EQ(wrong, 0);
}

static void equal_next_uses_change_nothing(void)
{
    struct fetch_cache *cache;
    if (!NEED_STATUS(fetch_cache_new(200, &cache), SHS_OK)) return;
    CHECK(fetch_cache_add(cache, 0, 1, 100, NEVER, NULL, NULL) != NULL);
    CHECK(fetch_cache_add(cache, 0, 2, 100, 7, NULL, NULL) != NULL);
    CHECK(fetch_cache_add(cache, 0, 3, 100, NEVER, NULL, NULL) == NULL);
    CHECK(fetch_cache_add(cache, 0, 3, 100, 8, NULL, NULL) != NULL);
    CHECK(fetch_cache_find(cache, 0, 1) == NULL);
    CHECK(fetch_cache_add(cache, 0, 4, 100, 8, NULL, NULL) == NULL);
    CHECK(fetch_cache_add(cache, 0, 4, 201, 1, NULL, NULL) == NULL);
    CHECK_EQ(fetch_cache_bytes(cache), 200);
    fetch_cache_free(&cache);
}

/* Whatever call fails, nothing is lost and what is there is right. */
static void short_memory_keeps_less(void)
{
    static struct model model;
    size_t failed = 0;
    for (long fail_at = 1; fail_at < 700; fail_at += fail_at < 20 ? 1 : 37) {
        struct counted_memory counted;
        struct fetch_cache *cache;
        model = (struct model){.budget = 1000000, .same_sizes = true};
        counted_begin(&counted, fail_at);
        if (fetch_cache_new(model.budget, &cache) == SHS_OK) {
            for (size_t c = 0; c < CHUNKS; c++)
                if (counted.failed || counted.calls + 3 < fail_at) {
                    add(cache, &model, 0, c, c);
                } else if (fetch_cache_add(cache, 0, c, 100, c, NULL, NULL)) {
                    fetch_cache_drop(cache, fetch_cache_find(cache, 0, c));
                }
            CHECK(is_like_model(cache, &model));
        }
        failed += (size_t)counted.failed;
        fetch_cache_free(&cache);
        CHECK(cache == NULL);
        CHECK_EQ(counted_end(&counted), 0);
    }
    CHECK_IS(failed, >, 20);
}

int main(int argc, char **argv)
{
    static const struct harness_test tests[] = {
        TEST(what_is_used_latest_goes_first),
        TEST(equal_next_uses_change_nothing),
        TEST(short_memory_keeps_less),
    };
    return harness_main("cache", tests, COUNT(tests), argc, argv);
}
