/* Warps of volumes: which fields have them, and what help says of them. Pure. */
#ifndef AUGMENT_VOLUME_H
#define AUGMENT_VOLUME_H

#include "augment_warp.h"

/* What `help` says of warps of volumes. */
#define AUGMENT_VOLUME_COMPUTES                                                                    \
    "With axes=zyx all is done in space: M, A, o and v have a third row, number and column, for "  \
    "z; cz = (depth - 1) / 2; sums of three are taken from the left, so that o0 becomes ((M00 * "  \
    "v0 + M01 * v1) + M02 * v2) + o0, and X = a * x + b * y + c * z + d with a = M00 * 2^32, b = " \
    "M01 * 2^32, c = M02 * 2^32, each held within -2^13 to 2^13 elements, and d = ((((cx - M00 * " \
    "cx) - M01 * cy) - M02 * cz) + o0) * 2^32, held within -2^29 to 2^29; Y and Z are made "       \
    "alike. "                                                                                      \
    "nearest takes element floor(Z + 1/2) along z. bilinear takes eight elements eZYX: of the "    \
    "plane e000, e001, e010, e011 it makes near as of four, of the plane behind it far, and "      \
    "gives "                                                                                       \
    "near + deep * (far - near), with deep the upper 24 bits behind the point of Z; near and far " \
    "are not rounded to the field's type. NaN is left out alike, in the order of e000, e001, "     \
    "e010, ... e111, with w = ((1 - right) * (1 - down)) * (1 - deep) for e000, and so on. "

/* The parameter `axes` of warps of images and of volumes. */
#define AUGMENT_VOLUME_PARAMETER(type)                                                             \
    {                                                                                              \
        .name = "axes", AUGMENT_MEMBER(type, warp.axes), .otherwise = "", .is_later = true,        \
        .help = "zyx for volumes, whose axes z, y and x follow each other in the layout; yx, "     \
                "which is the same as no axes, for images."                                        \
    }

/* Reads setting->axes. SHS_ERROR_ARGUMENT if they are neither yx nor zyx, or if a field has no such
 * volumes. */
shs_status augment_volume_bind(const struct augment_call *call,
                               struct augment_warp_setting *setting, struct augment_bound *bound);

/* The elements along z. */
size_t augment_volume_depth(const struct augment_bound *bound);

#endif
