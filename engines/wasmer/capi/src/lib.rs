//! What wow needs of Wasmer, as C functions: capi/wow_wasmer.h says what they do.

#[cfg(feature = "compiler")]
mod compile;
#[cfg(not(feature = "compiler"))]
mod memory;
#[cfg(not(feature = "compiler"))]
mod run;

use std::ffi::c_char;

/// Put a text where C wants it, cut to size, and return what is returned with it.
fn say<R>(text: *mut c_char, size: usize, what: &dyn std::fmt::Display, result: R) -> R {
    let said = what.to_string().replace(['\n', '\0'], " ");
    let n = said.len().min(size - 1);
    unsafe {
        std::ptr::copy_nonoverlapping(said.as_ptr().cast(), text, n);
        *text.add(n) = 0;
    }
    result
}
