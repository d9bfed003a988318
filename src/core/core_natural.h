/* Puts names with numbers in them in the order in which people count. */
#ifndef CORE_NATURAL_H
#define CORE_NATURAL_H

/* Compares names byte by byte, but the numbers in them by size, so that demo_2 comes before
 * demo_10. Names that are equal so, such as 1 and 01, are compared byte by byte. Returns a number
 * below, equal to or above 0, like strcmp(). */
int core_compare_naturally(const char *one, const char *other);

#endif
