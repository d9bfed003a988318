/* The word that a mistyped one was to be. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

/* The first of the words that are most like `word`: it takes the fewest letters left out, added,
 * changed or swapped with their neighbour, whatever their case, and at most one for three letters
 * of `word`; or else it is the first that contains `word`, of three letters or more. NULL if there
 * is none. */
const char *core_nearest(const char *word, const char *const *words, size_t count);

enum {
    CORE_GUESS_BYTES = 320
};

/* "; did you mean NEAREST?" for the end of a message, in `guess`; "" if `nearest` is NULL. Returns
 * `guess`. A name of over 280 bytes is cut, and three points stand for the rest. */
const char *core_guess(const char *nearest, char guess[CORE_GUESS_BYTES]);

#endif
