//! Reading OCPI objects from a file, one at a time: a JSON list, a response envelope with a list in `data`, or one object
//! after the other (JSON Lines); plain or compressed with gzip.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use flate2::read::MultiGzDecoder;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Deserializer, Map, Value};

/// Reads `source` to its end and hands each object over; `false` from `each` stops the reading.
pub(super) fn read(source: impl Read, each: &mut dyn FnMut(Value) -> bool) -> Result<(), serde_json::Error> {
    let mut plain = BufReader::with_capacity(1 << 16, source);
    let compressed = plain.fill_buf().map_err(serde_json::Error::io)?.starts_with(&[0x1f, 0x8b]);
    if compressed {
        values(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(plain)), each)
    } else {
        values(plain, each)
    }
}

fn values(source: impl Read, each: &mut dyn FnMut(Value) -> bool) -> Result<(), serde_json::Error> {
    let mut json = Deserializer::from_reader(source);
    let mut wanted = true;
    // `end` looks for a further value without taking anything of it.
    while wanted && json.end().is_err() {
        Document { each: &mut *each, wanted: &mut wanted }.deserialize(&mut json)?;
    }
    Ok(())
}

/// A value at the top of a file.
struct Document<'a> {
    each: &'a mut dyn FnMut(Value) -> bool,
    wanted: &'a mut bool,
}

impl<'de> DeserializeSeed<'de> for Document<'_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Document<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects, a response with a list in data, or an object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while *self.wanted {
            match list.next_element::<Value>()? {
                Some(value) => *self.wanted = (self.each)(value),
                None => return Ok(()),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut object = Map::new();
        let mut is_envelope = false;
        while let Some(key) = map.next_key::<String>()? {
            if key == "data" {
                is_envelope = true;
                map.next_value_seed(Document { each: &mut *self.each, wanted: &mut *self.wanted })?;
            } else {
                object.insert(key, map.next_value()?);
            }
        }
        if !is_envelope && *self.wanted {
            *self.wanted = (self.each)(Value::Object(object));
        }
        Ok(())
    }

    /// `data` of an envelope without objects.
    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn ids(bytes: &[u8]) -> Result<Vec<String>, String> {
        let mut found = Vec::new();
        read(bytes, &mut |value| {
            found.push(value["id"].as_str().unwrap_or("?").to_owned());
            true
        })
        .map_err(|error| error.to_string())?;
        Ok(found)
    }

    #[test]
    fn all_forms_of_a_file_are_read() {
        let list = br#"[{"id":"a"},{"id":"b"}]"#;
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(list).unwrap();
        let forms: [&[u8]; 6] = [
            list,
            b"{\"id\":\"a\"}\n{\"id\":\"b\"}\n",
            br#"{"data":[{"id":"a"},{"id":"b"}],"status_code":1000,"timestamp":"2026-01-01T00:00:00Z"}"#,
            br#"{"status_code":1000,"data":[{"id":"a"}]} {"status_code":1000,"data":[{"id":"b"}]}"#,
            b" \n[ {\"id\": \"a\"} ]\n[{\"id\":\"b\"}]",
            &gzip.finish().unwrap(),
        ];
        for form in forms {
            assert_eq!(ids(form).unwrap(), ["a", "b"], "{}", String::from_utf8_lossy(form));
        }
        assert_eq!(ids(b"").unwrap(), [""; 0]);
        assert_eq!(ids(br#"{"data":null,"status_code":2001}"#).unwrap(), [""; 0]);
    }

    #[test]
    fn a_broken_file_names_the_place() {
        let error = ids(b"[{\"id\":\"a\"},\n {\"id\":}]").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
        assert!(ids(b"42").is_err());
    }

    #[test]
    fn reading_stops_when_nobody_listens() {
        let mut seen = 0;
        read(&b"[{},{},{}]"[..], &mut |_| {
            seen += 1;
            seen < 2
        })
        .unwrap();
        assert_eq!(seen, 2);
    }
}
