//===- BuildEntries.cpp - The C entries of each function ------------------===//
//
// Part of attn-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
//   func.func @f(%q, …) {                 llvm.func @attnpkg_f(%stream, %args,
//     cf.assert …                             %results) -> i32 {
//     %e = tensor.empty(…)                  check every tensor and rule
//     %o = tile.launch @kernels::@f_0  =>   attnrtLaunch(…)
//     return %o                             return 0
//   }                                     }
//                                         llvm.func @attnpkg_f__shapes(…) …
//
// Kernels are launched by a call of the runtime and not by gpu.launch_func:
// that operation has no way to say that a launch failed.
//
//===----------------------------------------------------------------------===//

#include "AbiTypes.h"

#include "attn/Package/Passes.h"
#include "attnrt/Abi.h"
#include "attnrt/PackageFormat.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace attn {
#define GEN_PASS_DEF_BUILDENTRIES
#include "attn/Package/Passes.h.inc"
} // namespace attn

using namespace mlir;
using namespace attn;
using namespace attn::tile;

namespace {

struct BuildEntries : public attn::impl::BuildEntriesBase<BuildEntries> {
  void runOnOperation() override;

private:
  LogicalResult buildFor(func::FuncOp function);
  void describe(func::FuncOp function, LLVM::LLVMFuncOp entry);
  LogicalResult emitKernelDescriptor(LaunchOp launch);
};

/// Writes one exported function of the C interface.
class EntryWriter {
public:
  EntryWriter(ModuleOp module, Location loc, const Twine &symbol,
              ArrayRef<Type> arguments);

protected:
  LLVM::LLVMFuncOp runtimeFunction(StringRef name, ArrayRef<Type> arguments,
                                   bool isVarArg = false);
  Value callRuntime(StringRef name, ValueRange arguments);
  /// Returns `status` from the function where `condition` holds.
  void returnIf(Value condition, function_ref<Value()> status);
  void returnIfNonzero(Value status);
  void returnOk() {
    LLVM::ReturnOp::create(builder, loc, constant(32, ATTNRT_OK));
  }
  void failUnless(Value condition, StringRef message);

  Value constant(unsigned bits, int64_t value) {
    return abi::emitConstant(builder, loc, bits, value);
  }
  Value loadAt(Value pointer, int64_t byteOffset, Type type);
  Value toIndex(Value i64) {
    return arith::IndexCastOp::create(builder, loc, builder.getIndexType(),
                                      i64);
  }
  Value toI64(Value index) {
    return arith::IndexCastOp::create(builder, loc, builder.getI64Type(),
                                      index);
  }
  /// Element `i` of an array of DLTensor pointers.
  Value tensorAt(Value array, int64_t i) {
    return loadAt(array, i * sizeof(void *), pointer);
  }
  Value dimOf(Value tensor, int64_t dim);
  Value strideOf(Value tensor, int64_t dim);
  Value dataOf(Value tensor);
  void checkTensor(Value tensor, RankedTensorType type, Type elementType,
                   uint32_t alignment, const Twine &name);

  ModuleOp module;
  Location loc;
  Type pointer;
  LLVM::LLVMFuncOp entry;
  OpBuilder builder;
};

/// The entry or the shape function: what the host function does, on DLTensors.
class HostWriter : EntryWriter {
public:
  enum class Purpose { Launch, Shapes };
  HostWriter(func::FuncOp function, Purpose purpose);
  LogicalResult write();
  LLVM::LLVMFuncOp getEntry() { return entry; }

private:
  LogicalResult writeOp(Operation &op);
  SmallVector<Value> dimsOf(OpResult launched);
  void writeShape(OpResult launched);
  void checkResult(OpResult launched);
  void writeLaunch(LaunchOp op);
  SmallVector<Value> launchParameters(LaunchOp op);
  void findResults();

  func::FuncOp function;
  Purpose purpose;
  IRMapping mapping;            // scalars, and tensors to their DLTensor
  DenseMap<Value, int> results; // which result of the function a launch fills
  DenseMap<int, int64_t> shapeOffsets;
};

/// A wrapper of a function on memrefs that runs on the host.
class JudgeWriter : EntryWriter {
public:
  JudgeWriter(func::FuncOp function, func::FuncOp judge, StringRef suffix,
              ArrayRef<Type> trailing);
  void writeRows();
  void writeFlops();

private:
  Value memrefOf(Value tensor, MemRefType type);
  SmallVector<Value> arguments();

  func::FuncOp function, judge;
};

} // namespace

//===----------------------------------------------------------------------===//
// EntryWriter
//===----------------------------------------------------------------------===//

static Type i32Of(MLIRContext *context) { return IntegerType::get(context, 32); }
static Type i64Of(MLIRContext *context) { return IntegerType::get(context, 64); }

EntryWriter::EntryWriter(ModuleOp module, Location loc, const Twine &symbol,
                         ArrayRef<Type> arguments)
    : module(module), loc(loc), pointer(abi::pointerType(module.getContext())),
      builder(OpBuilder::atBlockEnd(module.getBody())) {
  auto type =
      LLVM::LLVMFunctionType::get(i32Of(module.getContext()), arguments);
  entry = LLVM::LLVMFuncOp::create(
      builder, loc, (attnrt::kSymbolPrefix + symbol).str(), type);
  builder.setInsertionPointToStart(entry.addEntryBlock(builder));
}

LLVM::LLVMFuncOp EntryWriter::runtimeFunction(StringRef name,
                                              ArrayRef<Type> arguments,
                                              bool isVarArg) {
  if (auto found = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return found;
  auto atModule = OpBuilder::atBlockBegin(module.getBody());
  return LLVM::LLVMFuncOp::create(
      atModule, loc, name,
      LLVM::LLVMFunctionType::get(i32Of(module.getContext()), arguments,
                                  isVarArg));
}

Value EntryWriter::callRuntime(StringRef name, ValueRange arguments) {
  SmallVector<Type> types(arguments.getTypes());
  return LLVM::CallOp::create(builder, loc, runtimeFunction(name, types),
                              arguments)
      .getResult();
}

void EntryWriter::returnIf(Value condition, function_ref<Value()> status) {
  Block *current = builder.getInsertionBlock();
  Block *exit = builder.createBlock(&entry.getBody(), entry.getBody().end());
  Block *rest = builder.createBlock(&entry.getBody(), entry.getBody().end());
  builder.setInsertionPointToEnd(current);
  LLVM::CondBrOp::create(builder, loc, condition, exit, rest);
  builder.setInsertionPointToEnd(exit);
  Value result = status();
  LLVM::ReturnOp::create(builder, loc, result);
  builder.setInsertionPointToEnd(rest);
}

void EntryWriter::returnIfNonzero(Value status) {
  Value failed = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne,
                                      status, constant(32, ATTNRT_OK));
  returnIf(failed, [&] { return status; });
}

void EntryWriter::failUnless(Value condition, StringRef message) {
  Value fails = LLVM::XOrOp::create(builder, loc, condition, constant(1, 1));
  returnIf(fails, [&]() -> Value {
    auto fail = runtimeFunction("attnrtFail", {i32Of(builder.getContext()), pointer},
                                /*isVarArg=*/true);
    Value format = abi::emitString(builder, loc, module, "%s");
    Value text = abi::emitString(builder, loc, module, message);
    return LLVM::CallOp::create(
               builder, loc, fail,
               ValueRange{constant(32, ATTNRT_BAD_INPUT), format, text})
        .getResult();
  });
}

Value EntryWriter::loadAt(Value base, int64_t byteOffset, Type type) {
  Value address =
      LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), base,
                          ArrayRef<LLVM::GEPArg>{int32_t(byteOffset)});
  return LLVM::LoadOp::create(builder, loc, type, address);
}

Value EntryWriter::dimOf(Value tensor, int64_t dim) {
  Value shape = loadAt(tensor, abi::DLTensorOffset::shape, pointer);
  return loadAt(shape, dim * sizeof(int64_t), builder.getI64Type());
}

/// The runtime knows what a missing stride array means.
Value EntryWriter::strideOf(Value tensor, int64_t dim) {
  auto type = LLVM::LLVMFunctionType::get(
      builder.getI64Type(), {pointer, i32Of(builder.getContext())});
  auto callee = module.lookupSymbol<LLVM::LLVMFuncOp>("attnrtStride");
  if (!callee) {
    auto atModule = OpBuilder::atBlockBegin(module.getBody());
    callee = LLVM::LLVMFuncOp::create(atModule, loc, "attnrtStride", type);
  }
  return LLVM::CallOp::create(builder, loc, callee,
                              ValueRange{tensor, constant(32, dim)})
      .getResult();
}

Value EntryWriter::dataOf(Value tensor) {
  Value data = loadAt(tensor, abi::DLTensorOffset::data, pointer);
  Value offset =
      loadAt(tensor, abi::DLTensorOffset::byteOffset, builder.getI64Type());
  return LLVM::GEPOp::create(builder, loc, pointer, builder.getI8Type(), data,
                             offset);
}

/// Constants for AttnrtTensorSpec.
void EntryWriter::checkTensor(Value tensor, RankedTensorType type,
                              Type elementType, uint32_t alignment,
                              const Twine &name) {
  std::string symbol =
      (entry.getSymName() + "." + name + ".spec").str();
  uint8_t code = elementType.isBF16() ? kDLBfloat : kDLFloat;
  auto spec = abi::tensorSpecType(builder.getContext());
  abi::emitStruct(
      builder, loc, module, symbol, spec, /*isConstant=*/true,
      [&](OpBuilder &body) -> SmallVector<Value> {
        SmallVector<int64_t> shape(type.getShape());
        for (int64_t &size : shape)
          size = ShapedType::isDynamic(size) ? -1 : size;
        shape.resize(ATTNRT_MAX_RANK, 0);
        Value dims = LLVM::ConstantOp::create(
            body, loc, spec.getBody().back(),
            DenseIntElementsAttr::get(
                RankedTensorType::get(ATTNRT_MAX_RANK, builder.getI64Type()),
                shape));
        return {abi::emitString(body, loc, module, name.str()),
                abi::emitConstant(body, loc, 8, code),
                abi::emitConstant(body, loc, 8,
                                  elementType.getIntOrFloatBitWidth()),
                abi::emitConstant(body, loc, 16, type.getRank()),
                abi::emitConstant(body, loc, 32, alignment), dims};
      });
  Value address = LLVM::AddressOfOp::create(builder, loc, pointer, symbol);
  returnIfNonzero(callRuntime("attnrtCheckTensor", {tensor, address}));
}

//===----------------------------------------------------------------------===//
// HostWriter
//===----------------------------------------------------------------------===//

/// Bytes that kernels read and write at a time.
static constexpr uint32_t kReadBytes = 16, kWriteBytes = 4;

HostWriter::HostWriter(func::FuncOp function, Purpose purpose)
    : EntryWriter(
          function->getParentOfType<ModuleOp>(), function.getLoc(),
          function.getSymName() +
              (purpose == Purpose::Shapes ? "__shapes" : ""),
          SmallVector<Type>(purpose == Purpose::Shapes ? 2 : 3,
                            abi::pointerType(function.getContext()))),
      function(function), purpose(purpose) {}

/// Which result of the function each launched one is, and where its shape goes.
void HostWriter::findResults() {
  int64_t offset = 0;
  Operation *terminator = function.front().getTerminator();
  for (auto [i, value] : llvm::enumerate(terminator->getOperands())) {
    results[value] = i;
    shapeOffsets[i] = offset;
    offset += cast<RankedTensorType>(value.getType()).getRank();
  }
}

LogicalResult HostWriter::write() {
  findResults();
  bool isLaunch = purpose == Purpose::Launch;
  Value args = entry.getArgument(isLaunch ? 1 : 0);
  for (auto [i, argument] : llvm::enumerate(function.getArguments())) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || type.getRank() > ATTNRT_MAX_RANK)
      return emitError(loc) << "expected argument " << i << " of `"
                            << function.getSymName()
                            << "` to be a tensor of rank at most "
                            << ATTNRT_MAX_RANK << ", got "
                            << argument.getType();
    Value tensor = tensorAt(args, i);
    mapping.map(argument, tensor);
    if (isLaunch)
      checkTensor(tensor, type, type.getElementType(), kReadBytes,
                  "argument " + Twine(i));
  }
  if (isLaunch)
    for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
      auto tensor = cast<RankedTensorType>(type);
      checkTensor(tensorAt(entry.getArgument(2), i), tensor,
                  tensor.getElementType(), kWriteBytes, "result " + Twine(i));
    }
  for (Operation &op : function.front().without_terminator())
    if (failed(writeOp(op)))
      return failure();
  returnOk();
  return success();
}

LogicalResult HostWriter::writeOp(Operation &op) {
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (!index)
      return dim.emitOpError("expected a constant dimension");
    mapping.map(dim.getResult(),
                toIndex(dimOf(mapping.lookup(dim.getSource()), *index)));
    return success();
  }
  if (auto assertion = dyn_cast<cf::AssertOp>(op)) {
    failUnless(mapping.lookup(assertion.getArg()), assertion.getMsg());
    return success();
  }
  if (isa<tensor::EmptyOp>(op))
    return success(); // a result that the caller allocated; see the launch
  if (auto launch = dyn_cast<LaunchOp>(op)) {
    for (OpResult result : launch->getResults())
      purpose == Purpose::Launch ? checkResult(result) : writeShape(result);
    if (purpose == Purpose::Launch)
      writeLaunch(launch);
    return success();
  }
  if (isa<arith::ArithDialect>(op.getDialect())) {
    builder.clone(op, mapping);
    return success();
  }
  return op.emitOpError("is not expected in a function that launches kernels");
}

/// The dimensions of a launched result, as its destination has them.
SmallVector<Value> HostWriter::dimsOf(OpResult launched) {
  auto launch = cast<LaunchOp>(launched.getOwner());
  auto empty = launch.getOutputs()[launched.getResultNumber()]
                   .getDefiningOp<tensor::EmptyOp>();
  SmallVector<Value> dims;
  unsigned nextDynamic = 0;
  for (int64_t size : empty.getType().getShape())
    dims.push_back(
        ShapedType::isDynamic(size)
            ? toI64(mapping.lookup(empty.getDynamicSizes()[nextDynamic++]))
            : constant(64, size));
  return dims;
}

void HostWriter::writeShape(OpResult launched) {
  int64_t offset = shapeOffsets[results.lookup(launched)];
  for (auto [i, extent] : llvm::enumerate(dimsOf(launched))) {
    Value address = LLVM::GEPOp::create(
        builder, loc, pointer, builder.getI64Type(), entry.getArgument(1),
        ArrayRef<LLVM::GEPArg>{int32_t(offset + i)});
    LLVM::StoreOp::create(builder, loc, extent, address);
  }
}

/// The caller allocated the result: its dynamic dimensions must be those that
/// the arguments imply.
void HostWriter::checkResult(OpResult launched) {
  int result = results.lookup(launched);
  Value tensor = tensorAt(entry.getArgument(2), result);
  auto type = cast<RankedTensorType>(launched.getType());
  for (auto [i, extent] : llvm::enumerate(dimsOf(launched))) {
    if (!type.isDynamicDim(i))
      continue;
    Value matches =
        LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, extent,
                             dimOf(tensor, i));
    failUnless(matches, ("expected dimension " + Twine(i) + " of result " +
                         Twine(result) + " to be as the arguments imply")
                            .str());
  }
}

/// In the order of GlobalView: address, dynamic dimensions, strides.
SmallVector<Value> HostWriter::launchParameters(LaunchOp op) {
  Type i32 = builder.getI32Type();
  SmallVector<Value> parameters;
  auto addTensor = [&](Value tensor, RankedTensorType type) {
    parameters.push_back(dataOf(tensor));
    for (auto [i, size] : llvm::enumerate(type.getShape()))
      if (ShapedType::isDynamic(size))
        parameters.push_back(
            LLVM::TruncOp::create(builder, loc, i32, dimOf(tensor, i)));
    for (int64_t i = 0; i + 1 < type.getRank(); ++i)
      parameters.push_back(strideOf(tensor, i));
  };
  for (Value input : op.getInputs()) {
    if (auto type = dyn_cast<RankedTensorType>(input.getType()))
      addTensor(mapping.lookup(input), type);
    else
      parameters.push_back(arith::IndexCastOp::create(
          builder, loc, i32, mapping.lookup(input)));
  }
  for (OpResult result : op->getResults())
    addTensor(tensorAt(entry.getArgument(2), results.lookup(result)),
              cast<RankedTensorType>(result.getType()));
  return parameters;
}

void HostWriter::writeLaunch(LaunchOp op) {
  Type i32 = builder.getI32Type();
  SmallVector<Value> parameters = launchParameters(op);
  Value one = constant(32, 1);
  Value array = LLVM::AllocaOp::create(builder, loc, pointer, pointer,
                                       constant(32, parameters.size()));
  for (auto [i, parameter] : llvm::enumerate(parameters)) {
    Value slot =
        LLVM::AllocaOp::create(builder, loc, pointer, parameter.getType(), one);
    LLVM::StoreOp::create(builder, loc, parameter, slot);
    Value at = LLVM::GEPOp::create(builder, loc, pointer, pointer, array,
                                   ArrayRef<LLVM::GEPArg>{int32_t(i)});
    LLVM::StoreOp::create(builder, loc, slot, at);
  }
  auto kernel = cast<LLVM::LLVMFuncOp>(
      SymbolTable::lookupNearestSymbolFrom(op, op.getKernelAttr()));
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  auto shared = kernel->getAttrOfType<IntegerAttr>("tile.shared_bytes");
  SmallVector<Value> operands = {
      entry.getArgument(0),
      LLVM::AddressOfOp::create(builder, loc, pointer,
                                abi::kernelSymbol(kernel.getSymName()))};
  for (Value size : {op.getGridX(), op.getGridY(), op.getGridZ()})
    operands.push_back(arith::IndexCastOp::create(builder, loc, i32,
                                                  mapping.lookup(size)));
  operands.push_back(constant(32, threads.asArrayRef().front()));
  operands.append({one, one, constant(32, shared.getInt()), array});
  returnIfNonzero(callRuntime("attnrtLaunch", operands));
}

//===----------------------------------------------------------------------===//
// JudgeWriter
//===----------------------------------------------------------------------===//

JudgeWriter::JudgeWriter(func::FuncOp function, func::FuncOp judge,
                         StringRef suffix, ArrayRef<Type> trailing)
    : EntryWriter(function->getParentOfType<ModuleOp>(), function.getLoc(),
                  function.getSymName() + suffix,
                  [&] {
                    SmallVector<Type> types = {
                        abi::pointerType(function.getContext())};
                    llvm::append_range(types, trailing);
                    return types;
                  }()),
      function(function), judge(judge) {}

/// A memref descriptor as LLVM has it: allocated, aligned, offset, sizes,
/// strides.
Value JudgeWriter::memrefOf(Value tensor, MemRefType type) {
  Type i64 = builder.getI64Type();
  auto array = LLVM::LLVMArrayType::get(i64, type.getRank());
  auto descriptor = LLVM::LLVMStructType::getLiteral(
      builder.getContext(), {pointer, pointer, i64, array, array});
  Value value = LLVM::UndefOp::create(builder, loc, descriptor);
  auto set = [&](Value field, ArrayRef<int64_t> position) {
    value = LLVM::InsertValueOp::create(builder, loc, value, field, position);
  };
  Value data = dataOf(tensor);
  set(data, {0});
  set(data, {1});
  set(constant(64, 0), {2});
  for (int64_t i = 0; i < type.getRank(); ++i) {
    set(dimOf(tensor, i), {3, i});
    set(strideOf(tensor, i), {4, i});
  }
  return UnrealizedConversionCastOp::create(builder, loc, type, value)
      .getResult(0);
}

SmallVector<Value> JudgeWriter::arguments() {
  SmallVector<Value> values;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    auto tensorType = cast<RankedTensorType>(type);
    Value tensor = tensorAt(entry.getArgument(0), i);
    checkTensor(tensor, tensorType, tensorType.getElementType(),
                tensorType.getElementTypeBitWidth() / 8,
                "argument " + Twine(i));
    values.push_back(
        memrefOf(tensor, cast<MemRefType>(judge.getArgumentTypes()[i])));
  }
  return values;
}

void JudgeWriter::writeRows() {
  SmallVector<Value> operands = arguments();
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    Value tensor = tensorAt(entry.getArgument(1), i);
    checkTensor(tensor, cast<RankedTensorType>(type), builder.getF64Type(),
                sizeof(double), "result " + Twine(i));
    operands.push_back(memrefOf(
        tensor, cast<MemRefType>(judge.getArgumentTypes()[operands.size()])));
  }
  operands.push_back(toIndex(entry.getArgument(2)));
  operands.push_back(toIndex(entry.getArgument(3)));
  func::CallOp::create(builder, loc, judge, operands);
  returnOk();
}

void JudgeWriter::writeFlops() {
  Value flops =
      func::CallOp::create(builder, loc, judge, arguments()).getResult(0);
  LLVM::StoreOp::create(builder, loc, flops, entry.getArgument(1));
  returnOk();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// AttnrtKernel of a launched kernel, and what the package says of it.
LogicalResult BuildEntries::emitKernelDescriptor(LaunchOp launch) {
  auto kernel = dyn_cast_or_null<LLVM::LLVMFuncOp>(
      SymbolTable::lookupNearestSymbolFrom(launch, launch.getKernelAttr()));
  if (!kernel)
    return launch.emitOpError("expected a lowered kernel; run "
                              "convert-tile-to-nvvm first");
  std::string symbol = abi::kernelSymbol(kernel.getSymName());
  if (getOperation().lookupSymbol(symbol))
    return success();
  Location loc = launch.getLoc();
  Type pointer = abi::pointerType(&getContext());
  auto atModule = OpBuilder::atBlockBegin(getOperation().getBody());
  if (!getOperation().lookupSymbol(abi::kModuleSymbol))
    LLVM::GlobalOp::create(atModule, loc, abi::moduleType(&getContext()),
                           /*isConstant=*/false, LLVM::Linkage::External,
                           abi::kModuleSymbol, Attribute());
  auto descriptor = abi::emitStruct(
      atModule, loc, getOperation(), symbol, abi::kernelType(&getContext()),
      /*isConstant=*/false, [&](OpBuilder &body) -> SmallVector<Value> {
        return {LLVM::AddressOfOp::create(body, loc, pointer,
                                          abi::kModuleSymbol),
                abi::emitString(body, loc, getOperation(), kernel.getSymName()),
                LLVM::ZeroOp::create(body, loc, pointer)};
      });
  Builder builder(&getContext());
  auto threads = kernel->getAttrOfType<DenseI32ArrayAttr>(
      NVVM::NVVMDialect::getMaxntidAttrName());
  auto module = kernel->getParentOfType<gpu::GPUModuleOp>();
  auto chip = cast<NVVM::NVVMTargetAttr>(module.getTargetsAttr()[0]).getChip();
  descriptor->setAttr(
      abi::kKernelAttr,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("name", kernel.getSymNameAttr()),
           builder.getNamedAttr("target", builder.getStringAttr(chip)),
           builder.getNamedAttr(
               "threads",
               builder.getI64IntegerAttr(threads.asArrayRef().front())),
           builder.getNamedAttr("smem_bytes",
                                kernel->getAttr("tile.shared_bytes")),
           builder.getNamedAttr(
               "schedule",
               builder.getStringAttr(
                   kernel->getAttrOfType<ScheduleAttr>("tile.schedule")
                       .toFlag()))}));
  return success();
}

/// The facts of the package's JSON, kept on the entry until it is written.
void BuildEntries::describe(func::FuncOp function, LLVM::LLVMFuncOp entry) {
  Builder builder(&getContext());
  SmallVector<StringRef> kernels;
  function.walk([&](LaunchOp launch) {
    kernels.push_back(launch.getKernel().getLeafReference().getValue());
  });
  auto orEmpty = [&](StringRef name) -> Attribute {
    Attribute attr = function->getAttr(name);
    return attr ? attr : builder.getArrayAttr({});
  };
  entry->setAttr(
      abi::kFunctionAttr,
      builder.getDictionaryAttr(
          {builder.getNamedAttr("name", function.getSymNameAttr()),
           builder.getNamedAttr("type",
                                TypeAttr::get(function.getFunctionType())),
           builder.getNamedAttr("results", orEmpty("attn.results")),
           builder.getNamedAttr("edge_rows", orEmpty("attn.edge_rows")),
           builder.getNamedAttr("kernels", builder.getStrArrayAttr(kernels))}));
}

/// * every launch fills `tensor.empty`s, which the caller allocates;
/// * every launched result is returned, and nothing else is.
static LogicalResult checkFunction(func::FuncOp function) {
  Operation *terminator = function.front().getTerminator();
  for (Value value : terminator->getOperands())
    if (!value.getDefiningOp<LaunchOp>())
      return emitError(function.getLoc())
             << "expected `" << function.getSymName()
             << "` to return results of launches only";
  for (LaunchOp launch : function.front().getOps<LaunchOp>()) {
    for (Value output : launch.getOutputs())
      if (!output.getDefiningOp<tensor::EmptyOp>())
        return launch.emitOpError("expected destinations made by tensor.empty");
    for (Value result : launch.getResults())
      if (!llvm::is_contained(terminator->getOperands(), result))
        return launch.emitOpError("expected every result to be returned");
  }
  return success();
}

LogicalResult BuildEntries::buildFor(func::FuncOp function) {
  if (failed(checkFunction(function)))
    return failure();
  WalkResult result = function.walk([&](LaunchOp launch) {
    return WalkResult(emitKernelDescriptor(launch));
  });
  if (result.wasInterrupted())
    return failure();

  HostWriter entry(function, HostWriter::Purpose::Launch);
  HostWriter shapes(function, HostWriter::Purpose::Shapes);
  if (failed(entry.write()) || failed(shapes.write()))
    return failure();

  Type pointer = abi::pointerType(&getContext()), i64 = i64Of(&getContext());
  for (StringRef suffix : {"__reference", "__baseline", "__flops"}) {
    std::string name = (function.getSymName() + suffix).str();
    auto judge = getOperation().lookupSymbol<func::FuncOp>(name);
    if (!judge)
      return emitError(function.getLoc())
             << "expected `" << name << "` beside `" << function.getSymName()
             << "`; run convert-attn-to-reference first";
    judge.setPrivate();
    if (suffix == "__flops")
      JudgeWriter(function, judge, suffix, {pointer}).writeFlops();
    else
      JudgeWriter(function, judge, suffix, {pointer, i64, i64}).writeRows();
  }
  describe(function, entry.getEntry());
  function.erase();
  return success();
}

void BuildEntries::runOnOperation() {
  SmallVector<func::FuncOp> functions;
  for (auto function : getOperation().getOps<func::FuncOp>())
    if (!function.isExternal() &&
        !function.getBody().getOps<LaunchOp>().empty())
      functions.push_back(function);
  for (func::FuncOp function : functions)
    if (failed(buildFor(function)))
      return signalPassFailure();
}
