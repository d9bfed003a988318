/* Kinds of HDF5 files: what can be chosen about a dataset, and a selection of combinations in which
 * each choice meets each other one. */
#ifndef MATRIX_H
#define MATRIX_H

#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "h5_defect.h"
#include "h5_guard.h"
#include "io_filter.h"
#include "judge.h"
#include "registered_filters.h"
#include "unit.h"

/* What is chosen. */
enum choice {
    TYPE,
    AXES,
    LAYOUT,
    FILTERS,
    FORMAT,
    GROWTH,
    ALLOCATION,
    USER_BLOCK,
    FILL,
    WRITTEN,
    EDGES,
    CONTENT,
    SKIPPED,
    CHOICES
};

enum layout {
    CONTIGUOUS,
    WHOLE_ROWS, /* chunks of several */
    PARTS,      /* chunks of several rows, cut along all axes */
    ONE_ROW,    /* a chunk */
    ONE_CHUNK,
    LARGER, /* one chunk, larger than the dataset */
    COMPACT,
    EXTERNAL,
    LAYOUTS
};

enum format {
    EARLIEST,
    V18,
    LATEST,
    FORMATS
};

/* Axes that may grow. */
enum growth {
    FIXED,
    FIRST_GROWS,
    ALL_GROW,
    GROWTHS
};

enum allocation {
    USUAL,
    EARLY,
    ALLOCATIONS
};

enum fill {
    DEFAULT,
    SET,
    UNDEFINED,
    FILLS
};

enum written {
    ALL,
    NOTHING,
    SOME, /* of the chunks, or the first rows */
    WRITTENS
};

enum edges {
    NO_EDGES, /* whole chunks alone */
    RAGGED,
    RAW,    /* ragged, and not filtered there */
    GROWN,  /* after the first rows were written */
    SHRUNK, /* after all rows and more were */
    EDGES_KINDS
};

enum content {
    SMOOTH,
    NOISE, /* which becomes larger when it is compressed */
    CONSTANT,
    CONTENTS
};

/* Of one chunk. */
enum skipped {
    NONE,
    ALL_FILTERS,
    FIRST_FILTER,
    LAST_FILTER,
    SKIPPEDS
};

static const H5Z_filter_t pipelines[][4] = {
    {0},
    {H5Z_FILTER_DEFLATE},
    {H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE},
    {H5Z_FILTER_FLETCHER32},
    {H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32},
    {H5Z_FILTER_SHUFFLE, H5Z_FILTER_FLETCHER32},
    {H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32},
    {H5Z_FILTER_SHUFFLE},
    {H5Z_FILTER_FLETCHER32, H5Z_FILTER_SHUFFLE, H5Z_FILTER_DEFLATE},
    {BITSHUFFLE},
    {BITSHUFFLE, H5Z_FILTER_DEFLATE, H5Z_FILTER_FLETCHER32},
#if IO_HAS_LZF
    {LZF},
    {H5Z_FILTER_SHUFFLE, LZF, H5Z_FILTER_FLETCHER32},
#endif
#if IO_HAS_LZ4
    {LZ4},
    {H5Z_FILTER_SHUFFLE, LZ4},
#endif
#if IO_HAS_ZSTD
    {ZSTD},
    {H5Z_FILTER_SHUFFLE, ZSTD, H5Z_FILTER_FLETCHER32},
#endif
#if IO_HAS_BLOSC
    {BLOSC},
    {BLOSC, H5Z_FILTER_FLETCHER32},
#endif
    /* not to be read directly */
    {H5Z_FILTER_NBIT},
    {H5Z_FILTER_SCALEOFFSET},
    {H5Z_FILTER_SZIP},
    {H5Z_FILTER_SHUFFLE, UNKNOWN},
    {H5Z_FILTER_DEFLATE, H5Z_FILTER_DEFLATE},
};

/* The last type is f16, which HDF5 does not have. */
enum {
    TYPES = 11,
    HALF = TYPES - 1
};

static const unsigned choices_of[CHOICES] = {
    [TYPE] = 2 * TYPES,   [AXES] = 5,           [LAYOUT] = LAYOUTS,    [FILTERS] = COUNT(pipelines),
    [FORMAT] = FORMATS,   [GROWTH] = GROWTHS,   [USER_BLOCK] = 3,      [ALLOCATION] = ALLOCATIONS,
    [FILL] = FILLS,       [WRITTEN] = WRITTENS, [EDGES] = EDGES_KINDS, [CONTENT] = CONTENTS,
    [SKIPPED] = SKIPPEDS,
};

/* One file: a number for each choice. */
struct kind {
    unsigned of[CHOICES];
};

static inline bool scale_offset_works(void)
{
    static int works = -1;
    struct h5_guard guard = h5_guard_begin();
    if (works < 0) works = h5_reads_scale_offset();
    h5_guard_end(&guard);
    return works;
}

static inline bool is_chunked(const struct kind *kind)
{
    return kind->of[LAYOUT] >= WHOLE_ROWS && kind->of[LAYOUT] <= LARGER;
}

/* ---- Combinations. */

/* Gives up what cannot be had together. */
static inline void make_possible(struct kind *kind)
{
    unsigned *of = kind->of;
    /* an HDF5 that does not read its own scaled values: N-bit, the entry before */
    if (pipelines[of[FILTERS]][0] == H5Z_FILTER_SCALEOFFSET && !scale_offset_works()) of[FILTERS]--;
    if (!is_chunked(kind)) {
        of[FILTERS] = 0;
        of[GROWTH] = FIXED;
        of[EDGES] = RAGGED;
    }
    if (of[LAYOUT] == EXTERNAL) of[WRITTEN] = ALL; /* a file that is not there is no short one */
    if (of[LAYOUT] == EXTERNAL || of[LAYOUT] == COMPACT) of[ALLOCATION] = USUAL;
    if (of[LAYOUT] == COMPACT && of[FILL] == UNDEFINED) of[FILL] = DEFAULT;
    if (of[LAYOUT] == LARGER) {
        if (of[GROWTH] == FIXED) of[GROWTH] = FIRST_GROWS;
        if (of[EDGES] == NO_EDGES) of[EDGES] = RAGGED;
    }
    if (of[LAYOUT] == ONE_CHUNK) of[EDGES] = NO_EDGES;
    if (of[GROWTH] == FIXED && of[EDGES] > RAW) of[EDGES] = RAGGED;
    if (of[EDGES] == SHRUNK) of[WRITTEN] = ALL;
    if (of[EDGES] == RAW) of[FORMAT] = LATEST; /* older ones do not know it */
    if (of[WRITTEN] != ALL || pipelines[of[FILTERS]][0] == 0) of[SKIPPED] = NONE;
    /* HDF5 notes what it skipped only of a chunk that was not there before */
    if (of[SKIPPED] != NONE) {
        of[ALLOCATION] = USUAL;
        if (of[EDGES] > RAW || of[LAYOUT] == LARGER) of[EDGES] = RAGGED;
    }
    if (!pipelines[of[FILTERS]][1] && of[SKIPPED] > ALL_FILTERS) of[SKIPPED] = ALL_FILTERS;
    /* szip wants four elements in a chunk */
    if (pipelines[of[FILTERS]][0] == H5Z_FILTER_SZIP && of[LAYOUT] == ONE_ROW && of[AXES] == 0)
        of[LAYOUT] = WHOLE_ROWS;
    /* HDF5 scales no halves, and rounds other floats, not-a-numbers to anything */
    if (pipelines[of[FILTERS]][0] == H5Z_FILTER_SCALEOFFSET && of[TYPE] / 2 >= 8) of[TYPE] = 4;
}

static inline struct kind draw_kind(uint64_t *state)
{
    struct kind kind;
    for (unsigned choice = 0; choice < CHOICES; choice++)
        kind.of[choice] = (unsigned)(judge_random(state) % choices_of[choice]);
    make_possible(&kind);
    return kind;
}

enum {
    MOST_CHOICES = 32
};

/* Pairs of choices that have met. */
struct met {
    bool pair[CHOICES][MOST_CHOICES][CHOICES][MOST_CHOICES];
    size_t count;
};

/* How many pairs of a kind have not met; they have then, if `note`. */
static inline size_t meet(struct met *met, const struct kind *kind, bool note)
{
    size_t fresh = 0;
    for (unsigned a = 0; a < CHOICES; a++)
        for (unsigned b = a + 1; b < CHOICES; b++) {
            bool *pair = &met->pair[a][kind->of[a]][b][kind->of[b]];
            fresh += !*pair;
            if (note) *pair = true;
        }
    if (note) met->count += fresh;
    return fresh;
}

/* The one of some candidates in which most choices meet for the first time. */
static inline struct kind choose_kind(uint64_t *state, struct met *met)
{
    enum {
        CANDIDATES = 30
    };
    struct kind best = draw_kind(state);
    size_t most = meet(met, &best, false);
    for (int i = 1; i < CANDIDATES; i++) {
        struct kind kind = draw_kind(state);
        size_t fresh = meet(met, &kind, false);
        if (fresh > most) {
            best = kind;
            most = fresh;
        }
    }
    meet(met, &best, true);
    return best;
}

/* A kind in words, for the message of a failure. */
static inline const char *kind_text(const struct kind *kind)
{
    static const char *const names[CHOICES] = {[TYPE] = "type",
                                               [AXES] = "axes",
                                               [LAYOUT] = "layout",
                                               [FILTERS] = "filters",
                                               [FORMAT] = "format",
                                               [GROWTH] = "growth",
                                               [ALLOCATION] = "allocation",
                                               [USER_BLOCK] = "block",
                                               [FILL] = "fill",
                                               [WRITTEN] = "written",
                                               [EDGES] = "edges",
                                               [CONTENT] = "content",
                                               [SKIPPED] = "skipped"};
    static char text[256];
    size_t used = 0;
    for (unsigned choice = 0; choice < CHOICES; choice++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %u ", names[choice],
                                 kind->of[choice]);
    return text;
}

#endif
