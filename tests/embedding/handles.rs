//! Handles: values of an engine in hands outside of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hoopsnake::engine::{Error, Handle};

use super::values::engine;

#[test]
fn a_handle_keeps_its_value() {
    let mut engine = engine();
    let list: Handle = engine.enter(|scope| {
        let list = scope.eval("[1, 2]").unwrap();
        scope.hold(&list)
    });
    engine.set_global("numbers", &list).unwrap();
    engine
        .enter(|scope| scope.exec("numbers.append(3)\ndel numbers\nimport gc; gc.collect()"))
        .unwrap();
    assert_eq!(engine.repr(&list).unwrap(), "[1, 2, 3]");
    assert_eq!(engine.get::<Vec<i64>>(&list).unwrap(), [1, 2, 3]);
    assert_eq!(engine.get_item::<i64>(&list, -1).unwrap(), 3);
    assert!(list.is_same(&list.clone()));
}

#[test]
fn what_is_dropped_is_let_go() {
    let mut engine = engine();
    engine
        .enter(|scope| {
            scope.exec(
                "import weakref\nclass Thing: pass\nthing = Thing()\nseen = weakref.ref(thing)\n",
            )
        })
        .unwrap();
    let thing: Handle = engine.global("thing").unwrap();
    engine.set_global("thing", ()).unwrap();
    let alive = |engine: &mut hoopsnake::engine::Engine| {
        engine.enter(|scope| {
            let value = scope.eval("seen() is not None").unwrap();
            scope.get::<bool>(&value).unwrap()
        })
    };
    assert!(alive(&mut engine));
    let copy = thing.clone();
    drop(thing);
    assert!(alive(&mut engine));
    std::thread::spawn(move || drop(copy)).join().unwrap();
    assert!(!alive(&mut engine));
    assert_eq!(engine.handle_count(), 0);
}

#[test]
fn a_finalizer_runs_when_a_handle_was_the_last() {
    let mut engine = engine();
    engine
        .enter(|scope| {
            scope.exec("log = []\nclass Thing:\n    def __del__(self): log.append('gone')\n")
        })
        .unwrap();
    let thing: Handle = engine.enter(|scope| {
        let thing = scope.eval("Thing()").unwrap();
        scope.hold(&thing)
    });
    drop(thing);
    engine.enter(|_| {});
    assert_eq!(engine.global::<Vec<String>>("log").unwrap(), ["gone"]);
}

#[test]
fn handles_are_dropped_on_other_threads_while_the_engine_runs() {
    let mut engine = engine();
    let handles: Vec<Handle> = (0..2000).map(|n| engine.hold(vec![n]).unwrap()).collect();
    assert_eq!(engine.handle_count(), 2000);
    let over = Arc::new(AtomicBool::new(false));
    let told = over.clone();
    let dropper = std::thread::spawn(move || {
        for handle in handles {
            drop(handle.clone());
            drop(handle);
        }
        told.store(true, Ordering::SeqCst);
    });
    let mut rounds = 0;
    while !over.load(Ordering::SeqCst) || rounds < 10 {
        engine
            .enter(|scope| scope.exec("for n in range(100): [n] * 10"))
            .unwrap();
        let kept = engine.hold("kept").unwrap();
        assert_eq!(engine.get::<String>(&kept).unwrap(), "kept");
        rounds += 1;
    }
    dropper.join().unwrap();
    assert_eq!(engine.handle_count(), 0);
}

#[test]
fn handles_outlive_their_engine() {
    let mut engine = engine();
    let handle = engine.hold(vec![1]).unwrap();
    let error = engine.enter(|scope| scope.exec("1 // 0")).unwrap_err();
    drop(engine);
    let copy = handle.clone();
    drop(handle);
    drop(copy);
    assert_eq!(
        error.to_string(),
        "ZeroDivisionError: integer division or modulo by zero"
    );
}

#[test]
fn another_engine_refuses_a_handle() {
    let (mut first, mut second) = (engine(), engine());
    let handle = first.hold(vec![1]).unwrap();
    let own = second.hold("own").unwrap();
    for error in [
        second.repr(&handle).unwrap_err(),
        second.set_global("x", &handle).unwrap_err(),
        second
            .enter(|scope| scope.held(&handle).map(drop))
            .unwrap_err(),
    ] {
        assert!(matches!(error, Error::Conversion(_)));
        assert_eq!(
            error.to_string(),
            "a handle of another engine has no value in this one"
        );
    }
    assert_eq!(second.get::<String>(&own).unwrap(), "own");
    drop(first);
    let mut third = engine();
    assert!(third.repr(&handle).is_err());
}
