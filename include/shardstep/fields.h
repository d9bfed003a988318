/** @file
 * The fields of a dataset: the text that says what a sample is made of, and where its rows lie. The
 * text is given to shs_dataset_open() (dataset.h).
 *
 * FIELDS. The text of fields is a list, separated by commas, of
 *
 *     [ALIAS=]NAME[(KEY=VALUE, …)]
 *     [ALIAS=]csr(GROUP[, width=G])[(KEY=VALUE, …)]
 *
 * NAME is the name of a dataset in the file, such as train/images. ALIAS is the name that the field
 * has in batches and in augment.h; by default it is NAME. One dataset may be several fields by
 * different aliases. An alias has no spaces and none of , : ; ( ) = in it. A dataset whose name
 * contains a comma or a parenthesis cannot be selected; a dataset whose name contains = needs an
 * alias. In NAME, "." between slashes, doubled slashes and slashes at the end mean nothing:
 * ./g//x/ is g/x. NAME may also name members of a compound dataset, see TYPES. Without parentheses
 * sample i is row i. With parentheses a sample is either a window or a run of rows.
 *
 * A window of a series of rows:
 *
 * - window=W: the rows of a sample, at least 1. The shape of a sample is W, then the shape of a
 *   row.
 * - stride=S: the rows from the beginning of one sample to the beginning of the next, at least 1;
 *   by default 1. All windows of a dataset have the same stride.
 * - lead=L: the rows by which all windows of the field begin later; by default 0. With pad, L may
 *   be below 0: windows then begin earlier.
 * - every=E: the rows from each row of a sample to the next, at least 1; by default 1.
 *
 *   every=A..B or every=NAME:A..B draws E for each sample anew, each number from A to B as often as
 *   any other. Fields that give the same NAME have the same E.
 *
 *     Sample i is the rows i*S + L + k*E for k from 0 to W - 1. For a forecast 6 rows after a day
 *     of 24 rows:
 *
 *         x=weather(window=24), y=weather(window=1, lead=29)
 *
 *     For a language model over an array of tokens that is cut into contexts:
 *
 *         x=tokens(window=1024, stride=1024), y=tokens(window=1024, stride=1024, lead=1)
 *
 *     For the state now and 6 rows before, and that 6 rows later:
 *
 *         x=weather(window=2, every=6), y=weather(window=1, lead=12)
 *
 *     For two states that are 1 to 4 rows apart, and the forcing at the same two times:
 *
 *         x=weather(window=2, every=dt:1..4), f=forcing(window=2, every=dt:1..4)
 *
 *     Samples are counted with E = B, and parts keep such samples apart. The draws are the first of
 *     the stream that a sample is augmented from: one shs_random_below() with B - A + 1 for each
 *     NAME, and for each field without a NAME, in the order of the fields. The augmentation draws
 *     behind them. So they are a function of the place, and a loader of such a dataset draws, even
 *     if it neither shuffles nor augments. shs_batch_draws() and `shardstep replay` tell them.
 *
 *     A file with R rows has floor((R - L - (W-1)*E - 1) / S) + 1 samples, or none if it is
 *     shorter than one window. With several windows, the window with the fewest samples decides.
 *     No window continues in the next file,
 *     unless series is given. A field of rows that stands beside windows has exactly
 *     as many rows as its file has samples.
 *
 *     Windows overlap if S is smaller than the number of rows that a sample spans: the largest L +
 *     (W-1)*E + 1 among its fields, less the smallest L. If a part (a loader's subset.from and
 *     subset.to) assigned each sample by itself, training and validation would then share rows
 *     (leakage): shs_loader_open() refuses such a part. Cut the part into blocks (subset.block),
 *     between which the samples that share rows with another part are left out. Or choose S at
 *     least as large as that span, or give lists of samples (subset.rows) with a gap of
 *     ceil(span / S) samples between training and validation.
 *
 * - pad=edge or pad=zero: every row i*S of a file (with axes=2 of a trajectory, with groups of a
 *   group) has a sample, also if its window reaches over an end. pad=none is the default.
 *
 *     Row i*S is the anchor of sample i, for i from 0 to ceil(R / S) - 1, where R is the number of
 *     rows. Row k of the window is i*S + L + k*E, as without pad. So a window begins at its anchor
 *     if L is 0, and ends there if L is -(W-1)*E. In place of a row below 0 or from R on stands,
 *     with edge, the nearest row, which is row 0 or row R - 1, and, with zero, a row of zeros. Such
 *     rows are padding. The next field is always ALIAS.mask, which need not be asked for: a u8 for
 *     each row of the window, 1 for a row that is there and 0 for padding. A window may be all
 *     padding. For the last two observations and the next eight actions at every step of an
 *     episode:
 *
 *         x=data/[*]/obs(window=2, lead=-1, pad=edge), y=data/[*]/actions(window=8, pad=zero)
 *
 *     At the first step, row 0 of x is padding and x.mask is 0 1. Other windows of the sample may
 *     stand without pad, and then have to fit: with x as above and y=rewards(window=1, lead=3) the
 *     last three steps of each episode have no sample.
 *
 *     The spacing E is fixed. With valid, padding counts as valid, except that the row which edge
 *     takes must be valid too. Samples overlap as said above; with edge, the anchor counts among
 *     the rows that a sample spans. The mask can be augmented like any other field. An operator on
 *     ALIAS that moves or drops rows of the window leaves the mask as it is: name
 *     ALIAS.mask in the same statement, so that they share the draws.
 *     Whole windows are read, also where a crop comes first.
 *
 * - series: windows continue in the next file, as from December into January where a file holds a
 *   year. It stands without a value.
 *
 *     All files of a source (see FILES) are one series, in their order: R is the number of their
 *     rows together, and a series has floor((R - L - (W-1)*E - 1) / S) + 1 samples or, with pad,
 *     ceil(R / S). No window continues in the next source. Sample i is counted among the samples of
 *     the file that row i*S of the series lies in: shs_locate() names this file. All fields are
 *     then windows with series, but constants; a row is a window=1. In each file all of them have
 *     the same number of rows. Not with axes=2, groups and valid. For a forecast across the ends of
 *     the years:
 *
 *         x=t2m(window=4, every=6, series), y=t2m(window=1, lead=24, series)
 *
 *     Files must follow one another without a gap: only their order is known here, not their times.
 *     Parts are cut by blocks as in one file.
 *
 * - valid=NAME2: a dataset of the same file, with one number for each row of NAME. Only windows
 *   whose rows are all valid are samples. A number other than 0 means valid; a NaN does not. With
 *   axes=2 NAME2 has two axes, too.
 *
 *     shs_dataset_open() reads all of NAME2 and keeps 24 bytes for each run of neighbouring windows
 *     that are samples. The windows of a sample are left out together: those of all its fields must
 *     be valid, where the field says so. Where the spacing of rows is drawn, all rows that may be
 *     in the window must be valid. A field of rows beside the windows has a row for each window,
 * also for those that are left out. Numbers of samples count those that are left. The windows that
 *     are left must be the same on all ranks, and are a line of a run's fingerprint. Not with
 * fields that have offsets.
 *
 * Rows over two axes, such as trajectory by time:
 *
 * - axes=2: the rows of a dataset are counted over its first two axes, the second faster. A row has
 *   the shape of the other axes. 1 is the default.
 *
 *     With window, each index of the first axis is a series of its own, here called a trajectory:
 *     no window continues in the next. The samples of the first trajectory come first. With R rows
 *     each, T trajectories have T * (floor((R - L - (W-1)*E - 1) / S) + 1) samples. All windows of
 *     a dataset then have axes=2 and the same number of trajectories. Files may differ in both
 *     axes. For two states and the one that follows, in (trajectory, time, y, x):
 *
 *         x=u(axes=2, window=2), y=u(axes=2, window=1, lead=2)
 *
 *     axes=2 stands with or without window, and not with offsets.
 *
 * Rows of many groups, such as a group an episode:
 *
 * - A NAME with a star in place of the name of a group stands for the datasets of that name in all
 *   groups there. A comment in C cannot hold such a name, so the star is in brackets here:
 *   data/[*]/obs/eye are the datasets obs/eye of all groups of the group data.
 *
 *     The groups are taken in natural order: byte by byte, but numbers by their size, so demo_2
 *     comes before demo_10. Rows are counted through all of them, and each group is a trajectory:
 *     no window continues in the next. Groups may have any number of rows, also none. A group has
 *     as many windows as a file with its rows would have. In all groups the datasets have the same
 *     type, the same attributes of packed numbers (see PACKED NUMBERS) and, except for the first
 *     axis, the same shape. Datasets that stand beside the groups, and groups that only soft or
 *     external links lead to, are passed over. A group without the dataset is SHS_ERROR_FORMAT. An
 *     axis or an index that a field names must be the same in all groups, or is SHS_ERROR_FORMAT.
 *
 *     Fields of groups are rows or windows, with or without a part of each row. All such fields
 *     have the same groups, and as many rows in each group. If some of them are windows, all
 *     windows of the dataset are. For two pictures and the action that follows:
 *
 *         x=data/[*]/obs/eye(window=2), y=data/[*]/actions(window=1, lead=2)
 *
 *     shs_dataset_open() looks at each group, which takes about 25 us for each field, and looks up
 *     the chunks of each dataset. If no dataset has chunks, their rows are read directly; otherwise
 *     through HDF5, which opens the dataset of a sample anew. Checksums of rows in groups are not
 *     used.
 *
 * A run of rows of any length:
 *
 * - offsets=NAME2: a dataset of whole numbers along one axis, in the same file. It has one number
 *   more than there are samples: sample i is rows [o(i), o(i+1)) of NAME. Offsets do not decrease,
 *   and none exceeds the number of NAME's rows; shs_dataset_open() checks all of them. They have
 *   the same type in all files. They are kept in memory if they take at most 64 MiB.
 * - most=M: the rows of each delivered sample, at least 1; by default the rows of the longest
 *   sample in any file, and 1 if all samples are empty.
 *
 *     A shorter sample is filled up with zeros. A longer sample loses its rows from M on. The next
 *     field is always ALIAS.length, which need not be asked for. It holds a u64 for each sample:
 *     the number of rows that were delivered, min(o(i+1) - o(i), M). It can be augmented like any
 *     other field. Operators on ALIAS see only the rows that were delivered, and the zeros behind
 *     them stay zeros.
 *
 *     A dataset of variable-length arrays of numbers, as h5py writes lists of different lengths,
 *     has its offsets in itself, and the text says so by its own name: x=tracks(offsets=tracks).
 *     Its rows are single numbers, and sample i is array i. Such a dataset has one axis, and is
 *     contiguous or chunked. 24 bytes for each array stay in memory.
 *
 * A row of a sparse matrix:
 *
 * - csr(GROUP, width=G): GROUP holds the datasets data, indices and indptr along one axis each, as
 *   h5ad files have them and as SciPy keeps a csr_matrix. Sample i is row i with all its G columns:
 *   data[k] in column indices[k] for k from indptr[i] to indptr[i+1] - 1, and 0 elsewhere. It has
 *   the type of data. The default ALIAS is GROUP.
 *
 *     If GROUP has the attribute shape, or h5sparse_shape as in old files, `width` may be left out,
 *     and if it is given it must be the same. All files have the same width. A group that its
 *     attribute encoding-type or h5sparse_format calls anything but a csr_matrix, such as a
 *     csc_matrix, is SHS_ERROR_UNSUPPORTED. indptr begins at 0, does not decrease, and ends at the
 *     length of data, which is that of indices: shs_dataset_open() checks this. It is kept in
 *     memory if it takes at most 64 MiB. The columns of a row may come in any order. A column
 *     beyond the width, and a column that comes twice in a row, which SciPy would add up, are
 *     SHS_ERROR_FORMAT when the row is read. Behind it may stand select and crop, for axis 1: the
 *     other columns are left out. For the first 2000 columns of an h5ad file and their labels:
 *
 *         x=csr(X)(crop=1[:2000]), y=obs/label
 *
 * A field that is the same for every sample, such as an orography or the coordinates of a grid:
 *
 * - constant: all of NAME, of any shape, also a single number, but not a single complex number or
 *   compound. It stands without a value, and without window, axes and offsets. With select and
 *   crop, every axis of NAME can be named:
 *
 *         x=fields(window=2, crop=lat[:360]), z=orography(constant, crop=lat[:360])
 *
 *     shs_dataset_open() reads it once, from each file, and keeps it in memory. It must be the same
 *     in all files, or is SHS_ERROR_FORMAT. A batch has one copy, whose shape is that of the field,
 *     without an axis of rows. Constant fields come behind all other fields of the dataset and of a
 *     batch, in the order of the text: see shs_dataset_is_constant(). An augmentation cannot change
 *     them, and is refused if it names one. If it turns, flips or crops other fields, these no
 *     longer lie as a constant field does: give such a field as rows, or leave out the operator.
 *
 * Images that are decoded when they are loaded:
 *
 *     [ALIAS=]decode(NAME, size=SIZE, …)
 *
 * NAME is a dataset of u8 along one axis: the bytes of PNG and JPEG files, one image after the
 * other. Sample i is the image in the bytes [o(i), o(i+1)). `shardstep import --encoded` writes
 * such datasets.
 *
 * - size=S or size=HxW: the height and the width of a sample, in pixels.
 * - channels=1 or channels=3: greys, with the shape HxW, or RGB, with the shape HxWx3, which is the
 *   default. Greys and the colours of a palette become RGB. Of a JPEG image in colours, channels=1
 *   takes the luma (Y) as it is stored; a PNG image in colours is then an error.
 * - fit=exact, the default: the image must have that size; another size is an error.
 *   fit=crop: the middle HxW pixels, from row floor((h - H) / 2) and column floor((w - W) / 2) on;
 *   a smaller image is an error.
 *   fit=resize: the whole image is resized, whatever its proportions.
 *   fit=cover: the largest part of the image that has the proportions of HxW is resized. It lies in
 *   the middle, and its sides are rounded to whole pixels. It is what scaling the shorter side and
 *   then cropping the middle would keep, in one step.
 *   Images are resized as operator resize does by default: bilinear, over all pixels where the
 *   image shrinks.
 * - classes: a u8 HxW of class numbers, for masks in PNG: the number of a colour in the palette, or
 *   a grey of 1 to 8 bits as it is stored. Such images are resized by the nearest pixel.
 * - offsets=NAME2: the dataset with the o(i), as for runs; by default NAME.offsets. The dataset
 *   itself, offsets=NAME, if it has variable-length arrays of u8.
 *
 *         image=decode(train/images, size=224, fit=cover), mask=decode(masks, size=224, classes)
 *
 *     The layout of a sample is yxc or yx. An image that is damaged is SHS_ERROR_FORMAT, as are
 *     warnings of the decoder, which would go on with pixels that it guesses. An image of a kind
 *     that is not taken is SHS_ERROR_UNSUPPORTED: JPEG in CMYK or of 12 bits, PNG of 16 bits or
 *     with transparent pixels. A part of an image that is not needed (fit=crop, fit=cover) is not
 *     decoded, and damage behind it is not found. An orientation in EXIF data is not applied.
 *
 *     JPEG is decoded by libjpeg-turbo, with its exact integer transform and its smooth upsampling
 *     of colours. The pixels are the same on every processor and in all releases of libjpeg-turbo
 *     that do these alike, but the JPEG standard allows decoders to differ. So a digest of images
 *     in JPEG depends on that library; its version is no part of a fingerprint.
 *
 * A part of each row, with or without all of these:
 *
 * - select=AXIS[INDICES] AXIS[INDICES] …: what is taken of the other axes than those that count
 *   rows, in the order given. INDICES are, with spaces between them,
 *
 *       5         an index, from 0 on
 *       2:9       a range as in NumPy, here 2 to 8: a:b or a:b:step, of which a and b may be left
 *                 out; neither is negative
 *       t2m       the index that has this name: the axis has a coordinate of texts
 *       500.0     the index that has this value: the axis has a coordinate of numbers. A number
 *                 with a point or an exponent is a value, any other is an index. Where coordinates
 *                 are stored in single precision, the value is rounded to it
 *
 *   No index may come twice. The coordinate of an axis is a dimension scale with one text or number
 *   for each index, as netCDF-4 has it.
 * - crop=AXIS[a:b] AXIS[a:b] …: one range of each axis.
 *
 *     AXIS is a name that the file gives to an axis (see AXES below), one of the letters there, or
 *     the number of an axis of the dataset, from 0 on. An axis stands once in both texts together.
 *     Axes that are not named are taken whole. All axes stay: one index is an axis of length 1.
 *     The axis of the two parts of complex numbers cannot be selected. For 5 of 73 channels, and
 *     the northern half of the latitudes:
 *
 *         x=fields(window=2, select=channel[u10 v10 t2m 65:67], crop=lat[:360])
 *
 *     An axis, an index or a name that is not there is SHS_ERROR_ARGUMENT. Files may have the
 *     indices of an axis in another order, since names are looked up in each. The axes have the
 *     same order and the same lengths in all files; others are SHS_ERROR_FORMAT.
 *
 *     Only the part is read. Of a dataset without filters these are its bytes and gaps between
 *     them: at most one byte of gaps for 20 that are wanted, or what fits in a read of 4 KiB.
 *     Compressed chunks are read if they hold some of the part, and the other chunks are neither
 *     read nor decoded. Fields that take parts of the same compressed chunks decode them once.
 *
 *     Where rows have checksums (see below), the bytes of a part could not be compared with them.
 *     So whole rows are then read, compared and cut, unless each chunk has a checksum of its own
 *     (fletcher32, or NAME.chunk_crc32c), or the option `unchecked` is set. So are the rows of a
 *     slab. With axes=2 the checksum of a trajectory is compared only where all of it is read: in
 *     a window as long, or to keep it in memory.
 *
 * A slab of each row, in a run of groups (GROUPS in context.h):
 *
 * - slab=AXIS: the axis along which the members of a group share what is taken of a row. AXIS is
 *   one of those of select and crop.
 *
 *     Of the n elements that select and crop leave of the axis, member m of G gets those from
 *     floor(m * n / G) to before floor((m+1) * n / G), and reads no others, as with crop. n is at
 *     least G. A constant field has no slab. When the dataset is opened, ranks compare whole rows.
 *     A run without groups may have the text, too: nothing changes then. For a forecast whose
 *     latitudes are shared:
 *
 *         x=fields(window=2, slab=lat), y=fields(window=1, lead=2, slab=lat)
 *
 * AXES. The names that a file gives to the axes of a dataset, as netCDF-4 does, say what the axes
 * of a sample are: the names of its dimension scales (attribute DIMENSION_LIST) without their
 * groups, and its labels (attribute DIMENSION_LABELS). Upper and lower case are the same. Operators
 * (augment.h) know these axes by the letters
 *
 *     t  time
 *     z  level, lev, plev, pressure, height_level, depth, z
 *     y  lat, latitude, y, row, rlat
 *     x  lon, longitude, x, column, rlon
 *     c  channel, channels, band, bands, c, variable
 *     _  any other name, or none
 *
 * A sample of one row has the axes of a row. A window or a run has one more axis in front, which is
 * t if the first axis of the dataset, or the second with axes=2, is time, else _. A dataset without
 * a letter for an axis of the sample tells no layout. Neither does one whose names contradict one
 * another: two axes would get the same letter, an axis has names of different letters, or files
 * differ. With one_sample_a_file the first file speaks for all. `shardstep info --fields` shows
 * each field's layout and where it comes from.
 *
 * Only the rows of the wanted samples are read, or what is selected of them, or the chunks in which
 * this lies.
 *
 * TYPES. Elements are plain numbers: integers of 8 to 64 bits and IEEE 754 halves, singles and
 * doubles, in any byte order. Three other types are taken as such numbers:
 *
 * - An enumeration whose members have values of 0 to 255 is u8, whatever integers it is stored in.
 *   HDF5 stores bool as such an enumeration. A value above 255 that is no member is an error when
 *   it is read. Any other enumeration has the type of the integers that it is stored in.
 * - A complex number is a compound of two floats of one type, called r and i or real and imag. It
 *   becomes two floats along one more axis, the last: the real part, then the imaginary part.
 * - bfloat16, a float of 16 bits with the exponent of a single, becomes the single of the same
 *   value. It is read through HDF5. Floats of 8 bits are refused.
 *
 * Of any other compound dataset a field takes members:
 *
 *     pt=jets.pt                  one member
 *     x=jets.{pt,eta,phi}         several of one type, along one more axis, the last
 *     p=jets.p4.x                 a member of a member; x=jets.p4.{x,y} for several
 *
 * If the file has an array of the whole name, such as "jets.pt", the name means this array. A
 * member that is an array, or lies in an array of compounds, has its axes behind those of the
 * dataset. All axes but those that count rows can be selected, those of members by their number. In
 * braces, members have the same type and the same axes; such a field needs an ALIAS. Only the bytes
 * of the members are read of a dataset without filters, and fields that take members of the same
 * compressed chunks decode them once. Members have no checksums by row.
 *
 * Rows are compared with the checksums that import wrote. These are in the dataset NAME.crc32c
 * beside NAME, or beside the dataset that a soft or external link leads to. The checksums of a
 * virtual dataset's sources are not used, nor checksums beside another hard link. A checksum is
 * that of an index of the first axis. With axes=2 this is a whole trajectory: trajectories are
 * compared where they are read as a whole, as those of small datasets that are held in memory are,
 * and shorter windows are not. `shardstep info --fields` says which.
 *
 * Import also writes NAME.chunk_crc32c: the CRC-32C of each chunk as it is stored, and its bytes,
 * in row-major order of the chunks. Where parts of rows are read, or windows of trajectories, each
 * chunk is compared with it before it is decoded. Where a program such as h5repack has stored the
 * chunks anew, and any of them has another number of bytes, the array has no checksums of chunks.
 *
 * PACKED NUMBERS. netCDF and the CF conventions (1.11, sections 2.5.1 and 8.1) give stored numbers
 * another meaning by attributes of their dataset: scale_factor, add_offset, _FillValue,
 * missing_value, valid_range, valid_min, valid_max and _Unsigned. Without the option `cf` they are
 * not applied; files of a dataset in which they differ are then SHS_ERROR_FORMAT, since the same
 * stored number would have two meanings.
 *
 * With `cf`, a field whose dataset has any of them is f32. The value of a stored number x is
 *
 *     (float)((double)x * scale_factor + add_offset)
 *
 * where each operation is rounded once, to nearest and without fused operations: the conversion to
 * double, which is exact for all but integers beyond 2^53, the product, the sum, and the conversion
 * to float. The operation of an attribute that is not there is left out. So values are the same
 * bits on every machine. What f32 does not reach becomes infinite.
 *
 * x is missing if it is equal to _FillValue or to one of up to 8 values of missing_value, less than
 * valid_min, greater than valid_max, or outside valid_range. It is compared as it is stored, before
 * it is scaled: integers exactly, floats with attributes rounded to their type. A missing number is
 * NaN, with the bits 0x7fc00000, and so is a stored NaN. Operators that average leave NaN out, and
 * a loader's `failures` can replace rows that have some. _Unsigned=true takes signed integers for
 * unsigned ones, and false the reverse: their own attributes too. Default fill values of netCDF do
 * not count: only attributes do.
 *
 * With missing=mask in the parentheses of a field of rows or windows, a field ALIAS.valid comes
 * behind it: a u8 for each element, 1 for a number and 0 for NaN, which is a missing number. The
 * field itself keeps its NaN. Padding of zeros counts as numbers; ALIAS.mask tells of it.
 * missing=nan is the default. The option `cf` must be set. Whole samples of such a field are read,
 * also where a crop comes first, and an operator on ALIAS leaves the mask as it is: name
 * ALIAS.valid in the same statement if it moves elements.
 *
 *         x=sst(window=2, missing=mask)
 *
 * Files of a dataset may have other attributes and store other types: each file's numbers are
 * unpacked by its own attributes. A field is packed in all files or in none. Of a virtual dataset
 * its own attributes count, not those of its sources. Enumerations, complex numbers and offsets are
 * never unpacked. Checksums are of numbers as they are stored.
 *
 * An attribute that says nothing, or could mean two things, is SHS_ERROR_FORMAT: text where a
 * number is due, several numbers where one is due, a scale that is 0 or not finite, a missing value
 * that no stored number can be, valid_range beside valid_min or valid_max, and bounds stored as
 * floats beside integers that have a scale or an offset.
 *
 * The operator unpack (augment.h) does the same sum with numbers that its text gives, for data
 * whose file does not say them. A field that `cf` has unpacked cannot be unpacked by it again:
 * shs_loader_open() refuses that. */
#ifndef SHARDSTEP_FIELDS_H
#define SHARDSTEP_FIELDS_H

#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** An open dataset. */
typedef struct shs_dataset shs_dataset;

/** Local. Returns the number of fields, including the fields ALIAS.length, ALIAS.mask
 * and ALIAS.valid, or 0 for
 * NULL. */
SHS_API size_t shs_dataset_fields(const shs_dataset *dataset);

/** Local. Returns the name, the type and the shape of one sample of field number `field`, counted
 * from 0; its `data` is NULL. Of a constant field it is the one copy, whose data must not be
 * changed. Returns NULL for a field that is not there. The tensor is borrowed until
 * shs_dataset_close(). */
SHS_API const shs_tensor *shs_dataset_field(const shs_dataset *dataset, size_t field);

/** Local. Returns true if a field is constant: a batch has one copy of it. Constant fields have the
 * highest numbers. Returns false for a field that is not there. */
SHS_API bool shs_dataset_is_constant(const shs_dataset *dataset, size_t field);

/** The slab of a field's samples that a member of a group gets: see GROUPS in context.h. */
typedef struct shs_slab {
    /** The axis of a sample that the slab is cut along, counted from 0. */
    uint32_t axis;
    /** The first element along the axis that this rank gets. */
    uint64_t first;
    /** The number of elements along the axis that this rank gets; at least 1. */
    uint64_t count;
    /** The number of elements along the axis that all members of the group get together. */
    uint64_t length;
} shs_slab;

/** Local. Returns the slab of field number `field`, counted from 0. The shape that
 * shs_dataset_field() returns is that of the slab. All zero for NULL, for a field that is not
 * there, and for a field that each member gets whole. */
SHS_API shs_slab shs_dataset_slab(const shs_dataset *dataset, size_t field);

/** Where a sample lies. */
typedef struct shs_location {
    /** The path of the file that holds the sample. It is borrowed until the dataset and all its
     * loaders are closed. */
    const char *path;
    /** The sample's number in its file, counted from 0. This is the row of each field that is given
     * without parentheses. Other fields: see shs_locate_rows(). With one_sample_a_file it is 0. */
    uint64_t row;
    /** The file's number in the dataset, counted from 0. */
    uint64_t file;
    /** The number of the source that the file belongs to, counted from 0. The sources are the paths
     * between the commas of the dataset's path. */
    uint64_t source;
} shs_location;

/** Local, any thread. Finds where a sample lies. `sample` is its number in the dataset, such as the
 * numbers in a batch's `index`. No file is touched.
 *
 * SHS_ERROR_ARGUMENT for NULL and for a sample that the dataset does not have; *location is then
 * zeroed. */
SHS_API SHS_MUST_CHECK shs_status shs_locate(const shs_dataset *dataset, uint64_t sample,
                                             shs_location *location);

/** Rows of a dataset in a file. */
typedef struct shs_rows {
    /** The name of the dataset, such as train/images. It is borrowed like the path of
     * shs_location. */
    const char *dataset;
    /** The first row, counted from 0 in the file, with axes=2 over both axes. */
    uint64_t first;
    /** The number of rows. */
    uint64_t count;
    /** The rows from each of these rows to the next: 1, or `every` of a window. If it is drawn, the
     * least. */
    uint64_t every;
    /** The most of these rows, if `every` is drawn; else 0. */
    uint64_t most_every;
    /** The number of the file that has the first row, counted from 0 in the dataset. With `series`
     * later rows may lie in the files behind it. */
    uint64_t file;
} shs_rows;

/** Local, in the thread that loads. Finds the rows that a sample is made of in field number
 * `field`, counted from 0. Without `series` they lie in the file that shs_locate() names. A window
 * has as many rows as the field says, but with pad those of them that are no padding. A run of rows
 * has the rows between its offsets, also if `most` cuts the sample shorter. ALIAS.length,
 * ALIAS.mask and ALIAS.valid have those of ALIAS. With one_sample_a_file these are all rows, or one
 * row for a single number.
 *
 * Only offsets that take more than 64 MiB are read from the file. The errors of this read are those
 * of loading. SHS_ERROR_ARGUMENT for NULL, and for a sample or a field that the dataset does not
 * have. After an error *rows is zeroed. */
SHS_API SHS_MUST_CHECK shs_status shs_locate_rows(shs_dataset *dataset, uint64_t sample,
                                                  size_t field, shs_rows *rows);

#ifdef __cplusplus
}
#endif

#endif
