//! The list of attacks and what must become of each.

/// What must become of an attack. In every case the other apps go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The kernel faults the app; its fault policy follows.
    Fault,
    /// The attack gets errors, or nothing; the attacker says so and sleeps.
    Contained,
    /// Either of the two; hardware or policy may decide.
    FaultOrContained,
    /// The attacker takes all time that it can get, for ever, and says nothing
    /// after its start.
    Spin,
    /// The app ends by its own will and is not started again.
    Terminate,
    /// The app starts anew by its own will, over and over.
    Restart,
}

/// One attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attack {
    /// Its name, also of the function that carries it out.
    pub name: &'static str,
    /// What must become of it.
    pub expected: Expected,
}

/// Returns the number and the entry of an attack.
pub fn find(name: &str) -> Option<(u32, &'static Attack)> {
    (0..).zip(ATTACKS).find(|(_, attack)| attack.name == name)
}

/// Hands the list to a macro: one list makes the table here and the functions'
/// table in the image.
#[macro_export]
macro_rules! for_each_attack {
    ($callback:ident) => {
        $callback! {
            // Kernel and other apps.
            kernel_ram_read Fault
            kernel_ram_write Fault
            kernel_stack_write Fault
            kernel_flash_read Fault
            kernel_flash_write Fault
            crash_log_read Fault
            crash_log_write Fault
            vector_table_read Fault
            vector_table_write Fault
            device_secret_read Fault
            key_store_read Fault
            key_store_write Fault
            anchor_read Fault
            anchor_write Fault
            energy_store_read Fault
            energy_store_write Fault
            other_ram_read Fault
            other_ram_write Fault
            other_ram_byte_write Fault
            other_flash_read Fault
            other_flash_write Fault
            // The attacker's own memory that is not its own.
            own_grant_read Fault
            own_grant_write Fault
            own_block_end_read Fault
            own_block_end_write Fault
            own_flash_write Fault
            before_ram_read Fault
            after_ram_read Fault
            after_flash_read Fault
            own_footer_read Fault
            own_footer_execute Fault
            load_multiple_over_ram_end Fault
            load_multiple_over_ram_start Fault
            store_multiple_over_ram_start Fault
            // Other roads to the same memory.
            bit_band_ram_write Fault
            bit_band_peripheral_write Fault
            code_ram_alias_read Fault
            external_flash_read Fault
            // Peripherals.
            gpio_read Fault
            gpio_write Fault
            clock_write Fault
            reset_reason_read Fault
            uarte_write Fault
            qspi_write Fault
            ecb_write Fault
            saadc_read Fault
            saadc_write Fault
            timer_write Fault
            rtc_read Fault
            rng_read Fault
            watchdog_write Fault
            ppi_write Fault
            nvmc_enable Fault
            nvmc_erase Fault
            acl_write Fault
            ficr_read Fault
            uicr_read Fault
            uicr_write Fault
            // Private peripheral bus.
            mpu_read Fault
            mpu_disable Fault
            nvic_write Fault
            vector_base_write Fault
            reset_request Fault
            systick_write Fault
            software_interrupt Fault
            coprocessor_access_write Fault
            debug_read Fault
            cycle_counter_read Fault
            // Where code may run, and how.
            execute_ram Fault
            execute_kernel Fault
            execute_other_app Fault
            execute_peripheral Fault
            execute_system_space Fault
            execute_external_flash Fault
            execute_own_block_end Fault
            execute_exception_return Fault
            execute_exception_return_to_handler Fault
            execute_arm_state Fault
            upcall_in_ram Fault
            // Special registers.
            control_then_kernel_read Fault
            primask_then_kernel_read Fault
            basepri_then_kernel_read Fault
            faultmask_then_kernel_read Fault
            main_stack_pointer_read Contained
            main_stack_pointer_write Contained
            privilege_after_system_calls Spin
            // The stack pointer of a system call or an interrupt.
            stack_in_kernel_ram Fault
            stack_in_other_ram Fault
            stack_in_grant Fault
            stack_at_ram_start Fault
            stack_at_zero Fault
            stack_in_flash Fault
            stack_in_peripheral Fault
            stack_in_kernel_ram_interrupted Fault
            stack_at_ram_start_interrupted Fault
            stack_half_aligned Contained
            stack_overflow Fault
            // Instructions.
            undefined_instruction Fault
            breakpoint Fault
            floating_point Fault
            coprocessor Fault
            divide_by_zero FaultOrContained
            unaligned_load Contained
            unaligned_load_double Fault
            wait_for_interrupt Spin
            wait_for_event Spin
            disable_interrupts Spin
            system_call_in_it_block Contained
            // System calls.
            unknown_class Fault
            last_class Fault
            unknown_yield Fault
            unknown_exit Contained
            unknown_memops Contained
            allow_read_only Contained
            allow_read_write Contained
            allow_userspace_readable Contained
            subscribe_outside Contained
            yield_result_outside Contained
            break_outside Contained
            break_below_allowed_buffer Contained
            break_below_shared_buffer Contained
            writeable_flash_regions Contained
            debug_hints_outside Contained
            heap_exhaustion Contained
            grant_exhaustion Contained
            command_sweep Contained
            command_noise Contained
            subscribe_sweep Contained
            allow_sweep Contained
            restricted_meter_adc Contained
            restricted_energy_store Contained
            upcall_flood Contained
            // Time and patience.
            spin Spin
            system_call_storm Spin
            yield_storm Spin
            alarm_storm Spin
            console_flood Spin
            debug_flood Spin
            crash_for_ever Fault
            exit_terminate Terminate
            exit_restart Restart
        }
    };
}

macro_rules! table {
    ($($name:ident $expected:ident)*) => {
        /// All attacks. The index of one is its number.
        pub const ATTACKS: &[Attack] = &[
            $(Attack {
                name: stringify!($name),
                expected: Expected::$expected,
            },)*
        ];
    };
}

for_each_attack!(table);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_numbers() {
        for (number, attack) in (0..).zip(ATTACKS) {
            assert_eq!(find(attack.name), Some((number, attack)), "named twice");
        }
        assert_eq!(find("nothing"), None);
    }
}
