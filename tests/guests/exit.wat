;; Leaves {"Ok":{}} in its buffer and exits with the status that its argument says: [3].
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":{}}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $ran)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 9))
  (func (export "_start")
    (global.set $ran (i32.const 1))
    (call $exit (i32.sub (i32.load8_u (i32.const 1025)) (i32.const 48)))))
