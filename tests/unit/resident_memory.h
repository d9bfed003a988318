/* How much memory of the machine a process has. */
#ifndef RESIDENT_MEMORY_H
#define RESIDENT_MEMORY_H

#include <stdio.h>

/* Returns the bytes of the process in memory, without its maps of files. */
static inline double resident_memory(void)
{
    char line[256];
    unsigned long long all = 0, files = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) {
        sscanf(line, "VmRSS: %llu", &all);
        sscanf(line, "RssFile: %llu", &files);
    }
    if (status) fclose(status);
    return (double)(all - files) * 1024;
}

#endif
