//! Operators ask several methods one after the other until one does not answer
//! NotImplemented: the left operand's, the right operand's reflected one, and
//! so on. Where a method is script code this happens in a native frame.

use super::Vm;
use super::compare::CompareOp;
use super::dispatch::Cursor;
use super::ops::BinaryOp;
use super::special::Special;
use crate::heap::{Ref, Value};
use crate::object::class::Class;
use crate::object::frame::{Frame, frame_flags};
use crate::object::function::Function;
use crate::object::native::{Args, Def, Input, Native, NativeCode, NativeFrame, R, Step};

/// A method that may know the answer.
pub(crate) struct Candidate {
    /// As it lies in the class.
    pub method: Value,
    /// Whether it is the right operand's.
    pub reflected: bool,
    /// Whether the answer's truth is to be negated (`!=` by `__eq__`).
    pub negate: bool,
    /// Whether it is what a built-in type says of operands that are laid out as it is.
    pub core: bool,
}

impl Candidate {
    pub(super) fn new(method: Value, reflected: bool, core: bool) -> Candidate {
        Candidate {
            method,
            reflected,
            negate: false,
            core,
        }
    }
}

/// What is asked for, for the message if nobody knows.
#[derive(Clone, Copy)]
pub(crate) enum Question {
    /// A binary operator; the flag says whether it is augmented.
    Binary(BinaryOp, bool),
    /// A comparison.
    Compare(CompareOp),
}

/// What a list of candidates may be: asked in order, or an answer that is known at once.
pub(crate) type Candidates = Result<smallvec::SmallVec<[Candidate; 3]>, Value>;

/// Registers: question, which candidate it is and its flags in one number; left; right; its method.
/// The others are looked for only if this one does not know.
pub(super) static ASK: Def = Def::frame("<operator>(question, left, right, method, /)", 0, ask);

const REFLECTED: i64 = 1;
const NEGATE: i64 = 2;

/// Register 0 of an ASK frame.
fn packed(question: Question, index: usize, candidate: &Candidate) -> Value {
    let flags = candidate.reflected as i64 * REFLECTED + candidate.negate as i64 * NEGATE;
    Value::int32(((question.number() + 16) * 64 + index as i64 * 4 + flags) as i32)
}

/// The same of a first candidate that is the left operand's, and says what it says.
#[inline]
fn first_number(question: Question) -> i64 {
    (question.number() + 16) * 64
}

fn ask(vm: &mut Vm, frame: &mut NativeFrame<'_>, input: Input) -> Step {
    let number = frame.regs[0].as_small_int().unwrap_or(0);
    let (question, index, flags) = (
        Question::of_number(number / 64 - 16),
        (number / 4 % 16) as usize,
        number % 4,
    );
    let (left, right) = (frame.regs[1].clone(), frame.regs[2].clone());
    let method = match input {
        Input::Raised(raised) => return Step::Raise(raised),
        Input::Value(value) | Input::Yielded(value) if !value.is_not_implemented() => {
            if flags & NEGATE == 0 {
                return Step::Return(value);
            }
            return vm.truth(&value).map(|truth| Value::bool(!truth)).into();
        }
        Input::Start => frame.regs[3].clone(),
        _ => match vm.next_candidate(question, index + 1, &left, &right) {
            Ok(Next::Answer(value)) => return Step::Return(value),
            Ok(Next::Script(index, candidate)) => {
                frame.regs[0] = packed(question, index, &candidate);
                candidate.method
            }
            Err(raised) => return Step::Raise(raised),
        },
    };
    let reflected = frame.regs[0].as_small_int().unwrap_or(0) & REFLECTED != 0;
    let (receiver, arg) = if reflected {
        (right, left)
    } else {
        (left, right)
    };
    vm.call_special(method, &receiver, &[arg]).then_go_on()
}

/// What lies behind the registers of a frame with the flag ASKED.
pub(crate) struct Asked {
    /// Register 0 of an ASK frame.
    number: i64,
    left: Value,
    right: Value,
}

/// The number of an `Asked` that is no question: `__new__` makes an instance of the class on the left, called with the
/// arguments on the right.
const CREATION: i32 = -1;

impl Asked {
    /// How many words it takes.
    pub(super) const WORDS: usize = 3;

    /// What lies behind the frame of a `__new__` that a call of the class began; see `vm::creating`.
    pub(super) fn creation(class: Value, args: Value) -> Asked {
        Asked {
            number: CREATION.into(),
            left: class,
            right: args,
        }
    }

    /// The class that was called, if what lies behind a frame's registers is a creation.
    ///
    /// # Safety
    /// The frame has the flag ASKED.
    #[inline(always)]
    pub(crate) unsafe fn created_class<'a>(place: *mut Value) -> Option<&'a Value> {
        // SAFETY: `put` wrote the words.
        unsafe { ((*place).as_small_int() == Some(CREATION.into())).then(|| &*place.add(1)) }
    }

    /// Writes it to where it lies behind a frame's registers.
    unsafe fn put(self, place: *mut Value) {
        // SAFETY: the frame has room for so many words more.
        unsafe {
            place.write(Value::int32(self.number as i32));
            place.add(1).write(self.left);
            place.add(2).write(self.right);
        }
    }

    /// Takes it from behind the registers of a frame that is done.
    ///
    /// # Safety
    /// The frame has the flag ASKED, and this is done once.
    pub(crate) unsafe fn take(place: *mut Value) -> Asked {
        // SAFETY: `put` wrote the words.
        unsafe {
            Asked {
                number: place.read().as_small_int().unwrap_or(0),
                left: place.add(1).read(),
                right: place.add(2).read(),
            }
        }
    }
}

enum Next {
    Answer(Value),
    Script(usize, Candidate),
}

impl Question {
    fn number(self) -> i64 {
        match self {
            Question::Binary(op, inplace) => op as i64 * 2 + inplace as i64,
            Question::Compare(op) => -1 - op as i64,
        }
    }

    fn of_number(number: i64) -> Question {
        if number < 0 {
            return Question::Compare(
                CompareOp::ALL[(-1 - number) as usize % CompareOp::ALL.len()],
            );
        }
        Question::Binary(
            BinaryOp::ALL[(number / 2) as usize % BinaryOp::ALL.len()],
            number % 2 == 1,
        )
    }
}

impl Vm {
    /// Asks a script's method first, in a frame.
    pub(crate) fn ask_script(
        &mut self,
        question: Question,
        left: &Value,
        right: &Value,
        method: Value,
    ) -> Step {
        let first = Candidate::new(method, false, false);
        let number = packed(question, 0, &first);
        Step::Enter(
            &ASK,
            smallvec::smallvec![number, left.clone(), right.clone(), first.method],
        )
    }

    /// Does what an ASK frame does, without one while a plain function is asked: its own frame
    /// remembers the question.
    ///
    /// # Safety
    /// `parent` is a live frame whose `ip` is saved.
    pub(super) unsafe fn ask_at_once(
        &mut self,
        args: Args,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        let number = args[0].as_small_int().unwrap_or(0);
        let plain = args[3]
            .get_exact::<Function>()
            .is_some_and(|f| f.simple.get() == 2);
        // SAFETY: the parent is alive.
        let deep = unsafe { (*parent).depth >= self.recursion_limit };
        if !plain || deep || number & NEGATE != 0 || flags & frame_flags::TEST != 0 {
            return self.enter_def(&ASK, args, parent, dst, flags);
        }
        let mut args = args.into_iter().skip(1);
        let (Some(left), Some(right), Some(method)) = (args.next(), args.next(), args.next())
        else {
            unreachable!("an ASK frame has four registers")
        };
        let operands = match number & REFLECTED {
            0 => [left.clone(), right.clone()],
            _ => [right.clone(), left.clone()],
        };
        // SAFETY: the function takes two arguments; its count passes to the frame.
        unsafe {
            let frame = self.push_asked(method, operands, parent, dst, flags);
            let asked = Asked {
                number,
                left,
                right,
            };
            self.begin_asked(frame, asked);
        }
    }

    /// Asks the left operand's class for an operator, where what it has is a plain function and comes first: in a frame of its
    /// own, which remembers the question. False where the general way must look, and nothing was done.
    ///
    /// # Safety
    /// `parent` is a live frame whose `ip` is saved.
    pub(super) unsafe fn ask_plain(
        &mut self,
        question: Question,
        operands: [&Value; 2],
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> bool {
        let [left, right] = operands;
        let Some(class) = self.script_class(left) else {
            return false;
        };
        if let Some(other) = self.script_class(right)
            && !std::ptr::eq(class, other)
            && other.is_subclass(class)
        {
            return false;
        }
        let epoch = self.heap.type_epoch;
        let known = |special: Special| class.known_special(special as usize, epoch);
        let special = match question {
            Question::Binary(op, inplace) => {
                let (special, _, augmented) = op.specials();
                if inplace && !known(augmented).is_some_and(Value::is_not_implemented) {
                    return false;
                }
                special
            }
            Question::Compare(op) => op.special(),
        };
        let Some(method) = known(special) else {
            return false;
        };
        let takes_both = method
            .get_exact::<Function>()
            .is_some_and(|f| f.simple.get() == 2);
        // SAFETY: the parent is alive; the function takes two arguments.
        unsafe {
            if !takes_both || (*parent).depth >= self.recursion_limit {
                return false;
            }
            let asked = Asked {
                number: first_number(question),
                left: left.clone(),
                right: right.clone(),
            };
            let method = method.clone();
            let frame = self.push_asked(method, [left.clone(), right.clone()], parent, dst, flags);
            self.begin_asked(frame, asked);
        }
        true
    }

    /// The class of an instance of a class that a script made.
    pub(super) fn script_class<'a>(&self, value: &Value) -> Option<&'a Class> {
        let shape = value.shape();
        if shape < crate::heap::FIRST_FREE_SHAPE {
            return None;
        }
        let class = self.heap.shapes.get(shape as usize)?.class.get::<Class>()?;
        // SAFETY: the value, which the caller holds, keeps its class alive.
        Some(unsafe { &*std::ptr::from_ref(class) })
    }

    /// Notes the question behind the registers of the frame that was pushed for it, which is about to run.
    pub(super) unsafe fn begin_asked(&mut self, frame: *mut Frame, asked: Asked) {
        // SAFETY: `push_asked` made the room.
        unsafe {
            let code = (*(*(*frame).function).code.as_ptr()).as_ptr();
            asked.put(Frame::regs(frame).add((*code).nregisters as usize));
            self.budget -= 1;
            if self.budget < 0 {
                (*frame).ip = (*code).start();
                self.frame = frame;
                self.check_budget();
            }
        }
    }

    /// Pushes and starts the frame of a function with two parameters.
    unsafe fn push_asked(
        &mut self,
        method: Value,
        operands: [Value; 2],
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) -> *mut Frame {
        // SAFETY: as in `ask_at_once`.
        unsafe {
            let function: *mut Function = method.header().cast();
            method.forget();
            let code = (*(*function).code.as_ptr()).as_ptr();
            let registers = (*code).nregisters as usize + Asked::WORDS;
            let frame = self.push_frame(registers, parent, dst, flags | frame_flags::ASKED);
            (*frame).function = function;
            (*frame).depth = (*parent).depth + 1;
            (*frame).ip = (*code).start().add(1);
            let regs = Frame::regs(frame);
            for (i, operand) in operands.into_iter().enumerate() {
                regs.add(i).write(operand);
            }
            for i in 2..(*code).nlocals as usize {
                regs.add(i).write(Value::UNDEF);
            }
            self.cursor = Cursor {
                ip: (*code).start(),
                regs,
                consts: (*code).consts(),
            };
            frame
        }
    }

    /// A function that was asked has answered.
    pub(super) fn answered(
        &mut self,
        asked: Asked,
        answer: Value,
        parent: *mut Frame,
        dst: u16,
        flags: u16,
    ) {
        if asked.number == CREATION.into() {
            return self.created((asked.left, asked.right), answer, parent, dst, flags);
        }
        if !answer.is_not_implemented() {
            drop(asked);
            return self.deliver(parent, dst, flags, answer);
        }
        let (question, index) = (
            Question::of_number(asked.number / 64 - 16),
            (asked.number / 4 % 16) as usize,
        );
        match self.next_candidate(question, index + 1, &asked.left, &asked.right) {
            Ok(Next::Answer(value)) => self.deliver(parent, dst, flags, value),
            Ok(Next::Script(index, candidate)) => {
                let number = packed(question, index, &candidate);
                let args = smallvec::smallvec![number, asked.left, asked.right, candidate.method];
                self.perform(Step::Enter(&ASK, args), parent, dst, flags);
            }
            Err(raised) => self.raise_in(parent, raised),
        }
    }

    /// Asks the candidates in order.
    pub(crate) fn ask_candidates(
        &mut self,
        question: Question,
        left: &Value,
        right: &Value,
        candidates: Candidates,
    ) -> Step {
        let list = match candidates {
            Ok(list) => list,
            Err(answer) => return Step::Return(answer),
        };
        match self.ask_from(question, 0, left, right, list) {
            Ok(Next::Answer(value)) => Step::Return(value),
            Ok(Next::Script(index, candidate)) => {
                let number = packed(question, index, &candidate);
                Step::Enter(
                    &ASK,
                    smallvec::smallvec![number, left.clone(), right.clone(), candidate.method],
                )
            }
            Err(raised) => Step::Raise(raised),
        }
    }

    /// The candidate after those that did not know.
    fn next_candidate(
        &mut self,
        question: Question,
        index: usize,
        left: &Value,
        right: &Value,
    ) -> R<Next> {
        let candidates = match question {
            Question::Binary(op, inplace) => self.binary_candidates(op, inplace, left, right)?,
            Question::Compare(op) => self.compare_candidates(op, left, right)?,
        };
        match candidates {
            Ok(list) => self.ask_from(question, index, left, right, list),
            Err(answer) => Ok(Next::Answer(answer)),
        }
    }

    /// Asks native candidates until one knows, or a script's is at hand, or nobody is left.
    fn ask_from(
        &mut self,
        question: Question,
        from: usize,
        left: &Value,
        right: &Value,
        list: smallvec::SmallVec<[Candidate; 3]>,
    ) -> R<Next> {
        for (index, candidate) in list.into_iter().enumerate().skip(from) {
            let asked = match candidate.core {
                true => Some(self.ask_core(question, &candidate, left, right)),
                false => self.ask_leaf(&candidate, left, right),
            };
            let Some(result) = asked else {
                return Ok(Next::Script(index, candidate));
            };
            let value = result?;
            if value.is_not_implemented() {
                continue;
            }
            if candidate.negate {
                return Ok(Next::Answer(Value::bool(!self.truth(&value)?)));
            }
            return Ok(Next::Answer(value));
        }
        self.nobody_knows(question, left, right).map(Next::Answer)
    }

    /// What the built-in type of an operand says.
    fn ask_core(
        &mut self,
        question: Question,
        candidate: &Candidate,
        left: &Value,
        right: &Value,
    ) -> R {
        match question {
            Question::Binary(op, _) => self.core_operator(op, candidate.reflected, left, right),
            Question::Compare(op) => {
                let op = if candidate.negate { CompareOp::Eq } else { op };
                match candidate.reflected {
                    true => self.native_compare(op.reflected(), right, left),
                    false => self.native_compare(op, left, right),
                }
            }
        }
    }

    fn ask_leaf(&mut self, candidate: &Candidate, left: &Value, right: &Value) -> Option<R> {
        let native = candidate.method.get_exact::<Native>()?;
        let NativeCode::Leaf(leaf) = native.def.code else {
            return None;
        };
        if native.exact != 2 {
            return None;
        }
        let args = if candidate.reflected {
            [right.clone(), left.clone()]
        } else {
            [left.clone(), right.clone()]
        };
        Some(leaf(self, &args))
    }

    fn nobody_knows(&mut self, question: Question, left: &Value, right: &Value) -> R {
        match question {
            Question::Binary(op, inplace) => {
                Err(self.unsupported_operands(op, inplace, left, right))
            }
            Question::Compare(op) => self.compare_unknown(op, left, right),
        }
    }

    /// Whether the right operand's class comes first: it is a strict subclass of the left one's.
    pub(crate) fn right_goes_first(&mut self, left: &Ref<Class>, right: &Ref<Class>) -> bool {
        !left.is(right) && right.is_subclass(left)
    }
}
