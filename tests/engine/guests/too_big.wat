;; Wants 300 pages to begin with.
(module
  ;; arguments go to 4096, the answer lies at 1024
  (global $at (mut i32) (i32.const 4096))
  (memory (export "memory") 300)
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (global.get $at))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 14))
  (data (i32.const 1024) "{\"Ok\":{\"n\":1}}")
  (func $start (export "_start")
    (global.set $at (i32.const 1024))))
