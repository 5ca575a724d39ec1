//! What a run may use up.

/// What ended a run that was not over.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Limit {
    /// So many calls and turns of loops were all it might take.
    Fuel,
    /// It took longer than it might, by the clock on the wall.
    Time,
    /// All that lives in the engine together takes more memory than it might.
    Memory,
    /// More tasks or threads lived at the same time than might.
    Tasks,
    /// It wrote more to its outputs than it might.
    Output,
    /// Somebody wanted it to stop.
    Interrupt,
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Limit::Fuel => "fuel",
            Limit::Time => "time",
            Limit::Memory => "memory",
            Limit::Tasks => "tasks",
            Limit::Output => "output",
            Limit::Interrupt => "interrupt",
        })
    }
}
