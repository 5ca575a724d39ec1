//! Data through serde, to scripts and back.

use std::collections::BTreeMap;

use hoopsnake::{Engine, Error};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::values::engine;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
enum Shape {
    Empty,
    Circle(f64),
    Line(i64, i64),
    Box { width: u32, height: u32 },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Wrapped(u8);

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Nothing;

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
struct Everything {
    flag: bool,
    small: i8,
    large: i128,
    larger: u128,
    ratio: f32,
    letter: char,
    name: String,
    maybe: Option<i64>,
    none: Option<String>,
    shapes: Vec<Shape>,
    pair: (i64, String),
    ports: BTreeMap<String, u16>,
    numbers: BTreeMap<i64, bool>,
    wrapped: Wrapped,
    nothing: Nothing,
    #[serde(default)]
    missing: i64,
}

fn there_and_back<T: Serialize + DeserializeOwned>(value: &T) -> (String, T) {
    engine()
        .enter(|scope| {
            let made = scope.to_script(value)?;
            let text = scope.repr(&made)?;
            Ok::<_, Error>((text, scope.from_script(&made)?))
        })
        .unwrap()
}

fn read<T: DeserializeOwned>(engine: &mut Engine, text: &str) -> Result<T, Error> {
    engine.enter(|scope| {
        let value = scope.eval(text)?;
        scope.from_script(&value)
    })
}

#[test]
fn data_comes_back_as_it_was() {
    let everything = Everything {
        flag: true,
        small: -3,
        large: i128::MIN,
        larger: u128::MAX,
        ratio: 0.5,
        letter: 'é',
        name: "n".into(),
        maybe: Some(4),
        none: None,
        shapes: vec![
            Shape::Empty,
            Shape::Circle(1.5),
            Shape::Line(1, 2),
            Shape::Box {
                width: 3,
                height: 4,
            },
        ],
        pair: (7, "x".into()),
        ports: BTreeMap::from([("http".into(), 80)]),
        numbers: BTreeMap::from([(1, true)]),
        wrapped: Wrapped(9),
        nothing: Nothing,
        missing: 0,
    };
    let (text, back) = there_and_back(&everything);
    assert_eq!(back, everything);
    assert_eq!(
        text,
        "{'flag': True, 'small': -3, 'large': -170141183460469231731687303715884105728, \
         'larger': 340282366920938463463374607431768211455, 'ratio': 0.5, 'letter': 'é', 'name': 'n', \
         'maybe': 4, 'none': None, 'shapes': ['Empty', {'Circle': 1.5}, {'Line': (1, 2)}, \
         {'Box': {'width': 3, 'height': 4}}], 'pair': (7, 'x'), 'ports': {'http': 80}, \
         'numbers': {1: True}, 'wrapped': 9, 'nothing': None, 'missing': 0}"
    );
}

#[test]
fn scripts_may_write_it_their_way() {
    let mut engine = engine();
    assert_eq!(
        read::<Vec<Shape>>(&mut engine, "('Empty', {'Line': [1, 2]}, {'Empty': None})").unwrap(),
        [Shape::Empty, Shape::Line(1, 2), Shape::Empty]
    );
    assert_eq!(read::<Vec<u8>>(&mut engine, "[1, 2]").unwrap(), [1, 2]);
    assert_eq!(read::<Vec<i64>>(&mut engine, "{5}").unwrap(), [5]);
    assert_eq!(read::<f64>(&mut engine, "3").unwrap(), 3.0);
    assert_eq!(
        read::<Option<u64>>(&mut engine, "2**64 - 1").unwrap(),
        Some(u64::MAX)
    );
}

#[test]
fn mistakes_name_their_place() {
    let mut engine = engine();
    for (text, expected) in [
        (
            "[{'Box': {'width': 'a', 'height': 1}}]",
            "list item 0: dict value 'width': invalid type: string \"a\", expected u32",
        ),
        (
            "['Round']",
            "list item 0: unknown variant `Round`, expected one of `Empty`, `Circle`, `Line`, `Box`",
        ),
        (
            "['Circle']",
            "list item 0: a variant that has something in it comes as a dict",
        ),
        (
            "[{'Line': (1, 2, 3)}]",
            "list item 0: invalid length 3, expected fewer items",
        ),
        (
            "[{}]",
            "list item 0: expected a str, or a dict of one entry, for an enum, got dict",
        ),
        ("5", "invalid type: integer `5`, expected a sequence"),
        (
            "[1j]",
            "list item 0: expected a str, or a dict of one entry, for an enum, got complex",
        ),
    ] {
        let error = read::<Vec<Shape>>(&mut engine, text).unwrap_err();
        assert!(matches!(error, Error::Conversion(_)));
        assert_eq!(error.to_string(), expected, "{text}");
    }
    assert_eq!(
        read::<u128>(&mut engine, "2**200").unwrap_err().to_string(),
        "an int has more than 128 bits"
    );
    assert_eq!(
        read::<String>(&mut engine, "1j").unwrap_err().to_string(),
        "expected data, got complex"
    );
}

#[test]
fn endless_data_is_an_error() {
    #[derive(Deserialize, Serialize)]
    struct Tree(Vec<Tree>);
    #[derive(Deserialize, Debug)]
    #[allow(dead_code)]
    struct Bottomless(Box<Bottomless>);
    #[derive(Deserialize)]
    #[allow(dead_code)]
    struct Chain {
        next: Option<Box<Chain>>,
    }
    let mut engine = engine();
    engine
        .enter(|scope| {
            scope.exec(
                "endless = []\nendless.append(endless)\nchain = {}\nchain['next'] = chain\n\
                 deep = []\nfor _ in range(500): deep = [deep]\n",
            )
        })
        .unwrap();
    for error in [
        read::<Tree>(&mut engine, "endless").err().unwrap(),
        read::<Chain>(&mut engine, "chain").err().unwrap(),
    ] {
        let error = error.to_string();
        assert!(
            error.ends_with("the data is nested too deeply, or holds itself")
                || error.starts_with("RecursionError"),
            "{error}"
        );
    }
    let error = read::<Bottomless>(&mut engine, "1")
        .unwrap_err()
        .to_string();
    assert!(error.starts_with("RecursionError"), "{error}");
    assert_eq!(read::<Tree>(&mut engine, "deep").unwrap().0.len(), 1);
    let mut deep = Tree(Vec::new());
    for _ in 0..2000 {
        deep = Tree(vec![deep]);
    }
    let error = engine
        .enter(|scope| scope.to_script(&deep).map(drop))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the data is nested too deeply, or holds itself"
    );
}
