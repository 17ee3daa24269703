// RUN: attn-opt %s -split-input-file -verify-diagnostics --pass-pipeline='builtin.module(tile.kernel(tile-specialize-warps))'

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

tile.kernel @in_a_branch(%A: !tensor, %n: index, %b: memref<?xf32>)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %a = tile.alloc : !tile
  %c0 = arith.constant 0 : index
  %is = arith.cmpi eq, %n, %c0 : index
  scf.if %is {
    // expected-error@+1 {{expected copies in walks and loops only, where warps have roles}}
    tile.copy_async %A[%n] to %a : !tensor to !tile
  }
  tile.return
}

// -----

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

tile.kernel @carried_address(%A: !tensor, %n: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %a = tile.alloc : !tile
  %r = tile.walk from %n init(%n : index) to %n (%t, %row) {
    // expected-error@+1 {{depends on what the warps that compute find out}}
    tile.copy_async %A[%row] to %a : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
    tile.yield %t : index
  }
  tile.return
}

// -----

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

tile.kernel @twice(%A: !tensor, %n: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %a = tile.alloc : !tile
  tile.walk from %n to %n (%t) {
    tile.copy_async %A[%t] to %a : !tensor to !tile
    // expected-error@+1 {{fills a buffer twice in a step}}
    tile.copy_async %A[%t] to %a : !tensor to !tile
    tile.commit_copies
    tile.wait_copies pending = 0
  }
  tile.return
}

// -----

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

tile.kernel @two_roles(%A: !tensor, %n: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %a = tile.alloc : !tile
  tile.copy_async %A[%n] to %a role = "left" : !tensor to !tile
  tile.commit_copies
  tile.wait_copies pending = 0
  // expected-error@+1 {{fills the buffer of the role "left"}}
  tile.copy_async %A[%n] to %a role = "right" : !tensor to !tile
  tile.commit_copies
  tile.wait_copies pending = 0
  tile.return
}

// -----

!tensor = memref<?x64xbf16, strided<[?, 1], offset: ?>>
!tile = !tile.shared<64x64xbf16, swizzle = 128>

tile.kernel @no_wait(%A: !tensor, %n: index)
    attributes {cta = #tile.cta<warps = 4, producers = 4>, target = "sm_90a"} {
  %a = tile.alloc : !tile
  // expected-error@+1 {{expected a wait behind the copy, in its block}}
  tile.copy_async %A[%n] to %a : !tensor to !tile
  tile.commit_copies
  tile.return
}
