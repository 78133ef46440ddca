;; No command: its function "handler" is called, after _initialize.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":{\"initialized\":0}}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $ran)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 24))
  (func (export "_initialize") (i32.store8 (i32.const 21) (i32.const 49)))
  (func (export "handler") (global.set $ran (i32.const 1))))
