# Helpers for the compiler's libraries and tools.

# The headers of LLVM and MLIR that nearly every file includes are parsed once.
# Sources name what they need all the same. The compiled headers name the folder
# that they were made in, so no compiler cache may hand them to another one; its
# key for them is what they are made of.
function(attn_add_precompiled_headers name)
  add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/Precompiled.cpp)
  target_precompile_headers(${name} PRIVATE ${ARGN})
  set_target_properties(${name} PROPERTIES CXX_COMPILER_LAUNCHER "")
  string(SHA256 key "${ARGN} ${CMAKE_CXX_COMPILER_VERSION} ${LLVM_PACKAGE_VERSION}
                     ${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_RELWITHDEBINFO}")
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.dir/cmake_pch.hxx.pch.sum
       ${key})
endfunction()

# attn_add_room(Name source… [LINKS component…])
# One component of the compiler: a shared library that links the components whose headers it
# includes, and no others. docs/Architecture.md has the same arrows.
function(attn_add_room name)
  cmake_parse_arguments(ARG "" "" "LINKS" ${ARGN})
  add_library(${name} SHARED ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC ${ARG_LINKS} MLIR LLVM)
  target_link_options(${name} PRIVATE -Wl,--no-undefined)
  # A definition for each component would be another set of precompiled headers.
  set_target_properties(${name} PROPERTIES DEFINE_SYMBOL "")
  target_precompile_headers(${name} REUSE_FROM AttnPrecompiled)
  # Generated headers of every dialect exist before any component compiles.
  add_dependencies(${name} attn-headers)
endfunction()

# attn_add_tool(name source…)
function(attn_add_tool name)
  add_executable(${name} ${ARGN})
  add_dependencies(${name} attn-headers)
  target_link_libraries(${name} PRIVATE AttnPipeline)
endfunction()
