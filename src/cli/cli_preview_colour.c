/* The colours of preview's sheets. */
#include "cli_preview_sheet.h"

const struct cli_colour cli_black = {0, 0, 0}, cli_pale = {238, 238, 238}, cli_blue = {31, 78, 140};
const struct cli_colour cli_nan_colour = {255, 0, 255};

/* Ten colours of viridis, in equal steps from 0 to 1. Viridis is the colour map that Stéfan van der
 * Walt, Nathaniel Smith and Eric Firing made for matplotlib and gave to the public domain (CC0);
 * equal steps of the number look alike, also to most colour-blind eyes and in grey. These are the
 * colours that the R package viridisLite prints for viridis(10). */
static const struct cli_colour viridis[] = {
    {0x44, 0x01, 0x54}, {0x48, 0x28, 0x78}, {0x3e, 0x4a, 0x89}, {0x31, 0x68, 0x8e},
    {0x26, 0x82, 0x8e}, {0x1f, 0x9e, 0x89}, {0x35, 0xb7, 0x79}, {0x6d, 0xcd, 0x59},
    {0xb4, 0xde, 0x2c}, {0xfd, 0xe7, 0x25}};

static double within_range(double number)
{
    return number < 0 ? 0 : number > 1 ? 1 : number;
}

/* Returns the number between two others, rounded. */
static unsigned char between(unsigned char from, unsigned char to, double part)
{
    return (unsigned char)((double)from + part * ((double)to - (double)from) + 0.5);
}

struct cli_colour cli_viridis(double number)
{
    enum {
        STEPS = sizeof viridis / sizeof *viridis - 1
    };
    double at = within_range(number) * STEPS;
    int step = (int)at < STEPS ? (int)at : STEPS - 1;
    const struct cli_colour *from = &viridis[step], *to = from + 1;
    double part = at - step;
    return (struct cli_colour){between(from->red, to->red, part),
                               between(from->green, to->green, part),
                               between(from->blue, to->blue, part)};
}

struct cli_colour cli_grey(double number)
{
    unsigned char shade = (unsigned char)(within_range(number) * 255 + 0.5);
    return (struct cli_colour){shade, shade, shade};
}
