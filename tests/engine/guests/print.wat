;; Prints a line and then never ends.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 1024))
  (func (export "get_wasm_memory_buffer_len") (result i32) (global.get $len))
  (data (i32.const 64) "hello\0a")
  (func $start (export "_start")
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 6))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (loop $l (br $l))))
