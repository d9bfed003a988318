#include "train_chain.h"

#include <string.h>

#include "core_text.h"

static const char *const names[TRAIN_CHAIN_PARTS] = {"rows", "draws", "batch", "mean", "weights"};
static const char note[] = "note\t";

enum {
    DIGITS = CORE_DIGEST_TEXT - 1
};

const char *train_chain_name(enum train_chain_part part)
{
    return names[part];
}

static bool is_digest(const char *text, size_t length)
{
    return length == DIGITS && strspn(text, "0123456789abcdef") >= DIGITS;
}

/* Reads the word before the next tab, which must be a hash or "-". Returns NULL for anything else.
 */
static const char *read_part(const char *at, const char *end, char part[CORE_DIGEST_TEXT])
{
    const char *tab = memchr(at, '\t', (size_t)(end - at));
    size_t length = tab ? (size_t)(tab - at) : 0;
    if (!tab || !(is_digest(at, length) || (length == 1 && *at == '-'))) return NULL;
    memcpy(part, at, length);
    part[length] = '\0';
    return tab + 1;
}

static bool read_step(const char *at, const char *end, uint64_t *step)
{
    char number[24];
    const char *tab = memchr(at, '\t', (size_t)(end - at));
    size_t length = tab ? (size_t)(tab - at) : sizeof number;
    if (length >= sizeof number) return false;
    memcpy(number, at, length);
    number[length] = '\0';
    return core_parse_u64(number, step);
}

enum train_chain_kind train_chain_read(const char *text, size_t length,
                                       struct train_chain_line *line)
{
    *line = (struct train_chain_line){0};
    if (length < DIGITS + 2) return TRAIN_CHAIN_ALIEN;
    line->own = length - DIGITS - 1;
    if (text[line->own] != '\t' || !is_digest(text + line->own + 1, DIGITS))
        return TRAIN_CHAIN_ALIEN;
    memcpy(line->chain, text + line->own + 1, DIGITS);
    if (!strncmp(text, note, strlen(note))) return TRAIN_CHAIN_NOTE;
    const char *end = text + line->own + 1, *at = memchr(text, '\t', length);
    if (!read_step(text, end, &line->step)) return TRAIN_CHAIN_ALIEN;
    at++;
    for (int part = 0; part < TRAIN_CHAIN_PARTS && at; part++)
        at = read_part(at, end, line->part[part]);
    return at == end ? TRAIN_CHAIN_STEP : TRAIN_CHAIN_ALIEN;
}

static void take(const struct core_hash *hash, char chain[CORE_DIGEST_TEXT])
{
    struct core_digest digest = core_hash_digest(hash);
    core_digest_text(&digest, chain);
}

void train_chain_begin(struct core_hash *hash, const char *header, size_t length,
                       char chain[CORE_DIGEST_TEXT])
{
    core_hash_reset(hash);
    core_hash_add(hash, header, length);
    take(hash, chain);
}

void train_chain_go_on(struct core_hash *hash, const char *own, size_t length,
                       char chain[CORE_DIGEST_TEXT])
{
    core_hash_reset(hash);
    core_hash_add(hash, chain, DIGITS);
    core_hash_add(hash, own, length);
    take(hash, chain);
}
