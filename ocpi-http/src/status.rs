//! The status codes of the OCPI layer.

use std::fmt;

/// What the `status_code` of an answer says. Spec: status_codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OcpiStatus {
    /// 1000: done.
    Success,
    /// 2000: the client's fault, nothing more precise fits.
    ClientError,
    /// 2001: invalid or missing parameters.
    InvalidParameters,
    /// 2002: well formed, but too little to work with.
    NotEnoughInformation,
    /// 2003: no such Location here.
    UnknownLocation,
    /// 2004: no such Token here.
    UnknownToken,
    /// 3000: the server's fault, nothing more precise fits.
    ServerError,
    /// 3001: the server could not use the client's API, while they register.
    UnableToUseClientApi,
    /// 3002: no common version.
    UnsupportedVersion,
    /// 3003: modules or endpoints that are needed are missing.
    NoMatchingEndpoints,
    /// 4000: a hub's fault, nothing more precise fits.
    HubError,
    /// 4001: the hub does not know the receiver.
    UnknownReceiver,
    /// 4002: the receiver did not answer the hub in time.
    Timeout,
    /// 4003: the receiver is known to the hub, but not connected.
    ConnectionProblem,
    /// A code that OCPI 2.2.1 does not list, as received.
    Other(u16),
}

const LISTED: &[(OcpiStatus, u16, &str)] = &[
    (OcpiStatus::Success, 1000, "Success"),
    (OcpiStatus::ClientError, 2000, "Client error"),
    (OcpiStatus::InvalidParameters, 2001, "Invalid or missing parameters"),
    (OcpiStatus::NotEnoughInformation, 2002, "Not enough information"),
    (OcpiStatus::UnknownLocation, 2003, "Unknown location"),
    (OcpiStatus::UnknownToken, 2004, "Unknown token"),
    (OcpiStatus::ServerError, 3000, "Server error"),
    (OcpiStatus::UnableToUseClientApi, 3001, "Unable to use the client's API"),
    (OcpiStatus::UnsupportedVersion, 3002, "Unsupported version"),
    (OcpiStatus::NoMatchingEndpoints, 3003, "No matching endpoints or expected endpoints missing between parties"),
    (OcpiStatus::HubError, 4000, "Hub error"),
    (OcpiStatus::UnknownReceiver, 4001, "Unknown receiver"),
    (OcpiStatus::Timeout, 4002, "Timeout on forwarded request"),
    (OcpiStatus::ConnectionProblem, 4003, "Connection problem"),
];

impl OcpiStatus {
    /// The number in the envelope.
    #[must_use]
    pub fn code(self) -> u16 {
        match self {
            Self::Other(code) => code,
            listed => LISTED.iter().find(|row| row.0 == listed).map_or(0, |row| row.1),
        }
    }

    /// What the code means, in English. An unlisted code means what its first digit says.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Other(code) => match code / 1000 {
                1 => "Success of a kind that OCPI 2.2.1 does not list",
                2 => "Client error of a kind that OCPI 2.2.1 does not list",
                3 => "Server error of a kind that OCPI 2.2.1 does not list",
                4 => "Hub error of a kind that OCPI 2.2.1 does not list",
                _ => "Not an OCPI status code",
            },
            listed => LISTED.iter().find(|row| row.0 == listed).map_or("", |row| row.2),
        }
    }

    /// Whether the code is of the class 1xxx.
    ///
    /// ```
    /// use ocpi_http::OcpiStatus;
    /// assert!(OcpiStatus::from(1001).is_success());
    /// assert!(!OcpiStatus::from(2001).is_success());
    /// ```
    #[must_use]
    pub fn is_success(self) -> bool {
        self.code() / 1000 == 1
    }
}

impl From<u16> for OcpiStatus {
    fn from(code: u16) -> Self {
        LISTED.iter().find(|row| row.1 == code).map_or(Self::Other(code), |row| row.0)
    }
}

impl fmt::Display for OcpiStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.code(), self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Proves: STA-014, STA-017 to STA-028, STA-033 to STA-036 (the numbers).
    #[test]
    fn every_listed_code_is_itself_again() {
        for (status, code, meaning) in LISTED {
            assert_eq!(status.code(), *code);
            assert_eq!(OcpiStatus::from(*code), *status);
            assert_eq!(status.meaning(), *meaning);
            assert!(code % 1000 < 900, "STA-012: no custom codes");
        }
        assert_eq!(OcpiStatus::from(2042), OcpiStatus::Other(2042));
        assert_eq!(OcpiStatus::Other(3042).to_string(), "3042 (Server error of a kind that OCPI 2.2.1 does not list)");
    }
}
