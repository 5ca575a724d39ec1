//! Functions of Rust's that scripts call.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hoopsnake::engine::{
    Engine, Error, Exception, FromScript, Function, Handle, HostError, Local, Module, Raise, Scope,
};

use super::values::engine;

fn with(functions: &[Function]) -> Engine {
    let mut engine = engine();
    for function in functions {
        engine
            .add_function(function)
            .expect("its signature is right");
    }
    engine
}

fn eval<T: FromScript>(engine: &mut Engine, text: &str) -> Result<T, Error> {
    engine.enter(|scope| {
        let value = scope.eval(text)?;
        scope.get(&value)
    })
}

fn failure(engine: &mut Engine, text: &str) -> Exception {
    match engine.enter(|scope| scope.exec(text)) {
        Err(Error::Exception(exception)) => exception,
        other => panic!("{other:?}"),
    }
}

#[test]
fn arguments_are_bound_by_the_signature() {
    let connect = Function::new(
        "connect(host, port=80, *, tls=False)",
        |host: String, port: u16, tls: bool| format!("{host} {port} {tls}"),
    );
    let log = Function::new(
        "log(level, *values, sep=' ', **fields)",
        |level: i64, values: Vec<i64>, sep: String, fields: HashMap<String, i64>| {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort();
            format!("{level}{sep}{values:?}{sep}{fields:?}")
        },
    );
    let add = Function::new("add", |a: i64, b: i64| a + b);
    let nothing = Function::new("nothing", || ());
    let mut engine = with(&[connect, log, add, nothing]);
    for (text, expected) in [
        ("connect('a')", "a 80 False"),
        ("connect('a', 1)", "a 1 False"),
        ("connect(port=2, host='b', tls=True)", "b 2 True"),
        ("connect(*['c'], **{'port': 3})", "c 3 False"),
        ("log(1)", "1 [] []"),
        (
            "log(1, 2, 3, sep='-', z=4, y=5)",
            "1-[2, 3]-[(\"y\", 5), (\"z\", 4)]",
        ),
    ] {
        let expected = expected.replace("False", "false").replace("True", "true");
        assert_eq!(
            eval::<String>(&mut engine, text).unwrap(),
            expected,
            "{text}"
        );
    }
    assert_eq!(eval::<i64>(&mut engine, "add(40, 2)").unwrap(), 42);
    eval::<()>(&mut engine, "nothing()").unwrap();
    for (text, expected) in [
        (
            "connect()",
            "connect() missing required argument 'host' (pos 1)",
        ),
        (
            "connect('a', host='b')",
            "argument for connect() given by name ('host') and position (1)",
        ),
        (
            "connect('a', 1, True)",
            "connect() takes at most 2 positional arguments (3 given)",
        ),
        (
            "connect('a', speed=1)",
            "connect() got an unexpected keyword argument 'speed'",
        ),
        (
            "connect(80)",
            "connect() argument 'host': expected str, got int",
        ),
        (
            "connect('a', tls=1)",
            "connect() argument 'tls': expected bool, got int",
        ),
        ("add(1)", "add expected 2 arguments, got 1"),
        ("add(1, 2, 3)", "add expected 2 arguments, got 3"),
        ("add(a=1, b=2)", "add() takes no keyword arguments"),
        ("add(1, '2')", "add() argument 2: expected int, got str"),
        (
            "log(1, 2, 'x')",
            "log() argument 'values': tuple item 1: expected int, got str",
        ),
        (
            "log(1, z='x')",
            "log() argument 'fields': dict value 'z': expected int, got str",
        ),
        ("nothing(1)", "nothing() takes no arguments (1 given)"),
    ] {
        let exception = failure(&mut engine, text);
        assert_eq!(exception.class(), "TypeError", "{text}");
        assert_eq!(exception.message(), expected, "{text}");
    }
    let exception = failure(&mut engine, "connect('a', 65536)");
    assert_eq!(exception.class(), "OverflowError");
    assert_eq!(
        exception.message(),
        "connect() argument 'port': 65536 is out of the range of u16"
    );
}

#[test]
fn functions_look_like_built_in_ones() {
    let fetch = Function::new("fetch(url, timeout=30)", |url: String, _: f64| url)
        .doc("Gets what is there.");
    let module = Module::new("web.client")
        .add(fetch.clone())
        .constant("PORTS", vec![80, 443]);
    let mut engine = with(&[fetch]);
    engine.add_module(&module).unwrap();
    let text = "\
import inspect, web.client
from web.client import fetch as other, PORTS
assert repr(fetch) == '<built-in function fetch>', repr(fetch)
assert (fetch.__name__, fetch.__qualname__, fetch.__module__) == ('fetch', 'fetch', 'builtins')
assert fetch.__doc__ == 'Gets what is there.'
assert str(inspect.signature(fetch)) == '(url, timeout=30)', inspect.signature(fetch)
assert callable(fetch) and inspect.isbuiltin(fetch)
assert other.__module__ == 'web.client' and other is web.client.fetch and PORTS == [80, 443]
assert fetch == fetch and fetch != other and len({fetch, other}) == 2
assert web.__path__ == [] and web.client.__package__ == 'web'
assert type(fetch) is type(len)
try:
    import web.server
except ModuleNotFoundError as error:
    assert str(error) == \"No module named 'web.server'\", error
else:
    assert False
";
    engine.enter(|scope| scope.exec(text)).unwrap();
}

#[test]
fn wrong_signatures_are_refused() {
    for (signature, expected) in [
        ("f(a, b)", "it names 2 parameters, but the closure takes 1"),
        ("f(a=[])", "the default [] of 'a' is no literal"),
        ("f(a", "the closing parenthesis is missing"),
    ] {
        let function = Function::new(signature, |_: i64| ());
        let error = engine().add_function(&function).unwrap_err();
        assert!(matches!(error, Error::Internal(_)));
        assert!(error.to_string().ends_with(expected), "{error}");
    }
}

#[test]
fn errors_become_exceptions() {
    #[derive(Debug)]
    struct Outer(std::io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("the disk is gone")
        }
    }
    impl std::error::Error for Outer {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&self.0)
        }
    }
    let fail = Function::new("fail(how)", |how: String| -> Result<(), HostError> {
        match &*how {
            "text" => Err("only a text")?,
            "missing" => Err(std::io::Error::from_raw_os_error(2))?,
            "timeout" => Err(std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                "too slow",
            ))?,
            "end" => Err(std::io::Error::new(
                std::io::ErrorKind::UnexpectedEof,
                "no more",
            ))?,
            "chain" => Err(Outer(std::io::Error::from_raw_os_error(5)))?,
            "value" => Err(Raise::new("ValueError", "no good"))?,
            "json" => Err(Raise::new("asyncio.QueueFull", "full"))?,
            "strange" => Err(Raise::new("Strange", "what"))?,
            "exit" => Err(Error::Exit(7))?,
            "parse" => {
                "x".parse::<i64>()?;
            }
            _ => {}
        }
        Ok(())
    });
    let mut engine = with(&[fail]);
    for (how, class, message) in [
        ("text", "RuntimeError", "only a text"),
        (
            "missing",
            "FileNotFoundError",
            "[Errno 2] No such file or directory",
        ),
        ("timeout", "TimeoutError", "[Errno 110] too slow"),
        ("end", "EOFError", "no more"),
        ("chain", "RuntimeError", "the disk is gone"),
        ("value", "ValueError", "no good"),
        ("json", "asyncio.queues.QueueFull", "full"),
        ("strange", "RuntimeError", "Strange: what"),
        ("parse", "RuntimeError", "invalid digit found in string"),
    ] {
        let exception = failure(&mut engine, &format!("fail({how:?})"));
        assert_eq!(
            (exception.class(), exception.message()),
            (class, message),
            "{how}"
        );
    }
    let exception = failure(&mut engine, "fail('chain')");
    let cause = exception.cause().expect("it has a cause");
    assert_eq!(cause.to_string(), "OSError: [Errno 5] Input/output error");
    assert!(exception.traceback().contains("direct cause"));
    assert!(
        exception
            .traceback()
            .contains("line 1, in <module>\n    fail('chain')\n")
    );
    match engine.enter(|scope| scope.exec("fail('exit')")) {
        Err(Error::Exit(7)) => {}
        other => panic!("{other:?}"),
    }
    eval::<()>(&mut engine, "fail('')").unwrap();
}

#[test]
fn panics_become_exceptions() {
    let burst = Function::new("burst(how)", |how: i64| {
        match how {
            0 => panic!("plain"),
            1 => panic!("with {how}"),
            _ => std::panic::panic_any(how),
        };
        #[allow(unreachable_code)]
        ()
    });
    let inner = Function::new("inner(f)", |scope: &mut Scope<'_>, f: Local<'_>| {
        let _ = f;
        scope.eval("burst(0)").map(drop)
    });
    let mut engine = with(&[burst, inner]);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let results: Vec<String> = (0..3)
        .map(|how| failure(&mut engine, &format!("burst({how})")).to_string())
        .collect();
    let nested = failure(&mut engine, "inner(burst)").to_string();
    std::panic::set_hook(hook);
    assert_eq!(
        results,
        [
            "RuntimeError: host function 'burst' panicked: plain",
            "RuntimeError: host function 'burst' panicked: with 1",
            "RuntimeError: host function 'burst' panicked: (no text)",
        ]
    );
    assert_eq!(nested, results[0]);
    assert_eq!(eval::<i64>(&mut engine, "1 + 1").unwrap(), 2);
}

#[test]
fn functions_call_back_into_the_script() {
    let apply = Function::new(
        "apply(function, *arguments)",
        |scope: &mut Scope<'_>, function: Handle, arguments: Vec<i64>| -> Result<i64, Error> {
            let function = scope.held(&function)?;
            let mut total = 0;
            for argument in arguments {
                let result = scope.call(&function, (argument,))?;
                total += scope.get::<i64>(&result)?;
            }
            Ok(total)
        },
    );
    let kind = Function::new("kind(value)", |scope: &mut Scope<'_>, value: Local<'_>| {
        // A value of any scope may be asked what needs none.
        let _ = scope;
        value.is_none()
    });
    let mut engine = with(&[apply, kind]);
    assert_eq!(
        eval::<i64>(&mut engine, "apply(lambda n: n * n, 1, 2, 3)").unwrap(),
        14
    );
    assert!(eval::<bool>(&mut engine, "kind(None)").unwrap());
    assert!(!eval::<bool>(&mut engine, "kind([])").unwrap());
    assert_eq!(engine.handle_count(), 0);
}

#[test]
fn exceptions_cross_both_ways_as_they_are() {
    let pass = Function::new(
        "through(function)",
        |scope: &mut Scope<'_>, function: Handle| -> Result<Handle, Error> {
            let function = scope.held(&function)?;
            let result = scope.call(&function, ())?;
            Ok(scope.hold(&result))
        },
    );
    let mut engine = with(&[pass]);
    let text = "\
made = KeyError('k')
def raising():
    raise made
def middle():
    through(lambda: through(raising))
try:
    middle()
except KeyError as caught:
    assert caught is made
    assert caught.__context__ is None and caught.__cause__ is None
    names, tb = [], caught.__traceback__
    while tb:
        names.append((tb.tb_frame.f_code.co_name, tb.tb_lineno))
        tb = tb.tb_next
    assert names == [('<module>', 7), ('middle', 5), ('<lambda>', 5), ('raising', 3)], names
else:
    assert False
assert through(lambda: made) is made
";
    engine.enter(|scope| scope.exec(text)).unwrap();
    let exception = failure(&mut engine, "made.__traceback__ = None; middle()");
    let lines: Vec<&str> = exception
        .traceback()
        .lines()
        .filter(|line| line.starts_with("  File"))
        .collect();
    assert_eq!(
        lines,
        [
            "  File \"<string>\", line 1, in <module>",
            "  File \"<string>\", line 5, in middle",
            "  File \"<string>\", line 5, in <lambda>",
            "  File \"<string>\", line 3, in raising",
        ]
    );
    let made: Handle = engine.global("made").unwrap();
    engine.enter(|scope| {
        let made = scope.held(&made).unwrap();
        assert!(scope.held(exception.value()).unwrap().is(&made));
    });
}

#[test]
fn endless_calls_between_host_and_script_end() {
    let again = Function::new(
        "again(function)",
        |scope: &mut Scope<'_>, function: Handle| -> Result<(), Error> {
            let function = scope.held(&function)?;
            scope.call(&function, ()).map(drop)
        },
    );
    let mut engine = with(&[again]);
    let text = "\
def down():
    global depth
    depth += 1
    again(down)
depth = 0
try:
    down()
except RecursionError as error:
    kind = str(error)
";
    for _ in 0..2 {
        engine.enter(|scope| scope.exec(text)).unwrap();
        assert!(engine.global::<i64>("depth").unwrap() > 50);
        let kind: String = engine.global("kind").unwrap();
        assert!(
            kind.starts_with("maximum recursion depth exceeded"),
            "{kind}"
        );
    }
}

#[test]
fn closures_keep_state_and_let_it_go() {
    struct Noted(Arc<AtomicUsize>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let noted = Noted(dropped.clone());
    let seen = Arc::new(Mutex::new(Vec::new()));
    let list = seen.clone();
    let note = Function::new("note(n)", move |n: i64| {
        let _ = &noted;
        list.lock().unwrap().push(n);
    });
    let mut first = with(std::slice::from_ref(&note));
    let mut second = with(&[note]);
    first
        .enter(|scope| scope.exec("kept = note\nnote(1)"))
        .unwrap();
    second
        .enter(|scope| scope.exec("for n in (2, 3): note(n)"))
        .unwrap();
    assert_eq!(*seen.lock().unwrap(), [1, 2, 3]);
    drop(second);
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    drop(first);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[test]
fn a_function_that_is_dropped_while_it_runs() {
    let forget = Function::new("forget()", |scope: &mut Scope<'_>| -> Result<i64, Error> {
        scope.exec("import gc\ndel forget\ngc.collect()")?;
        Ok(5)
    });
    let mut engine = engine();
    engine.set_global("forget", forget).unwrap();
    assert_eq!(eval::<i64>(&mut engine, "forget()").unwrap(), 5);
    let error = failure(&mut engine, "forget()");
    assert_eq!(error.class(), "NameError");
}

#[test]
fn functions_work_wherever_callables_do() {
    let double = Function::new("double(n)", |n: i64| n * 2);
    let smaller = Function::new("key", |n: i64| -n);
    let mut engine = with(&[double, smaller]);
    assert_eq!(
        eval::<Vec<i64>>(&mut engine, "list(map(double, [1, 2]))").unwrap(),
        [2, 4]
    );
    assert_eq!(
        eval::<Vec<i64>>(&mut engine, "sorted([1, 3, 2], key=key)").unwrap(),
        [3, 2, 1]
    );
    let text = "\
import functools, asyncio
class Holder:
    call = double
    def method(self): return self.call(4)
assert Holder().method() == 8
assert functools.partial(double, 5)() == 10
async def main():
    loop = asyncio.get_running_loop()
    results = []
    loop.call_soon(lambda: results.append(double(6)))
    await asyncio.sleep(0)
    return results
assert asyncio.run(main()) == [12]
";
    engine.enter(|scope| scope.exec(text)).unwrap();
}
