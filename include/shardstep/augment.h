/** @file
 * Augmentation: a text that says how a sample is changed, and the means to apply it.
 *
 *     FIELDS: op(name=value, …) op(…); FIELDS: …
 *
 * FIELDS is one field name or several, separated by commas. The fields of one statement are
 * transformed together and share the draws. Statements and operators are applied from left to
 * right. Behind a field's name, in brackets, may stand how its values are interpolated (nearest or
 * bilinear), what lies beyond its edges (zero, edge, reflect or wrap), or both with a comma
 * between: masks[nearest,edge]. An example:
 *
 *     images,masks: random_crop(padding=2) random_flip(axis=w, p=0.5);
 *     images: normalize(mean=[0.49,0.48,0.45], std=[0.25,0.24,0.26])
 *
 * A value is a number, a word, a range or a list of numbers. A range low..high is two numbers with
 * two dots between, such as 0.5..1.5. A value from it is low + u * (high - low), computed in f64,
 * with u from shs_random_double(). A list stands in brackets, with commas between its numbers.
 * normalize takes one number for all channels or a list with a number for each channel, as
 * `shardstep stats` prints it. Spaces may stand around every name, value, number and sign.
 *
 * sometimes(...) and one_of(...) hold operators, with spaces or commas between them, which change
 * neither the type nor the shape nor the layout of a sample that p or the choice may leave out:
 *
 *     images: sometimes(p=0.5, random_flip(axis=w) one_of(random_flip(axis=h), random_rot90()))
 *
 * In the option `augment` of a loader, and in `--augment`, normalize(from=FILE) stands for the
 * figures that `shardstep stats --write FILE` has written. FILE stands in double quotes if it has a
 * comma, a semicolon or a closing parenthesis. The figures must be those of the field, in the same
 * type and with as many channels. Figures of another field, such as the training images for the
 * test images, are taken if the call names it: normalize(from=FILE, field=train/images).
 * Figures are those of the stored numbers, so `from` is refused behind log1p, asinh, unpack and
 * another normalize, also within sometimes and one_of. Behind an operator of the program's own it
 * is taken: only the program knows whether that operator keeps the scale.
 * shs_loader_open() reads the file on rank 0, hands it on, and puts mean, std and, behind an
 * operator that changed the type, scale=none in the place of `from`. The numbers have 9 digits. Of
 * an unsigned integer type that no operator changed they are divided by the type's maximum first,
 * in f64, since normalize scales such elements. So the numbers stand in the run's fingerprint.
 * shs_augment_open() reads no file and refuses `from`.
 *
 * `shardstep help augment` describes every operator: its values with their limits and defaults,
 * what it computes, and what it draws in which order.
 *
 * The layout names the axes of a sample, a letter each: w for a signal, hw, hwc (channels last),
 * chw (channels first), tzyxc;
 * `shardstep help augment` lists the letters. If the text gives none, it is what the names of
 * the axes in the file tell a loader: see AXES in fields.h. Without names it is w for one axis, hw
 * for two axes, and hwc for three axes if the last axis has 1 to 4 elements. For other samples,
 * such as a window of maps, the text must give the layout: to an operator, random_flip(axis=w,
 * layout=tyx), or to a field of a statement, image[layout=hwc],mask[layout=hw]:
 * random_flip(axis=w). It holds for the field's later operators, too. A list has as many numbers as
 * the axis c has elements, 1 without such an axis, and at most 256.
 *
 * In a ragged field (offsets in fields.h) operators see the rows that a sample really has, not the
 * zeros that fill it up. random_flip mirrors these rows, and random_crop moves them within their
 * own length. The zeros behind them stay zeros, also after normalize. How many random numbers are
 * drawn, and which, does not depend on the length.
 *
 * mixup and cutmix mix each sample of a batch with another sample of it, its partner. Operators
 * before them are applied to the whole batch first, and operators behind them to the mixed samples.
 * Only a loader applies them. The program mixes the loss, by `partner` and `partner_weight` of
 * shs_batch.
 *
 * A program may add operators of its own: see shs_augment_register().
 *
 * The loader's option augment_by decides whether draws depend on rank and step (role 1) or on the
 * sample (role 2). No function of libm and no fused multiply-add is used: the bytes are the same on
 * every machine. */
#ifndef SHARDSTEP_AUGMENT_H
#define SHARDSTEP_AUGMENT_H

#include "random.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The version of what operators compute. */
enum {
    /** This version. It is part of a run's fingerprint, and grows when an operator's bytes change:
     * a checkpoint of a run that augments is refused by a program with another version. */
    SHS_AUGMENT_VERSION = 2
};

/* ---- Operators of the program's own. */

/** A value that the text gives to an operator: name=value. */
typedef struct shs_augment_value {
    /** The name. */
    const char *name;
    /** The value as it stands in the text, without spaces: "0.3", "soft", "[1,2]" or "(u,v)". */
    const char *text;
    /** The numbers of a number or of a list of numbers. NULL if the value is something else. */
    const double *numbers;
    /** Numbers in `numbers`. */
    size_t n_numbers;
} shs_augment_value;

enum {
    /** Bytes of the message that an operator may write, with the zero at its end. */
    SHS_AUGMENT_MESSAGE_BYTES = 256
};

/** What an operator of the program is called with. Everything is borrowed for the call. */
typedef struct shs_augment_call {
    /** The values that the text gives, in the order of their names. The values p, version and
     * layout are the library's and are not among them. */
    const shs_augment_value *values;
    /** Numbers of values. */
    size_t n_values;
    /** The number of fields: all fields of the statement, in the order of the text. */
    size_t fields;
    /** A sample of each field, which must not be changed. In a ragged field (offsets in fields.h)
     * shape[0] is the number of rows that the sample really has, which may be 0. */
    const shs_tensor *inputs;
    /** The result of each field. The operator writes every element. Inputs and outputs do not
     * overlap. */
    shs_tensor *outputs;
    /** The layout of each field's sample, a letter for each axis; "" if it is not known. */
    const char *const *layouts;
    /** The stream of the sample's place. Operators before this one have drawn from it, and
     * operators behind it go on. NULL in `bind`, and if the operator draws nothing. */
    shs_random *stream;
    /** Room for SHS_AUGMENT_MESSAGE_BYTES bytes, an empty text at first. What the operator writes
     * here stands in the message of its error. */
    char *message;
} shs_augment_call;

/** An operator of the program's own. A zeroed member means its default. */
typedef struct shs_augment_callback {
    /** Computes a sample. It must be a function of `user`, the values, the inputs and the numbers
     * that it draws from the stream, and of nothing else: no generator of its own, no clock, no
     * static variable. Then a batch is the same on any number of ranks and threads, after a restart
     * and in shs_replay(). It is called in any thread, in several threads at once, and must not
     * call the library, but for functions of random.h on the stream. It returns SHS_OK or an error;
     * another status becomes SHS_ERROR_ARGUMENT. An error becomes the batch's error, and its
     * message names the operator and the sample. */
    shs_status (*apply)(void *user, const shs_augment_call *call);
    /** Checks the values, and may change the type, the axes and the shape in outputs[0], which
     * begins equal to inputs[0]. It is called in the opening thread, once for each field of the
     * statement, with `fields` 1 and without data. The result's axes are not empty. A ragged field
     * keeps its rows. NULL: every value is good, and the result has the input's type and shape. */
    shs_status (*bind)(void *user, const shs_augment_call *call);
    /** A pointer of the program's own, handed to both functions. */
    void *user;
    /** If true, the operator draws nothing and gets no stream. */
    bool draws_nothing;
} shs_augment_callback;

/** A table of operators: those of the library, and those of the program. */
typedef struct shs_augment_table shs_augment_table;

/** Local. Makes a table that has the operators of the library. On an error *table is NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_augment_table_open(shs_augment_table **table);

/** Local. Closes a table and leaves NULL in *table. Accepts NULL and a pointer to NULL. What was
 * opened with the table keeps what it needs of it. */
SHS_API void shs_augment_table_close(shs_augment_table **table);

/** Local. Adds an operator to a table. It then stands in texts like any other, also within
 * sometimes and one_of: `my_op(strength=0.3, mode=soft)`. Its values may have any names. Three are
 * the library's: `p` is the probability that a sample is changed, `layout` names the axes, and
 * `version`, if it is given, must be the registered version.
 *
 * Raise the version when the operator computes other bytes. Name and version stand in the canonical
 * text and in the run's fingerprint, so a checkpoint of another version is refused. The commands of
 * `shardstep` do not know the operator: where they would make a batch again, the program calls
 * shs_replay().
 *
 * @param table     the table
 * @param name      a letter, then letters, digits and _, at most 31 characters; copied. No operator
 *                  of the table has it
 * @param version   any number
 * @param callback  the operator; copied. `user` must live as long as what is opened with the table
 * @return SHS_OK; SHS_ERROR_ARGUMENT for NULL, for a name that is not valid or is taken, and for a
 *         full table; SHS_ERROR_MEMORY */
SHS_API SHS_MUST_CHECK shs_status shs_augment_register(shs_augment_table *table, const char *name,
                                                       uint32_t version,
                                                       const shs_augment_callback *callback);

/* ---- Augmentation. */

/** A text bound to fields. It does not change once it is open, so many threads may apply it at
 * once. */
typedef struct shs_augment shs_augment;

/** Local. Binds a text to `fields` samples, at most SHS_MAX_FIELDS. Their names, types and shapes
 * (without the batch axis) are read and copied; their data is not looked at. A text that is NULL or
 * "" changes nothing. SHS_ERROR_ARGUMENT names the word that is wrong and what was expected. On an
 * error *augment is NULL. */
SHS_API SHS_MUST_CHECK shs_status shs_augment_open(const char *text, const shs_tensor *samples,
                                                   size_t fields, shs_augment **augment);

/** Local. Does what shs_augment_open() does, with the operators of a table. The table may be closed
 * before the augmentation. */
SHS_API SHS_MUST_CHECK shs_status shs_augment_open_table(shs_augment_table *table, const char *text,
                                                         const shs_tensor *samples, size_t fields,
                                                         shs_augment **augment);

/** Local. Closes an augmentation and leaves NULL in *augment. Accepts NULL and a pointer to NULL.
 */
SHS_API void shs_augment_close(shs_augment **augment);

/** Local. Returns the name, the type and the shape of field 0 to fields - 1 as it comes out; its
 * `data` is NULL. The tensor is borrowed until shs_augment_close(). */
SHS_API const shs_tensor *shs_augment_output(const shs_augment *augment, size_t field);

/** Local. Returns true if applying the text draws random numbers. */
SHS_API bool shs_augment_draws(const shs_augment *augment);

/** Local. Returns true if an operator of the text is applied to field 0 to fields - 1. A field to
 * which no operator is applied comes out as it went in. */
SHS_API bool shs_augment_changes(const shs_augment *augment, size_t field);

/** Local. Returns the bytes of scratch memory that one call of shs_augment_apply() needs. */
SHS_API size_t shs_augment_scratch(const shs_augment *augment);

/** Local, any thread. Transforms one sample of every field. inputs[f] points to the sample of
 * field f, in the type and shape that shs_augment_open() was given. outputs[f] has room for the
 * type and shape that shs_augment_output() returns. Inputs and outputs do not overlap; only a field
 * that is not changed may have the same memory for both. `scratch` has shs_augment_scratch() bytes,
 * aligned for any type. SHS_ERROR_ARGUMENT for a text with mixup or cutmix, which need a batch.
 * Otherwise returns shs_random_status() of the stream, or the error of an operator of the program's
 * own. */
SHS_API SHS_MUST_CHECK shs_status shs_augment_apply(const shs_augment *augment, shs_random *stream,
                                                    const void *const *inputs, void *const *outputs,
                                                    void *scratch);

#ifdef __cplusplus
}
#endif

#endif
