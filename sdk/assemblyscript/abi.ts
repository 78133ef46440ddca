/** The exports by which wow passes arguments and reads the result; wow-asc adds them to a module. */
export {
  allocate as wasm_memory_buffer_allocate_space,
  pointer as get_wasm_memory_buffer_pointer,
  length as get_wasm_memory_buffer_len,
} from "wow";
