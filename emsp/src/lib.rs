//! An OCPI 2.2.1 e-mobility service provider
