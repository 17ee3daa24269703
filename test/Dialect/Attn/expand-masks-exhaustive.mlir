// Every range region against its keep region, for all small shapes and masks.
//
// RUN: %python %S/Inputs/check_ranges.py attn-opt | FileCheck %s
// CHECK: {{[0-9]+}} masks agree

// RUN: %python %S/Inputs/check_predicates.py attn-opt 2000 1 | FileCheck %s --check-prefix=RANDOM
// RANDOM: 2000 predicates, {{[0-9]+}} listed: {{[0-9]+}} tiles, {{[01]\.[0-9]+}} % falsely called partial
