//! Tests of `set`.

use super::set::*;
use crate::heap::{OutOfMemory, Value};
use crate::object::hash::simple_hash;
use crate::object::int::from_i64;
use crate::object::set_ops::{self, add, discard};
use crate::object::testing::with_heap;
use crate::object::tuple::Tuple;

fn never(_: &Value, _: &Value) -> Result<bool, OutOfMemory> {
    panic!("numbers need no script")
}

fn digest(table: &SetTable) -> u64 {
    table.iter_hashed().fold(0u64, |h, (hash, _)| {
        h.wrapping_mul(31).wrapping_add(hash as u64)
    })
}

/// The same pseudo-random program ran on CPython 3.13.
fn run(seed: u64, n: usize, span: u64, pop: bool, tuples: bool) -> SetTable {
    let mut x = seed;
    let mut next = || {
        x = (x * 1_103_515_245 + 12_345) & 0x7fff_ffff;
        x
    };
    let mut set = SetTable::new();
    for _ in 0..n {
        let op = next() >> 8;
        let v = ((next() >> 4) % span) as i64;
        let key = if tuples {
            Tuple::pair(from_i64(v), from_i64(v + 1)).into_value()
        } else {
            from_i64(v)
        };
        let hash = simple_hash(&key).unwrap();
        match op % 4 {
            0 => drop(discard(&mut set, hash, &key, &mut never).unwrap()),
            1 if pop && !set.is_empty() => drop(set.pop()),
            _ => drop(add(&mut set, hash, &key, &mut never).unwrap()),
        }
    }
    set
}

#[test]
fn order_is_that_of_cpython() {
    let cases: [(u64, usize, u64, [u64; 8]); 5] = [
        (
            1,
            10,
            20,
            [
                182396423,
                6122,
                9966161405333677254,
                474308633,
                182396423,
                15921,
                10772,
                15921,
            ],
        ),
        (
            2,
            40,
            100,
            [
                2335106582835543248,
                2192009968,
                16610177258265582186,
                5037252188465905724,
                16928039682144078012,
                4329439918028052534,
                2192009968,
                5116396140192134334,
            ],
        ),
        (
            3,
            500,
            400,
            [
                15557983946013507928,
                3234588778175699126,
                4423374730071563101,
                15557983946013507928,
                15557983946013507928,
                823584015093162516,
                18006904441037799268,
                823584015093162516,
            ],
        ),
        (
            4,
            5000,
            1048576,
            [
                14465023541659138431,
                7516933313038425503,
                9934373717977631229,
                14465023541659138431,
                4902654692429628039,
                8844624416669861382,
                17820072843457623751,
                9761275653335057938,
            ],
        ),
        (
            5,
            200000,
            67108864,
            [
                6642530743966671289,
                15855706024060107109,
                4058513126118933622,
                9594448400539256533,
                9254139178156242061,
                16189876990625172330,
                3005853496552499721,
                4076838246913603594,
            ],
        ),
    ];
    with_heap(|| {
        for (seed, n, span, expected) in cases {
            let s = run(seed, n, span, false, false);
            let p = run(seed, n, span, true, false);
            let t = run(seed, n, span, false, true);
            let mut union = p.copy().unwrap();
            set_ops::update(&mut union, &s, &mut never).unwrap();
            let got = [
                digest(&s),
                digest(&p),
                digest(&t),
                digest(&s.copy().unwrap()),
                digest(&union),
                digest(&set_ops::difference(&s, &p, &mut never).unwrap()),
                digest(&set_ops::intersection(&s, &p, &mut never).unwrap()),
                digest(&set_ops::symmetric_difference(&s, &p, &mut never).unwrap()),
            ];
            assert_eq!(got, expected, "seed {seed}");
        }
    });
}
