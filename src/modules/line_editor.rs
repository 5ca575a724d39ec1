//! `_line_editor`: lines that somebody types, for `asyncio.__main__`.

use std::path::PathBuf;

use crate::builtins::arguments::{index, os_error, outside, plain, string, text, tuple};
use crate::heap::Value;
use crate::host::line_editor::{Answer, Heard, Options};
use crate::host::{Direction, HostError};
use crate::object::list::List;
use crate::object::native::{Def, Input, ModuleDef, NativeFrame, R, Step};
use crate::vm::Vm;

/// `_line_editor`
pub static MODULE: ModuleDef = ModuleDef {
    name: "_line_editor",
    doc: "The line editor of the prompt, which works while the program goes on.",
    functions: &[
        Def::leaf("start(history, colours, /)", start)
            .doc("Takes over the terminal; False where lines cannot be edited."),
        Def::leaf("read(prompt, continuation, /)", read)
            .doc("Asks for a text; each of its lines but the first stands behind `continuation`."),
        Def::frame("hear()", 0, hear)
            .doc("Waits for what the editor says: a tuple that begins with its kind."),
        Def::leaf("answer_words(before, length, words, /)", answer_words)
            .doc("Answers 'complete': the last `length` characters of `before` may become one of the words."),
        Def::leaf("answer_hint(name, hint, /)", |vm, args| {
            let name = text(vm, &args[0], "answer_hint() argument 1")?.into_owned();
            let text = text(vm, &args[1], "answer_hint() argument 2")?.into_owned();
            answer(vm, Answer::Hint { name, text })
        })
        .doc("Answers 'hint': a line about what is being called, or an empty text."),
    ],
    types: &[],
    setup: None,
};

/// EBADF: the editor was not started.
const BAD_DESCRIPTOR: i32 = 9;

/// The file of the history, if it may be read and written.
fn history(vm: &Vm, path: &Value) -> Option<PathBuf> {
    let path = (!path.is_none()).then(|| PathBuf::from(plain(path)))?;
    vm.host.grants.is_all().then_some(path)
}

fn start(vm: &mut Vm, args: &[Value]) -> R {
    let options = Options {
        history: history(vm, &args[0]),
        colours: vm.truth(&args[1])?,
    };
    let host = &mut vm.host;
    let Some(editor) = &mut host.line_editor else {
        return Ok(Value::FALSE);
    };
    let started = editor.is_running() || editor.start(options, &mut host.stdio).is_ok();
    Ok(Value::bool(started))
}

fn read(vm: &mut Vm, args: &[Value]) -> R {
    let prompt = text(vm, &args[0], "read() argument 1")?;
    let continuation = text(vm, &args[1], "read() argument 2")?;
    vm.host.stdio.flush_before_wait();
    let asked = match &mut vm.host.line_editor {
        Some(editor) => editor.read(&prompt, &continuation),
        None => Err(HostError::os(BAD_DESCRIPTOR)),
    };
    outside(vm, asked)?;
    Ok(Value::NONE)
}

/// Other fibers run until the editor says something.
fn hear(vm: &mut Vm, _: &mut NativeFrame<'_>, input: Input) -> Step {
    let bell = vm.host.line_editor.as_ref().and_then(|e| e.fileno());
    let Some(bell) = bell else {
        let closed = HostError::os(BAD_DESCRIPTOR);
        return Step::Raise(os_error(vm, &closed));
    };
    let owner = vm.fiber_owner();
    vm.host.poller.unwatch(bell, Direction::Read, owner);
    if let Input::Raised(raised) = input {
        return Step::Raise(raised);
    }
    if let Some(heard) = vm.host.line_editor.as_mut().and_then(|e| e.hear()) {
        return match told(vm, heard) {
            Ok(said) => Step::Return(said),
            Err(raised) => Step::Raise(raised),
        };
    }
    if let Err(error) = vm.host.poller.watch(bell, Direction::Read, owner) {
        return Step::Raise(os_error(vm, &error));
    }
    vm.park(None, true);
    Step::Park
}

fn told(vm: &mut Vm, heard: Heard) -> R {
    let said = match heard {
        Heard::Text(typed) => vec![string("text"), string(&typed)],
        Heard::Interrupted => vec![string("interrupted")],
        Heard::End => vec![string("end")],
        Heard::Tree => vec![string("tree")],
        Heard::Hint { name } => vec![string("hint"), string(&name)],
        Heard::Complete { text, at } => vec![string("complete"), string(&text[..at])],
    };
    tuple(vm, said)
}

fn answer_words(vm: &mut Vm, args: &[Value]) -> R {
    let before = text(vm, &args[0], "answer_words() argument 1")?;
    let length = usize::try_from(index(vm, &args[1])?).unwrap_or(0);
    let words = args[2].get::<List>().map_or_else(Vec::new, |list| {
        let words = (0..list.len()).filter_map(|i| list.get(i));
        words.map(|word| plain(&word)).collect()
    });
    let kept = before.chars().count().saturating_sub(length);
    let start = before
        .char_indices()
        .nth(kept)
        .map_or(before.len(), |(at, _)| at);
    answer(vm, Answer::Words { start, words })
}

fn answer(vm: &mut Vm, answer: Answer) -> R {
    if let Some(editor) = &mut vm.host.line_editor {
        editor.answer(answer);
    }
    Ok(Value::NONE)
}
