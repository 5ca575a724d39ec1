//! How far the stack of the main thread may still grow. The C library reads a long file of the system's to find that out,
//! which takes a twentieth of the time that `hoop` needs for an empty script.

/// Bytes from `here`, an address of a local variable, down to the end of the main thread's stack. None on another stack, and
/// where it is not known.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pub fn stack_left(here: usize) -> Option<usize> {
    /// With a limit that is no larger, the system maps nothing into the room of the stack.
    const LARGEST: u64 = 64 << 20;
    /// What may lie above the name of the program, and more, to be sure.
    const AROUND: usize = 64 << 10;
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current?;
    // The system puts the name at the very top of the stack.
    let top = rustix::param::linux_execfn().as_ptr() as usize;
    let lowest = (limit <= LARGEST).then(|| top.checked_sub(limit as usize))??;
    match (lowest..top).contains(&here) {
        true => (here - lowest).checked_sub(AROUND),
        false => None,
    }
}

/// Nobody knows.
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
pub fn stack_left(_: usize) -> Option<usize> {
    None
}
