//! The examples that the crate ships.

use std::collections::BTreeSet;

use ocpi_types::{catalogue, examples};

#[test]
fn every_example_is_valid_without_a_finding() {
    for example in examples::ALL {
        let class = catalogue::class(example.class).unwrap();
        let parsed = class.parse(example.json());
        assert!(parsed.report.is_clean(), "{}: {}", example.class, parsed.report);
        assert_eq!(parsed.value, Some(example.json()), "{} changes when it is written", example.class);
    }
}

#[test]
fn every_field_of_every_class_occurs() {
    for class in catalogue::CLASSES {
        let mut seen = BTreeSet::new();
        for example in examples::ALL.iter().filter(|example| example.class == class.name) {
            seen.extend(example.json().as_object().unwrap().keys().cloned());
        }
        let missing: Vec<_> = class.fields.iter().filter(|field| !seen.contains(field.name)).map(|f| f.name).collect();
        // The first example of a class may leave out what contradicts the rest; a second one has it.
        assert!(missing.is_empty(), "no example of {} has {missing:?}", class.name);
    }
}
