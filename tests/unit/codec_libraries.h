/* The libraries of those filters that the build has. */
#ifndef CODEC_LIBRARIES_H
#define CODEC_LIBRARIES_H

#ifndef IO_HAS_LZF
#define IO_HAS_LZF 0
#endif
#if IO_HAS_LZF
#include <lzf.h>
#endif
#ifndef IO_HAS_LZ4
#define IO_HAS_LZ4 0
#endif
#if IO_HAS_LZ4
#include <lz4.h>
#endif
#ifndef IO_HAS_ZSTD
#define IO_HAS_ZSTD 0
#endif
#if IO_HAS_ZSTD
#include <zstd.h>
#endif
#ifndef IO_HAS_BLOSC
#define IO_HAS_BLOSC 0
#endif
#if IO_HAS_BLOSC
#include <blosc.h>
#endif
#ifndef IO_HAS_BLOSC2
#define IO_HAS_BLOSC2 0 /* no test includes its header, whose names are those of blosc.h */
#endif

#endif
