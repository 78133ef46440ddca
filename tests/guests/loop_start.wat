;; Never gets past its start section.
(module
  (memory (export "memory") 1)
  (func $forever (loop $again (br $again)))
  (start $forever)
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 0))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 0))
  (func (export "_start")))
