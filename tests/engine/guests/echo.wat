;; Answers {"Ok": its arguments}.
(module
  (memory (export "memory") 2)
  (global $len (mut i32) (i32.const 0))
  (func (export "wasm_memory_buffer_allocate_space") (param i32) (global.set $len (local.get 0)))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 1024))
  (func (export "get_wasm_memory_buffer_len") (result i32) (global.get $len))
  (func $start (export "_start")
    (memory.copy (i32.const 2048) (i32.const 1024) (global.get $len))
    (i64.store (i32.const 1024) (i64.const 0x203a226b4f227b20)) ;; ' {"Ok": '
    (memory.copy (i32.const 1032) (i32.const 2048) (global.get $len))
    (i32.store8 (i32.add (i32.const 1032) (global.get $len)) (i32.const 125))
    (global.set $len (i32.add (global.get $len) (i32.const 9)))))
