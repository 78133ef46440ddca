;; Never ends, when its argument is an array; answers {} to an object.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":{}}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $ran)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 9))
  (func (export "_start")
    (loop $again (br_if $again (i32.eq (i32.load8_u (i32.const 1024)) (i32.const 91))))
    (global.set $ran (i32.const 1))))
