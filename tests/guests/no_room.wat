;; The room it makes for its arguments is outside its memory.
(module
  (memory (export "memory") 1)
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 65536))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 0))
  (func (export "_start")))
