//! An app that attacks the walls, one attack chosen per image.

fn main() {}
