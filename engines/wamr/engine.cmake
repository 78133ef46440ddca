execute_process(COMMAND llvm-config-19 --libdir OUTPUT_VARIABLE LLVM_LIBDIR
                OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
set(WAMR_ASAN $<$<BOOL:${WOW_SANITIZE}>:engines/wamr/asan.c>)
wow_engine(wamr
  RUN_SOURCES engines/wamr/engine.c engines/wamr/common.c engines/wamr/reserve.c ${WAMR_ASAN}
  RUN ${WOW_WAMR}/run/libwow_wamr.a m dl pthread
  RUN_INCLUDE ${WOW_WAMR}/run/include
  COMPILE_SOURCES engines/wamr/compiler.c engines/wamr/common.c
  COMPILE ${WOW_WAMR}/compile/libwow_wamr.a ${LLVM_LIBDIR}/libLLVM-19.so stdc++ m dl pthread
  COMPILE_INCLUDE ${WOW_WAMR}/compile/include
  LINK_OPTIONS -Wl,--wrap=os_mmap,--wrap=os_munmap,--wrap=os_mprotect)
