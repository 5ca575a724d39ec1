//! `str`: its table.

pub mod format;
pub mod methods;

use super::adapt::take_gathered;
use super::operators;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Def, TypeDef};

/// `str`
pub static STR: TypeDef = TypeDef {
    at_once: Some(crate::builtins::functions::at_once::str_),
    flags: class_flags::BASE | class_flags::MATCH_SELF,
    doc: "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str",
    new: Some(Def::leaf(
        "__new__(cls, object=<unset>, encoding=<unset>, errors=<unset>)",
        methods::new,
    )),
    methods: METHODS,
    ..TypeDef::new("builtins", "str", kind::STR)
};

static METHODS: &[Def] = &[
    Def::leaf("capitalize(self, /)", methods::capitalize)
        .doc("The first character large, the others small."),
    Def::leaf("casefold(self, /)", methods::casefold)
        .doc("The text for comparisons in which the case does not count."),
    Def::leaf("center(self, width, fillchar=' ', /)", methods::center)
        .doc("The text in the middle of so many characters."),
    Def::leaf(
        "count(self, sub, start=None, end=None, /)",
        methods::count_of,
    )
    .doc("Return the number of non-overlapping occurrences of substring sub."),
    Def::leaf(
        "encode(self, /, encoding='utf-8', errors='strict')",
        methods::encode,
    )
    .doc("The text as bytes of an encoding."),
    Def::leaf(
        "endswith(self, suffix, start=None, end=None, /)",
        methods::endswith,
    )
    .doc("Whether the text has that end, or one of those."),
    Def::leaf("expandtabs(self, /, tabsize=8)", methods::expandtabs)
        .doc("The text with spaces in place of tabs."),
    Def::leaf("find(self, sub, start=None, end=None, /)", methods::find)
        .doc("Return the lowest index where substring sub is found, or -1."),
    Def::leaf("format(self, /, *args, **kwargs)", format::format)
        .doc("The text with the arguments where braces are."),
    Def::leaf("format_map(self, mapping, /)", format::format_map)
        .doc("The text with values of a mapping where braces are."),
    Def::leaf("index(self, sub, start=None, end=None, /)", methods::index)
        .doc("Return the lowest index where substring sub is found, or raise ValueError."),
    Def::leaf("isalnum(self, /)", methods::isalnum)
        .doc("Whether there are letters and digits only, and not nothing."),
    Def::leaf("isalpha(self, /)", methods::isalpha)
        .doc("Whether there are letters only, and not nothing."),
    Def::leaf("isascii(self, /)", methods::isascii).doc("Whether all characters are below 128."),
    Def::leaf("isdecimal(self, /)", methods::isdecimal)
        .doc("Whether there are decimal digits only, and not nothing."),
    Def::leaf("isdigit(self, /)", methods::isdigit)
        .doc("Whether there are digits only, and not nothing."),
    Def::leaf("isidentifier(self, /)", methods::isidentifier)
        .doc("Return True if the string is a valid identifier, False otherwise."),
    Def::leaf("islower(self, /)", methods::islower)
        .doc("Whether all letters are small, and there are some."),
    Def::leaf("isnumeric(self, /)", methods::isnumeric)
        .doc("Whether there are numerals only, and not nothing."),
    Def::leaf("isprintable(self, /)", methods::isprintable)
        .doc("Return True if all characters in the string are printable, False otherwise."),
    Def::leaf("isspace(self, /)", methods::isspace)
        .doc("Whether there is white space only, and not nothing."),
    Def::leaf("istitle(self, /)", methods::istitle)
        .doc("Whether each word begins with a large letter, and only there are some."),
    Def::leaf("isupper(self, /)", methods::isupper)
        .doc("Whether all letters are large, and there are some."),
    Def::frame("join(self, iterable, /)", 1, methods::join)
        .takes(1, take_gathered::<2>)
        .at_once(methods::join_at_once)
        .doc("The strings of an iterable in a row, with this text between them."),
    Def::leaf("ljust(self, width, fillchar=' ', /)", methods::ljust)
        .doc("The text at the left of so many characters."),
    Def::leaf("lower(self, /)", methods::lower).doc("All letters small."),
    Def::leaf("lstrip(self, chars=None, /)", methods::lstrip)
        .doc("The text without white space, or those characters, at its left end."),
    Def::leaf("maketrans(x, y=<unset>, z=<unset>, /)", methods::maketrans)
        .stat()
        .doc("Return a translation table usable for str.translate()."),
    Def::leaf("partition(self, sep, /)", methods::partition)
        .doc("What is before a separator, the separator, and what follows it."),
    Def::leaf("removeprefix(self, prefix, /)", methods::removeprefix)
        .doc("The text without that beginning, if it has it."),
    Def::leaf("removesuffix(self, suffix, /)", methods::removesuffix)
        .doc("The text without that end, if it has it."),
    Def::leaf("replace(self, old, new, /, count=-1)", methods::replace)
        .doc("The text with one part in place of another."),
    Def::leaf("rfind(self, sub, start=None, end=None, /)", methods::rfind)
        .doc("Return the highest index where substring sub is found, or -1."),
    Def::leaf(
        "rindex(self, sub, start=None, end=None, /)",
        methods::rindex,
    )
    .doc("Return the highest index where substring sub is found, or raise ValueError."),
    Def::leaf("rjust(self, width, fillchar=' ', /)", methods::rjust)
        .doc("The text at the right of so many characters."),
    Def::leaf("rpartition(self, sep, /)", methods::rpartition)
        .doc("Partition the string into three parts at the last occurrence of the separator."),
    Def::leaf("rsplit(self, /, sep=None, maxsplit=-1)", methods::rsplit)
        .doc("Return a list of the substrings in the string, splitting from the end."),
    Def::leaf("rstrip(self, chars=None, /)", methods::rstrip)
        .doc("The text without white space, or those characters, at its right end."),
    Def::leaf("split(self, /, sep=None, maxsplit=-1)", methods::split)
        .doc("The parts between separators, as a list."),
    Def::leaf("splitlines(self, /, keepends=False)", methods::splitlines)
        .doc("The lines, as a list."),
    Def::leaf(
        "startswith(self, prefix, start=None, end=None, /)",
        methods::startswith,
    )
    .doc("Whether the text has that beginning, or one of those."),
    Def::leaf("strip(self, chars=None, /)", methods::strip)
        .doc("The text without white space, or those characters, at both ends."),
    Def::leaf("swapcase(self, /)", methods::swapcase)
        .doc("Small letters large and large letters small."),
    Def::leaf("title(self, /)", methods::title)
        .doc("The first letter of each word large, the others small."),
    Def::leaf("translate(self, table, /)", methods::translate)
        .doc("The text with other characters, as a table says."),
    Def::leaf("upper(self, /)", methods::upper).doc("All letters large."),
    Def::leaf("zfill(self, width, /)", methods::zfill)
        .doc("The text with noughts in front, behind its sign, up to that width."),
    Def::leaf("__add__(self, value, /)", methods::add),
    Def::leaf("__contains__(self, key, /)", operators::contains),
    Def::leaf("__eq__(self, value, /)", operators::eq),
    Def::leaf("__format__(self, format_spec, /)", format::dunder_format),
    Def::leaf("__ge__(self, value, /)", operators::ge),
    Def::leaf("__getitem__(self, key, /)", operators::getitem),
    Def::leaf("__getnewargs__(self, /)", methods::getnewargs),
    Def::leaf("__gt__(self, value, /)", operators::gt),
    Def::leaf("__hash__(self, /)", methods::hash),
    Def::leaf("__iter__(self, /)", operators::iter),
    Def::leaf("__le__(self, value, /)", operators::le),
    Def::leaf("__len__(self, /)", operators::len),
    Def::leaf("__lt__(self, value, /)", operators::lt),
    Def::leaf("__mod__(self, value, /)", methods::modulo),
    Def::leaf("__mul__(self, value, /)", operators::repeat),
    Def::leaf("__ne__(self, value, /)", operators::ne),
    Def::leaf("__repr__(self, /)", operators::repr),
    Def::leaf("__rmod__(self, value, /)", methods::rmod),
    Def::leaf("__rmul__(self, value, /)", operators::repeat),
    Def::leaf("__sizeof__(self, /)", methods::sizeof),
    Def::leaf("__str__(self, /)", methods::to_str),
];
