#!/usr/bin/env bash
# Makes the table of regression.c: regression_data.sh TABLE.h5 [SHARDSTEP]
# awk draws it from a fixed seed: 2000 rows of eight inputs between -1 and 1, then y, a line through
# them with noise.
set -euo pipefail
table=${1:-table.h5}
awk 'function draw() { # the generator of Park and Miller: rand() is another one in each awk
    state = state * 16807 % 2147483647
    return state / 2147483647
}
BEGIN {
    state = 7
    for (row = 0; row < 2000; row++) {
        y = 0.5 + 0.2 * (draw() - 0.5)
        for (i = 1; i <= 8; i++) {
            x = 2 * draw() - 1
            y += x * (i - 4.5) / 2
            printf "%.6f,", x
        }
        printf "%.6f\n", y
    }
}' > "$table.csv"
"${2:-shardstep}" import "$table" "x=csv:f32:1-8:$table.csv" "y=csv:f32:9:$table.csv"
rm "$table.csv"
