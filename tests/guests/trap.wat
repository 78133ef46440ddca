;; Traps in the way its argument says: [0] … [9].
(module
  (memory (export "memory") 1)
  (table 4 funcref)
  (elem (i32.const 1) $other)
  (type $plain (func))
  (func $other (param i64))
  (func (export "wasm_memory_buffer_allocate_space") (param i32))
  (func (export "get_wasm_memory_buffer_pointer") (result i32) (i32.const 1024))
  (func (export "get_wasm_memory_buffer_len") (result i32) (i32.const 0))
  (func $deep (param i32) (result i32)
    (i32.add (call $deep (i32.add (local.get 0) (i32.const 1))) (local.get 0)))
  (func (export "_start") (local $zero i32)
    (block $9 (block $8 (block $7 (block $6 (block $5
    (block $4 (block $3 (block $2 (block $1 (block $0
      (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9
        (i32.sub (i32.load8_u (i32.const 1025)) (i32.const 48))))
    (unreachable))
    (drop (i32.div_s (i32.const 1) (local.get $zero))) (return))
    (drop (i32.div_s (i32.const 0x80000000) (i32.sub (local.get $zero) (i32.const 1)))) (return))
    (i32.store (i32.const 0) (i32.load (i32.const 0xfffffff0))) (return))
    (i32.store (i32.const 65533) (i32.const 1)) (return))
    (call_indirect (type $plain) (i32.const 0)) (return))
    (call_indirect (type $plain) (i32.const 1)) (return))
    (call_indirect (type $plain) (i32.const 400)) (return))
    (drop (i32.trunc_f32_s (f32.const nan))) (return))
    (drop (call $deep (i32.const 0)))))
