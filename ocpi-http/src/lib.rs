//! What every OCPI request carries: authorization, ids, routing, envelope, paging, errors
