#include "core_nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
    MOST = 64, /* most letters of a word that is compared */
    LETTERS_A_MISTAKE = 3
};

static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Counts the mistakes between the first i letters of a and the first j letters of b. rows[k] holds
 * the counts for i - k letters of a. */
static size_t mistakes_at(const char *a, size_t i, const char *b, size_t j,
                          size_t rows[3][MOST + 1])
{
    size_t most = least(rows[1][j], rows[0][j - 1]) + 1;
    most = least(most, rows[1][j - 1] + !same(a[i - 1], b[j - 1]));
    bool swapped = i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]);
    return swapped ? least(most, rows[2][j - 2] + 1) : most;
}

/* Counts the mistakes between two words: the edit distance with swaps of neighbours (optimal string
 * alignment). */
static size_t mistakes(const char *a, const char *b)
{
    size_t length = strlen(a), other = strlen(b), rows[3][MOST + 1];
    if (length > MOST || other > MOST) return SIZE_MAX;
    for (size_t j = 0; j <= other; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= length; i++) {
        memcpy(rows[2], rows[1], sizeof rows[1]);
        memcpy(rows[1], rows[0], sizeof rows[0]);
        rows[0][0] = i;
        for (size_t j = 1; j <= other; j++)
            rows[0][j] = mistakes_at(a, i, b, j, rows);
    }
    return rows[0][other];
}

/* Returns true if a known word is the word with another before it, as random_flip is of flip. */
static bool is_last_part(const char *word, const char *known)
{
    size_t length = strlen(word), all = strlen(known);
    return length >= LETTERS_A_MISTAKE && all > length && known[all - length - 1] == '_' &&
           strcasecmp(known + all - length, word) == 0;
}

const char *core_nearest(const char *word, const char *const *words, size_t count)
{
    size_t length = strlen(word), fewest = length / LETTERS_A_MISTAKE + 1;
    const char *nearest = NULL;
    for (size_t i = 0; i < count; i++)
        if (is_last_part(word, words[i])) return words[i];
    for (size_t i = 0; i < count; i++) {
        size_t now = mistakes(word, words[i]);
        if (now < fewest) {
            fewest = now;
            nearest = words[i];
        }
    }
    for (size_t i = 0; i < count && !nearest && length >= LETTERS_A_MISTAKE; i++)
        if (strcasestr(words[i], word)) nearest = words[i];
    return nearest;
}

const char *core_guess(const char *nearest, char guess[CORE_GUESS_BYTES])
{
    enum {
        MOST_BYTES = 280
    };
    *guess = '\0';
    if (nearest)
        snprintf(guess, CORE_GUESS_BYTES, "; did you mean %.*s%s?", (int)MOST_BYTES, nearest,
                 strlen(nearest) > MOST_BYTES ? "..." : "");
    return guess;
}
