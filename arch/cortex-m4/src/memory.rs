//! Copying, moving and filling memory: what the compiler calls for large values, in the fewest bytes.
//!
//! The compiler's own library takes 3 KB for these, because it is unrolled and
//! because it does without unaligned accesses. The core allows those in normal
//! memory, and CCR.UNALIGN_TRP is never set; `ldm` and `stm` alone want words that
//! are aligned, and get them.
//!
//! C's names and those of the ARM run-time ABI (`__aeabi_*`; sizes before the
//! value in `memset`, and variants for known alignments, all the same here) replace
//! the library's, which are weak symbols.

core::arch::global_asm!(
    r#"
    .syntax unified
    .thumb
    .section .text.memory, "ax", %progbits

    .macro function name
    .global \name
    .type \name, %function
    .thumb_func
\name:
    .endm

    @ r0 destination, r1 source, r2 bytes. memcpy and memmove return r0.
    @ Copies upwards unless that would overwrite what is still to be read.
    .balign 4
    function memmove
    function __aeabi_memmove
    function __aeabi_memmove4
    function __aeabi_memmove8
    subs    r3, r0, r1
    cmp     r3, r2
    blo     20f

    function memcpy
    function __aeabi_memcpy
    function __aeabi_memcpy4
    function __aeabi_memcpy8
    push    {{r0, r4, r5, lr}}
    orr     r3, r0, r1
    lsls    r3, r3, #30
    bne     12f
    subs    r2, #16
    blo     11f
10: ldm     r1!, {{r3, r4, r5, r12}}
    subs    r2, #16
    stm     r0!, {{r3, r4, r5, r12}}
    bhs     10b
11: adds    r2, #16
12: subs    r2, #4
    blo     14f
13: ldr     r3, [r1], #4
    subs    r2, #4
    str     r3, [r0], #4
    bhs     13b
14: adds    r2, #4
    beq     16f
15: ldrb    r3, [r1], #1
    subs    r2, #1
    strb    r3, [r0], #1
    bne     15b
16: pop     {{r0, r4, r5, pc}}

    @ Downwards.
20: adds    r1, r1, r2
    adds    r3, r0, r2
    subs    r2, #4
    blo     22f
21: ldr     r12, [r1, #-4]!
    subs    r2, #4
    str     r12, [r3, #-4]!
    bhs     21b
22: adds    r2, #4
    beq     24f
23: ldrb    r12, [r1, #-1]!
    subs    r2, #1
    strb    r12, [r3, #-1]!
    bne     23b
24: bx      lr

    @ r0 destination, r1 bytes.
    function __aeabi_memclr
    function __aeabi_memclr4
    function __aeabi_memclr8
    movs    r2, #0
    @ r0 destination, r1 bytes, r2 value.
    function __aeabi_memset
    function __aeabi_memset4
    function __aeabi_memset8
    mov     r3, r1
    mov     r1, r2
    mov     r2, r3
    @ r0 destination, r1 value, r2 bytes. Returns r0.
    function memset
    mov     r3, r0
    uxtb    r1, r1
    orr     r1, r1, r1, lsl #8
    orr     r1, r1, r1, lsl #16
    subs    r2, #8
    blo     31f
30: str     r1, [r3], #4
    subs    r2, #8
    str     r1, [r3], #4
    bhs     30b
31: adds    r2, #8
    beq     33f
32: strb    r1, [r3], #1
    subs    r2, #1
    bne     32b
33: bx      lr
    .purgem function
    "#
);
