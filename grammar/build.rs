//! Makes the parser from the grammar, and chooses how the dispatch loop hands over.

fn main() {
    println!("cargo::rerun-if-changed=grammar/hoopsnake.lalrpop");
    println!("cargo::rerun-if-changed=grammar/build.rs");
    // Without optimisation there are no sibling calls, and handlers that call
    // the next handler would grow the stack without bound.
    if std::env::var("OPT_LEVEL").as_deref() == Ok("0") {
        println!("cargo::rustc-cfg=hoop_trampoline");
    }
    lalrpop::Configuration::new()
        .set_in_dir("grammar")
        .set_out_dir(std::env::var("OUT_DIR").expect("cargo sets OUT_DIR"))
        .emit_rerun_directives(true)
        .process()
        .expect("the grammar is well formed");
}
