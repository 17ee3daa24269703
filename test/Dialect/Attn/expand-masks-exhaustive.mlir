// Every range region against its keep region, for all small shapes and masks.
//
// RUN: %python %S/Inputs/check_ranges.py attn-opt | FileCheck %s
// CHECK: {{[0-9]+}} masks agree
