;; Fills 200 MiB again and again: single instructions that take long.
(module
  (memory (export "memory") 3200)
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 0))
  (func (export "_start")
    (loop $again
      (memory.fill (i32.const 0) (i32.const 1) (i32.const 209715200))
      (br $again))))
