//! Builds all that audit and tests put into flash; `cargo xtask images` runs it.

use xtask::project::Project;

fn main() -> anyhow::Result<()> {
    system_tests::images::build(&Project::find()?)
}
