//! An OCPI 2.2.1 charge point operator with simulated stations
