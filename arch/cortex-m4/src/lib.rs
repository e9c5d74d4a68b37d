//! ARMv7-M support of the kernel: context switch, MPU, NVIC, SysTick, faults.

#![no_std]
