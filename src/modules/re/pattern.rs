//! `re.Pattern`: compiled patterns and what they can do.

use std::cell::Cell;
use std::rc::Rc;

use super::matcher::{Matcher, Subject, Trouble, UNITS_A_CHECK};
use super::matches::MatchObject;
use super::parse::{self, flags};
use super::program::{self, Program};
use crate::builtins::arguments::{index, int, list, long_string, pair, string};
use crate::builtins::bytes::buffer_of;
use crate::builtins::functions::iterators::itself;
use crate::heap::{Field, Ref, Value, work};
use crate::object::bytes::{Bytes, with_bytes};
use crate::object::class::class_flags;
use crate::object::dict::Dict;
use crate::object::kind;
use crate::object::native::{Attribute, Def, R, Raised, TypeDef};
use crate::object::str::Str;
use crate::object::traced::{Untraced, traced_object};
use crate::vm::Vm;

traced_object! {
    /// `re.Pattern`
    pub struct Pattern: REGEX {
        /// What is run.
        program: Untraced<Rc<Program>>,
        /// The text it was made of.
        source: Value,
        /// `flags`
        flags: Cell<u32>,
        /// The names of groups.
        names: Untraced<Rc<Vec<(String, usize)>>>,
    }
}

traced_object! {
    /// What `finditer` and `scanner` give.
    pub struct Scanner: REGEX_SCANNER {
        /// The pattern.
        pattern: Value,
        /// The text.
        text: Field,
        /// Where to go on, in bytes.
        at: Cell<usize>,
        /// Where an empty match does not count.
        not_empty_at: Cell<usize>,
        /// Where the text is taken to end, in bytes.
        end: Cell<usize>,
        /// `pos` and `endpos`, in characters.
        bounds: (Cell<usize>, Cell<usize>),
    }
}

/// `_re.compile(pattern, flags)`: a Pattern, or (message, place) of what is wrong.
pub fn compile(vm: &mut Vm, args: &[Value]) -> R {
    let flags = index(vm, &args[1])? as u32;
    let (points, bytes) = points_of(vm, &args[0])?;
    if bytes && flags & flags::UNICODE != 0 {
        return Err(vm.value_error("cannot use UNICODE flag with a bytes pattern"));
    }
    if !bytes && flags & flags::LOCALE != 0 {
        return Err(vm.value_error("cannot use LOCALE flag with a str pattern"));
    }
    check_flags(vm, flags)?;
    vm.check_stack()?;
    match parse::parse(&points, flags, bytes) {
        Ok(parsed) => {
            check_flags(vm, parsed.flags)?;
            let program = Rc::new(program::compile(&parsed, bytes));
            let class = vm.class_of_def(&PATTERN);
            let made = Pattern::alloc(
                class.root_shape.get(),
                Untraced(program),
                args[0].clone(),
                Cell::new(parsed.flags),
                Untraced(Rc::new(parsed.names)),
            );
            Ok(made.into_value())
        }
        Err(wrong) => {
            let place = wrong.place.map_or(Value::NONE, |p| int(p as i64));
            Ok(crate::builtins::arguments::pair(
                string(&wrong.message),
                place,
            ))
        }
    }
}

/// The characters of a pattern, and whether they are bytes.
fn points_of(vm: &mut Vm, pattern: &Value) -> R<(Vec<u32>, bool)> {
    // For the characters, the tree and the program.
    let length = vm.layout_len(pattern).unwrap_or(0);
    vm.check_room(length.saturating_mul(160))?;
    vm.tick(length)?;
    if let Some(text) = pattern.get::<Str>() {
        return Ok((text.points().collect(), false));
    }
    match with_bytes(pattern, |b| b.iter().map(|&b| u32::from(b)).collect()) {
        Some(points) => Ok((points, true)),
        None => Err(vm.type_error("first argument must be string or compiled pattern")),
    }
}

/// `_re.width(pattern, flags)`: how long a match of a valid pattern is at least and at most, where
/// -1 stands for no end.
pub fn width(vm: &mut Vm, args: &[Value]) -> R {
    let flags = index(vm, &args[1])? as u32;
    let (points, bytes) = points_of(vm, &args[0])?;
    vm.check_stack()?;
    let (low, high) = parse::parse(&points, flags, bytes).map_or((0, 0), |parsed| parsed.width);
    let high = if high >= parse::ENDLESS {
        -1
    } else {
        high as i64
    };
    Ok(crate::builtins::arguments::pair(int(low as i64), int(high)))
}

/// Flags that contradict each other, whether given or in the pattern.
fn check_flags(vm: &mut Vm, flags: u32) -> R<()> {
    for (other, name) in [(flags::UNICODE, "UNICODE"), (flags::LOCALE, "LOCALE")] {
        if flags & flags::ASCII != 0 && flags & other != 0 {
            return Err(vm.value_error(format!("ASCII and {name} flags are incompatible")));
        }
    }
    Ok(())
}

/// The pattern that a method was called with.
pub fn pattern_of(value: &Value) -> Option<Ref<Pattern>> {
    value.to_ref::<Pattern>()
}

/// A text to be searched, kept alive, with its bounds.
pub struct Text {
    /// The str or bytes.
    pub value: Value,
    /// Whether each byte is a character.
    pub single: bool,
    /// Bytes of what has no stable place of its own (bytearray).
    copy: Option<Vec<u8>>,
}

impl Text {
    /// The text of an argument, which must fit the pattern's.
    pub fn new(vm: &mut Vm, pattern: &Pattern, value: &Value) -> R<Text> {
        let wants_text = pattern.source.is_kind::<Str>();
        if value.is_kind::<Str>() {
            if !wants_text {
                return Err(vm.type_error("cannot use a bytes pattern on a string-like object"));
            }
            return Ok(Text {
                value: value.clone(),
                single: false,
                copy: None,
            });
        }
        if value.is_exact::<Bytes>() && !wants_text {
            return Ok(Text {
                value: value.clone(),
                single: true,
                copy: None,
            });
        }
        let Some(copy) = buffer_of(vm, value) else {
            let name = vm.type_name(value);
            return Err(vm.type_error(format!(
                "expected string or bytes-like object, got '{name}'"
            )));
        };
        if wants_text {
            return Err(vm.type_error("cannot use a string pattern on a bytes-like object"));
        }
        let copy = if value.is_kind::<Bytes>() {
            None
        } else {
            Some(copy)
        };
        Ok(Text {
            value: value.clone(),
            single: true,
            copy,
        })
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        if let Some(copy) = &self.copy {
            return copy;
        }
        match (self.value.get::<Str>(), self.value.get::<Bytes>()) {
            (Some(text), _) => text.bytes(),
            (_, Some(bytes)) => bytes.bytes(),
            _ => &[],
        }
    }

    /// How many characters it has.
    pub fn len(&self) -> usize {
        self.value
            .get::<Str>()
            .map_or_else(|| self.bytes().len(), Str::len)
    }

    /// The byte at which a character begins.
    pub fn offset(&self, index: usize) -> usize {
        self.value
            .get::<Str>()
            .map_or(index, |text| text.offset_of(index))
    }

    /// The number of the character that begins at a byte.
    pub fn index(&self, offset: usize) -> usize {
        self.value
            .get::<Str>()
            .map_or(offset, |text| text.index_of(offset))
    }

    /// Cuts `pos` and `endpos` to the text.
    pub fn bounds(&self, vm: &mut Vm, pos: &Value, endpos: &Value) -> R<(usize, usize)> {
        let len = self.len() as i64;
        let end = if endpos.is_undef() {
            len
        } else {
            index(vm, endpos)?.clamp(0, len)
        };
        let pos = index(vm, pos)?.clamp(0, len);
        Ok((pos as usize, end as usize))
    }

    /// A part of the text, by bytes.
    pub fn part(&self, vm: &mut Vm, start: usize, end: usize) -> R {
        if start == 0
            && end == self.bytes().len()
            && (self.value.is_exact::<Str>() || self.value.is_exact::<Bytes>())
        {
            return Ok(self.value.clone());
        }
        if let Some(text) = self.value.get::<Str>() {
            let made = text.byte_range(start, end);
            return vm.lift(made).map(Ref::into_value);
        }
        // A bytearray may have shrunk since.
        let bytes = self.bytes();
        let end = end.min(bytes.len());
        crate::builtins::arguments::bytes(vm, &bytes[start.min(end)..end])
    }
}

/// Where a match was found: beginnings and ends of all groups, in bytes.
pub type Found = Vec<usize>;

/// What kind of match is wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Anywhere.
    Search,
    /// At the beginning.
    Match,
    /// Of the whole text.
    Full,
}

/// Looks for a match from a byte on.
pub fn find(
    vm: &mut Vm,
    pattern: &Pattern,
    text: &Text,
    wanted: Wanted,
    from: usize,
    end: usize,
    not_empty_at: usize,
) -> R<Option<Found>> {
    if from > end {
        return Ok(None);
    }
    let subject = Subject {
        bytes: text.bytes(),
        single: text.single,
        end,
    };
    let program = pattern.program.0.clone();
    // What a search costs at least.
    vm.tick(2)?;
    let inbox = vm.host.inbox.clone();
    let mut check = || work(UNITS_A_CHECK).is_ok() && !inbox.wants_attention();
    let mut ignoring = || work(UNITS_A_CHECK).is_ok();
    let mut interrupted = false;
    loop {
        let check: &mut dyn FnMut() -> bool = if interrupted {
            &mut ignoring
        } else {
            &mut check
        };
        let mut matcher = Matcher::new(&program, subject, check);
        let result = match wanted {
            Wanted::Search => matcher.search(from, not_empty_at),
            Wanted::Match => matcher.match_at(from, false),
            Wanted::Full => matcher.match_at(from, true),
        };
        let (uncounted, saved) = (matcher.uncounted(), std::mem::take(&mut matcher.saved));
        vm.tick(uncounted)?;
        match result {
            Ok(true) => return Ok(Some(saved)),
            Ok(false) => return Ok(None),
            Err(Trouble::Memory) => return Err(vm.memory_error()),
            Err(Trouble::Interrupted) if vm.heap.work.halted => return Err(vm.memory_error()),
            Err(Trouble::Interrupted) => {
                // A signal is heard at once; anything else can wait.
                vm.look_outside()?;
                interrupted = true;
            }
        }
    }
}

/// Arguments: self, string, pos, endpos.
fn one(vm: &mut Vm, args: &[Value], wanted: Wanted) -> R {
    let Some(pattern) = pattern_of(&args[0]) else {
        return Ok(Value::NONE);
    };
    let text = Text::new(vm, &pattern, &args[1])?;
    let (pos, endpos) = text.bounds(vm, &args[2], &args[3])?;
    let (from, end) = (text.offset(pos), text.offset(endpos));
    let found = find(
        vm,
        &pattern,
        &text,
        wanted,
        from,
        end,
        super::matcher::NOWHERE,
    )?;
    Ok(match found {
        Some(found) => MatchObject::make(vm, &args[0], &text.value, found, pos, endpos),
        None => Value::NONE,
    })
}

fn search(vm: &mut Vm, args: &[Value]) -> R {
    one(vm, args, Wanted::Search)
}

fn match_(vm: &mut Vm, args: &[Value]) -> R {
    one(vm, args, Wanted::Match)
}

fn fullmatch(vm: &mut Vm, args: &[Value]) -> R {
    one(vm, args, Wanted::Full)
}

/// All matches, one after the other: each begins where the last ended; no two empty ones at a place.
pub struct Walk {
    at: usize,
    end: usize,
    not_empty_at: usize,
}

impl Walk {
    /// Over the text between two bytes.
    pub fn new(from: usize, end: usize) -> Walk {
        Walk {
            at: from,
            end,
            not_empty_at: super::matcher::NOWHERE,
        }
    }

    /// The next match.
    pub fn next(&mut self, vm: &mut Vm, pattern: &Pattern, text: &Text) -> R<Option<Found>> {
        let found = find(
            vm,
            pattern,
            text,
            Wanted::Search,
            self.at,
            self.end,
            self.not_empty_at,
        )?;
        match &found {
            Some(found) => {
                self.at = found[1];
                // After an empty match the next one must not be empty at the same place.
                self.not_empty_at = if found[0] == found[1] {
                    found[1]
                } else {
                    super::matcher::NOWHERE
                };
            }
            None => self.at = self.end + 1,
        }
        Ok(found)
    }
}

fn findall(vm: &mut Vm, args: &[Value]) -> R {
    let Some(pattern) = pattern_of(&args[0]) else {
        return Ok(Value::NONE);
    };
    let text = Text::new(vm, &pattern, &args[1])?;
    let (pos, endpos) = text.bounds(vm, &args[2], &args[3])?;
    let mut walk = Walk::new(text.offset(pos), text.offset(endpos));
    let mut all = Vec::new();
    while let Some(found) = walk.next(vm, &pattern, &text)? {
        all.push(match pattern.program.groups {
            0 => text.part(vm, found[0], found[1])?,
            1 => group_or_empty(vm, &text, &found, 1)?,
            groups => {
                let mut parts = Vec::with_capacity(groups);
                for group in 1..=groups {
                    parts.push(group_or_empty(vm, &text, &found, group)?);
                }
                crate::builtins::arguments::tuple(vm, parts)?
            }
        });
    }
    Ok(list(all))
}

/// The text of a group; empty if it did not take part.
pub fn group_or_empty(vm: &mut Vm, text: &Text, found: &Found, group: usize) -> R {
    let (start, end) = (found[group * 2], found[group * 2 + 1]);
    if start == super::matcher::NOWHERE || end == super::matcher::NOWHERE {
        return text.part(vm, 0, 0);
    }
    text.part(vm, start, end)
}

fn scanner(vm: &mut Vm, args: &[Value]) -> R {
    let Some(pattern) = pattern_of(&args[0]) else {
        return Ok(Value::NONE);
    };
    let text = Text::new(vm, &pattern, &args[1])?;
    let (pos, endpos) = text.bounds(vm, &args[2], &args[3])?;
    let class = vm.class_of_def(&SCANNER);
    let made = Scanner::alloc(
        class.root_shape.get(),
        args[0].clone(),
        Field::new(args[1].clone()),
        Cell::new(text.offset(pos)),
        Cell::new(super::matcher::NOWHERE),
        Cell::new(text.offset(endpos)),
        (Cell::new(pos), Cell::new(endpos)),
    );
    Ok(made.into_value())
}

/// The next match of a scanner, or None.
fn scan(vm: &mut Vm, value: &Value, wanted: Wanted) -> R {
    let Some(scanner) = value.to_ref::<Scanner>() else {
        return Ok(Value::NONE);
    };
    let Some(pattern) = pattern_of(&scanner.pattern) else {
        return Ok(Value::NONE);
    };
    let text = Text::new(vm, &pattern, &scanner.text.get())?;
    let (at, end) = (scanner.at.get(), scanner.end.get());
    let found = find(
        vm,
        &pattern,
        &text,
        wanted,
        at,
        end,
        scanner.not_empty_at.get(),
    )?;
    Ok(match found {
        Some(found) => {
            scanner.at.set(found[1]);
            scanner.not_empty_at.set(if found[0] == found[1] {
                found[1]
            } else {
                super::matcher::NOWHERE
            });
            MatchObject::make(
                vm,
                &scanner.pattern,
                &text.value,
                found,
                scanner.bounds.0.get(),
                scanner.bounds.1.get(),
            )
        }
        None => {
            scanner.at.set(end + 1);
            Value::NONE
        }
    })
}

fn scanner_next(vm: &mut Vm, args: &[Value]) -> R {
    let found = scan(vm, &args[0], Wanted::Search)?;
    if found.is_none() {
        Err(vm.stop_iteration(Value::NONE))
    } else {
        Ok(found)
    }
}

/// The scanner.
pub static SCANNER: TypeDef = TypeDef {
    methods: &[
        Def::leaf("__iter__(self, /)", itself),
        Def::leaf("__next__(self, /)", scanner_next),
        Def::leaf("search(self, /)", |vm, args| {
            scan(vm, &args[0], Wanted::Search)
        }),
        Def::leaf("match(self, /)", |vm, args| {
            scan(vm, &args[0], Wanted::Match)
        }),
    ],
    ..TypeDef::new("_sre", "SRE_Scanner", kind::REGEX_SCANNER)
};

fn split(vm: &mut Vm, args: &[Value]) -> R {
    let Some(pattern) = pattern_of(&args[0]) else {
        return Ok(Value::NONE);
    };
    let text = Text::new(vm, &pattern, &args[1])?;
    let most = index(vm, &args[2])?;
    let mut walk = Walk::new(0, text.bytes().len());
    let (mut parts, mut last, mut count) = (Vec::new(), 0, 0);
    while most == 0 || count < most {
        let Some(found) = walk.next(vm, &pattern, &text)? else {
            break;
        };
        parts.push(text.part(vm, last, found[0])?);
        for group in 1..=pattern.program.groups {
            let (start, end) = (found[group * 2], found[group * 2 + 1]);
            let absent = start == super::matcher::NOWHERE || end == super::matcher::NOWHERE;
            parts.push(if absent {
                Value::NONE
            } else {
                text.part(vm, start, end)?
            });
        }
        last = found[1];
        count += 1;
    }
    parts.push(text.part(vm, last, text.bytes().len())?);
    Ok(list(parts))
}

/// Names of flags, in the order in which `repr` shows them.
const FLAG_NAMES: &[(u32, &str)] = &[
    (flags::IGNORECASE, "re.IGNORECASE"),
    (flags::LOCALE, "re.LOCALE"),
    (flags::MULTILINE, "re.MULTILINE"),
    (flags::DOTALL, "re.DOTALL"),
    (flags::VERBOSE, "re.VERBOSE"),
    (flags::DEBUG, "re.DEBUG"),
    (flags::ASCII, "re.ASCII"),
];

fn repr(vm: &mut Vm, args: &[Value]) -> R {
    let Some(pattern) = pattern_of(&args[0]) else {
        return Ok(Value::NONE);
    };
    let mut shown = vm.repr_text(&pattern.source)?;
    if shown.chars().count() > 200 {
        shown = shown.chars().take(200).collect();
    }
    let flags = pattern.flags.get();
    let mut set: Vec<String> = FLAG_NAMES
        .iter()
        .filter(|(bit, _)| flags & bit != 0)
        .map(|(_, n)| n.to_string())
        .collect();
    let known = FLAG_NAMES
        .iter()
        .fold(flags::UNICODE, |all, (bit, _)| all | bit);
    if flags & !known != 0 {
        set.push(format!("{:#x}", flags & !known));
    }
    let text = match set.is_empty() {
        true => format!("re.compile({shown})"),
        false => format!("re.compile({shown}, {})", set.join("|")),
    };
    long_string(vm, &text)
}

fn equal(vm: &mut Vm, args: &[Value]) -> R {
    let (Some(a), Some(b)) = (pattern_of(&args[0]), pattern_of(&args[1])) else {
        return Ok(Value::NOT_IMPLEMENTED);
    };
    let same = a.flags.get() == b.flags.get() && vm.eq(&a.source, &b.source)?;
    Ok(Value::bool(same))
}

fn reduce(vm: &mut Vm, args: &[Value]) -> R {
    let module = vm.import("re")?;
    let compile = vm.get_attr(&module, "_compile")?;
    let source = vm.get_attr(&args[0], "pattern")?;
    let flags = vm.get_attr(&args[0], "flags")?;
    Ok(pair(compile, pair(source, flags)))
}

fn hash(vm: &mut Vm, args: &[Value]) -> R {
    let Some(pattern) = pattern_of(&args[0]) else {
        return Ok(Value::NONE);
    };
    let hash = vm.hash(&pattern.source)?;
    Ok(int(hash ^ i64::from(pattern.flags.get())))
}

fn groupindex(vm: &mut Vm, value: &Value) -> R {
    let dict = Dict::new();
    if let Some(pattern) = pattern_of(value) {
        for (name, group) in pattern.names.0.iter() {
            vm.set_name(&dict, name, int(*group as i64))?;
        }
    }
    Ok(crate::object::descriptor::MappingProxy::alloc(dict.into_value()).into_value())
}

/// The error that has no other place: a group that does not exist.
pub fn no_such_group(vm: &mut Vm) -> Raised {
    vm.index_error("no such group")
}

/// `re.Pattern`
pub static PATTERN: TypeDef = TypeDef {
    flags: class_flags::WEAKREF,
    doc: "Compiled regular expression object.",
    methods: &[
        Def::leaf("match(self, /, string, pos=0, endpos=<unset>)", match_)
            .doc("Matches zero or more characters at the beginning of the string."),
        Def::leaf("fullmatch(self, /, string, pos=0, endpos=<unset>)", fullmatch).doc("Matches against all of the string."),
        Def::leaf("search(self, /, string, pos=0, endpos=<unset>)", search)
            .doc("Scan through string looking for a match, and return a corresponding match object instance."),
        Def::leaf("findall(self, /, string, pos=0, endpos=<unset>)", findall)
            .doc("Return a list of all non-overlapping matches of pattern in string."),
        Def::leaf("finditer(self, /, string, pos=0, endpos=<unset>)", scanner)
            .doc("Return an iterator over all non-overlapping matches for the RE pattern in string."),
        Def::leaf("scanner(self, /, string, pos=0, endpos=<unset>)", scanner),
        Def::leaf("split(self, /, string, maxsplit=0)", split).doc("Split string by the occurrences of pattern."),
        Def::frame("sub(self, /, repl, string, count=0)", 6, super::replace::sub)
            .doc("Return the string obtained by replacing the leftmost non-overlapping occurrences of pattern in string by the replacement repl."),
        Def::frame("subn(self, /, repl, string, count=0)", 6, super::replace::subn),
        Def::leaf("__repr__(self, /)", repr),
        Def::leaf("__eq__(self, value, /)", equal),
        Def::leaf("__hash__(self, /)", hash),
        Def::leaf("__copy__(self, /)", itself),
        Def::leaf("__deepcopy__(self, memo, /)", itself),
        Def::leaf("__reduce__(self, /)", reduce).doc("What makes the same pattern again."),
        Def::leaf("__class_getitem__(cls, item, /)", crate::builtins::functions::attributes::generic_alias).class(),
    ],
    attributes: &[
        Attribute::get("pattern", |_, v| Ok(pattern_of(v).map_or(Value::NONE, |p| p.source.clone()))),
        Attribute::get("flags", |_, v| Ok(int(pattern_of(v).map_or(0, |p| i64::from(p.flags.get()))))),
        Attribute::get("groups", |_, v| Ok(int(pattern_of(v).map_or(0, |p| p.program.groups as i64)))),
        Attribute::get("groupindex", groupindex),
    ],
    ..TypeDef::new("re", "Pattern", kind::REGEX)
};
