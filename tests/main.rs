//! The one integration binary. Most of it runs the built `hoop`.

mod check;
mod cli;
mod compiler;
mod corpus;
mod differential;
mod docs;
mod fancy;
mod fuzz;
mod hoop;
mod limits;
mod syntax;
mod tidy;
