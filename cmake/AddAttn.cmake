# Helpers for the compiler's libraries and tools.

# attn_add_room(Name source… [DEPENDS target…])
# One folder of the compiler. Rooms are object libraries; together they are
# libAttnCompiler, which tools and the plugin link.
function(attn_add_room name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_library(${name} OBJECT ${ARG_UNPARSED_ARGUMENTS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
  # Generated headers of every dialect exist before any room compiles.
  add_dependencies(${name} attn-headers)
  set_property(GLOBAL APPEND PROPERTY ATTN_ROOMS ${name})
endfunction()

# attn_add_tool(name source…)
function(attn_add_tool name)
  add_executable(${name} ${ARGN})
  add_dependencies(${name} attn-headers)
  target_link_libraries(${name} PRIVATE AttnCompiler MLIR LLVM)
endfunction()
