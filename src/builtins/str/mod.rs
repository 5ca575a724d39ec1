//! `str`: its table.

pub mod format;
pub mod methods;

use super::operators;
use crate::object::class::class_flags;
use crate::object::kind;
use crate::object::native::{Def, TypeDef};

/// `str`
pub static STR: TypeDef = TypeDef {
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
        .doc("Return a capitalized version of the string."),
    Def::leaf("casefold(self, /)", methods::casefold)
        .doc("Return a version of the string suitable for caseless comparisons."),
    Def::leaf("center(self, width, fillchar=' ', /)", methods::center)
        .doc("Return a centered string of length width."),
    Def::leaf(
        "count(self, sub, start=None, end=None, /)",
        methods::count_of,
    )
    .doc("Return the number of non-overlapping occurrences of substring sub."),
    Def::leaf(
        "encode(self, /, encoding='utf-8', errors='strict')",
        methods::encode,
    )
    .doc("Encode the string using the codec registered for encoding."),
    Def::leaf(
        "endswith(self, suffix, start=None, end=None, /)",
        methods::endswith,
    )
    .doc("Return True if the string ends with the specified suffix, False otherwise."),
    Def::leaf("expandtabs(self, /, tabsize=8)", methods::expandtabs)
        .doc("Return a copy where all tab characters are expanded using spaces."),
    Def::leaf("find(self, sub, start=None, end=None, /)", methods::find)
        .doc("Return the lowest index where substring sub is found, or -1."),
    Def::leaf("format(self, /, *args, **kwargs)", format::format)
        .doc("Return a formatted version of the string, using substitutions from args and kwargs."),
    Def::leaf("format_map(self, mapping, /)", format::format_map)
        .doc("Return a formatted version of the string, using substitutions from mapping."),
    Def::leaf("index(self, sub, start=None, end=None, /)", methods::index)
        .doc("Return the lowest index where substring sub is found, or raise ValueError."),
    Def::leaf("isalnum(self, /)", methods::isalnum)
        .doc("Return True if the string is an alpha-numeric string, False otherwise."),
    Def::leaf("isalpha(self, /)", methods::isalpha)
        .doc("Return True if the string is an alphabetic string, False otherwise."),
    Def::leaf("isascii(self, /)", methods::isascii)
        .doc("Return True if all characters in the string are ASCII, False otherwise."),
    Def::leaf("isdecimal(self, /)", methods::isdecimal)
        .doc("Return True if the string is a decimal string, False otherwise."),
    Def::leaf("isdigit(self, /)", methods::isdigit)
        .doc("Return True if the string is a digit string, False otherwise."),
    Def::leaf("isidentifier(self, /)", methods::isidentifier)
        .doc("Return True if the string is a valid identifier, False otherwise."),
    Def::leaf("islower(self, /)", methods::islower)
        .doc("Return True if the string is a lowercase string, False otherwise."),
    Def::leaf("isnumeric(self, /)", methods::isnumeric)
        .doc("Return True if the string is a numeric string, False otherwise."),
    Def::leaf("isprintable(self, /)", methods::isprintable)
        .doc("Return True if all characters in the string are printable, False otherwise."),
    Def::leaf("isspace(self, /)", methods::isspace)
        .doc("Return True if the string is a whitespace string, False otherwise."),
    Def::leaf("istitle(self, /)", methods::istitle)
        .doc("Return True if the string is a title-cased string, False otherwise."),
    Def::leaf("isupper(self, /)", methods::isupper)
        .doc("Return True if the string is an uppercase string, False otherwise."),
    Def::frame("join(self, iterable, /)", 1, methods::join)
        .doc("Concatenate any number of strings."),
    Def::leaf("ljust(self, width, fillchar=' ', /)", methods::ljust)
        .doc("Return a left-justified string of length width."),
    Def::leaf("lower(self, /)", methods::lower)
        .doc("Return a copy of the string converted to lowercase."),
    Def::leaf("lstrip(self, chars=None, /)", methods::lstrip)
        .doc("Return a copy of the string with leading whitespace removed."),
    Def::leaf("maketrans(x, y=<unset>, z=<unset>, /)", methods::maketrans)
        .stat()
        .doc("Return a translation table usable for str.translate()."),
    Def::leaf("partition(self, sep, /)", methods::partition)
        .doc("Partition the string into three parts using the given separator."),
    Def::leaf("removeprefix(self, prefix, /)", methods::removeprefix)
        .doc("Return a str with the given prefix string removed if present."),
    Def::leaf("removesuffix(self, suffix, /)", methods::removesuffix)
        .doc("Return a str with the given suffix string removed if present."),
    Def::leaf("replace(self, old, new, /, count=-1)", methods::replace)
        .doc("Return a copy with all occurrences of substring old replaced by new."),
    Def::leaf("rfind(self, sub, start=None, end=None, /)", methods::rfind)
        .doc("Return the highest index where substring sub is found, or -1."),
    Def::leaf(
        "rindex(self, sub, start=None, end=None, /)",
        methods::rindex,
    )
    .doc("Return the highest index where substring sub is found, or raise ValueError."),
    Def::leaf("rjust(self, width, fillchar=' ', /)", methods::rjust)
        .doc("Return a right-justified string of length width."),
    Def::leaf("rpartition(self, sep, /)", methods::rpartition)
        .doc("Partition the string into three parts at the last occurrence of the separator."),
    Def::leaf("rsplit(self, /, sep=None, maxsplit=-1)", methods::rsplit)
        .doc("Return a list of the substrings in the string, splitting from the end."),
    Def::leaf("rstrip(self, chars=None, /)", methods::rstrip)
        .doc("Return a copy of the string with trailing whitespace removed."),
    Def::leaf("split(self, /, sep=None, maxsplit=-1)", methods::split)
        .doc("Return a list of the substrings in the string, using sep as the separator string."),
    Def::leaf("splitlines(self, /, keepends=False)", methods::splitlines)
        .doc("Return a list of the lines in the string, breaking at line boundaries."),
    Def::leaf(
        "startswith(self, prefix, start=None, end=None, /)",
        methods::startswith,
    )
    .doc("Return True if the string starts with the specified prefix, False otherwise."),
    Def::leaf("strip(self, chars=None, /)", methods::strip)
        .doc("Return a copy of the string with leading and trailing whitespace removed."),
    Def::leaf("swapcase(self, /)", methods::swapcase)
        .doc("Convert uppercase characters to lowercase and lowercase characters to uppercase."),
    Def::leaf("title(self, /)", methods::title)
        .doc("Return a version of the string where each word is titlecased."),
    Def::leaf("translate(self, table, /)", methods::translate)
        .doc("Replace each character in the string using the given translation table."),
    Def::leaf("upper(self, /)", methods::upper)
        .doc("Return a copy of the string converted to uppercase."),
    Def::leaf("zfill(self, width, /)", methods::zfill)
        .doc("Pad a numeric string with zeros on the left, to fill a field of the given width."),
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
