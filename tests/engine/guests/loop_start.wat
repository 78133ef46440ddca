;; Never ends, already in its start section.
(module
  (memory (export "memory") 2)
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 1024))
  (func (export "get_wasm_memory_buffer_len") (result i32) (global.get $len))
  (func $begin (loop $l (br $l)))
  (start $begin)
  (func (export "_start")))
