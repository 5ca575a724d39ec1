//! Tests of the table against a model.

use super::*;
use crate::object::hash::simple_hash;
use crate::object::int::from_i64;
use crate::object::testing::with_heap;
use std::collections::HashMap;

fn find(table: &DictTable, key: &Value) -> Option<usize> {
    match table.probe(&mut table.search(simple_hash(key).unwrap()), key) {
        Probe::Hit(position) => Some(position),
        Probe::Absent => None,
        Probe::Ask(_) => panic!("ints need no script"),
    }
}

fn set(table: &mut DictTable, key: i64, value: i64) {
    let key = from_i64(key);
    match find(table, &key) {
        Some(position) => drop(table.set_value_at(position, from_i64(value))),
        None => drop(
            table
                .append(simple_hash(&key).unwrap(), key, from_i64(value))
                .unwrap(),
        ),
    }
}

/// Random operations against a plain model of a dict.
fn exercise(mut x: u64, n: usize, span: u64) {
    let mut table = DictTable::new();
    let mut order: Vec<i64> = Vec::new();
    let mut model: HashMap<i64, i64> = HashMap::new();
    let mut next = || {
        x = x
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        x >> 33
    };
    for i in 0..n as i64 {
        let (op, key) = (next() % 16, ((next() % span) << (next() % 3 * 20)) as i64);
        match op {
            0..9 => {
                if model.insert(key, i).is_none() {
                    order.push(key);
                }
                set(&mut table, key, i);
            }
            9..14 => {
                let position = find(&table, &from_i64(key));
                assert_eq!(position.is_some(), model.remove(&key).is_some());
                if let Some(position) = position {
                    table.remove_at(position);
                    order.retain(|k| *k != key);
                }
            }
            14 => {
                let last = table.pop_last().map(|(k, _)| k.as_small_int().unwrap());
                assert_eq!(last, order.pop());
                last.map(|k| model.remove(&k));
            }
            _ => {
                if let Some(first) = table.position_from(0) {
                    let (key, _) = table.remove_at(first).unwrap();
                    assert_eq!(key.as_small_int(), Some(order.remove(0)));
                    model.remove(&key.as_small_int().unwrap());
                }
            }
        }
        assert_eq!(table.len(), model.len());
    }
    let keys: Vec<i64> = table
        .iter()
        .map(|(k, _)| k.as_small_int().unwrap())
        .collect();
    assert_eq!(keys, order);
    for (key, value) in &model {
        let position = find(&table, &from_i64(*key)).unwrap();
        assert_eq!(
            table.value_at(position).unwrap().as_small_int(),
            Some(*value)
        );
    }
    let copy = table.copy().unwrap();
    assert!(
        copy.iter()
            .map(|(k, _)| k.word())
            .eq(table.iter().map(|(k, _)| k.word()))
    );
}

#[test]
fn behaves_like_a_model() {
    with_heap(|| {
        exercise(1, 300, 6);
        exercise(2, 3_000, 40);
        exercise(3, 20_000, 400);
        exercise(4, 20_000, 100_000);
    });
}

#[test]
fn grows_through_all_index_sizes() {
    with_heap(|| {
        let mut table = DictTable::new();
        for i in 0..70_000 {
            set(&mut table, i * 1024, i);
        }
        for i in 0..70_000 {
            assert!(find(&table, &from_i64(i * 1024)).is_some());
        }
        assert!(matches!(table.index, Index::Words(_)));
        while table.pop_last().is_some() {}
        assert!(table.is_empty() && table.entries.is_empty() && table.first == 0);
    });
}

#[test]
fn names_and_versions() {
    with_heap(|| {
        let dict = Dict::new();
        let name = Str::new("name");
        let version = dict.keys_version();
        assert_eq!(dict.keys_version(), version);
        dict.insert_str(&name, from_i64(1)).unwrap();
        let changed = dict.keys_version();
        assert_ne!(changed, version);
        dict.insert_str(&name, from_i64(2)).unwrap();
        assert_eq!(dict.keys_version(), changed);
        assert_ne!(Dict::new().keys_version(), changed);
        let position = dict.index_of_str(&Str::new("name")).unwrap();
        assert_eq!(dict.entry_value(position).unwrap().as_small_int(), Some(2));
        for i in 0..100 {
            dict.insert_name(&format!("n{i}"), from_i64(i)).unwrap();
        }
        assert!(dict.strings_only());
        assert_eq!(dict.get_name("n77").unwrap().as_small_int(), Some(77));
        assert!(dict.get_name("m").is_none());
        assert_eq!(dict.remove_str(&name).unwrap().as_small_int(), Some(2));
        let mut table = dict.table.borrow_mut();
        table.append(7, from_i64(7), Value::NONE).unwrap();
        assert!(!table.strings_only());
        let last = table.position_before(usize::MAX).unwrap();
        table.move_entry(last, false).unwrap();
        assert_eq!(table.iter().next().unwrap().0.as_small_int(), Some(7));
    });
}
