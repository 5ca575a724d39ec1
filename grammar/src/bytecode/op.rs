//! THE opcode table. The enum, the assembler, the disassembler, the dispatch
//! table of `vm` and `docs/internals/bytecode.md` all come from this one list.
//!
//! An instruction is a 64-bit word `op8 flags8 A16 B16 C16`, lowest byte first,
//! followed by `words` operand words: first those the compiler fills, then
//! inline caches, which the compiler leaves zero.
//!
//! Registers `0..nlocals` are locals: they always hold an owned value (Undef
//! when unbound). Registers from `nlocals` on are temporaries with move
//! semantics: written without dropping what was there, read once. The three low
//! flag bits say which of A, B, C is a temporary; the assembler sets them.

/// What one of the three 16-bit operands of an instruction means.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operand {
    /// Not used.
    None,
    /// A register that is written. A local drops what it held.
    Dst,
    /// A register that is read. A temporary is consumed.
    Src,
    /// A register that is read and keeps its value, temporary or not.
    Keep,
    /// The first of consecutive temporaries that are consumed.
    Window,
    /// The first of consecutive temporaries that are written.
    OutWindow,
    /// An index into the constants.
    Const,
    /// An index into the names.
    Name,
    /// A number with a meaning of its own.
    Imm,
    /// A signed distance in words from the end of this instruction.
    Jump16,
    /// Low half of a 32-bit operand made of B (low) and C (high).
    Wide,
    /// High half of such an operand.
    WideHigh,
}

/// Flag bit: operand A is a temporary.
pub const TEMP_A: u8 = 1;
/// Flag bit: operand B is a temporary.
pub const TEMP_B: u8 = 2;
/// Flag bit: operand C is a temporary.
pub const TEMP_C: u8 = 4;
/// Flag bit of arithmetic: the augmented form (`+=`).
pub const INPLACE: u8 = 8;
/// Flag bit of a compare-and-jump: jump when the comparison does not hold.
pub const NEGATE: u8 = 8;
/// First bit of the five that are an opcode's own.
pub const OWN_SHIFT: u32 = 3;

macro_rules! opcodes {
    ($($(#[doc = $doc:literal])+ $name:ident $a:ident $b:ident $c:ident $words:literal;)+) => {
        /// An opcode.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        pub enum Op { $($(#[doc = $doc])+ $name,)+ }

        /// Every opcode, in order of its number.
        pub const ALL: &[Op] = &[$(Op::$name,)+];

        impl Op {
            /// The name, as the disassembler prints it.
            pub fn name(self) -> &'static str { match self { $(Op::$name => stringify!($name),)+ } }
            /// What the operands A, B and C are.
            pub const fn operands(self) -> [Operand; 3] {
                match self { $(Op::$name => [Operand::$a, Operand::$b, Operand::$c],)+ }
            }
            /// How many operand and cache words follow.
            #[inline(always)]
            pub const fn words(self) -> usize {
                const WORDS: &[u8] = &[$($words,)+];
                WORDS[self as usize] as usize
            }
            /// What it does, in a line or two.
            pub fn doc(self) -> &'static str { match self { $(Op::$name => concat!($($doc, "\n"),+),)+ } }
        }

        /// Calls a macro with the name of every opcode, in order.
        #[macro_export]
        #[doc(hidden)]
        macro_rules! for_each_opcode { ($with:ident) => { $with! { $($name)+ } } }
    };
}

opcodes! {
    /// Does nothing.
    Nop None None None 0;

    // Moving values.
    /// A = B.
    Move Dst Src None 0;
    /// A = constant number B:C.
    LoadConst Dst Wide WideHigh 0;
    /// A = the signed 32-bit integer B:C.
    LoadInt Dst Wide WideHigh 0;
    /// Raises UnboundLocalError for the name C unless the local B is bound.
    CheckLocal None Keep Name 0;
    /// Unbinds the local A, dropping its value; the name C is for the UnboundLocalError.
    DeleteLocal Keep None Name 0;
    /// Drops the temporary or unbinds the local A; an unbound one is fine.
    Clear Keep None None 0;

    // Cells: a captured variable lives in a Cell that a local register holds.
    /// Puts a new Cell into the local A; it holds what A held (an argument, or Undef).
    MakeCell Keep None None 0;
    /// A = contents of the cell in local B; NameError for the name C when empty.
    GetCell Dst Keep Name 0;
    /// Contents of the cell in local A = B.
    SetCell Keep Src None 0;
    /// Empties the cell in local A; NameError for the name C when it is empty.
    DeleteCell Keep None Name 0;
    /// A = contents of free variable number B of the running function; NameError (name C) when empty.
    GetFree Dst Imm Name 0;
    /// Free variable number A = B.
    SetFree Imm Src None 0;
    /// Empties free variable number A; NameError (name C) when it is empty.
    DeleteFree Imm None Name 0;
    /// A = the Cell itself of free variable number B (to build a closure).
    GetFreeCell Dst Imm None 0;
    /// A = the name C in the namespace of register 0, else contents of free variable number B.
    GetClassFree Dst Imm Name 0;
    /// A = the name C in the namespace of register 0, else the global or built-in name.
    GetClassGlobal Dst None Name 0;

    // Names. Code with the flag NAMESPACE keeps its namespace (a mapping) in register 0.
    /// A = global or built-in name C. Cache: keys version and entry index.
    GetGlobal Dst None Name 2;
    /// Global name C = B.
    SetGlobal None Src Name 1;
    /// Deletes the global name C.
    DeleteGlobal None None Name 0;
    /// A = name C: the namespace of register 0, then globals, then built-ins.
    GetName Dst None Name 0;
    /// Name C of the namespace of register 0 = B.
    SetName None Src Name 0;
    /// Deletes the name C from the namespace of register 0.
    DeleteName None None Name 0;

    // Attributes and items.
    /// A = B.name C. Cache: shape and slot, then a class-derived value.
    GetAttr Dst Src Name 2;
    /// A.name C = B (A is the object). Cache: old shape and slot, new shape.
    SetAttr Src Src Name 2;
    /// del A.name C.
    DeleteAttr Src None Name 0;
    /// A = B[C].
    GetItem Dst Src Src 0;
    /// A = B[constant C].
    GetItemConst Dst Src Const 0;
    /// A[B] = C (A is the container).
    SetItem Src Src Src 0;
    /// del A[B].
    DeleteItem Src Src None 0;
    /// A = slice(B, B+1, B+2).
    BuildSlice Dst Window None 0;

    // Arithmetic: A = B op C. Flag INPLACE marks the augmented form.
    /// A = B + C.
    Add Dst Src Src 0;
    /// A = B - C.
    Sub Dst Src Src 0;
    /// A = B * C.
    Mul Dst Src Src 0;
    /// A = B / C.
    TrueDiv Dst Src Src 0;
    /// A = B // C.
    FloorDiv Dst Src Src 0;
    /// A = B % C.
    Mod Dst Src Src 0;
    /// A = B ** C.
    Pow Dst Src Src 0;
    /// A = B @ C.
    MatMul Dst Src Src 0;
    /// A = B << C.
    LShift Dst Src Src 0;
    /// A = B >> C.
    RShift Dst Src Src 0;
    /// A = B & C.
    And Dst Src Src 0;
    /// A = B | C.
    Or Dst Src Src 0;
    /// A = B ^ C.
    Xor Dst Src Src 0;
    /// A = B + constant C.
    AddConst Dst Src Const 0;
    /// A = B - constant C.
    SubConst Dst Src Const 0;
    /// A = B * constant C.
    MulConst Dst Src Const 0;
    /// A = B / constant C.
    TrueDivConst Dst Src Const 0;
    /// A = B // constant C.
    FloorDivConst Dst Src Const 0;
    /// A = B % constant C.
    ModConst Dst Src Const 0;
    /// A = B & constant C.
    AndConst Dst Src Const 0;
    /// A = B >> constant C.
    RShiftConst Dst Src Const 0;
    /// A = B << constant C.
    LShiftConst Dst Src Const 0;
    /// A = -B.
    Neg Dst Src None 0;
    /// A = +B.
    Pos Dst Src None 0;
    /// A = ~B.
    Invert Dst Src None 0;
    /// A = not B.
    Not Dst Src None 0;

    // Comparisons as values.
    /// A = B < C.
    Lt Dst Src Src 0;
    /// A = B <= C.
    Le Dst Src Src 0;
    /// A = B == C.
    Eq Dst Src Src 0;
    /// A = B != C.
    Ne Dst Src Src 0;
    /// A = B > C.
    Gt Dst Src Src 0;
    /// A = B >= C.
    Ge Dst Src Src 0;
    /// A = B is C. Flag NEGATE: is not.
    Is Dst Src Src 0;
    /// A = B in C. Flag NEGATE: not in.
    In Dst Src Src 0;

    // Jumps. Distances count words from the end of the instruction.
    /// Jumps by B:C.
    Jump None Wide WideHigh 0;
    /// Jumps back by B:C (negative) and counts the budget down.
    Loop None Wide WideHigh 0;
    /// Jumps by B:C if A is true.
    JumpIfTrue Src Wide WideHigh 0;
    /// Jumps by B:C if A is false.
    JumpIfFalse Src Wide WideHigh 0;
    /// If A is true jumps by B:C and keeps A, else drops A (for `or`).
    JumpIfTrueOrDrop Keep Wide WideHigh 0;
    /// If A is false jumps by B:C and keeps A, else drops A (for `and`).
    JumpIfFalseOrDrop Keep Wide WideHigh 0;
    /// Jumps by B:C if A is None. Flag NEGATE: is not None.
    JumpIfNone Src Wide WideHigh 0;
    /// Jumps by A if B < C. Flag NEGATE: if not.
    JumpIfLt Jump16 Src Src 0;
    /// Jumps by A if B <= C. Flag NEGATE: if not.
    JumpIfLe Jump16 Src Src 0;
    /// Jumps by A if B == C. Flag NEGATE: if not.
    JumpIfEq Jump16 Src Src 0;
    /// Jumps by A if B != C. Flag NEGATE: if not.
    JumpIfNe Jump16 Src Src 0;
    /// Jumps by A if B > C. Flag NEGATE: if not.
    JumpIfGt Jump16 Src Src 0;
    /// Jumps by A if B >= C. Flag NEGATE: if not.
    JumpIfGe Jump16 Src Src 0;
    /// Jumps by A if B is C. Flag NEGATE: if not.
    JumpIfIs Jump16 Src Src 0;
    /// Jumps by A if B < constant C. Flag NEGATE: if not.
    JumpIfLtConst Jump16 Src Const 0;
    /// Jumps by A if B <= constant C. Flag NEGATE: if not.
    JumpIfLeConst Jump16 Src Const 0;
    /// Jumps by A if B == constant C. Flag NEGATE: if not.
    JumpIfEqConst Jump16 Src Const 0;
    /// Jumps by A if B != constant C. Flag NEGATE: if not.
    JumpIfNeConst Jump16 Src Const 0;
    /// Jumps by A if B > constant C. Flag NEGATE: if not.
    JumpIfGtConst Jump16 Src Const 0;
    /// Jumps by A if B >= constant C. Flag NEGATE: if not.
    JumpIfGeConst Jump16 Src Const 0;

    // Iteration.
    /// A = iter(B).
    GetIter Dst Src None 0;
    /// A = next(B), B kept; at the end drops B and jumps by the signed low half of word 1.
    ForIter Dst Keep None 1;
    /// A = aiter(B), checked.
    GetAIter Dst Src None 0;
    /// A = the awaitable of `B.__anext__()`, B kept.
    GetANext Dst Keep None 0;
    /// Ends an `async for`: jumps by A if exception B is StopAsyncIteration, else raises B again.
    /// The local B is emptied either way.
    EndAsyncFor Jump16 Keep None 0;

    // Waiting and yielding.
    /// A = what B gives to await: a coroutine itself, else `B.__await__()`, checked.
    /// C says for which error: 0 await, 1 `__aenter__`, 2 `__aexit__`, 3 `__anext__`.
    GetAwaitable Dst Src Imm 0;
    /// A = the iterator of `yield from B`: a generator itself, else iter(B). A coroutine only in a coroutine.
    GetYieldFrom Dst Src None 0;
    /// Drives the awaitable B to its end, then drops B and puts the result into A (which may be
    /// the register B). B is live for as long as it waits.
    Await Dst Keep None 0;
    /// As Await, for `yield from`.
    YieldFrom Dst Keep None 0;
    /// Yields B; A = the value sent.
    Yield Dst Src None 0;
    /// Returns B.
    Return None Src None 0;
    /// Returns constant B:C.
    ReturnConst None Wide WideHigh 0;

    // Calls. Callee and arguments are consecutive temporaries from B on.
    /// A = B(B+1 .. B+C). Caches.
    Call Dst Window Imm 2;
    /// A = B.name(B+1 .. B+C); word 1 holds the name's index. Caches.
    CallMethod Dst Window Imm 3;
    /// As Call; C counts all arguments, word 1 holds the constant (a tuple of the last ones' names).
    CallKw Dst Window Imm 3;
    /// As CallMethod; word 1 holds the name's index low and the constant of the keyword names high.
    CallMethodKw Dst Window Imm 3;
    /// A = B.name C to be called, A+1 = its first argument, or Undef if it has none of its own. Caches.
    GetMethod OutWindow Src Name 2;
    /// A = what `GetMethod` put into B and B+1, called with B+2 .. B+1+C.
    CallLoaded Dst Window Imm 0;
    /// As CallLoaded; C counts all arguments, word 1 holds the constant (a tuple of the last ones' names).
    CallLoadedKw Dst Window Imm 1;
    /// A = B(*B+1, **B+2): B+1 a tuple or list; B+2 a dict, only when C is 1.
    CallEx Dst Window Imm 0;

    // Building.
    /// A = (B .. B+C-1).
    BuildTuple Dst Window Imm 0;
    /// A = [B .. B+C-1].
    BuildList Dst Window Imm 0;
    /// A = {B .. B+C-1}.
    BuildSet Dst Window Imm 0;
    /// A = {B: B+1, ...}, C pairs.
    BuildDict Dst Window Imm 0;
    /// A = the strings B .. B+C-1 joined.
    BuildString Dst Window Imm 0;
    /// A = format(B, C), C = 0xFFFF means no specification. Own bits: 0 none, 1 !s, 2 !r, 3 !a.
    Format Dst Src Src 0;
    /// Appends B to the list A.
    ListAppend Keep Src None 0;
    /// Adds B to the set A.
    SetAdd Keep Src None 0;
    /// A[B] = C for the dict A that is being built.
    DictPut Keep Src Src 0;
    /// Extends the list A by the iterable B. Own bit 1: B is all the `*args` of a call of C (kept; message).
    ListExtend Keep Src Keep 0;
    /// Adds the elements of B to the set A.
    SetUpdate Keep Src None 0;
    /// Updates the dict A by the mapping B (`{**b}`).
    DictUpdate Keep Src None 0;
    /// Merges the mapping B into the keyword dict A; a duplicate is a TypeError about callee C (kept).
    DictMerge Keep Src Keep 0;
    /// A = tuple(list B).
    ListToTuple Dst Src None 0;
    /// Unpacks B into C temporaries, the *last* element into A, the first into A+C-1: what is
    /// stored first lies on top, so that the live temporaries stay a contiguous prefix.
    Unpack OutWindow Src Imm 0;
    /// Unpacks B into C&255 elements, a list, and C>>8 more elements, in temporaries from A on, in
    /// reverse as Unpack: the last element into A, the first into A + (C&255) + (C>>8).
    UnpackEx OutWindow Src Imm 0;

    // Functions, classes, imports.
    /// A = a function of code constant C; own bits say which of these lie at B, in order:
    /// 1 defaults tuple, 2 keyword-defaults dict, 4 annotations dict, 8 closure tuple of cells,
    /// 16 type parameters tuple.
    MakeFunction Dst Window Const 0;
    /// A = the function `__build_class__`.
    LoadBuildClass Dst None None 0;
    /// A = the intrinsic number C (see `Intrinsic`) of the values at B; word 1 holds their number.
    Intrinsic Dst Window Imm 1;
    /// A = a common object number B (see `Common`).
    LoadCommon Dst Imm None 0;
    /// A = `__import__`: name B; word 1 holds level low, constant of the from-list (0xFFFFFFFF: None) high.
    ImportName Dst Name None 1;
    /// A = name C of module B, B kept.
    ImportFrom Dst Keep Name 0;
    /// Puts all public names of module B into the namespace (globals, or register 0 with NAMESPACE).
    ImportStar None Src None 0;

    // Exceptions.
    /// Raises B from C; C = 0xFFFF when there is no cause.
    Raise None Src Src 0;
    /// Raises the exception B again, its traceback kept.
    Reraise None Src None 0;
    /// Bare `raise`: raises again the exception that is being handled.
    RaiseBare None None None 0;
    /// A = whether exception B (kept) matches the class or tuple C; TypeError if C is neither.
    ExceptMatch Dst Keep Src 0;
    /// `except* C`: A = the matching part of B (kept) or None, A+1 = the rest or None.
    ExceptStarMatch OutWindow Keep Src 0;
    /// A = what to raise after all `except*` of exception B (kept) gave the list C (raised and rest), or None.
    ExceptStarEnd Dst Keep Src 0;
    /// A, A+1, A+2 = type, value and traceback of exception B (kept).
    ExcInfo OutWindow Keep None 0;
    /// A = bound special method number C (see `Special`) of B (kept); TypeError as `with` words it.
    LoadSpecial Dst Keep Imm 0;

    // Pattern matching.
    /// A = whether B (kept) is a sequence for a pattern.
    MatchSequence Dst Keep None 0;
    /// A = whether B (kept) is a mapping for a pattern.
    MatchMapping Dst Keep None 0;
    /// A = tuple of values of B (kept) for the key tuple C (kept), or None if one is missing.
    MatchKeys Dst Keep Keep 0;
    /// A = tuple of attributes of B (kept) for a class pattern, or None. C: class, C+1: tuple of
    /// keyword names (both consumed); word 1 holds the number of positional patterns.
    MatchClass Dst Keep Window 1;
    /// A = len(B), B kept.
    GetLen Dst Keep None 0;

    // Not made by the compiler.
    /// The only word of a native frame: calls its resume function.
    NativeResume None None None 0;

    /// A = B; B keeps its value, temporary or not (Move consumes a temporary).
    Copy Dst Keep None 0;
}

/// What `Op::Intrinsic` computes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Intrinsic {
    /// Prints the value of an expression statement as an interactive session does (`sys.displayhook`).
    PrintExpr,
    /// `TypeVar(name)`: name.
    TypeVar,
    /// `TypeVar(name, bound=...)`: name, function that gives the bound.
    TypeVarBound,
    /// `TypeVar(name, *constraints)`: name, function that gives the tuple.
    TypeVarConstraints,
    /// `TypeVarTuple(name)`: name.
    TypeVarTuple,
    /// `ParamSpec(name)`: name.
    ParamSpec,
    /// Sets the default of a type parameter: parameter, function; gives the parameter.
    SetTypeParamDefault,
    /// `TypeAliasType`: name, tuple of parameters, function that gives the value.
    TypeAlias,
    /// `Generic[params]`: tuple of parameters.
    SubscriptGeneric,
    /// `locals()` of a class body: the namespace itself.
    Namespace,
    /// `*x` in a subscript: unpacks B as `Unpack[x]` does: value; gives the tuple.
    Unpack,
    /// Makes sure that the namespace (globals or register 0) has an `__annotations__` dict; gives it.
    Annotations,
    /// Sets the type parameters of a function or class: it, tuple; gives it.
    SetTypeParams,
}

/// Objects that code needs whatever the script bound to their names: `Op::LoadCommon`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Common {
    /// The class AssertionError.
    AssertionError,
    /// The class NotImplementedError.
    NotImplementedError,
}

/// The special methods that `with` looks up on a type: `Op::LoadSpecial`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u16)]
pub enum Special {
    /// `__enter__`
    Enter,
    /// `__exit__`
    Exit,
    /// `__aenter__`
    AEnter,
    /// `__aexit__`
    AExit,
}

impl Op {
    /// Whether the flag `INPLACE` has a meaning for it.
    pub fn is_arithmetic(self) -> bool {
        (Op::Add as u8..=Op::LShiftConst as u8).contains(&(self as u8))
    }
}

impl Intrinsic {
    /// Every intrinsic, in order of its number.
    pub const ALL: &[Intrinsic] = &[
        Intrinsic::PrintExpr,
        Intrinsic::TypeVar,
        Intrinsic::TypeVarBound,
        Intrinsic::TypeVarConstraints,
        Intrinsic::TypeVarTuple,
        Intrinsic::ParamSpec,
        Intrinsic::SetTypeParamDefault,
        Intrinsic::TypeAlias,
        Intrinsic::SubscriptGeneric,
        Intrinsic::Namespace,
        Intrinsic::Unpack,
        Intrinsic::Annotations,
        Intrinsic::SetTypeParams,
    ];

    /// The intrinsic of a number.
    pub fn from_number(number: u16) -> Option<Intrinsic> {
        Intrinsic::ALL.get(usize::from(number)).copied()
    }
}
