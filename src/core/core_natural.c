#include "core_natural.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Compares the numbers that two texts begin with, and moves both texts past them. */
static int compare_numbers(const unsigned char **a, const unsigned char **b)
{
    size_t lengths[2];
    const char *digits[2] = {(const char *)*a, (const char *)*b};
    for (int i = 0; i < 2; i++) {
        digits[i] += strspn(digits[i], "0");
        lengths[i] = strspn(digits[i], "0123456789");
    }
    *a = (const unsigned char *)digits[0] + lengths[0];
    *b = (const unsigned char *)digits[1] + lengths[1];
    if (lengths[0] != lengths[1]) return lengths[0] < lengths[1] ? -1 : 1;
    return memcmp(digits[0], digits[1], lengths[0]);
}

int core_compare_naturally(const char *one, const char *other)
{
    const unsigned char *a = (const unsigned char *)one, *b = (const unsigned char *)other;
    while (*a && *b) {
        if (is_digit((char)*a) && is_digit((char)*b)) {
            int difference = compare_numbers(&a, &b);
            if (difference) return difference;
        } else {
            if (*a != *b) return *a < *b ? -1 : 1;
            a++;
            b++;
        }
    }
    if (*a || *b) return *a ? 1 : -1;
    return strcmp(one, other);
}
