//! How every class is written: its example, as the crate gives it back.

use std::fmt::Write;

use ocpi_types::{catalogue, examples};

/// The examples of all classes of one file of the spec.
fn written(spec: &str) -> String {
    let mut text = String::new();
    for class in catalogue::CLASSES.iter().filter(|class| class.spec == spec) {
        for example in examples::ALL.iter().filter(|example| example.class == class.name) {
            let json = class.parse(example.json()).value.unwrap();
            writeln!(text, "{}\n{}\n", class.name, serde_json::to_string_pretty(&json).unwrap()).unwrap();
        }
    }
    text
}

#[test]
fn every_class() {
    let mut specs: Vec<_> = catalogue::CLASSES.iter().map(|class| class.spec).collect();
    specs.sort_unstable();
    specs.dedup();
    assert_eq!(specs.len(), 11);
    for spec in specs {
        insta::assert_snapshot!(spec, written(spec));
    }
}
