#include "grid_pixels.h"

#include <string.h>

#include "random_kernels.h"

/* Returns the kernels for the instruction set that random numbers are made with. */
static const struct grid_pixel_kernels *kernels_now(void)
{
#if defined(__x86_64__)
    if (random_kernels_now() == &random_kernels_avx512) return &grid_pixel_kernels_avx512;
    if (random_kernels_now() == &random_kernels_avx2) return &grid_pixel_kernels_avx2;
#endif
    return &grid_pixel_kernels_plain;
}

/* Returns the largest integer of a type, 0 for floats. */
static float largest_of(shs_type type)
{
    return (float)(type == SHS_U8 ? UINT8_MAX : type == SHS_U16 ? UINT16_MAX : 0);
}

/* ---- The sum of grays. */

enum {
    LANES = 8
};

/* Whole numbers are summed by channel, exactly. Floats have the gray of pixel k of the sample added
 * to lane k mod 8, in f64. */
struct grays {
    uint64_t channel[GRID_COLOURS];
    double lane[LANES];
    uint64_t count; /* of pixels whose gray is finite */
};

static void add_floats(struct grays *grays, size_t first, size_t count, size_t channels,
                       const struct grid_planes *planes)
{
    for (size_t i = 0; i < count; i++) {
        float r = planes->channel[0][i], g = planes->channel[1][i], b = planes->channel[2][i];
        float gray = channels == 1 ? r : (0.2989f * r + 0.587f * g) + 0.114f * b;
        if (gray - gray != 0) continue;
        grays->lane[(first + i) % LANES] += (double)gray;
        grays->count++;
    }
}

static double mean_gray(const struct grays *grays, size_t channels, bool whole)
{
    const uint64_t *sum = grays->channel;
    const double *lane = grays->lane;
    double total =
        ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
    if (whole && channels == 1) total = (double)sum[0];
    if (whole && channels > 1)
        total = (0.2989 * (double)sum[0] + 0.587 * (double)sum[1]) + 0.114 * (double)sum[2];
    return grays->count ? total / (double)grays->count : 0;
}

/* ---- A pass over the pixels of a sample. */

struct pass {
    const struct grid_pixel_kernels *kernels;
    shs_type type;
    size_t size; /* of an element */
    float most;  /* the largest integer of the type, 0 for floats */
    size_t channels;
    const struct grid_step *steps;
    size_t count;        /* of steps */
    struct grays *grays; /* what the results are added to; NULL: to nothing */
    const char *from;
    char *to; /* NULL: the results are only added */
    bool single;
};

/* Loads or stores pixels that lie `apart` elements from channel to channel, next to one another in
 * each channel. */
static void load_rows(const struct pass *pass, size_t at, size_t apart, size_t count,
                      struct grid_planes *planes)
{
    for (size_t c = 0; c < pass->channels; c++)
        pass->kernels->load_row(pass->type, pass->from + (at + c * apart) * pass->size, count,
                                planes->channel[c]);
}

static void store_rows(const struct pass *pass, size_t at, size_t apart, size_t channels,
                       size_t count, const struct grid_planes *planes)
{
    for (size_t c = 0; c < channels; c++)
        pass->kernels->store_row(pass->type, planes->channel[c], count,
                                 pass->to + (at + c * apart) * pass->size);
}

/* Computes `count` pixels, the first of which is pixel `first` of the sample, and whose first
 * element is element `at`. Channels lie `apart` elements from each other. */
static void compute_pixels(const struct pass *pass, size_t first, size_t at, size_t apart,
                           size_t count, struct grid_planes *planes)
{
    bool together = apart == 1 && pass->channels > 1;
    if (together)
        pass->kernels->load(pass->type, pass->from + at * pass->size, count, planes);
    else
        load_rows(pass, at, apart, count, planes);
    for (size_t s = 0; s < pass->count; s++)
        pass->kernels->step(&pass->steps[s], pass->most, pass->channels, planes);
    if (pass->grays && pass->most > 0) {
        pass->grays->count += count;
        for (size_t c = 0; c < pass->channels; c++)
            pass->grays->channel[c] += pass->kernels->sum(planes->channel[c], count);
    } else if (pass->grays) {
        add_floats(pass->grays, first, count, pass->channels, planes);
    }
    if (!pass->to) return;
    if (pass->single)
        store_rows(pass, first, 0, 1, count, planes);
    else if (together)
        pass->kernels->store(pass->type, planes, count, pass->to + at * pass->size);
    else
        store_rows(pass, at, apart, pass->channels, count, planes);
}

/* Goes over all pixels. With channels last they are one run, else a run for each position of the
 * axes before the channels. */
static void run_pass(const struct pass *pass, const struct grid_pixels *pixels)
{
    struct grid_planes planes;
    size_t runs = pixels->outer, length = pixels->inner;
    size_t step = pixels->inner == 1 ? pass->channels : 1;
    if (pixels->inner == 1 || pass->channels == 1) {
        length *= runs;
        runs = 1;
    }
    memset(&planes, 0, sizeof planes);
    for (size_t run = 0; run < runs; run++)
        for (size_t i = 0, some; i < length; i += some) {
            some = length - i < GRID_PIXELS ? length - i : GRID_PIXELS;
            compute_pixels(pass, run * length + i, run * length * pass->channels + i * step,
                           pixels->inner, some, &planes);
        }
}

/* ---- Steps on a sample. */

static bool is_contrast(const struct grid_step *step)
{
    return step->form == GRID_CONTRAST;
}

/* Contrast needs the mean of what comes out of the steps before it, so a pass ends there, and the
 * next one begins with it. */
void grid_change_pixels(const struct grid_pixels *pixels, const struct grid_step *steps,
                        size_t count, bool single, const void *input, void *output)
{
    struct grid_step own[GRID_MOST_STEPS];
    bool whole = pixels->type != SHS_F32;
    struct grays grays = {{0}, {0}, 0};
    struct pass pass = {.kernels = kernels_now(),
                        .type = pixels->type,
                        .size = shs_type_size(pixels->type),
                        .most = largest_of(pixels->type),
                        .channels = pixels->channels,
                        .steps = own,
                        .from = input,
                        .to = output,
                        .single = single};
    size_t contrast = 0;
    memcpy(own, steps, count * sizeof *steps);
    while (contrast < count && !is_contrast(&own[contrast]))
        contrast++;
    if (contrast < count) {
        pass.count = contrast;
        pass.grays = &grays;
        if (!contrast) pass.to = NULL;
        run_pass(&pass, pixels);
        float mean = (float)mean_gray(&grays, pass.channels, whole);
        own[contrast].added = (1.0f - own[contrast].factor) * mean;
        pass.grays = NULL;
        pass.from = contrast ? output : input;
        pass.to = output;
        pass.steps = own + contrast;
    }
    pass.count = count - (contrast < count ? contrast : 0);
    run_pass(&pass, pixels);
}

void grid_brighten(shs_type type, const struct grid_step *step, size_t count, const void *input,
                   void *output)
{
    struct grid_planes planes = {0};
    const struct grid_pixel_kernels *kernels = kernels_now();
    size_t size = shs_type_size(type);
    for (size_t done = 0, some; done < count; done += some) {
        some = count - done < GRID_PIXELS ? count - done : GRID_PIXELS;
        kernels->load_row(type, (const char *)input + done * size, some, planes.channel[0]);
        kernels->step(step, largest_of(type), 1, &planes);
        kernels->store_row(type, planes.channel[0], some, (char *)output + done * size);
    }
}
