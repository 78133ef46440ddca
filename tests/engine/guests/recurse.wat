;; Calls itself, some depth down and up again, for ever.
(module
  (memory (export "memory") 2)
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 1024))
  (func (export "get_wasm_memory_buffer_len") (result i32) (global.get $len))
  (func $down (param i32)
    (if (local.get 0) (then
      (call $down (i32.sub (local.get 0) (i32.const 1)))
      (call $down (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "_start") (call $down (i32.const 1000))))
