//! The response format as schemas. (utoipa's derive would repeat the schema of the object in each envelope.)

use std::borrow::Cow;
use std::marker::PhantomData;

use utoipa::__dev::ComposeSchema; // What the macros ask generic types for.
use utoipa::openapi::{ArrayBuilder, KnownFormat, Object, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

type Named = (String, RefOr<Schema>);

/// The response format around one object, as a schema. Servers answer with [`OcpiReply`](crate::OcpiReply).
#[derive(Debug)]
pub struct Envelope<T>(PhantomData<T>);

/// The response format around a list, or one page of it, as a schema.
#[derive(Debug)]
pub struct ListEnvelope<T>(PhantomData<T>);

/// The response format without `data`, as a schema: the request was carried out, or, with another `status_code` than 1000,
/// was not.
#[derive(Debug)]
pub struct Acknowledgement;

/// The response format of an error, as a schema.
#[derive(Debug)]
pub struct OcpiErrorBody;

const STATUS: &str = "1000 for success. 2xxx: the request was understood and cannot be fulfilled, `data` is absent and \
                      `status_message` says why; 2001 with JSON Pointers to what is wrong. 3xxx: trouble of the server.";

impl<T: ToSchema> ComposeSchema for Envelope<T> {
    fn compose(_generics: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        envelope("The response format around one object.", Some(Ref::from_schema_name(T::name()).into()), 1000)
    }
}

impl<T: ToSchema> ToSchema for Envelope<T> {
    fn name() -> Cow<'static, str> {
        // The macros add the name of the object.
        "Envelope".into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        add::<T>(schemas);
    }
}

impl<T: ToSchema> ComposeSchema for ListEnvelope<T> {
    fn compose(_generics: Vec<RefOr<Schema>>) -> RefOr<Schema> {
        let list = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
        envelope("The response format around a list, oldest objects first.", Some(list.into()), 1000)
    }
}

impl<T: ToSchema> ToSchema for ListEnvelope<T> {
    fn name() -> Cow<'static, str> {
        "ListEnvelope".into()
    }

    fn schemas(schemas: &mut Vec<Named>) {
        add::<T>(schemas);
    }
}

impl PartialSchema for Acknowledgement {
    fn schema() -> RefOr<Schema> {
        envelope("The response format without data.", None, 1000)
    }
}

impl ToSchema for Acknowledgement {}

impl PartialSchema for OcpiErrorBody {
    fn schema() -> RefOr<Schema> {
        envelope("The response format of an error.", None, 2001)
    }
}

impl ToSchema for OcpiErrorBody {}

fn add<T: ToSchema>(schemas: &mut Vec<Named>) {
    let mut own = vec![(T::name().into_owned(), T::schema())];
    T::schemas(&mut own);
    for (name, schema) in own {
        if schemas.iter().all(|(known, _)| *known != name) {
            schemas.push((name, schema));
        }
    }
}

fn envelope(about: &str, data: Option<RefOr<Schema>>, status_code: u16) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().description(Some(about));
    if let Some(data) = data {
        object = object.property("data", data);
    }
    let integer: Object = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(1000))
        .maximum(Some(4999))
        .description(Some(STATUS))
        .examples([status_code])
        .build();
    let message = text("For people; no logic should depend on it.", None, "Success");
    let date_time = Some(SchemaFormat::KnownFormat(KnownFormat::DateTime));
    object
        .property("status_code", integer)
        .required("status_code")
        .property("status_message", message)
        .property("timestamp", text("When the answer was made, in UTC.", date_time, "2026-01-15T10:00:00Z"))
        .required("timestamp")
        .into()
}

fn text(about: &str, format: Option<SchemaFormat>, example: &str) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String).description(Some(about)).format(format);
    text.examples([example]).build()
}
