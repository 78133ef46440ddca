//! Linear memory with a limit, out of a pool of one.
//!
//! A memory is an address range of 8 GiB, of which what the guest has is accessible: the machine
//! code checks no bounds. The last instance's range is kept for the next: its pages are cleared
//! instead of unmapped, since a page fault costs more than clearing a page.

use std::ptr::{NonNull, null_mut};
use std::sync::Mutex;

use wasmer_compiler::{BaseTunables, Tunables};
use wasmer_types::{MemoryError, MemoryStyle, MemoryType, Pages, TableStyle, TableType};
use wasmer_vm::{
    LinearMemory, VMConfig, VMMemory, VMMemoryDefinition, VMTable, VMTableDefinition,
};

const KEEP_RESIDENT: usize = 1 << 20; // cleared; what lies behind is given back to the kernel
const TABLE_ELEMENTS: u32 = 262144;
pub static STACK: VMConfig = VMConfig { wasm_stack_size: Some(1 << 20) };

static POOL: Mutex<Option<Range>> = Mutex::new(None);

/// Address space for one memory, its first open bytes accessible. Addresses are numbers here, so
/// that a Range may lie in POOL.
#[derive(Debug)]
struct Range {
    base: usize,
    open: usize,
}

impl Range {
    fn size() -> usize {
        MemoryStyle::static_bound().bytes().0 + MemoryStyle::static_offset_guard_size() as usize
    }

    fn take() -> Result<Self, MemoryError> {
        if let Some(range) = POOL.lock().unwrap().take() {
            return Ok(range);
        }
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
        let base = unsafe { libc::mmap(null_mut(), Self::size(), libc::PROT_NONE, flags, -1, 0) };
        if base == libc::MAP_FAILED {
            return Err(MemoryError::Region(std::io::Error::last_os_error().to_string()));
        }
        Ok(Range { base: base as usize, open: 0 })
    }

    /// Make the first size bytes accessible, and no more.
    fn set_open(&mut self, size: usize) -> Result<(), MemoryError> {
        let (from, to, protection) = if size > self.open {
            (self.open, size, libc::PROT_READ | libc::PROT_WRITE)
        } else {
            (size, self.open, libc::PROT_NONE)
        };
        let at = (self.base + from) as *mut libc::c_void;
        if from < to && unsafe { libc::mprotect(at, to - from, protection) } < 0 {
            return Err(MemoryError::Region(std::io::Error::last_os_error().to_string()));
        }
        self.open = size;
        Ok(())
    }

    /// All zero again; into the pool, if that is empty.
    fn give(self) {
        let kept = self.open.min(KEEP_RESIDENT);
        unsafe {
            std::ptr::write_bytes(self.base as *mut u8, 0, kept);
            if self.open > kept {
                let at = (self.base + kept) as *mut libc::c_void;
                libc::madvise(at, self.open - kept, libc::MADV_DONTNEED);
            }
        }
        if let Some(range) = POOL.lock().unwrap().replace(self) {
            unsafe { libc::munmap(range.base as *mut libc::c_void, Self::size()) };
        }
    }
}

#[derive(Debug)]
struct Memory {
    range: Option<Range>, // None only while it is dropped
    ty: MemoryType,
    maximum: Pages,
    definition: NonNull<VMMemoryDefinition>, // in the instance, for generated code
}

// Nothing here has a second thread.
unsafe impl Send for Memory {}
unsafe impl Sync for Memory {}

impl LinearMemory for Memory {
    fn ty(&self) -> MemoryType {
        MemoryType { minimum: self.size(), ..self.ty }
    }
    fn size(&self) -> Pages {
        Pages((self.range.as_ref().map_or(0, |r| r.open) / wasmer_types::WASM_PAGE_SIZE) as u32)
    }
    fn style(&self) -> MemoryStyle {
        MemoryStyle::Static
    }
    fn grow(&mut self, delta: Pages) -> Result<Pages, MemoryError> {
        let current = self.size();
        let refused = MemoryError::CouldNotGrow { current, attempted_delta: delta };
        let Some(wanted) = current.checked_add(delta).filter(|w| *w <= self.maximum) else {
            return Err(refused);
        };
        self.range.as_mut().ok_or(refused)?.set_open(wanted.bytes().0)?;
        unsafe { self.definition.as_mut() }.current_length = wanted.bytes().0;
        Ok(current)
    }
    fn vmmemory(&self) -> NonNull<VMMemoryDefinition> {
        self.definition
    }
    fn try_clone(&self) -> Result<Box<dyn LinearMemory + Send + Sync>, MemoryError> {
        Err(MemoryError::MemoryNotShared)
    }
    fn copy(&self) -> Result<Box<dyn LinearMemory + Send + Sync>, MemoryError> {
        Err(MemoryError::MemoryNotShared)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if let Some(range) = self.range.take() {
            range.give();
        }
    }
}

/// What one instance may have, and where to tell where its memory lies.
pub struct Limits {
    pub memory: u64,
    pub found: *mut *const VMMemoryDefinition,
}

impl Tunables for Limits {
    fn memory_style(&self, _: &MemoryType) -> MemoryStyle {
        MemoryStyle::Static
    }
    fn table_style(&self, _: &TableType) -> TableStyle {
        TableStyle::CallerChecksSignature
    }
    fn create_host_memory(&self, _: &MemoryType, _: &MemoryStyle) -> Result<VMMemory, MemoryError> {
        Err(MemoryError::UnsupportedOperation { message: "no host memories".into() })
    }
    unsafe fn create_vm_memory(
        &self,
        ty: &MemoryType,
        _: &MemoryStyle,
        mut definition: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        let limit = (self.memory / wasmer_types::WASM_PAGE_SIZE as u64).min(65536) as u32;
        let maximum = Pages(ty.maximum.map_or(limit, |own| own.0.min(limit)));
        if ty.minimum > maximum {
            return Err(MemoryError::MinimumMemoryTooLarge {
                min_requested: ty.minimum,
                max_allowed: maximum,
            });
        }
        let mut range = Range::take()?;
        range.set_open(ty.minimum.bytes().0)?;
        unsafe {
            let at = definition.as_mut();
            at.base = range.base as *mut u8;
            at.current_length = range.open;
            *self.found = definition.as_ptr();
        }
        Ok(VMMemory(Box::new(Memory { range: Some(range), ty: *ty, maximum, definition })))
    }
    fn create_host_table(&self, ty: &TableType, style: &TableStyle) -> Result<VMTable, String> {
        VMTable::new(ty, style)
    }
    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        definition: NonNull<VMTableDefinition>,
    ) -> Result<VMTable, String> {
        if ty.minimum > TABLE_ELEMENTS {
            return Err(format!("a table of {} elements", ty.minimum));
        }
        let maximum = Some(ty.maximum.map_or(TABLE_ELEMENTS, |own| own.min(TABLE_ELEMENTS)));
        let ty = TableType { maximum, ..*ty };
        unsafe { BaseTunables::new().create_vm_table(&ty, style, definition) }
    }
    fn vmconfig(&self) -> &VMConfig {
        &STACK
    }
}
