execute_process(COMMAND llvm-config-19 --libdir OUTPUT_VARIABLE LLVM_LIBDIR
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(WAMR_ASAN $<$<BOOL:${WOW_SANITIZE}>:engines/wamr/asan.c>)
wow_engine(wamr
  RUN_SOURCES engines/wamr/engine.c engines/wamr/common.c engines/wamr/reserve.c ${WAMR_ASAN}
  RUN ${WOW_WAMR}/run/libwow_wamr.a m dl pthread
  RUN_INCLUDE ${WOW_WAMR}/run/include
  COMPILE_SOURCES engines/wamr/compiler.c engines/wamr/common.c
  COMPILE ${WOW_WAMR}/run/libwow_wamr.a m dl pthread
  COMPILE_INCLUDE ${WOW_WAMR}/run/include
  LINK_OPTIONS -Wl,--wrap=os_mmap,--wrap=os_munmap,--wrap=os_mprotect)

# What wow-compile-wamr loads for the optimised tier (engines/wamr/llvm.h).
add_library(wow-llvm-wamr MODULE engines/wamr/llvm.c engines/wamr/common.c src/base/err.c)
set_target_properties(wow-llvm-wamr PROPERTIES PREFIX "")
target_include_directories(wow-llvm-wamr SYSTEM PRIVATE ${WOW_WAMR}/compile/include)
target_link_options(wow-llvm-wamr PRIVATE -Wl,--exclude-libs,ALL)
target_link_libraries(wow-llvm-wamr PRIVATE
  ${WOW_WAMR}/compile/libwow_wamr.a ${LLVM_LIBDIR}/libLLVM-19.so stdc++ m dl pthread)
foreach(program wow-compile-wamr spec-compile-wamr)
  add_dependencies(${program} wow-llvm-wamr)
endforeach()
