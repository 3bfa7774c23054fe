//! Arguments about the directory of names.

use clap::{Args, Subcommand};

/// Names of controllers and units. They lie sealed in the vault; the chain has random ids only.
#[derive(Debug, Subcommand)]
pub enum DirectoryCommand {
    /// Add a controller or a unit
    #[command(subcommand)]
    Add(DirectoryAddCommand),
    /// List controllers, units and people
    List,
}

/// What to add.
#[derive(Debug, Subcommand)]
pub enum DirectoryAddCommand {
    /// A controller (board, nämnd)
    Controller(AddControllerArgs),
    /// A unit of a controller, such as a school
    Unit(AddUnitArgs),
}

/// A controller.
#[derive(Debug, Args)]
pub struct AddControllerArgs {
    /// Its name
    pub name: String,
}

/// A unit.
#[derive(Debug, Args)]
pub struct AddUnitArgs {
    /// Its name
    pub name: String,
    /// Its controller, by name or id
    #[arg(long, value_name = "CONTROLLER")]
    pub controller: String,
}
