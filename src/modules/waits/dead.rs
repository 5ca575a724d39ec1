//! Whether anything can ever wake a program that is about to sleep without an end, and what is said if not.

use super::capture::capture;
use super::picture::pictures;
use super::tree::tree;
use super::{Graph, Kind, State};
use crate::heap::Value;
use crate::modules::asyncio::base_events::Loop;
use crate::modules::asyncio::current;
use crate::object::dict::Dict;
use crate::vm::Vm;
use crate::vm::standing::{Level, Standing};

/// The exit status of a program that nothing can wake.
pub const STATUS: i32 = 70;

/// Ends a program that is about to sleep until something happens, if nothing can.
pub fn end_if_dead(vm: &mut Vm) {
    if vm.host.may_be_woken() || is_waited_on_by_script(vm) {
        return;
    }
    let text = report(vm);
    let _ = vm.host.stdio.output.flush();
    let _ = vm.host.stdio.error.write(text.as_bytes());
    let _ = vm.host.stdio.error.flush();
    // Only a program that runs scripts is ended so, and that may end.
    let _ = vm.host.end_process(STATUS);
}

/// Whether the script has said what is to be done at a signal, or waits for one.
fn is_waited_on_by_script(vm: &mut Vm) -> bool {
    handles_signals(vm) || vm.standing_fibers().iter().any(waits_for_signal)
}

fn waits_for_signal(fiber: &Standing) -> bool {
    matches!(fiber.levels.first(), Some(Level::Native { def, .. })
        if matches!(def.name(), "pause" | "sigwait" | "sigwaitinfo" | "sigtimedwait"))
}

fn handles_signals(vm: &mut Vm) -> bool {
    let interrupt = vm.state.get("signal.SIGINT");
    if interrupt.is_some_and(|handler| !handler.is_none())
        && !vm
            .state
            .contains_key(crate::modules::asyncio::turns::OWN_SIGINT)
    {
        return true;
    }
    let handlers = vm
        .state
        .get("signal.handlers")
        .and_then(Value::to_ref::<Dict>);
    let pairs = handlers.map_or_else(Vec::new, |handlers| handlers.pairs());
    pairs
        .iter()
        .any(|(number, handler)| number.as_small_int() != Some(2) && vm.is_callable(handler))
}

/// The report, if nothing but what is typed at a prompt can wake the tasks. A callback of a loop asks.
pub fn report_beside_input(vm: &mut Vm) -> Option<String> {
    if vm.host.may_be_woken_beside_input() || vm.will_wake() || is_waited_on_by_script(vm) {
        return None;
    }
    if vm.state.contains_key(current::KEY) {
        let loops = current::shared(vm).loops.borrow().clone();
        let busy = |looped: &Value| {
            looped.get::<Loop>().is_some_and(|looped| {
                let turns = looped.turns.0.borrow();
                // Cancelled ones do not count.
                let timed = turns.timers().len();
                timed > 0 || !turns.ready.is_empty()
            })
        };
        if loops.iter().any(busy) {
            return None;
        }
    }
    Some(report(vm))
}

/// What is said of a program that nothing can wake.
pub fn report(vm: &mut Vm) -> String {
    let graph = capture(vm, None);
    let mut out = "hoop: deadlock: nothing can wake this program any more\n".to_string();
    let ring = ring(&graph);
    let shown = if ring.is_empty() {
        waiting(&graph)
    } else {
        out.push_str(&told_ring(&graph, &ring));
        ring
    };
    let color = vm.wants_colors(vm.host.stdio.error.is_terminal());
    let drawn = pictures(&graph, &shown, color);
    if !drawn.is_empty() {
        out.push_str(&format!("\n{drawn}"));
    }
    out.push_str("\nAll threads and tasks:\n\n");
    out.push_str(&tree(&graph));
    out
}

/// Those that wait for something else than their loop.
fn waiting(graph: &Graph) -> Vec<usize> {
    let waits = |index: &usize| {
        let node = &graph.nodes[*index];
        let runs_loop = graph.nodes.iter().any(|task| task.thread == Some(*index));
        node.state == State::Waiting && !(node.kind == Kind::Thread && runs_loop)
    };
    let found: Vec<usize> = (0..graph.nodes.len()).filter(waits).collect();
    if found.is_empty() {
        return (0..graph.nodes.len().min(1)).collect();
    }
    found
}

/// Those of a ring in which each waits for the next, or nobody.
fn ring(graph: &Graph) -> Vec<usize> {
    let mut done = vec![false; graph.nodes.len()];
    for start in 0..graph.nodes.len() {
        // The way from the start, each with how many of its edges were tried.
        let mut way: Vec<(usize, usize)> = vec![(start, 0)];
        while let Some((node, tried)) = way.pop() {
            if done[node] {
                continue;
            }
            let Some(&next) = graph.nodes[node].on.get(tried) else {
                done[node] = true;
                continue;
            };
            way.push((node, tried + 1));
            if let Some(at) = way.iter().position(|(known, _)| *known == next) {
                return way[at..].iter().map(|(node, _)| *node).collect();
            }
            way.push((next, 0));
        }
    }
    Vec::new()
}

fn told_ring(graph: &Graph, ring: &[usize]) -> String {
    let mut out = match ring {
        [_] => "\nIt waits for itself:\n".to_string(),
        _ => format!(
            "\nA ring of {}, in which each waits for the next:\n",
            ring.len()
        ),
    };
    for &index in ring {
        let node = &graph.nodes[index];
        out.push_str(&format!("  {} {}\n", node.title(), node.doing()));
    }
    out
}
