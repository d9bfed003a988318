/* IEEE 754 binary16, for which C11 has no type. */
#ifndef CORE_HALF_H
#define CORE_HALF_H

#include <stdint.h>
#include <string.h>

/* Returns a half as a float, exactly. */
static inline float core_half_to_float(uint16_t half)
{
    uint32_t exponent = half >> 10 & 31, fraction = half & 1023u;
    float sign = half >> 15 ? -1.0f : 1.0f;
    if (exponent == 0) return sign * (float)fraction * 0x1p-24f;
    if (exponent < 31) {
        uint32_t bits = (exponent + 112) << 23 | fraction << 13;
        float magnitude;
        memcpy(&magnitude, &bits, sizeof magnitude);
        return sign * magnitude;
    }
    uint32_t bits = (uint32_t)(half >> 15) << 31 | 0x7f800000u | fraction << 13;
    float special;
    memcpy(&special, &bits, sizeof special);
    return special;
}

#endif
