/* Finds the word that a mistyped word was meant to be. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

/* Finds the first of the words that are most like `word`. Likeness is counted in mistakes: letters
 * left out, added, changed or swapped with their neighbour, whatever their case. One mistake is
 * allowed for every three letters of `word`. If no word is like it, the first word that contains
 * `word`, of three letters or more, is found. Returns NULL if there is none. */
const char *core_nearest(const char *word, const char *const *words, size_t count);

enum {
    CORE_GUESS_BYTES = 320
};

/* Writes "; did you mean NEAREST?" for the end of a message into `guess`, or "" if `nearest` is
 * NULL. Returns `guess`. A name of over 280 bytes is cut, and three points stand for the rest. */
const char *core_guess(const char *nearest, char guess[CORE_GUESS_BYTES]);

#endif
