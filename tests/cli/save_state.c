/* Saves checkpoints of a state whose content is known.
 *
 *     save_state DATA FIELDS FOLDER TENSORS          one checkpoint, at step 0
 *     save_state DATA FIELDS FOLDER TENSORS later    in the background
 *
 * Tensor n has the name "layer N.weight", the type of number n mod 11 and the shape (n mod 5) x 3;
 * the last tensor has no axes. Byte i of tensor n is (n + 7 i) mod 251.
 * tests/cli/safetensors_reference.py compares them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <shardstep.h>
#include <shardstep/must.h>

static void fill(shs_tensor *tensor, size_t n)
{
    unsigned char *bytes;
    size_t count;
    shs_must(shs_tensor_bytes(tensor, &count));
    tensor->data = bytes = calloc(count + 1, 1);
    for (size_t i = 0; bytes && i < count; i++)
        bytes[i] = (unsigned char)((n + 7 * i) % 251);
}

static shs_tensor *make_state(size_t tensors, char (*names)[64])
{
    shs_tensor *state = calloc(tensors + 1, sizeof *state);
    for (size_t n = 0; state && n < tensors; n++) {
        snprintf(names[n], sizeof names[n], "layer %zu.weight \"%s\"", n, n == 1 ? "\xc3\xa9" : "");
        state[n] = (shs_tensor){.name = names[n],
                                .type = (shs_type)((size_t)SHS_U8 + n % 11),
                                .axes = n + 1 < tensors ? 2 : 0,
                                .shape = {n % 5, 3}};
        fill(&state[n], n);
    }
    return state;
}

int main(int argc, char **argv)
{
    shs_run *run;
    shs_dataset *data;
    shs_loader *loader;
    if (argc != 5 && argc != 6) return 2;
    size_t tensors = strtoul(argv[4], NULL, 10);
    char(*names)[64] = calloc(tensors + 1, sizeof *names);
    shs_tensor *state = make_state(tensors, names);
    shs_must(shs_open_ranks(0, 1, NULL, NULL, &(shs_run_options){.seed = 42}, &run));
    shs_must(shs_dataset_open(run, argv[1], argv[2], NULL, &data));
    shs_must(shs_loader_open(data, &(shs_loader_options){.batch = 2}, &loader));
    shs_must(shs_save_with(loader, argv[3], state, tensors,
                           &(shs_save_options){.asynchronous = argc == 6}));
    shs_loader_close(&loader);
    shs_dataset_close(&data);
    shs_must(shs_close(&run));
    for (size_t n = 0; n < tensors; n++)
        free(state[n].data);
    free(state);
    free(names);
    return 0;
}
