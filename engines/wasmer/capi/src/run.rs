//! What runs guests: modules, instances, calls.
//!
//! One thread, and one guest at a time: CURRENT is whose call is under way.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering::Relaxed};

use shared_buffer::OwnedBuffer;
use wasmer_compiler::{Artifact, ArtifactCreate, Engine, InstantiationError, Tunables};
use wasmer_compiler::get_trace_and_trapcode;
use wasmer_types::entity::EntityRef;
use wasmer_types::{ExportIndex, FunctionIndex, FunctionType, ImportIndex, ModuleInfo, RawValue};
use wasmer_types::Type;
use wasmer_vm::*;

use crate::memory::Limits;
use crate::say;

/// struct wow_import of wow/engine.h.
#[repr(C)]
pub struct Import {
    module: *const c_char,
    name: *const c_char,
    ty: *const c_char,
    function: *const c_void,
}

type Host = unsafe extern "C" fn(*const Import, *mut c_void, *mut RawValue) -> c_int;

/// What generated code gets of a host function: whom to call, and for which import.
struct HostFunction {
    import: *const Import,
    host: Host,
}

type HostContext = VMDynamicFunctionContext<HostFunction>;

/// A module and what its instances share. The code lives as long as the engine, and an engine
/// keeps all code it ever loaded: hence an engine for each module.
pub struct Module {
    artifact: Artifact, // goes before the engine
    engine: Engine,
    info: Arc<ModuleInfo>,
    hosts: Vec<(Box<HostContext>, FunctionType)>,
    imports: Vec<VMExtern>, // the first functions of each store, in order
    spare: *mut StoreObjects,
}

pub struct Instance {
    handle: Option<VMInstance>,
    store: *mut StoreObjects,
    module: *mut Module,
    guest: *mut c_void,
}

const RETURNED: c_int = -1;
const STOPPED: c_int = -2;
const FAILED: c_int = -3;

static CURRENT: AtomicPtr<c_void> = AtomicPtr::new(null_mut());

#[derive(Debug)]
struct Stop;
impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stop")
    }
}
impl std::error::Error for Stop {}

/// Generated code calls here, on the guest's stack, which may be nearly used up.
unsafe extern "C-unwind" fn host_call(this: &HostContext, values: *mut RawValue) {
    let stop = on_host_stack(|| unsafe {
        (this.ctx.host)(this.ctx.import, CURRENT.load(Relaxed), values) != 0
    });
    if stop {
        unsafe { raise_user_trap(Box::new(Stop)) }
    }
}

/// The same for a host function that the guest exports and wow calls.
unsafe extern "C" fn host_trampoline(
    this: *mut VMContext,
    _: *const VMFunctionBody,
    values: *mut RawValue,
) {
    unsafe { host_call(&*(this as *const HostContext), values) }
}

/// "iI:f" as Wasmer has it.
fn type_of(text: &[u8]) -> FunctionType {
    let list = |part: &[u8]| -> Vec<Type> {
        part.iter()
            .map(|letter| match letter {
                b'i' => Type::I32,
                b'I' => Type::I64,
                b'f' => Type::F32,
                _ => Type::F64,
            })
            .collect()
    };
    let mut parts = text.split(|letter| *letter == b':');
    let params = list(parts.next().unwrap_or_default());
    FunctionType::new(params, list(parts.next().unwrap_or_default()))
}

/// Find each import of the module in C's table.
unsafe fn link(info: &ModuleInfo, mut table: *const Import, host: Host)
    -> Result<Vec<(Box<HostContext>, FunctionType)>, String> {
    let mut known = std::collections::HashMap::new();
    let mut found = Vec::new();
    unsafe {
        while !(*table).name.is_null() {
            let key = (CStr::from_ptr((*table).module), CStr::from_ptr((*table).name));
            known.insert((key.0.to_bytes(), key.1.to_bytes()), table);
            table = table.add(1);
        }
    }
    for (key, index) in &info.imports {
        let import = match index {
            ImportIndex::Function(_) => known.get(&(key.module.as_bytes(), key.field.as_bytes())),
            _ => None,
        };
        let Some(&import) = import else {
            return Err(format!("there is no import '{}.{}'", key.module, key.field));
        };
        let context = Box::new(VMDynamicFunctionContext {
            address: host_call as *const VMFunctionBody,
            ctx: HostFunction { import, host },
        });
        let ty = type_of(unsafe { CStr::from_ptr((*import).ty) }.to_bytes());
        found.push((context, ty));
    }
    Ok(found)
}

impl Module {
    unsafe fn load(code: &'static [u8], table: *const Import, host: Host) -> Result<Self, String> {
        let engine = Engine::headless();
        let code = OwnedBuffer::from_static(code);
        let artifact =
            unsafe { Artifact::deserialize(&engine, code) }.map_err(|e| e.to_string())?;
        let info = artifact.create_module_info();
        let hosts = unsafe { link(&info, table, host)? };
        let mut module =
            Module { artifact, engine, info, hosts, imports: Vec::new(), spare: null_mut() };
        let mut store = Box::<StoreObjects>::default();
        module.imports = module.define(&mut store);
        module.spare = Box::into_raw(store);
        Ok(module)
    }

    /// Put the host functions into a store; they lie in all at the same places.
    fn define(&self, store: &mut StoreObjects) -> Vec<VMExtern> {
        let one = |(context, ty): &(Box<HostContext>, FunctionType)| {
            let anyfunc = VMCallerCheckedAnyfunc {
                func_ptr: std::ptr::null(), // set by instantiate, to the module's trampoline
                type_signature_hash: self.engine.register_signature(ty),
                vmctx: VMFunctionContext { host_env: &**context as *const _ as *mut c_void },
                call_trampoline: host_trampoline,
            };
            let function = VMFunction {
                anyfunc: MaybeInstanceOwned::Host(Box::new(anyfunc.into())),
                signature: ty.clone(),
                kind: VMFunctionKind::Dynamic,
                host_data: Box::new(0u8), // anything but (), which stands for a guest's function
            };
            VMExtern::Function(InternalStoreHandle::new(store, function))
        };
        self.hosts.iter().map(one).collect()
    }

    fn take_store(&mut self) -> *mut StoreObjects {
        let spare = std::mem::replace(&mut self.spare, null_mut());
        if !spare.is_null() {
            return spare;
        }
        let mut store = Box::<StoreObjects>::default();
        self.define(&mut store);
        Box::into_raw(store)
    }

    /// Have back what take_store gave, emptied of what its instance made.
    unsafe fn give_store(&mut self, store: *mut StoreObjects) {
        let objects = unsafe { &mut *store };
        VMFunction::list_mut(objects).truncate(self.hosts.len());
        VMMemory::list_mut(objects).clear();
        VMTable::list_mut(objects).clear();
        VMGlobal::list_mut(objects).clear();
        VMExternObj::list_mut(objects).clear();
        if self.spare.is_null() {
            self.spare = store;
        } else {
            drop(unsafe { Box::from_raw(store) });
        }
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        if !self.spare.is_null() {
            drop(unsafe { Box::from_raw(self.spare) });
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.handle = None; // before the memory it points to
        unsafe { (*self.module).give_store(self.store) }
    }
}

fn end_of(trap: Trap, text: *mut c_char, n: usize) -> c_int {
    if matches!(trap, Trap::User(_)) {
        return STOPPED;
    }
    match get_trace_and_trapcode(&trap).1 {
        Some(code) => code as c_int,
        None => say(text, n, &trap, FAILED),
    }
}

#[unsafe(no_mangle)]
pub extern "C" fn wow_wasmer_init() {
    init_traps();
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_load(
    code: *const u8,
    size: usize,
    table: *const Import,
    host: Host,
    text: *mut c_char,
    n: usize,
) -> *mut Module {
    let code = unsafe { std::slice::from_raw_parts(code, size) };
    match unsafe { Module::load(code, table, host) } {
        Ok(module) => Box::into_raw(Box::new(module)),
        Err(error) => say(text, n, &error, null_mut()),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_unload(module: *mut Module) {
    drop(unsafe { Box::from_raw(module) });
}

/// struct wow_wasmer_export of wow_wasmer.h.
#[repr(C)]
pub struct Export {
    index: u32,
    params: u8,
    results: u8,
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_export(
    module: &Module,
    name: *const c_char,
    out: &mut Export,
) -> bool {
    let name = unsafe { CStr::from_ptr(name) }.to_str().unwrap_or_default();
    let Some(ExportIndex::Function(index)) = module.info.exports.get(name) else {
        return false;
    };
    let ty = &module.info.signatures[module.info.functions[*index]];
    let fits = |types: &[Type]| types.len() <= 1 && types.iter().all(|t| *t == Type::I32);
    out.index = index.index() as u32;
    out.params = ty.params().len() as u8;
    out.results = ty.results().len() as u8;
    fits(ty.params()) && fits(ty.results())
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_memory_min(module: &Module) -> u64 {
    let largest = module.info.memories.values().map(|m| m.minimum.bytes().0 as u64).max();
    largest.unwrap_or(0)
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_spawn(
    module: *mut Module,
    limit: u64,
    guest: *mut c_void,
    memory: *mut *const VMMemoryDefinition,
    out: *mut *mut Instance,
    text: *mut c_char,
    n: usize,
) -> c_int {
    let limits = Limits { memory: limit, found: memory };
    let m = unsafe { &mut *module };
    let store = m.take_store();
    let mut instance = Box::new(Instance { handle: None, store, module, guest });
    CURRENT.store(guest, Relaxed);
    let result = unsafe {
        m.artifact.instantiate(&limits, &m.imports, &mut *store).and_then(|made| {
            let handle = instance.handle.insert(made);
            m.artifact.finish_instantiation(limits.vmconfig(), None, handle)
        })
    };
    match result {
        Ok(()) => {
            unsafe { *out = Box::into_raw(instance) };
            RETURNED
        }
        Err(InstantiationError::Start(trap)) => end_of(trap, text, n),
        Err(error) => say(text, n, &error, FAILED),
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_drop(instance: *mut Instance) {
    drop(unsafe { Box::from_raw(instance) });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn wow_wasmer_call(
    instance: &mut Instance,
    index: u32,
    values: *mut RawValue,
    text: *mut c_char,
    n: usize,
) -> c_int {
    let export = ExportIndex::Function(FunctionIndex::from_u32(index));
    let Some(VMExtern::Function(function)) =
        instance.handle.as_mut().map(|handle| handle.lookup_by_declaration(export))
    else {
        return say(text, n, &"no function", FAILED);
    };
    CURRENT.store(instance.guest, Relaxed);
    let result = unsafe {
        let f: NonNull<VMCallerCheckedAnyfunc> = function.get(&*instance.store).anyfunc.as_ptr();
        let f = f.as_ref();
        wasmer_call_trampoline(
            None,
            &crate::memory::STACK,
            VMFunctionContext { vmctx: f.vmctx.vmctx },
            f.call_trampoline,
            f.func_ptr,
            values as *mut u8,
        )
    };
    match result {
        Ok(()) => RETURNED,
        Err(trap) => end_of(trap, text, n),
    }
}
