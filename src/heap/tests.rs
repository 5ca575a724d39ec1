//! The heap on its own: values, counts, cycles, finalizers, accounting.

use std::cell::{Cell, RefCell};

use super::*;

const NODE: Kind = 1;
const LEAF: Kind = 2;

thread_local! {
    static DROPPED: Cell<usize> = const { Cell::new(0) };
}

/// A node with edges, and with a finalizer if asked.
#[repr(C)]
struct Node {
    head: Header,
    edges: RefCell<Buffer<Value>>,
    wants_finalizer: Cell<bool>,
}

#[repr(C)]
struct Leaf {
    head: Header,
    number: u64,
}

// SAFETY: repr(C) with the header first; every edge is visited once.
unsafe impl Object for Node {
    const KIND: Kind = NODE;
    fn trace(&self, visitor: &mut dyn Visitor) {
        self.edges
            .borrow()
            .iter()
            .for_each(|edge| visitor.visit(edge));
    }
    fn clear(&self) {
        let _edges = self.edges.borrow_mut().take();
    }
    const MAY_NEED_FINALIZER: bool = true;
    fn needs_finalizer(&self) -> bool {
        self.wants_finalizer.get()
    }
}

// SAFETY: repr(C) with the header first; it holds no Values.
unsafe impl Object for Leaf {
    const KIND: Kind = LEAF;
    const CYCLIC: bool = false;
    fn trace(&self, _: &mut dyn Visitor) {}
}

impl Drop for Node {
    fn drop(&mut self) {
        DROPPED.set(DROPPED.get() + 1);
    }
}

static KINDS: [KindTable; 3] = [
    KindTable::of::<Leaf>(),
    KindTable::of::<Node>(),
    KindTable::of::<Leaf>(),
];

fn with_heap(test: impl FnOnce()) {
    let mut heap = Box::new(Heap::new(&KINDS));
    let _entered = Entered::enter(&mut *heap);
    DROPPED.set(0);
    test();
}

fn node() -> Ref<Node> {
    alloc(Node {
        head: Header::new(),
        edges: RefCell::new(Buffer::new()),
        wants_finalizer: Cell::new(false),
    })
}

fn link(from: &Ref<Node>, to: &Ref<Node>) {
    from.edges.borrow_mut().push(to.value()).unwrap();
}

#[test]
fn words_keep_what_they_hold() {
    with_heap(|| {
        for i in [0, 1, -1, INT_MAX, INT_MIN, 1 << 40] {
            assert_eq!(Value::small_int(i).unwrap().as_small_int(), Some(i));
        }
        assert!(Value::small_int(INT_MAX + 1).is_none() && Value::small_int(INT_MIN - 1).is_none());
        for f in [
            0.0,
            -0.0,
            1.5,
            -1e70,
            1e-70,
            f64::INFINITY,
            5e-324,
            f64::MAX,
        ] {
            assert_eq!(
                Value::inline_float(f)
                    .unwrap()
                    .as_inline_float()
                    .map(f64::to_bits),
                Some(f.to_bits())
            );
        }
        assert!(
            Value::inline_float(f64::NAN)
                .unwrap()
                .as_inline_float()
                .unwrap()
                .is_nan()
        );
        assert!(Value::inline_float(1e100).is_none() && Value::inline_float(1e-100).is_none());
        let (a, b) = (Value::small_int(INT_MAX).unwrap(), Value::int32(1));
        assert!(
            a.add_small(&b).is_none() && Value::small_int(INT_MIN).unwrap().sub_small(&b).is_none()
        );
        assert_eq!(a.sub_small(&b).unwrap().as_small_int(), Some(INT_MAX - 1));
        assert_eq!(
            Value::int32(-5)
                .add_small(&Value::int32(3))
                .unwrap()
                .as_small_int(),
            Some(-2)
        );
        assert!(
            Value::NONE.add_small(&b).is_none()
                && Value::TRUE.as_bool() == Some(true)
                && !Value::NONE.is_object()
        );
    });
}

#[test]
fn objects_die_at_once_and_without_recursion() {
    with_heap(|| {
        let before = current().bytes;
        let mut chain = node();
        for _ in 0..200_000 {
            let next = node();
            link(&next, &chain);
            chain = next;
        }
        assert_eq!(DROPPED.get(), 0);
        drop(chain);
        assert_eq!(DROPPED.get(), 200_001);
        assert_eq!(current().bytes, before);
    });
}

#[test]
fn cycles_are_collected_and_what_lives_stays() {
    with_heap(|| {
        let before = current().bytes;
        let kept = node();
        let (a, b, c) = (node(), node(), node());
        link(&a, &b);
        link(&b, &c);
        link(&c, &a);
        link(&a, &a);
        link(&b, &kept);
        let held = c.clone();
        drop((a, b, c));
        assert_eq!(current().collect(), 0);
        drop(held);
        assert_eq!(DROPPED.get(), 0);
        assert_eq!(current().collect(), 3);
        assert_eq!((DROPPED.get(), kept.as_value().reference_count()), (3, 1));
        drop(kept);
        assert_eq!(current().bytes, before);
    });
}

#[test]
fn random_graphs_keep_exactly_what_is_reachable() {
    with_heap(|| {
        let before = current().bytes;
        let mut x = 7u64;
        let mut next = |n: usize| {
            x = x
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (x >> 33) as usize % n
        };
        for _ in 0..20 {
            let nodes: Vec<Ref<Node>> = (0..300).map(|_| node()).collect();
            let mut edges = vec![Vec::new(); 300];
            for _ in 0..350 {
                let (from, to) = (next(300), next(300));
                link(&nodes[from], &nodes[to]);
                edges[from].push(to);
            }
            let roots = [next(300), next(300), next(300)];
            let mut reached = vec![false; 300];
            let mut todo = roots.to_vec();
            while let Some(i) = todo.pop() {
                if !std::mem::replace(&mut reached[i], true) {
                    todo.extend(&edges[i]);
                }
            }
            let alive = reached.iter().filter(|r| **r).count();
            DROPPED.set(0);
            let held: Vec<Ref<Node>> = roots.iter().map(|&i| nodes[i].clone()).collect();
            drop(nodes);
            current().collect();
            assert_eq!(DROPPED.get(), 300 - alive);
            drop(held);
            current().collect();
            assert_eq!(DROPPED.get(), 300);
        }
        assert_eq!(current().bytes, before);
    });
}

#[test]
fn finalizers_come_before_death() {
    with_heap(|| {
        let lonely = node();
        lonely.wants_finalizer.set(true);
        drop(lonely);
        assert_eq!((DROPPED.get(), current().finalize.len()), (0, 1));
        let lonely = current().finalize.pop().unwrap();
        lonely.get::<Node>().unwrap().wants_finalizer.set(false);
        drop(lonely);
        assert_eq!(DROPPED.get(), 1);
        let (a, b) = (node(), node());
        link(&a, &b);
        link(&b, &a);
        a.wants_finalizer.set(true);
        drop((a, b));
        current().collect();
        assert_eq!((DROPPED.get(), current().finalize.len()), (1, 1));
        let a = current().finalize.pop().unwrap();
        a.get::<Node>().unwrap().wants_finalizer.set(false);
        drop(a);
        assert_eq!((current().collect(), DROPPED.get()), (2, 3));
    });
}

#[test]
fn sizes_from_small_to_large() {
    with_heap(|| {
        let before = current().bytes;
        let mut held = Vec::new();
        for extra in [
            0, 1, 15, 16, 17, 400, 496, 500, 600, 4000, 8000, 8176, 9000, 100_000,
        ] {
            for i in 0..50u64 {
                let leaf = alloc_trailing(
                    Leaf {
                        head: Header::new(),
                        number: i,
                    },
                    extra,
                );
                assert!(object_capacity(leaf.as_value()) >= size_of::<Leaf>() + extra);
                held.push((leaf, i));
            }
        }
        assert!(held.iter().all(|(leaf, i)| leaf.number == *i));
        let ids: std::collections::HashSet<u64> = held
            .iter()
            .map(|(leaf, _)| current().identity(leaf.as_value()))
            .collect();
        assert_eq!(ids.len(), held.len());
        while held.len() > 3 {
            held.swap_remove(held.len() / 3);
        }
        assert!(held.iter().all(|(leaf, i)| leaf.number == *i));
        held.clear();
        assert_eq!(current().bytes, before);
    });
}

#[test]
fn buffers_are_charged_and_limited() {
    with_heap(|| {
        let before = current().bytes;
        let mut buffer: Buffer<u64> = Buffer::new();
        buffer.extend((0..1000u32).map(u64::from)).unwrap();
        assert!(current().bytes >= before + 8000);
        current().limit = current().bytes + 10_000;
        assert_eq!(buffer.reserve(1 << 20), Err(OutOfMemory));
        assert_eq!(buffer.reserve_exact(usize::MAX), Err(OutOfMemory));
        assert_eq!(buffer.len(), 1000);
        assert!(current().check_room(1 << 20).is_err() && current().check_room(1 << 10).is_ok());
        drop(buffer);
        assert_eq!(current().bytes, before);
    });
}

#[test]
fn shapes_hold_slots() {
    with_heap(|| {
        let before = current().bytes;
        let shape = current().new_shape(LEAF, shape_flags::SLOTS, 3, &Value::UNDEF);
        let object = alloc_shaped(
            Leaf {
                head: Header::new(),
                number: 5,
            },
            0,
            shape,
        );
        assert!(object.as_value().is_kind::<Leaf>() && !object.as_value().is_exact::<Leaf>());
        assert_eq!(object.as_value().shape(), shape);
        drop(object);
        current().free_shape(shape);
        assert_eq!(current().new_shape(LEAF, 0, 0, &Value::UNDEF), shape);
        assert_eq!(current().bytes, before);
    });
}
