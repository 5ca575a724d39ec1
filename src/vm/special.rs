//! The special methods: their numbers, and the interned names that the VM uses.
//!
//! A special method is looked up on the class, never on the instance. What was
//! found is kept in the class for one type epoch.

use super::Vm;
use crate::heap::{Ref, Value};
use crate::object::class::{Class, class_flags};
use crate::object::descriptor::StaticMethod;
use crate::object::kind;
use crate::object::native::{Native, NativeCode};
use crate::object::str::{Interner, Str};

macro_rules! specials {
    ($($variant:ident $text:literal)+) => {
        /// A special method.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[repr(u8)]
        #[allow(missing_docs)]
        pub enum Special { $($variant,)+ }

        /// The name of each special method, by number.
        pub const TEXTS: &[&str] = &[$($text,)+];
    };
}

specials! {
    Add "__add__" RAdd "__radd__" IAdd "__iadd__"
    Sub "__sub__" RSub "__rsub__" ISub "__isub__"
    Mul "__mul__" RMul "__rmul__" IMul "__imul__"
    TrueDiv "__truediv__" RTrueDiv "__rtruediv__" ITrueDiv "__itruediv__"
    FloorDiv "__floordiv__" RFloorDiv "__rfloordiv__" IFloorDiv "__ifloordiv__"
    Mod "__mod__" RMod "__rmod__" IMod "__imod__"
    Pow "__pow__" RPow "__rpow__" IPow "__ipow__"
    MatMul "__matmul__" RMatMul "__rmatmul__" IMatMul "__imatmul__"
    LShift "__lshift__" RLShift "__rlshift__" ILShift "__ilshift__"
    RShift "__rshift__" RRShift "__rrshift__" IRShift "__irshift__"
    And "__and__" RAnd "__rand__" IAnd "__iand__"
    Or "__or__" ROr "__ror__" IOr "__ior__"
    Xor "__xor__" RXor "__rxor__" IXor "__ixor__"
    DivMod "__divmod__" RDivMod "__rdivmod__"
    Neg "__neg__" Pos "__pos__" Invert "__invert__" Abs "__abs__"
    Lt "__lt__" Le "__le__" Eq "__eq__" Ne "__ne__" Gt "__gt__" Ge "__ge__"
    GetAttr "__getattr__" GetAttribute "__getattribute__" SetAttr "__setattr__" DelAttr "__delattr__"
    Get "__get__" Set "__set__" Delete "__delete__"
    GetItem "__getitem__" SetItem "__setitem__" DelItem "__delitem__" Missing "__missing__"
    Contains "__contains__" Iter "__iter__" Next "__next__" Len "__len__" LengthHint "__length_hint__"
    Reversed "__reversed__"
    Bool "__bool__" Hash "__hash__" Str "__str__" Repr "__repr__" Format "__format__" Bytes "__bytes__"
    Call "__call__" New "__new__" Init "__init__" Del "__del__"
    Enter "__enter__" Exit "__exit__" AEnter "__aenter__" AExit "__aexit__"
    Await "__await__" AIter "__aiter__" ANext "__anext__"
    Index "__index__" Int "__int__" Float "__float__" Complex "__complex__"
    Trunc "__trunc__" Floor "__floor__" Ceil "__ceil__" Round "__round__"
    InitSubclass "__init_subclass__" SetName "__set_name__" ClassGetItem "__class_getitem__"
    InstanceCheck "__instancecheck__" SubclassCheck "__subclasscheck__"
    Prepare "__prepare__" MroEntries "__mro_entries__" Mro "mro"
    Dir "__dir__" Buffer "__buffer__" FsPath "__fspath__" SizeOf "__sizeof__"
    Reduce "__reduce__" ReduceEx "__reduce_ex__" GetState "__getstate__" SetState "__setstate__"
    Copy "__copy__" DeepCopy "__deepcopy__"
}

/// How many special methods there are.
pub const COUNT: usize = TEXTS.len();

/// What the cache of a class holds for a method that the class does not have.
const ABSENT: Value = Value::NOT_IMPLEMENTED;

macro_rules! names {
    ($($field:ident $text:literal)+) => {
        /// Interned names.
        pub struct Names {
            specials: Vec<Ref<Str>>,
            $(#[doc = $text] pub $field: Ref<Str>,)+
        }

        impl Names {
            /// Interns all of them.
            pub fn new(interner: &mut Interner) -> Names {
                Names {
                    specials: TEXTS.iter().map(|text| interner.intern(text)).collect(),
                    $($field: interner.intern($text),)+
                }
            }
        }
    };
}

names! {
    dict "__dict__" class_ "__class__" doc "__doc__" module "__module__" name "__name__" qualname "__qualname__"
    bases "__bases__" base "__base__" mro "__mro__" slots "__slots__" weakref "__weakref__"
    annotations "__annotations__" type_params "__type_params__" classcell "__classcell__"
    class_cell "__class_cell__" static_attributes "__static_attributes__" first_line "__firstlineno__"
    abstract_methods "__abstractmethods__" is_abstract "__isabstractmethod__"
    metaclass "metaclass" match_args "__match_args__" orig_bases "__orig_bases__" orig_class "__orig_class__"
    all "__all__" path "__path__" file "__file__" spec "__spec__" package "__package__" loader "__loader__"
    cached "__cached__" builtins "__builtins__" import "__import__" build_class "__build_class__"
    main "__main__" builtins_module "builtins" args "args" kwargs "kwargs" self_ "self" cls "cls"
    notes "__notes__" context "__context__" cause "__cause__" traceback "__traceback__"
    func "__func__" self_attr "__self__" wrapped "__wrapped__" code "__code__" globals "__globals__"
    defaults "__defaults__" kwdefaults "__kwdefaults__" closure "__closure__"
    send "send" throw "throw" close "close" keys "keys" items "items" values "values" get "get"
    update "update" write "write" flush "flush" print_item "_" displayhook "displayhook"
    lambda "<lambda>" module_frame "<module>" value "value" exceptions "exceptions" errno "errno"
    origin "__origin__" parameters "__parameters__" subclass_hook "__subclasshook__"
    name_plain "name" obj "obj" fileno "fileno" readline "readline" read "read" end "end" sep "sep" file_plain "file"
    hash_ "__hash__" eq "__eq__" new "__new__" init "__init__" excepthook "excepthook" unraisablehook "unraisablehook"
    stdout "stdout" stderr "stderr" stdin "stdin" add_note "add_note" encoding "encoding" sort "sort" join "join"
    derive "derive" text_signature "__text_signature__" objclass "__objclass__" getattr "__getattr__" dir "__dir__"
    set "__set__" delete "__delete__" metaclass_dunder "__metaclass__" typing_subst "__typing_subst__"
    data_received "data_received"
}

impl Names {
    /// The name of a special method.
    #[inline]
    pub fn of(&self, special: Special) -> &Ref<Str> {
        &self.specials[special as usize]
    }
}

/// Whether CPython makes a slot wrapper of a native method of that name.
pub fn is_slot(name: &str) -> bool {
    const METHODS: &[&str] = &[
        "__new__",
        "__format__",
        "__reversed__",
        "__class_getitem__",
        "__length_hint__",
        "__sizeof__",
        "__dir__",
        "__reduce__",
        "__reduce_ex__",
        "__getstate__",
        "__setstate__",
        "__trunc__",
        "__floor__",
        "__ceil__",
        "__round__",
        "__bytes__",
        "__complex__",
        "__enter__",
        "__exit__",
        "__aenter__",
        "__aexit__",
        "__init_subclass__",
        "__prepare__",
        "__instancecheck__",
        "__subclasscheck__",
        "__missing__",
        "__copy__",
        "__deepcopy__",
        "__set_name__",
        "__mro_entries__",
        "__fspath__",
    ];
    name == "__release_buffer__"
        || name.starts_with("__") && TEXTS.contains(&name) && !METHODS.contains(&name)
}

/// Whether a native method is a slot wrapper; some types have an ordinary method in the place of one.
pub fn is_slot_wrapper(native: &Native) -> bool {
    let name = native.def.name();
    let of = |names: &[&str]| {
        let class = native.owner.get::<Class>();
        class.is_some_and(|class| names.contains(&&*class.name_str()))
    };
    is_slot(name)
        && !(name == "__getitem__" && of(&["dict", "list"]))
        && !(name == "__contains__" && of(&["dict", "set", "frozenset"]))
}

impl Special {
    /// The name.
    pub fn text(self) -> &'static str {
        TEXTS[self as usize]
    }
}

impl Vm {
    /// A special method as it lies in the class (not bound), or None if no class of
    /// the method resolution order has it.
    #[inline]
    pub fn special(&mut self, class: &Ref<Class>, special: Special) -> Option<Value> {
        if class.specials_epoch.get() == self.heap.type_epoch
            && let Some(known) = class.specials.borrow().get(special as usize)
            && !known.is_undef()
        {
            return if known.is_not_implemented() {
                None
            } else {
                Some(known.clone())
            };
        }
        self.special_uncached(class, special)
    }

    #[cold]
    fn special_uncached(&mut self, class: &Ref<Class>, special: Special) -> Option<Value> {
        let name = self.names.of(special).clone();
        let found = self.lookup_in_class(class, name.as_value());
        let epoch = self.heap.type_epoch;
        let outdated = if class.specials_epoch.get() == epoch {
            Vec::new()
        } else {
            class.specials.take()
        };
        class.specials_epoch.set(epoch);
        {
            let mut specials = class.specials.borrow_mut();
            if specials.is_empty() {
                specials.resize_with(COUNT + 1, Value::default);
            }
            specials[special as usize] = found.clone().unwrap_or(ABSENT);
        }
        drop(outdated);
        found
    }

    /// The native `__new__` that alone makes instances of a built-in class, called with the class
    /// and the arguments; None where there is more to do.
    pub(crate) fn constructor(&mut self, class: &Ref<Class>) -> Option<Value> {
        if class.specials_epoch.get() == self.heap.type_epoch
            && let Some(known) = class.specials.borrow().get(COUNT)
            && !known.is_undef()
        {
            return if known.is_not_implemented() {
                None
            } else {
                Some(known.clone())
            };
        }
        let found = self.find_constructor(class);
        // The look-ups made room for it.
        if let Some(place) = class.specials.borrow_mut().get_mut(COUNT) {
            *place = found.clone().unwrap_or(ABSENT);
        }
        found
    }

    fn find_constructor(&mut self, class: &Ref<Class>) -> Option<Value> {
        let ty = self.known_class(super::types::Known::Type);
        if class.is(&ty)
            || !class.has(class_flags::BUILTIN)
            || !self.class_of(class.as_value()).is(&ty)
        {
            return None;
        }
        let new = self.special(class, Special::New)?;
        let new = new
            .get::<StaticMethod>()
            .map_or(new.clone(), |wrapper| wrapper.function.get());
        let is_raw = matches!(new.get_exact::<Native>()?.def.code, NativeCode::Raw(_));
        let plain = self.overrides_object(class, Special::New)
            && !self.overrides_object(class, Special::Init);
        (plain && !is_raw).then_some(new)
    }

    /// As `special`, for the class of a value.
    #[inline]
    pub fn special_of(&mut self, value: &Value, special: Special) -> Option<Value> {
        let class = self.class_of(value);
        self.special(&class, special)
    }

    /// What the value's class has under that name, if it was looked up before and nothing has changed since.
    #[inline(always)]
    pub(crate) fn special_at_hand(&self, value: &Value, special: Special) -> Option<&Value> {
        let shape = value.shape();
        if shape == 0 || shape == kind::NATIVE as u32 {
            return None;
        }
        let class = self.heap.shapes.get(shape as usize)?.class.get::<Class>()?;
        class.known_special(special as usize, self.heap.type_epoch)
    }
}
