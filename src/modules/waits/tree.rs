//! The picture as a text: a tree by who awaits whom below each thread, and a table.

use super::words::seconds;
use super::{Graph, Kind, Node, Place};

/// More frames of one task than these are not shown.
const MOST_PLACES: usize = 20;

/// The tree of all threads, each with the tasks of its loop, those below that the one above awaits.
pub fn tree(graph: &Graph) -> String {
    let mut drawn = Drawn {
        graph,
        seen: vec![false; graph.nodes.len()],
        out: String::new(),
    };
    let children = children(graph);
    for (index, node) in graph.nodes.iter().enumerate() {
        if node.kind == Kind::Thread {
            drawn.thread(index, &children);
        }
    }
    // Tasks of a loop that nobody runs.
    drawn.roots(None, &children, "");
    let shown = graph.nodes.len() - graph.threads;
    if graph.tasks > shown {
        let more = graph.tasks - shown;
        drawn.out.push_str(&format!("and {more} more tasks\n"));
    }
    drawn.out
}

/// Whom each node awaits.
fn children(graph: &Graph) -> Vec<Vec<usize>> {
    let mut children = vec![Vec::new(); graph.nodes.len()];
    for (index, node) in graph.nodes.iter().enumerate() {
        for &outer in &node.awaited_by {
            children[outer].push(index);
        }
    }
    children
}

struct Drawn<'a> {
    graph: &'a Graph,
    seen: Vec<bool>,
    out: String,
}

impl Drawn<'_> {
    fn thread(&mut self, index: usize, children: &[Vec<usize>]) {
        let node = &self.graph.nodes[index];
        let kind = if node.daemon {
            "daemon thread"
        } else {
            "thread"
        };
        self.out
            .push_str(&format!("{kind} {}: {}\n", node.name, node.doing()));
        let has_tasks =
            (0..self.graph.nodes.len()).any(|i| self.graph.nodes[i].thread == Some(index));
        let margin = if has_tasks { "│   " } else { "    " };
        self.places(node, margin);
        self.roots(Some(index), children, "");
    }

    /// The tasks of a thread that nobody awaits, then those of rings.
    fn roots(&mut self, thread: Option<usize>, children: &[Vec<usize>], margin: &str) {
        let here: Vec<usize> = (0..self.graph.nodes.len())
            .filter(|&i| {
                self.graph.nodes[i].kind == Kind::Task && self.graph.nodes[i].thread == thread
            })
            .collect();
        let mut roots: Vec<usize> = Vec::new();
        let mut reached = vec![false; self.graph.nodes.len()];
        let outermost = here
            .iter()
            .filter(|&&i| self.graph.nodes[i].awaited_by.is_empty());
        for &root in outermost.chain(&here) {
            if !reached[root] {
                roots.push(root);
                reach(root, children, &mut reached);
            }
        }
        for (at, &root) in roots.iter().enumerate() {
            self.task(root, children, margin, at + 1 == roots.len());
        }
    }

    fn task(&mut self, index: usize, children: &[Vec<usize>], margin: &str, last: bool) {
        // Tasks may await each other in a long row: this goes as deep as they do.
        let mut open = vec![(index, margin.to_string(), last)];
        while let Some((index, margin, last)) = open.pop() {
            let node = &self.graph.nodes[index];
            let branch = if last { "└── " } else { "├── " };
            let head = format!("{margin}{branch}{}", node.title());
            if std::mem::replace(&mut self.seen[index], true) {
                self.out.push_str(&format!("{head} (see above)\n"));
                continue;
            }
            self.out.push_str(&format!("{head}: {}\n", node.doing()));
            let margin = format!("{margin}{}", if last { "    " } else { "│   " });
            let below = &children[index];
            let inner = if below.is_empty() { "    " } else { "│   " };
            self.places(node, &format!("{margin}{inner}"));
            for (at, &child) in below.iter().enumerate().rev() {
                open.push((child, margin.clone(), at + 1 == below.len()));
            }
        }
    }

    fn places(&mut self, node: &Node, margin: &str) {
        for place in node.places.iter().take(MOST_PLACES) {
            self.out.push_str(&format!("{margin}at {}\n", shown(place)));
        }
        if node.places.len() > MOST_PLACES {
            let more = node.places.len() - MOST_PLACES;
            self.out
                .push_str(&format!("{margin}and {more} more frames\n"));
        }
        if let Some(origin) = &node.origin {
            self.out.push_str(&format!(
                "{margin}created {} ago at {}:{} in {}\n",
                seconds(origin.age),
                origin.file,
                origin.line,
                origin.function
            ));
        }
    }
}

fn reach(root: usize, children: &[Vec<usize>], reached: &mut [bool]) {
    let mut open = vec![root];
    while let Some(index) = open.pop() {
        if !std::mem::replace(&mut reached[index], true) {
            open.extend(&children[index]);
        }
    }
}

fn shown(place: &Place) -> String {
    if place.library {
        return format!("{} in {}", place.file, place.function);
    }
    let text = if place.text.is_empty() {
        String::new()
    } else {
        format!(": {}", place.text)
    };
    format!("{}:{} in {}{text}", place.file, place.line, place.function)
}

/// One line for each task and thread: number, name, state, where it stands, what it waits for.
pub fn table(graph: &Graph) -> String {
    let mut rows = vec![
        [
            "id",
            "name",
            "coroutine",
            "state",
            "where",
            "waits for",
            "awaited by",
        ]
        .map(str::to_string),
    ];
    for node in &graph.nodes {
        let place = node.places.first();
        let place = place.map_or_else(String::new, |p| {
            format!("{}:{} {}", p.file, p.line, p.function)
        });
        let awaited_by: Vec<&str> = node
            .awaited_by
            .iter()
            .map(|&outer| graph.nodes[outer].name.as_str())
            .collect();
        rows.push([
            format!("{:#x}", node.id),
            node.called(),
            node.coroutine.clone(),
            node.state.word().to_string(),
            place,
            node.wait.clone(),
            awaited_by.join(", "),
        ]);
    }
    columns(&rows)
}

/// Rows as columns of equal width.
fn columns<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let lengths = rows.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut out = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(&format!("{cell:<width$}  "));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
