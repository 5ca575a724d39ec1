//! What nests too deep is refused; what is merely long is not.

use super::parse;

/// Runs on a stack as small as the smallest that is promised to do.
fn on_small_stack(test: fn()) {
    let thread = std::thread::Builder::new().stack_size(512 * 1024);
    let thread = thread.spawn(test).expect("a thread");
    thread.join().expect("no panic");
}

fn fine(text: &str) {
    if let Err(error) = parse(text) {
        let start: String = text.chars().take(40).collect();
        panic!("{start}...: {}", error.message);
    }
}

fn refused(text: &str, message: &str) {
    let error = parse(text).expect_err("too deep");
    assert_eq!(error.message, message);
}

const TOO_DEEP: &str = "maximum recursion depth exceeded during compilation";

#[test]
fn chains_of_a_thousand_are_fine() {
    on_small_stack(|| {
        for link in [
            "a + ",
            "not ",
            "-",
            "a if b else ",
            "lambda: ",
            "a ** ",
            "a and ",
            "a < ",
        ] {
            fine(&format!("x = {}a", link.repeat(1000)));
        }
        for link in [".y", "()", "[0]"] {
            fine(&format!("x = a{}", link.repeat(1000)));
        }
        let elifs = "elif a:\n  b\n".repeat(1000);
        fine(&format!("if a:\n  b\n{elifs}"));
        fine(&"a; ".repeat(20_000));
        fine(&format!("x = [{}]", "a, ".repeat(20_000)));
        fine(&format!("x = {}", "'a' ".repeat(20_000)));
    });
}

#[test]
fn longer_chains_are_refused() {
    on_small_stack(|| {
        for link in ["a + ", "not ", "-", "a if b else ", "lambda: ", "a ** "] {
            refused(&format!("x = {}a", link.repeat(30_000)), TOO_DEEP);
        }
        for link in [".y", "()", "[0]"] {
            refused(&format!("x = a{}", link.repeat(30_000)), TOO_DEEP);
        }
        let elifs = "elif a:\n  b\n".repeat(30_000);
        refused(&format!("if a:\n  b\n{elifs}"), TOO_DEEP);
    });
}

#[test]
fn brackets_and_blocks_have_limits() {
    on_small_stack(|| {
        let nested = |open: &str, close: &str, n| format!("{}{}", open.repeat(n), close.repeat(n));
        fine(&nested("(", ")", 200));
        fine(&nested("[", "]", 200));
        refused(&nested("(", ")", 201), "too many nested parentheses");
        refused(&"[".repeat(100_000), "too many nested parentheses");
        refused(&"f'{".repeat(100_000), "too many nested f-strings");
        let blocks = |n: usize| -> String {
            let lines = (0..n).map(|depth| format!("{}if a:\n", " ".repeat(depth)));
            lines.collect::<String>() + &" ".repeat(n) + "pass\n"
        };
        fine(&blocks(99));
        refused(&blocks(100), "too many levels of indentation");
    });
}

#[test]
fn deep_and_wrong_is_wrong_without_overflow() {
    on_small_stack(|| {
        for bad in [
            "(",
            "[a b, ",
            "{a: ",
            "f(a=",
            "lambda: (",
            "not (",
            "(yield ",
        ] {
            assert!(parse(&bad.repeat(199)).is_err());
            assert!(parse(&format!("{} =", bad.repeat(199))).is_err());
        }
        for bad in [
            "not ",
            "- ",
            "lambda: ",
            "a if b else ",
            "await ",
            "a ** ",
            "*",
            "a.",
        ] {
            assert!(parse(&format!("{} = )", bad.repeat(5000))).is_err());
            assert!(parse(&format!("x = {} =", bad.repeat(5000))).is_err());
        }
        let elifs = "elif a:\n  b\n".repeat(5000);
        assert!(parse(&format!("if a:\n  b\n{elifs}else x\n")).is_err());
        let case = format!("match x:\n  case {}1: pass\n", "[".repeat(150));
        assert!(parse(&case).is_err());
    });
}
