//! The places at which some wait, drawn in their sources.

use std::sync::Arc;

use super::{Graph, Place};
use crate::source::{SourceFile, Span, picture};

/// More places than these are not drawn.
const MOST: usize = 8;

/// A file with labels of its places.
struct Drawn {
    name: String,
    source: Arc<SourceFile>,
    labels: Vec<(Span, String)>,
}

/// Pictures of where these nodes wait, one for each file.
pub fn pictures(graph: &Graph, nodes: &[usize], color: bool) -> String {
    let mut files: Vec<Drawn> = Vec::new();
    for &index in nodes.iter().take(MOST) {
        let node = &graph.nodes[index];
        if let Some(place) = node.places.first().filter(|place| !place.library) {
            let label = format!("{} {}", node.title(), node.doing());
            add(&mut files, place, label);
        }
    }
    let mut out = String::new();
    for drawn in &mut files {
        drawn.labels.sort_by_key(|(span, _)| (span.start, span.end));
        let who = if drawn.labels.len() == 1 {
            "it waits here"
        } else {
            "they wait here"
        };
        out.push_str(&picture(
            who,
            &drawn.name,
            &drawn.source,
            &drawn.labels,
            color,
        ));
    }
    if nodes.len() > MOST {
        out.push_str(&format!("and {} more\n", nodes.len() - MOST));
    }
    out
}

fn add(files: &mut Vec<Drawn>, place: &Place, label: String) {
    let (source, span) = &place.source;
    let known = files
        .iter()
        .position(|drawn| Arc::ptr_eq(&drawn.source, source));
    let at = known.unwrap_or_else(|| {
        files.push(Drawn {
            name: place.file.clone(),
            source: source.clone(),
            labels: Vec::new(),
        });
        files.len() - 1
    });
    let labels = &mut files[at].labels;
    match labels.iter_mut().find(|(other, _)| other == span) {
        // Several may wait at one place.
        Some((_, words)) => {
            words.push_str("; ");
            words.push_str(&label);
        }
        None => labels.push((*span, label)),
    }
}
