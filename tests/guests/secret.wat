;; Fills 16 MiB of memory with something that nobody else is to see.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"Ok\":{}}")
  (global $ran (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32)
    (select (i32.const 0) (i32.const 1024) (global.get $ran)))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 9))
  (func (export "_start")
    (drop (memory.grow (i32.const 255)))
    (memory.fill (i32.const 2048) (i32.const 83) (i32.const 16775168))
    (global.set $ran (i32.const 1))))
