use super::*;
use crate::object::interner::Interner;
use crate::object::testing::with_heap;

#[test]
fn index_and_slice_beyond_ascii() {
    with_heap(|| {
        let text: String = (0..1000).map(|i| ['a', 'é', '€', '😀'][i % 4]).collect();
        let string = Str::new(&text);
        assert_eq!(
            (string.len(), string.byte_len(), string.is_ascii()),
            (1000, 2500, false)
        );
        for (i, c) in text
            .chars()
            .enumerate()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            assert_eq!(string.char_at(i), Some(c as u32));
        }
        assert_eq!(string.char_at(1000), None);
        assert!(string.substring(997, 5000).unwrap().is_text("é€😀"));
        assert!(string.stepped(999, -333, 4).unwrap().is_text("😀€éa"));
        assert_eq!(string.index_of(string.offset_of(500)), 500);
        assert!(string.repeat(2).unwrap().len() == 2000);
    });
}

#[test]
fn appends_in_place() {
    with_heap(|| {
        let mut value = Str::new("start").into_value();
        let (more, mut expected) = (Str::new("é€"), "start".to_owned());
        for i in 0..5000 {
            Str::append_in_place(&mut value, &more).unwrap();
            expected.push_str("é€");
            if i % 999 == 0 {
                let string = value.get::<Str>().unwrap();
                assert_eq!(string.char_at(string.len() - 2), Some('é' as u32));
            }
        }
        let string = value.to_ref::<Str>().unwrap();
        assert!(string.is_text(&expected) && string.len() == 10_005);
        let shared = value.clone();
        Str::append_in_place(&mut value, &more).unwrap();
        assert!(shared.get::<Str>().unwrap().is_text(&expected));
        assert_eq!(value.get::<Str>().unwrap().len(), 10_007);
    });
}

#[test]
fn surrogates_stay_apart() {
    with_heap(|| {
        let (high, low) = (Str::from_point(0xD83D), Str::from_point(0xDE00));
        let both = Str::concat(&high, &low).unwrap();
        assert_eq!(
            (both.len(), both.as_str(), both.has_surrogates()),
            (2, None, true)
        );
        assert!(Str::new(&both.to_text()).eq(&both));
        assert!(!both.substring(0, 0).unwrap().has_surrogates());
        assert!(both.cmp(&Str::new("😀")) == Ordering::Less);
        assert!(Str::from_wtf8(both.bytes()).unwrap().eq(&both));
    });
}

#[test]
fn interned_strings_are_one() {
    with_heap(|| {
        let mut interner = Interner::new();
        let a = interner.intern("name");
        let b = interner.intern_str(&Str::new("name"));
        assert!(a.is(&b) && a.is_interned() && interner.len() == 1);
        assert!(Str::new("x").is(&Str::new("x")) && Str::empty().is(&Str::new("")));
        assert!(
            Str::new("é").is(&Str::from_point(0xE9)) || Str::new("é").eq(&Str::from_point(0xE9))
        );
        let mut grown = a.value();
        Str::append_in_place(&mut grown, &b).unwrap();
        assert!(a.is_text("name"));
    });
}
