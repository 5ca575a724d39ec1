//! Values between Rust and scripts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use hoopsnake::engine::{Bytes, Engine, Error, FromScript, IntoScript};
use hoopsnake::host::Host;

pub fn engine() -> Engine {
    Engine::new(Host::simulated(0).0)
}

/// The Rust value of an expression.
fn get<T: FromScript>(expression: &str) -> Result<T, Error> {
    engine().enter(|scope| {
        let value = scope.eval(expression)?;
        scope.get(&value)
    })
}

/// The text of the error that getting the value of an expression is.
fn refusal<T: FromScript>(expression: &str) -> String {
    match get::<T>(expression) {
        Ok(_) => panic!("{expression} was taken"),
        Err(Error::Conversion(conversion)) => conversion.to_string(),
        Err(other) => panic!("{other}"),
    }
}

/// The `repr` that a Rust value has in a script.
fn shown(value: impl IntoScript) -> String {
    engine().enter(|scope| {
        let value = scope.make(value).expect("it can be made");
        scope.repr(&value).expect("it has a repr")
    })
}

#[test]
fn integers_fit_or_are_refused() {
    assert_eq!(get::<i8>("-128").unwrap(), -128);
    assert_eq!(refusal::<i8>("128"), "128 is out of the range of i8");
    assert_eq!(refusal::<u8>("-1"), "-1 is out of the range of u8");
    assert_eq!(get::<u64>("2**64 - 1").unwrap(), u64::MAX);
    assert_eq!(
        refusal::<u64>("2**64"),
        "18446744073709551616 is out of the range of u64"
    );
    assert_eq!(get::<i64>("-2**63").unwrap(), i64::MIN);
    assert_eq!(
        refusal::<i64>("2**63"),
        "9223372036854775808 is out of the range of i64"
    );
    assert_eq!(get::<i128>("-2**127").unwrap(), i128::MIN);
    assert_eq!(get::<u128>("2**128 - 1").unwrap(), u128::MAX);
    assert_eq!(
        refusal::<u128>("10**1000"),
        "an int is out of the range of u128"
    );
    assert_eq!(get::<usize>("True").unwrap(), 1);
    assert_eq!(refusal::<i32>("1.0"), "expected int, got float");
    assert_eq!(refusal::<i32>("None"), "expected int, got None");
    assert_eq!(shown(u128::MAX), u128::MAX.to_string());
    assert_eq!(shown(i128::MIN), i128::MIN.to_string());
    assert_eq!(shown(u64::MAX), u64::MAX.to_string());
    assert_eq!(shown(i64::MIN), i64::MIN.to_string());
    assert_eq!(shown(-7i8), "-7");
    assert_eq!(shown(usize::MAX), usize::MAX.to_string());
}

#[test]
fn booleans_and_floats() {
    assert!(get::<bool>("1 < 2").unwrap());
    assert_eq!(refusal::<bool>("1"), "expected bool, got int");
    assert_eq!(shown(true), "True");
    assert_eq!(get::<f64>("2.5").unwrap(), 2.5);
    assert_eq!(get::<f64>("3").unwrap(), 3.0);
    assert_eq!(get::<f64>("1e300").unwrap(), 1e300);
    assert_eq!(refusal::<f64>("10**400"), "int too large for a float");
    assert_eq!(refusal::<f64>("'x'"), "expected float, got str");
    assert_eq!(refusal::<f32>("1e300"), "1e300 is out of the range of f32");
    assert_eq!(get::<f32>("float('inf')").unwrap(), f32::INFINITY);
    assert_eq!(shown(0.1f64), "0.1");
    assert_eq!(shown(f64::NAN), "nan");
}

#[test]
fn text_bytes_and_paths() {
    assert_eq!(get::<String>("'h\\u00e9\\U0001F600'").unwrap(), "hé😀");
    assert_eq!(refusal::<String>("b'x'"), "expected str, got bytes");
    assert_eq!(
        refusal::<String>("'\\ud800'"),
        "the str has surrogates, and is no UTF-8"
    );
    assert_eq!(get::<char>("'é'").unwrap(), 'é');
    assert_eq!(
        refusal::<char>("'ab'"),
        "expected a str of one character, got one of 2"
    );
    assert_eq!(shown("it's"), "\"it's\"");
    assert_eq!(shown('é'), "'é'");
    assert_eq!(get::<Bytes>("bytearray(b'ab')").unwrap().0, b"ab");
    assert_eq!(get::<Vec<u8>>("b'\\x00\\xff'").unwrap(), [0, 255]);
    assert_eq!(get::<Vec<u8>>("[1, 2]").unwrap(), [1, 2]);
    assert_eq!(
        refusal::<Vec<u8>>("[1, 256]"),
        "list item 1: 256 is out of the range of u8"
    );
    assert_eq!(refusal::<Vec<u8>>("'text'"), "expected bytes, got str");
    assert_eq!(shown(Bytes(vec![0, 97])), "b'\\x00a'");
    assert_eq!(shown(vec![0u8, 97]), "b'\\x00a'");
    assert_eq!(shown([1u8, 2]), "b'\\x01\\x02'");
    let path = PathBuf::from("/tmp/é");
    assert_eq!(get::<PathBuf>("'/tmp/é'").unwrap(), path);
    assert_eq!(get::<PathBuf>("b'/tmp/\\xc3\\xa9'").unwrap(), path);
    assert_eq!(shown(path), "'/tmp/é'");
    let wrong = get::<PathBuf>("3").unwrap_err().to_string();
    assert_eq!(
        wrong,
        "TypeError: expected str, bytes or os.PathLike object, not int"
    );
}

#[test]
fn spans_of_time() {
    assert_eq!(get::<Duration>("1.5").unwrap(), Duration::from_millis(1500));
    assert_eq!(refusal::<Duration>("-1"), "-1 seconds are no span of time");
    assert_eq!(
        refusal::<Duration>("float('nan')"),
        "NaN seconds are no span of time"
    );
    assert_eq!(shown(Duration::from_millis(250)), "0.25");
}

#[test]
fn lists_and_what_is_wrong_in_them() {
    assert_eq!(get::<Vec<i64>>("[1, 2, 3]").unwrap(), [1, 2, 3]);
    assert_eq!(get::<Vec<i64>>("(n for n in range(3))").unwrap(), [0, 1, 2]);
    assert_eq!(get::<VecDeque<i64>>("(1,)").unwrap(), [1]);
    assert_eq!(get::<[i64; 2]>("[1, 2]").unwrap(), [1, 2]);
    assert_eq!(refusal::<[i64; 2]>("[1]"), "expected 2 items, got 1");
    assert_eq!(
        refusal::<Vec<i64>>("[1, 2, 3, '4']"),
        "list item 3: expected int, got str"
    );
    assert_eq!(refusal::<Vec<i64>>("'123'"), "expected list, got str");
    assert_eq!(refusal::<Vec<i64>>("{1: 2}"), "expected list, got dict");
    assert_eq!(refusal::<Vec<i64>>("3"), "expected list, got int");
    assert_eq!(
        refusal::<HashMap<String, Vec<(i64, f64)>>>("{'a': [], 'b': [(1, 2), (3, 'x')]}"),
        "dict value 'b': list item 1: tuple item 1: expected float, got str"
    );
    assert_eq!(shown(vec![Some(1), None]), "[1, None]");
    assert_eq!(shown([[1, 2], [3, 4]]), "[[1, 2], [3, 4]]");
    assert_eq!(shown(&["a", "b"][..]), "['a', 'b']");
    assert_eq!(shown(VecDeque::from([1])), "[1]");
    assert_eq!(shown(Vec::<i64>::new()), "[]");
}

#[test]
fn a_list_that_changes_while_it_is_converted() {
    let shrinking = "\
class Path:
    def __fspath__(self):
        values.clear()
        return 'x'
values = [Path(), Path(), Path()]
";
    let mut engine = engine();
    let paths: Vec<PathBuf> = engine
        .enter(|scope| {
            scope.exec(shrinking)?;
            let values = scope.global("values")?;
            scope.get(&values)
        })
        .unwrap();
    assert_eq!(paths, [PathBuf::from("x")]);
}

#[test]
fn dicts_and_sets() {
    let ports: BTreeMap<String, u16> = get("{'http': 80, 'https': 443}").unwrap();
    assert_eq!(ports["https"], 443);
    let ordered: indexmap::IndexMap<i64, bool> = get("{3: True, 1: False}").unwrap();
    assert_eq!(ordered.keys().copied().collect::<Vec<_>>(), [3, 1]);
    assert_eq!(
        refusal::<HashMap<String, u16>>("{'http': 80, 3: 4}"),
        "dict key 3: expected str, got int"
    );
    assert_eq!(
        refusal::<HashMap<String, u16>>("{'http': 65536}"),
        "dict value 'http': 65536 is out of the range of u16"
    );
    assert_eq!(
        refusal::<HashMap<i64, i64>>("[1]"),
        "expected dict, got list"
    );
    let members: HashSet<i64> = get("{1, 2}").unwrap();
    assert_eq!(members, HashSet::from([1, 2]));
    let members: BTreeSet<String> = get("frozenset('ab')").unwrap();
    assert_eq!(members.len(), 2);
    assert_eq!(
        refusal::<HashSet<i64>>("{'x'}"),
        "set member: expected int, got str"
    );
    assert_eq!(refusal::<HashSet<i64>>("[1]"), "expected set, got list");
    assert_eq!(
        shown(BTreeMap::from([("a", 1), ("b", 2)])),
        "{'a': 1, 'b': 2}"
    );
    assert_eq!(shown(BTreeSet::from([1])), "{1}");
    let unhashable = engine().enter(|scope| scope.make(BTreeSet::from([vec![1]])).map(drop));
    assert_eq!(
        unhashable.unwrap_err().to_string(),
        "TypeError: unhashable type: 'list'"
    );
}

#[test]
fn tuples_options_and_none() {
    assert_eq!(
        get::<(i64, String, bool)>("(1, 'a', True)").unwrap(),
        (1, "a".to_string(), true)
    );
    assert_eq!(get::<(i64, i64)>("[1, 2]").unwrap(), (1, 2));
    assert_eq!(
        refusal::<(i64, i64)>("(1, 2, 3)"),
        "expected a tuple of 2, got one of 3"
    );
    assert_eq!(refusal::<(i64, i64)>("3"), "expected tuple, got int");
    assert_eq!(get::<Option<i64>>("None").unwrap(), None);
    assert_eq!(get::<Option<i64>>("5").unwrap(), Some(5));
    assert_eq!(refusal::<Option<i64>>("'x'"), "expected int, got str");
    get::<()>("None").unwrap();
    assert_eq!(refusal::<()>("0"), "expected None, got int");
    assert_eq!(shown((1, "a", None::<i64>)), "(1, 'a', None)");
    assert_eq!(shown(()), "None");
    let twelve = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12);
    assert_eq!(shown(twelve), "(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)");
}

#[test]
fn what_a_scope_can_ask() {
    let result: Result<(), Error> = engine().enter(|scope| {
        scope.exec("class Box:\n    def __init__(self): self.items = {'a': [1]}\n    def add(self, n, *, twice=False): return n * (1 + twice) + len(self.items)\nbox = Box()\n")?;
        let object = scope.global("box")?;
        assert_eq!(scope.type_name(&object), "Box");
        let items = scope.get_attr(&object, "items")?;
        let list = scope.get_item(&items, "a")?;
        scope.call_method(&list, "append", (2,))?;
        scope.set_item(&items, "b", 3)?;
        assert_eq!(scope.repr(&items)?, "{'a': [1, 2], 'b': 3}");
        assert_eq!(scope.str(&list)?, "[1, 2]");
        assert_eq!(scope.len(&items)?, 2);
        scope.set_attr(&object, "items", vec![1])?;
        let method = scope.get_attr(&object, "add")?;
        let yes = scope.make(true)?;
        let sum = scope.call_kw(&method, (20,), &[("twice", yes)])?;
        assert_eq!(scope.get::<i64>(&sum)?, 41);
        let class = scope.global("Box")?;
        assert!(scope.is_instance(&object, &class)?);
        assert!(!scope.is_instance(&sum, &class)?);
        let mut pairs = scope.iterate(&list)?;
        let first = pairs.next(scope)?.expect("there is one");
        assert_eq!(scope.get::<i64>(&first)?, 1);
        assert!(pairs.next(scope)?.is_some());
        assert!(pairs.next(scope)?.is_none());
        let json = scope.import("json")?;
        let text = scope.call_method(&json, "dumps", ([1, 2].as_slice(),))?;
        assert_eq!(scope.get::<String>(&text)?, "[1, 2]");
        assert!(scope.none().is_none());
        assert!(!scope.truth(&scope.none())?);
        let again = scope.global("box")?;
        assert!(again.is(&object));
        assert!(!scope.eq(&object, &json)?);
        Ok(())
    });
    result.unwrap();
}

#[test]
fn errors_say_what_cpython_says() {
    let mut engine = engine();
    let text = "\
def inner():
    error = ValueError('wrong')
    error.add_note('a note')
    raise error
def outer():
    try:
        inner()
    except ValueError as error:
        raise LookupError('outer') from error
outer()
";
    let error = engine.enter(|scope| scope.exec(text)).unwrap_err();
    let Error::Exception(exception) = &error else {
        panic!("{error}")
    };
    assert_eq!(exception.class(), "LookupError");
    assert_eq!(exception.message(), "outer");
    assert_eq!(error.to_string(), "LookupError: outer");
    assert!(exception.is("Exception") && !exception.is("ValueError"));
    let cause = exception.cause().expect("it was raised from another");
    assert_eq!(cause.class(), "ValueError");
    assert_eq!(cause.notes(), ["a note"]);
    let source = std::error::Error::source(&error).expect("it has a source");
    assert_eq!(source.to_string(), "ValueError: wrong");
    assert_eq!(
        exception.traceback(),
        "\
Traceback (most recent call last):
  File \"<string>\", line 7, in outer
    inner()
    ~~~~~^^
  File \"<string>\", line 4, in inner
    raise error
ValueError: wrong
a note

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File \"<string>\", line 10, in <module>
    outer()
    ~~~~~^^
  File \"<string>\", line 9, in outer
    raise LookupError('outer') from error
LookupError: outer
"
    );
    let same = exception.value().clone();
    assert_eq!(engine.repr(&same).unwrap(), "LookupError('outer')");
}

#[test]
fn syntax_errors_and_exits() {
    let mut engine = engine();
    let error = engine
        .enter(|scope| scope.exec("x = 1\n  y = = 2\n"))
        .unwrap_err();
    let Error::Syntax(syntax) = &error else {
        panic!("{error}")
    };
    assert_eq!((syntax.class(), syntax.line()), ("IndentationError", 2));
    let error = engine
        .enter(|scope| scope.eval("1 +* 2").map(drop))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "  File \"<string>\", line 1\n    1 +* 2\n       ^\nSyntaxError: invalid syntax"
    );
    for (text, status) in [
        ("import sys; sys.exit(3)", 3),
        ("raise SystemExit", 0),
        ("raise SystemExit('text')", 1),
    ] {
        match engine.enter(|scope| scope.exec(text)) {
            Err(Error::Exit(given)) => assert_eq!(given, status),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn deep_data_ends_in_an_error() {
    let text = "\
deep = None
for _ in range(100000):
    deep = [deep]
";
    let mut engine = engine();
    let error = engine.enter(|scope| {
        scope.exec(text)?;
        let deep = scope.global("deep")?;
        scope.repr(&deep)
    });
    let error = error.unwrap_err();
    assert!(error.to_string().starts_with("RecursionError"), "{error}");
}

#[test]
fn engines_in_each_other_keep_their_values_apart() {
    let mut outer = engine();
    let mut inner = engine();
    let result: Result<(), Error> = outer.enter(|a| {
        let list = a.eval("[1, 2, [3]]")?;
        let text = inner.enter(|b| {
            // Within the inner engine the outer one works with its own heap.
            let nested = a.get_item(&list, 2)?;
            a.call_method(&nested, "extend", ([4, 5].as_slice(),))?;
            let refused = b.make(a.eval("[6]")?);
            assert!(matches!(refused, Err(Error::Conversion(_))));
            drop(nested);
            let own = b.eval("[7]")?;
            assert_eq!(b.repr(&own)?, "[7]");
            a.repr(&list)
        })?;
        assert_eq!(text, "[1, 2, [3, 4, 5]]");
        assert_eq!(a.repr(&list)?, text);
        Ok(())
    });
    result.unwrap();
}
