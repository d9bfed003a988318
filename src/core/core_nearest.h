/* The word that a mistyped one was to be. */
#ifndef CORE_NEAREST_H
#define CORE_NEAREST_H

#include <stddef.h>

/* The first of the words that are most like `word`: it takes the fewest letters left out, added,
 * changed or swapped with their neighbour, whatever their case, and at most one for three letters
 * of `word`; or else it is the first that contains `word`, of three letters or more. NULL if there
 * is none. */
const char *core_nearest(const char *word, const char *const *words, size_t count);

#endif
