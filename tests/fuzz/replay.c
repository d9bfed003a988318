/* A fuzz target without a fuzzer: runs it once on every file of the folders named as arguments. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

enum {
    MOST_BYTES = 1 << 20
};

static void run(const char *folder, const char *name)
{
    char path[4096];
    uint8_t *data = malloc(MOST_BYTES);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file || !data) {
        perror(path);
        exit(1);
    }
    size_t bytes = fread(data, 1, MOST_BYTES, file);
    fclose(file);
    LLVMFuzzerTestOneInput(data, bytes);
    free(data);
}

static size_t run_all(const char *folder)
{
    size_t count = 0;
    DIR *files = opendir(folder);
    if (!files) {
        perror(folder);
        exit(1);
    }
    for (struct dirent *entry; (entry = readdir(files));)
        if (entry->d_name[0] != '.') {
            run(folder, entry->d_name);
            count++;
        }
    closedir(files);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;
    for (int i = 1; i < argc; i++)
        count += run_all(argv[i]);
    printf("%zu inputs\n", count);
    return count ? 0 : 1;
}
