//! Classes of Rust's whose objects scripts have.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hoopsnake::engine::{
    Class, Engine, Error, Exception, FromScript, Function, Handle, Instance, Local, Module, Op,
    Raise, Ref, RefMut, Scope,
};

use super::values::engine;

#[derive(Clone, Copy, PartialEq, Debug)]
struct Point {
    x: f64,
    y: f64,
}

fn point() -> Class<Point> {
    Class::<Point>::new("Point")
        .doc("A point of the plane.")
        .constructor("(x, y=0.0)", |x: f64, y: f64| Point { x, y })
        .constant("DIMENSIONS", 2)
        .property("x", |p: &Point| p.x, |p: &mut Point, x: f64| p.x = x)
        .getter("y", |p: &Point| p.y)
        .method("norm()", |p: &Point| p.x.hypot(p.y))
        .method("distance(other)", |p: &Point, other: Ref<'_, Point>| {
            (p.x - other.x).hypot(p.y - other.y)
        })
        .method_mut(
            "move(dx, dy=0.0, *, times=1)",
            |p: &mut Point, dx: f64, dy: f64, times: i32| {
                p.x += dx * f64::from(times);
                p.y += dy * f64::from(times);
            },
        )
        .function("origin", || Instance(Point { x: 0.0, y: 0.0 }))
        .operator(Op::Add, |a: &Point, b: Ref<'_, Point>| {
            Instance(Point {
                x: a.x + b.x,
                y: a.y + b.y,
            })
        })
        .operator(Op::Mul, |a: &Point, by: f64| {
            Instance(Point {
                x: a.x * by,
                y: a.y * by,
            })
        })
        .operator("__rmul__", |a: &Point, by: f64| {
            Instance(Point {
                x: a.x * by,
                y: a.y * by,
            })
        })
        .operator(Op::Neg, |a: &Point| Instance(Point { x: -a.x, y: -a.y }))
        .eq(|a, b| a == b)
        .hash(|p| p.x.to_bits() ^ p.y.to_bits())
        .order(|a, b| a.x.partial_cmp(&b.x))
        .repr(|p| format!("Point({:?}, {:?})", p.x, p.y))
        .iterate(|p| [p.x, p.y])
}

fn with_point() -> Engine {
    let mut engine = engine();
    engine
        .add_module(&Module::new("plane").class(point()))
        .unwrap();
    engine
        .enter(|scope| scope.exec("from plane import Point"))
        .unwrap();
    engine
}

fn run(engine: &mut Engine, text: &str) {
    if let Err(error) = engine.enter(|scope| scope.exec(text)) {
        panic!("{error:?}");
    }
}

fn failure(engine: &mut Engine, text: &str) -> Exception {
    match engine.enter(|scope| scope.exec(text)) {
        Err(Error::Exception(exception)) => exception,
        other => panic!("{other:?}"),
    }
}

fn eval<T: FromScript>(engine: &mut Engine, text: &str) -> T {
    engine
        .enter(|scope| {
            let value = scope.eval(text)?;
            scope.get(&value)
        })
        .unwrap()
}

#[test]
fn objects_do_what_their_class_says() {
    run(
        &mut with_point(),
        "\
import inspect
p = Point(3, 4)
assert p.norm() == 5 and (p.x, p.y) == (3.0, 4.0)
p.x = 6
p.move(1, times=2)
assert (p.x, p.y) == (8.0, 4.0)
p.move(dy=-1, dx=0)
assert repr(p) == 'Point(8.0, 3.0)' == str(p)
assert p + Point(1) == Point(9, 3) and -p == Point(-8, -3)
assert p * 2 == 2 * p == Point(16, 6)
assert p != Point(8) and p != 8 and not p == 'p'
assert Point(1) < Point(2) <= Point(2, 5) and Point(3) > Point(2) >= Point(2)
assert hash(Point(1, 2)) == hash(Point(1, 2)) and len({Point(1), Point(1), Point(2)}) == 2
assert list(p) == [8.0, 3.0] and (lambda x, y: y)(*p) == 3.0
x, y = p
assert Point(0, 1).distance(Point(0, 3)) == 2 and p.distance(p) == 0
assert Point.origin() == Point(0) and Point.DIMENSIONS == 2
assert sorted([Point(2), Point(1)])[0].x == 1
assert Point.__doc__ == 'A point of the plane.' and Point.__module__ == 'plane'
assert repr(Point) == \"<class 'plane.Point'>\"
assert isinstance(p, Point) and type(p) is Point and Point.__name__ == 'Point'
assert Point.norm(p) == p.norm() and list(map(Point.norm, [Point(1)])) == [1.0]
assert str(inspect.signature(Point.move)) == '(self, /, dx, dy=0.0, *, times=1)'
bound = p.norm
assert bound() == p.norm()
import weakref
assert weakref.ref(p)() is p
",
    );
}

#[test]
fn mistakes_are_told_as_those_with_built_in_classes() {
    let mut engine = with_point();
    for (text, class, message) in [
        (
            "Point()",
            "TypeError",
            "Point() missing required argument 'x' (pos 1)",
        ),
        (
            "Point('a')",
            "TypeError",
            "Point() argument 'x': expected float, got str",
        ),
        (
            "Point(1, z=2)",
            "TypeError",
            "Point() got an unexpected keyword argument 'z'",
        ),
        (
            "Point(1).y = 2",
            "AttributeError",
            "property 'y' of 'Point' object has no setter",
        ),
        (
            "Point(1).x = 'a'",
            "TypeError",
            "attribute 'x': expected float, got str",
        ),
        (
            "Point(1).z",
            "AttributeError",
            "'Point' object has no attribute 'z'",
        ),
        (
            "Point(1).z = 1",
            "AttributeError",
            "'Point' object has no attribute 'z' and no __dict__ for setting new attributes",
        ),
        (
            "Point(1).distance(3)",
            "TypeError",
            "distance() argument 'other': expected Point, got int",
        ),
        (
            "Point(1) + 1",
            "TypeError",
            "unsupported operand type(s) for +: 'Point' and 'int'",
        ),
        (
            "Point(1) < 1",
            "TypeError",
            "'<' not supported between instances of 'Point' and 'int'",
        ),
        (
            "Point.norm(3)",
            "TypeError",
            "descriptor 'norm' for 'Point' objects doesn't apply to a 'int' object",
        ),
        (
            "Point.__new__(int)",
            "TypeError",
            "Point.__new__(int): int is not a subtype of Point",
        ),
        (
            "object.__new__(Point)",
            "TypeError",
            "object.__new__(Point) is not safe, use Point.__new__()",
        ),
        (
            "import copy; copy.copy(Point(1))",
            "TypeError",
            "cannot pickle 'Point' object",
        ),
    ] {
        let exception = failure(&mut engine, text);
        assert_eq!(
            (exception.class(), exception.message()),
            (class, message),
            "{text}"
        );
    }
    engine.add_class(Class::<u8>::new("Hidden")).unwrap();
    let exception = failure(&mut engine, "Hidden()");
    assert_eq!(exception.message(), "cannot create 'Hidden' instances");
    let error = engine.set_global("x", Instance(5u16)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "this engine has no class for values of u16"
    );
}

#[test]
fn scripts_derive_classes() {
    run(
        &mut with_point(),
        "\
class Named(Point):
    def __new__(cls, name, x): return super().__new__(cls, x)
    def __init__(self, name, x): self.name = name
    def norm(self): return super().norm() + 1
    @property
    def shout(self): return self.name.upper()
n = Named('a', 3)
assert n.norm() == 4.0 and n.name == 'a' and n.shout == 'A'
n.move(2)
n.extra = [n]
assert n.x == 5.0 and isinstance(n, Point) and n == Point(5)
assert Point(1).distance(n) == 4.0
assert type(n + n) is Point
del n
import gc
gc.collect()
class Slotted(Point):
    __slots__ = ('a',)
s = Slotted(1)
s.a = 2
assert s.a == 2 and s.x == 1
",
    );
}

#[test]
fn aliasing_is_refused_at_run_time() {
    struct Bag(Vec<i64>);
    let bag = Class::<Bag>::new("Bag")
        .constructor("(*items)", |items: Vec<i64>| Bag(items))
        .method_mut(
            "each(function)",
            |scope: &mut Scope<'_>, bag: &mut Bag, function: Handle| {
                let function = scope.held(&function)?;
                for item in &mut bag.0 {
                    let result = scope.call(&function, (*item,))?;
                    *item = scope.get(&result)?;
                }
                Ok::<(), Error>(())
            },
        )
        .method(
            "total(function)",
            |scope: &mut Scope<'_>, bag: &Bag, function: Handle| {
                let function = scope.held(&function)?;
                scope.call(&function, ())?;
                Ok::<i64, Error>(bag.0.iter().sum())
            },
        )
        .method_mut("push(item)", |bag: &mut Bag, item: i64| bag.0.push(item))
        .method_mut(
            "take(other)",
            |bag: &mut Bag, mut other: RefMut<'_, Bag>| bag.0.append(&mut other.0),
        )
        .len(|bag| bag.0.len());
    let mut engine = engine();
    engine.add_class(bag).unwrap();
    run(
        &mut engine,
        "\
bag = Bag(1, 2, 3)
bag.each(lambda n: n * 2)
assert bag.total(lambda: len(bag)) == 12
other = Bag(5)
bag.take(other)
assert len(bag) == 4 and len(other) == 0
",
    );
    for (text, message) in [
        (
            "bag.each(lambda n: len(bag))",
            "this Bag is being changed just now",
        ),
        (
            "bag.each(lambda n: bag.push(1))",
            "this Bag is being changed just now",
        ),
        (
            "bag.total(lambda: bag.push(1))",
            "this Bag cannot be changed while somebody looks at it",
        ),
        (
            "bag.take(bag)",
            "take() argument 'other': this Bag is being changed just now",
        ),
    ] {
        let exception = failure(&mut engine, text);
        assert_eq!(
            (exception.class(), exception.message()),
            ("RuntimeError", message)
        );
    }
    // Whoever had it has given it back.
    run(&mut engine, "bag.push(9)\nassert len(bag) == 5");
}

#[test]
fn values_are_dropped_when_their_objects_die() {
    struct Noted(Arc<AtomicUsize>);
    impl Drop for Noted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicUsize::new(0));
    let count = || dropped.load(Ordering::SeqCst);
    let make = dropped.clone();
    let class = Class::<Noted>::new("Noted")
        .constructor("()", move || Noted(make.clone()))
        .method("ping()", |_: &Noted| true);
    let mut engine = engine();
    engine.add_class(class).unwrap();
    run(&mut engine, "Noted()");
    assert_eq!(count(), 1);
    run(
        &mut engine,
        "class Own(Noted): pass\no = Own()\no.me = [o]\ndel o\nimport gc; gc.collect()",
    );
    assert_eq!(count(), 2);
    run(&mut engine, "kept = Noted()");
    let held: Handle = engine.global("kept").unwrap();
    run(&mut engine, "del kept");
    assert_eq!(count(), 2);
    drop(held);
    engine.enter(|_| {});
    assert_eq!(count(), 3);
    run(&mut engine, "kept = [Noted(), Own()]");
    drop(engine);
    assert_eq!(count(), 5);
}

#[test]
fn a_value_that_panics_when_it_is_dropped() {
    struct Mine;
    impl Drop for Mine {
        fn drop(&mut self) {
            panic!("never drop me");
        }
    }
    let class = Class::<Mine>::new("Mine").constructor("()", || Mine);
    let mut engine = engine();
    engine.add_class(class).unwrap();
    run(&mut engine, "for _ in range(3): Mine()\nfine = 1");
    assert_eq!(engine.global::<i64>("fine").unwrap(), 1);
}

#[test]
fn containers_contexts_and_calls() {
    #[derive(Default)]
    struct Table {
        rows: Vec<(String, i64)>,
        log: Vec<String>,
    }
    let table = Class::<Table>::new("Table")
        .constructor("()", Table::default)
        .get_item(|table: &Table, key: String| {
            let row = table.rows.iter().find(|row| row.0 == key);
            row.map(|row| row.1)
                .ok_or_else(|| Raise::new("KeyError", key))
        })
        .set_item(|table: &mut Table, key: String, value: i64| table.rows.push((key, value)))
        .contains(|table: &Table, key: String| table.rows.iter().any(|row| row.0 == key))
        .call(
            "(factor, *, plus=0)",
            |table: &Table, factor: i64, plus: i64| {
                table.rows.iter().map(|row| row.1).sum::<i64>() * factor + plus
            },
        )
        .iterate(|table| table.rows.clone())
        .len(|table| table.rows.len())
        .enter(|table: &mut Table| table.log.push("enter".into()))
        .exit(|table: &mut Table, error: Option<Handle>| {
            table.log.push(format!("exit {}", error.is_some()));
            error.is_some()
        })
        .getter("log", |table: &Table| table.log.clone());
    let mut engine = engine();
    engine.add_class(table).unwrap();
    run(
        &mut engine,
        "\
t = Table()
assert not t
t['a'], t['b'] = 1, 2
assert t['b'] == 2 and 'a' in t and 'z' not in t and len(t) == 2 and t
assert dict(t) == {'a': 1, 'b': 2} and [k for k, v in t] == ['a', 'b']
assert t(10, plus=5) == 35
i = iter(t)
assert iter(i) is i and next(i) == ('a', 1) and next(i) == ('b', 2)
assert next(i, None) is None and next(i, None) is None
try:
    t['z']
except KeyError as error:
    assert error.args == ('z',)
with t as same:
    assert same is t
with t:
    1 // 0
assert t.log == ['enter', 'exit false', 'enter', 'exit true'], t.log
",
    );
}

#[test]
fn rust_has_the_values_too() {
    let mut engine = with_point();
    let total: Result<f64, Error> = engine.enter(|scope| {
        scope.exec("points = [Point(1, 2), Point(3, 4)]")?;
        let points = scope.global("points")?;
        let mut items = scope.iterate(&points)?;
        let mut total = 0.0;
        while let Some(item) = items.next(scope)? {
            scope.borrow_mut::<Point>(&item)?.x += 1.0;
            total += scope.borrow::<Point>(&item)?.x;
        }
        let made = scope.wrap(Point { x: 0.5, y: 0.0 })?;
        scope.call_method(&made, "move", (1.0,))?;
        total += scope.borrow::<Point>(&made)?.x;
        let class = scope.class_of::<Point>().expect("it has one");
        assert!(scope.is_instance(&made, &class)?);
        let looked = scope.borrow::<Point>(&made)?;
        let refused = scope.call_method(&made, "move", (1.0,)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "RuntimeError: this Point cannot be changed while somebody looks at it"
        );
        drop(looked);
        scope.call_method(&made, "move", (1.0,))?;
        let list = scope.eval("[]")?;
        let wrong = scope.borrow::<Point>(&list).err().expect("it is no point");
        assert_eq!(wrong.to_string(), "expected Point, got list");
        Ok(total)
    });
    assert_eq!(total.unwrap(), 7.5);
    let far = Function::new("far(point)", |point: Ref<'_, Point>| point.x > 100.0);
    let same = Function::new("same(a, b)", |a: Local<'_>, b: Local<'_>| a.is(&b));
    engine.add_function(&far).unwrap();
    engine.add_function(&same).unwrap();
    assert!(eval::<bool>(
        &mut engine,
        "far(Point(101)) and not far(Point(1))"
    ));
    assert!(eval::<bool>(
        &mut engine,
        "same(Point, Point) and not same([], [])"
    ));
}

#[test]
fn classes_of_two_engines_are_their_own() {
    let (mut first, mut second) = (with_point(), with_point());
    run(&mut first, "p = Point(1)");
    let p: Handle = first.global("p").unwrap();
    assert!(second.set_global("p", &p).is_err());
    drop(first);
    run(&mut second, "assert Point(2).norm() == 2");
}
