;; Prints, then waits in a host function, for an hour.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff"
    (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write"
    (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 64) "waiting\n")
  (data (i32.const 80) "\40\00\00\00\08\00\00\00") ;; 64, 8
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 1024))
  (func (export "get_wasm_memory_buffer_len") (result i32) (global.get $len))
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 80) (i32.const 1) (i32.const 96)))
    (i32.store (i32.const 4112) (i32.const 1)) ;; the monotonic clock, from now
    (i64.store (i32.const 4120) (i64.const 3600000000000))
    (drop (call $poll (i32.const 4096) (i32.const 5000) (i32.const 1) (i32.const 6000)))))
