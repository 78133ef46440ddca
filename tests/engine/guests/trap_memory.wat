;; Reads just beyond its memory, and uses what it reads: LLVM leaves out what nobody uses.
(module
  (memory (export "memory") 2)
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 1024))
  (func (export "get_wasm_memory_buffer_len") (result i32) (global.get $len))
  (func $start (export "_start")
    (global.set $len (i32.load (i32.const 131069)))))
