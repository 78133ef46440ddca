//! What makes machine code: Cranelift.

use std::ffi::{c_char, c_int};

use wasmer_compiler::{Artifact, ArtifactCreate, BaseTunables, Engine};
use wasmer_compiler_cranelift::{Cranelift, CraneliftOptLevel};
use wasmer_types::target::Target;
use wasmer_types::{CompileError, Features};

use crate::say;

fn features() -> Features {
    Features {
        multi_value: true,
        bulk_memory: true,
        reference_types: true,
        simd: true,
        ..Features::none()
    }
}

fn compile(wasm: &[u8]) -> Result<Vec<u8>, CompileError> {
    let mut config = Cranelift::new();
    config.opt_level(CraneliftOptLevel::Speed);
    let engine = Engine::new(Box::new(config), Target::default(), features());
    engine.validate(wasm)?;
    let artifact = Artifact::new(&engine, wasm, &BaseTunables::new(), None)?;
    artifact.serialize().map_err(|e| CompileError::Resource(e.to_string()))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_compile(
    wasm: *const u8,
    size: usize,
    code: *mut *const u8,
    code_size: *mut usize,
    text: *mut c_char,
    n: usize,
) -> c_int {
    match compile(unsafe { std::slice::from_raw_parts(wasm, size) }) {
        Ok(made) => unsafe {
            *code_size = made.len();
            *code = Box::leak(made.into_boxed_slice()).as_ptr();
            0
        },
        Err(error @ CompileError::Resource(_)) => say(text, n, &error, -2),
        Err(error) => say(text, n, &error, -1),
    }
}
